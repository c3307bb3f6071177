// A rule finds two families; one has opted out and is not told, whatever version comes. An assistant answers from a law, and is corrected when the law changes.

import { expect } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import { foundItem } from "../../../src/contracts/casework/publications.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Stage, Story } from "../stage.ts";

const bytes = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const rule = { publisher: "tax", rule: "allowance" };
const version = (text: number) => ({
  ...{ ...rule, topic: "families", text: hex(bytes(text)), on: "birth", answer_in: days(14) },
  conditions: [{ fact: "income", most: 60_000 }],
});
const event = { ...rule, event: "birth-1" };
const people = ["p:ann.casework", "p:bob.casework"];

/** The rule of this version found Ann and Bob. */
function found(of: number) {
  const facts = (i: number) => ({ root: bytes(20 + i), size: 17 });
  const hashes = people.map((person, i) => leafHash(foundItem({ ...event, version: of }, { person, facts: facts(i) })));
  const so = { ...event, version: of, root: rootOf(hashes), size: 2 };
  const round = of; // each version is evaluated once
  const to = (i: number) => ({
    person: people[i]!,
    facts: facts(i),
    words: { root: bytes(30), size: 1 },
    index: i,
    path: inclusionPath(hashes, i),
  });
  return { so, sends: (...whom: number[]) => ({ ...so, round, notices: whom.map(to) }) };
}
const cites = (of: number) => [{ publisher: "tax", source: "fees-act", version: of, anchor: "art-4" }];
const says = { publisher: "tax", assistant: "guide-3", topic: "fees.passport", words: { root: hex(bytes(40)), size: 1 } };

async function notices(stage: Stage): Promise<void> {
  expect(await stage.call("publications.publish", version(1), "tax")).toMatchObject({ outcome: "applied" });
  const { so, sends } = found(1);
  await stage.applied("publications.evaluate", { ...so, happened: stage.chainTime() - days(1) }, "tax");
  const out = { person: people[1]!, publisher: "tax", topic: "families", out: true };
  expect(await stage.call("publications.optOut", out, "tax")).toMatchObject({ code: "engine.signature_missing" });
  expect(await stage.call("publications.optOut", out, "bob.casework")).toMatchObject({ outcome: "applied" });
  expect(await stage.act("publications.send", sends(1), "tax")).toMatchObject({ code: "publications.opted_out" });
  const [ann] = sends(0).notices;
  const other = { ...sends(0), notices: [{ ...ann!, person: "p:carl.casework" }] };
  expect(await stage.act("publications.send", other, "tax")).toMatchObject({ code: "publications.not_found_by_rule" });
  expect(await stage.act("publications.send", sends(0, 1), "tax")).toMatchObject({ flags: ["publications.passed_over"] });
  expect(await stage.act("publications.send", sends(0), "tax")).toMatchObject({ code: "publications.noticed_once" });
  expect(await stage.proved("publications/notice", `tax/allowance/birth-1/${people[0]!}`)).toMatchObject({
    valid: true,
    record: { status: "sent", fields: { version: 1 } },
  });
}

async function answers(stage: Stage): Promise<void> {
  const act = { publisher: "tax", source: "fees-act", text: hex(bytes(50)) };
  expect(await stage.call("publications.publishSource", act, "tax")).toMatchObject({ outcome: "applied" });
  expect(await stage.call("publications.answer", { ...says, answer: "a-1", cites: cites(1) }, "tax")).toMatchObject({ outcome: "applied" });
  await stage.applied("publications.publishSource", { ...act, text: bytes(51) }, "tax");
  expect(await stage.call("publications.answer", { ...says, answer: "a-2", cites: cites(1) }, "tax")).toMatchObject({
    code: "publications.source_outdated",
  });
  const right = { ...says, answer: "a-2", corrects: "a-1", ground: "law-changed", cites: cites(2) };
  expect(await stage.call("publications.correct", right, "tax")).toMatchObject({ outcome: "applied" });
  expect(await stage.ask("publications.check", { publisher: "tax", answer: "a-1" })).toEqual({ stands: false, because: "corrected" });
  expect(await stage.record("publications/answer/tax/a-1")).toMatchObject({ status: "corrected", fields: { corrected_by: "a-2" } });
}

export default {
  title:
    "a notice goes once to whom its rule found, and not to who opted out; an answer cites the law in force and is corrected when it changes",
  async today(stage) {
    await notices(stage);
    await answers(stage);
    await stage.audited("publications");
  },
  async later(stage) {
    await stage.until(`publications/notice/tax/allowance/birth-1/${people[0]!}`, "unread");
    const read = { ...event, person: people[0]! };
    expect(await stage.call("publications.acknowledge", read, "bob.casework")).toMatchObject({ code: "engine.signature_missing" });
    expect(await stage.call("publications.acknowledge", read, "ann.casework")).toMatchObject({ outcome: "applied" });
    await stage.applied("publications.publish", { ...version(2), text: bytes(2) }, "tax");
    const { so, sends } = found(2);
    await stage.applied("publications.evaluate", { ...so, happened: stage.chainTime() - days(1) }, "tax");
    expect(await stage.act("publications.send", sends(1), "tax")).toMatchObject({ code: "publications.opted_out" });
    await stage.audited("publications");
  },
} satisfies Story;
