// A city with casework: the parks office (tax) fells trees, the fire office (health) gives its view, courts hear appeals, the mayor (land) is above.

import type { Body } from "../../../src/contracts/engine/index.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import * as acts from "../../../src/contracts/casework/cases.ts";
import type { Process } from "../../../src/contracts/kit/process.ts";
import { enrol, founded, grant, register } from "./founders.ts";
import { type Scenario, signedBy } from "./scenario.ts";

type Item = Body<typeof acts.publish.input>;
export const sealedWords = { root: new Uint8Array(32).fill(7), size: 1 };
export const paper = (n: number) => ({ root: new Uint8Array(32).fill(n), size: 2 });

/** Applied, asked back at most twice, decided; time escalates and then refuses. */
export const permit: Process = {
  statuses: [
    { status: "applied", within: days(10), grace: days(5), step: "lapse" },
    { status: "completing", within: days(30), step: "forget" },
    { status: "permitted", ends: "granted" },
    { status: "rejected", ends: "refused" },
    { status: "ended", ends: "closed" },
  ],
  steps: [
    { step: "ask", from: ["applied"], to: "completing", by: "department", ground: true, times: 2 },
    { step: "complete", from: ["completing"], to: "applied", by: "applicant", ground: false, times: 2 },
    { step: "permit", from: ["applied"], to: "permitted", by: "department", ground: false, times: 1 },
    { step: "reject", from: ["applied"], to: "rejected", by: "department", ground: true, times: 1 },
    { step: "withdraw", from: ["applied", "completing"], to: "ended", by: "applicant", ground: false, times: 1 },
    { step: "lapse", from: ["applied"], to: "rejected", by: "chain", ground: false, times: 1 },
    { step: "forget", from: ["completing"], to: "ended", by: "chain", ground: false, times: 1 },
  ],
};
/** An office's view of a case that is another's: yes or no within 20 days. */
export const view: Process = {
  statuses: [
    { status: "asked", within: days(20), step: "silence" },
    { status: "agreed", ends: "granted" },
    { status: "opposed", ends: "refused" },
    { status: "silent", ends: "closed" },
  ],
  steps: [
    { step: "agree", from: ["asked"], to: "agreed", by: "department", ground: false, times: 1 },
    { step: "oppose", from: ["asked"], to: "opposed", by: "department", ground: true, times: 1 },
    { step: "silence", from: ["asked"], to: "silent", by: "chain", ground: false, times: 1 },
  ],
};
export const grounds = ["protected", "incomplete"];
const common = { law: "Tree act, 4", needs: [], grounds, oversight: "mayor" };
export const felling: Item = {
  ...common,
  ...{
    item: "felling",
    department: "parks",
    kind: "application",
    title: "Felling a tree",
    process: permit,
    needs: ["map"],
    appeal: "hearing",
  },
};
export const hearing: Item = {
  ...common,
  item: "hearing",
  department: "appeals",
  kind: "appeal",
  title: "Appeal",
  process: permit,
  appeal: "supreme",
};
export const supreme: Item = { ...common, item: "supreme", department: "council", kind: "appeal", title: "Last appeal", process: permit };
export const fireView: Item = {
  ...common,
  item: "fire-view",
  department: "fire",
  kind: "part",
  title: "The fire office's view",
  process: view,
};

export function founding(): Scenario {
  const it = founded({
    grants: [
      ...[
        grant("tax", "cases.department", "parks"),
        grant("health", "cases.department", "fire"),
        grant("courts", "cases.department", "appeals"),
      ],
      ...[
        grant("health", "cases.department", "council"),
        grant("tax", "cases.department", "council"),
        grant("land", "cases.oversight", "mayor"),
      ],
      ...[grant("health", "cases.tier", "fire"), grant("tax", "cases.tier", "planning"), grant("tax", "cases.regulator")],
      ...[
        grant("courts", "cases.court"),
        grant("tax", "cases.court"),
        grant("tax", "evidence.depositor"),
        grant("courts", "evidence.court"),
      ],
      ...[grant("courts", "eid.ministry"), grant("courts", "eid.registrar")],
    ],
  });
  enrol(it, "courts", "casework", "ann", "bob");
  register(it, "courts", "c:shop");
  register(it, "courts", "c:build");
  return it;
}
/** Items are published. */
export function town(): Scenario {
  const it = founding();
  it.act("the last appeal", acts.publish, supreme, signedBy("health"));
  it.act("the appeal", acts.publish, hearing, signedBy("courts"));
  it.act("the fire office's view", acts.publish, fireView, signedBy("health"));
  it.act("felling", acts.publish, felling, signedBy("tax"));
  return it;
}
export const application = (name = "c-1", who = "ann") => ({ case: name, item: "felling", version: 1, applicant: `p:${who}` });
/** Ann has applied, and given the map. */
export function applied(): Scenario {
  const it = town();
  it.act("Ann applies", acts.apply, application(), signedBy("ann"));
  it.act("with a map", acts.supply, { case: "c-1", kind: "map", paper: paper(1) }, signedBy("ann"));
  return it;
}
export const at = (it: Scenario, name = "c-1") => {
  const row = it.row(acts.cases, name);
  return row === undefined ? undefined : `${row.$.status} ${row.stage}${row.escalated ? " above" : ""}`;
};
