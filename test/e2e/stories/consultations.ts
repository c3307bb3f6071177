// A draft law is published; Ann and Bob speak on its articles; the chain closes it; it is summarised, answered and certified.

import { expect } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Stage, Story } from "../stage.ts";

const bytes = (n: number): Uint8Array => new Uint8Array(32).fill(n);
/** By the command line, which takes bytes as hex. */
const call = async (stage: Stage, action: string, args: object, key: string): Promise<any> =>
  stage.call(action, JSON.parse(JSON.stringify(args, (_, v) => (v instanceof Uint8Array ? hex(v) : v))) as object, key);
const act = { draft: "water-act", version: 1 };
const said = { root: bytes(9), size: 1 };
const on = (n: number, stance: string) => ({ article: `art_${n}`, stance, said });
const says = (who: string, ...opinions: object[]): any => ({ ...act, text: bytes(1), author: `p:${who}.participation`, opinions });
const counts = { in_favour: 1, against: 1, amend: 1 };

export default {
  title: "opinions on a draft law are bound to its words, counted, answered and certified",
  async today(stage) {
    const articles = [1, 2, 3].map((n) => ({ article: `art_${n}`, text: bytes(10 + n) }));
    const draft = { ...act, text: bytes(1), consulted: ["land"], closes: stage.chainTime() + days(30), articles };
    expect(await call(stage, "consultations.publish", { ...draft, closes: stage.chainTime() + days(1) }, "tax")).toMatchObject({
      code: "consultations.term_unfit",
    });
    expect(await call(stage, "consultations.publish", draft, "tax")).toMatchObject({ outcome: "applied" });
    const ann = says("ann", on(1, "in_favour"), on(2, "amend"));
    expect(await call(stage, "consultations.submit", { ...ann, text: bytes(2) }, "ann.participation")).toMatchObject({
      code: "consultations.other_words",
    });
    expect(await stage.act("consultations.submit", ann, "bob.participation")).toMatchObject({ code: "engine.signature_missing" });
    expect(await call(stage, "consultations.submit", ann, "ann.participation")).toMatchObject({ outcome: "applied" });
    const again = { ...ann, author: "p:ann.city" };
    expect(await stage.act("consultations.submit", again, "ann.city")).toMatchObject({ code: "engine.other_sector" });
    await stage.applied("consultations.submit", says("bob", on(1, "in_favour")), "bob.participation");
    await stage.applied("consultations.submit", says("bob", on(1, "against")), "bob.participation");
    expect(await stage.proved("consultations/article", "water-act/1/art_1")).toMatchObject({
      valid: true,
      record: { fields: { in_favour: 1, against: 1, amend: 0 } },
    });
    const summary = { ...act, summary: bytes(4), ...counts };
    expect(await call(stage, "consultations.summarise", summary, "tax")).toMatchObject({ code: "consultations.not_yet" });
    await stage.audited("consultations");
  },
  async later(stage) {
    await stage.until("consultations/version/water-act/1", "closed");
    const late = says("bob", on(2, "against"));
    expect(await call(stage, "consultations.submit", late, "bob.participation")).toMatchObject({ code: "consultations.closed" });
    const summary = { ...act, summary: bytes(4), ...counts };
    expect(await call(stage, "consultations.summarise", { ...summary, against: 0 }, "tax")).toMatchObject({
      code: "consultations.miscounted",
    });
    await stage.applied("consultations.summarise", summary, "tax");
    const certificate = { ...act, department: "water", process: "notice", result: "agrees", report: bytes(6), ...counts };
    expect(await call(stage, "consultations.certify", { ...certificate, agency: "land" }, "land")).toMatchObject({
      code: "consultations.unanswered",
    });
    for (const n of [1, 2])
      await stage.applied(
        "consultations.respond",
        { ...act, article: `art_${n}`, outcome: "partly", ground: "costs", text: bytes(5) },
        "tax",
      );
    expect(await call(stage, "consultations.certify", { ...certificate, agency: "land" }, "land")).toMatchObject({ outcome: "applied" });
    await stage.applied("consultations.certify", { ...certificate, agency: "tax", result: "asks_changes" }, "tax");
    expect(await stage.proved("consultations/certificate", "water-act/1/land")).toMatchObject({
      valid: true,
      record: { fields: { result: "agrees", unit: "tax", process: "notice", in_favour: 1, against: 1, amend: 1 } },
    });
    await stage.until("consultations/version/water-act/1", "certified");
    await stage.audited("consultations");
  },
} satisfies Story;
