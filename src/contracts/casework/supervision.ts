// Market supervision: a suspicion rests on captures, the platform is heard, what the regulator does is deposited as evidence by the act itself, a court decides
// what is referred or contested. Service 12. Owns suspicions. Does not own: captures and their custody (documents/evidence), how a measure is carried out.

import { days, hash, id, oneOf, optional, party, type Row, signs, type Tx } from "../engine/index.ts";
import { deposits, enter } from "../documents/evidence.ts";
import { aHash, aSeal } from "../kit/examples.ts";
import { casework, suspicions, words } from "./caseRecords.ts";

/** The platform answers within the first, the regulator acts within the second, a measure is contested within the third, a court decides within the last. */
const [ANSWER_TIME, ACT_TIME, CONTEST_TIME, COURT_TIME] = [days(14), days(60), days(30), days(180)];
type Suspicion = Row<typeof suspicions>;

const byRegulator = { regulator: { role: "regulator", is: ofSuspicion } } as const;
function ofSuspicion(a: { readonly suspicion: string }, tx: Tx): string {
  return tx.get(suspicions, a.suspicion).regulator;
}
/** The regulator's act as evidence: its document's hash, under a name of its own. */
const act = { deposit: id, document: hash };
const why = { ground: id, words: optional(words) };

export const suspect = casework.action({
  title: "Raise a suspicion against a platform, on captures",
  by: "regulator",
  input: { suspicion: id, platform: party, captures: suspicions.fields.captures, ...why, ...act },
  rules: ["capture_unfit", "own_cause", "platform_unknown"],
  example: {
    ...{ suspicion: "2027-m-9", platform: "c:shop", captures: ["2027-cap-9"], ground: "false-origin", words: aSeal(1) },
    ...{ deposit: "2027-m-9-notice", document: aHash },
  },
  run(tx, { suspicion: key, platform, captures, ground, words: said, ...it }) {
    const regulator = tx.signer("regulator");
    tx.require(regulator !== platform, "own_cause");
    tx.require(tx.known(platform), "platform_unknown");
    const distinct = new Set(captures).size === captures.length;
    tx.require(distinct && captures.every((name) => stands(tx, name)), "capture_unfit");
    record(tx, "suspicion", it, regulator);
    const first = { regulator, captures, acts: [it.deposit], overdue: false, due: tx.time + ANSWER_TIME };
    tx.create(suspicions, { suspicion: key, platform, ground, words: said, ...first });
  },
});

export const answer = casework.action({
  title: "Answer a suspicion",
  by: { platform: signs("the platform") },
  input: { suspicion: id, words },
  example: { suspicion: "2027-m-9", words: aSeal(1) },
  run(tx, { suspicion: key, words: said }) {
    const it = tx.move(tx.get(suspicions, key), "heard", { answer: said, due: tx.time + ACT_TIME });
    tx.signed("platform", it.platform);
  },
});

export const measure = casework.action({
  title: "Take a measure against the platform",
  by: byRegulator,
  input: { suspicion: id, measure: id, ...act },
  rules: ["capture_unfit", "not_heard"],
  example: { suspicion: "2027-m-9", measure: "take-down", deposit: "2027-m-9-order", document: aHash },
  run(tx, { suspicion: key, measure: taken, ...it }) {
    follow(tx, tx.get(suspicions, key), "measured", it, { measure: taken, due: tx.time + CONTEST_TIME });
  },
});
export const refer = casework.action({
  title: "Refer a suspicion to the court",
  by: byRegulator,
  input: { suspicion: id, ...act },
  rules: ["capture_unfit", "not_heard"],
  example: { suspicion: "2027-m-10", deposit: "2027-m-10-referral", document: aHash },
  run(tx, { suspicion: key, ...it }) {
    follow(tx, tx.get(suspicions, key), "referred", it, { due: tx.time + COURT_TIME });
  },
});
export const drop = casework.action({
  title: "Drop a suspicion, or take back a measure that is not contested",
  by: byRegulator,
  input: { suspicion: id, ...act },
  example: { suspicion: "2027-m-11", deposit: "2027-m-11-drop", document: aHash },
  run(tx, { suspicion: key, ...it }) {
    const before = tx.get(suspicions, key);
    tx.move(before, "dropped", { acts: [...before.acts, it.deposit], due: undefined });
    record(tx, "dropped", it, before.regulator);
  },
});

export const contest = casework.action({
  title: "Contest a measure, within 30 days: the court decides",
  by: { platform: signs("the platform") },
  input: { suspicion: id, words },
  example: { suspicion: "2027-m-9", words: aSeal(1) },
  run(tx, { suspicion: key, words: said }) {
    const before = tx.get(suspicions, key);
    tx.signed("platform", before.platform);
    tx.require(before.$.status === "measured", "not_appealable");
    tx.move(before, "referred", { contested: said, due: tx.time + COURT_TIME });
  },
  rules: ["not_appealable"],
});

export const rule = casework.action({
  title: "Decide what was referred or contested: upheld, or quashed",
  by: "court",
  input: { suspicion: id, decision: oneOf("upheld", "quashed"), ground: id },
  rules: ["another_decider", "own_cause"],
  example: { suspicion: "2027-m-9", decision: "upheld", ground: "origin-proved" },
  run(tx, { suspicion: key, decision, ground }) {
    const court = tx.signer("court");
    const it = tx.get(suspicions, key);
    tx.require(court !== it.regulator, "another_decider");
    tx.require(court !== it.platform, "own_cause");
    tx.move(it, decision, { court, decision: ground, due: undefined });
  },
});

export const supervisionTime = casework.due(suspicions, {
  title:
    "Silence is an answer after 14 days; what is not followed within 60 days is dropped, not contested within 30 final, or the court's if who could contest it cannot act, not decided within 180 overdue",
  at: (it) => it.due,
  run(tx, it) {
    if (it.$.status === "raised") tx.move(it, "heard", { due: tx.time + ACT_TIME });
    else if (it.$.status === "heard") tx.move(it, "dropped", { due: undefined });
    else if (it.$.status !== "measured") tx.put(it, { overdue: true, due: undefined });
    else if (tx.known(it.platform)) tx.move(it, "final", { due: undefined });
    else tx.move(it, "referred", { due: tx.time + COURT_TIME });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
interface Act {
  readonly deposit: string;
  readonly document: Uint8Array;
}
/** Is it a capture, and not one of a regulator's own acts? */
function stands(tx: Tx, name: string): boolean {
  const it = tx.find(deposits, name);
  return it?.$.status === "admitted" && it.kind === "capture";
}
const record = (tx: Tx, kind: string, { deposit, document }: Act, regulator: string): void =>
  enter(tx, { deposit, kind, content: document }, regulator);
/** What follows from a suspicion: after the platform was heard, while a capture stands; and it is evidence itself. */
function follow(
  tx: Tx<"capture_unfit" | "not_heard">,
  it: Suspicion,
  to: "measured" | "referred",
  done: Act,
  change: Partial<Suspicion>,
): void {
  tx.require(it.$.status === "heard", "not_heard", { status: it.$.status });
  tx.require(
    it.captures.some((name) => stands(tx, name)),
    "capture_unfit",
  );
  tx.move(it, to, { ...change, acts: [...it.acts, done.deposit] });
  record(tx, to, done, it.regulator);
}
