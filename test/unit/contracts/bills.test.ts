// Medical bills (service 10): issued, claimed, adjudicated, appealed, paid, given back, reversed, with wrong acts among the right; then real claims, and histories
// at random against a plain model and the audits.

import fc from "fast-check";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import bill, * as acts from "../../../src/contracts/documents/bills.ts";
import { days, MAX_MONEY, type Row } from "../../../src/contracts/engine/index.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import { enrol, founded, grant, shown } from "./founders.ts";
import { keyOf, plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const { bills, claims, lines, payments } = acts;
const seal = (size: number) => ({ root: new Uint8Array(32).fill(8), size });
const content = seal(4);
const one = { hospital: "health", number: "1" };

/** Health is the hospital, tax and land insure, the courts supervise and enrol. */
function town(): Scenario {
  const it = founded({
    grants: [
      ...[grant("health", "bills.hospital"), grant("tax", "bills.insurer"), grant("land", "bills.insurer")],
      ...[grant("courts", "bills.supervisor"), grant("courts", "eid.ministry"), grant("tax", "bills.supervisor")],
    ],
  });
  enrol(it, "courts", "health", "ann", "bob");
  return it;
}
const billed = (it: Scenario, amounts: readonly bigint[], more: object = {}) => ({
  ...{ ...one, patient: "p:ann", issued: it.time, currency: "EUR", total: amounts.reduce((sum, amount) => sum + amount, 0n) },
  lines: amounts.map((amount) => ({ amount, content })),
  ...more,
});
/** Ann's bill of two lines, 100 and 50. */
function issued(): Scenario {
  const it = town();
  it.act("a bill", acts.issue, billed(it, [100n, 50n]), signedBy("health"));
  return it;
}
const claim = (payer: string, asked: bigint, more: object = {}) => ({
  ...{ ...one, payer, payee: "p:ann", lines: [{ line: 1, asked }] },
  ...more,
});
const of = (payer: string, line = 1) => ({ ...one, line, payer });
const status = (it: Scenario, payer: string, line = 1) => it.row(claims, "health", "1", line, payer)?.$.status;
/** Ann claims her first line from tax. */
function claimed(payee = "p:ann"): Scenario {
  const it = issued();
  it.act("claimed", acts.claim, claim("tax", 100n, { payee }), signedBy("ann"));
  return it;
}
const paying = (amount: bigint, payment = "p-1", named: readonly number[] = [1]) => ({
  ...{ payer: "tax", payment, amount },
  claims: named.map((line) => ({ ...one, line })),
});

describe("a bill", () => {
  test("is issued by a hospital to somebody known; its total is the sum of its lines", () => {
    const it = town();
    it.refused("by who is none", "engine.not_entitled", acts.issue, billed(it, [100n], { hospital: "tax" }), signedBy("tax"));
    it.refused("in its name", "engine.not_entitled", acts.issue, billed(it, [100n]), signedBy("tax"));
    it.refused("a cent off", "bills.totals_hold", acts.issue, billed(it, [100n], { total: 99n }), signedBy("health"));
    const half = MAX_MONEY / 2n + 1n;
    it.refused("beyond counting", "bills.totals_hold", acts.issue, billed(it, [half, half], { total: 1n }), signedBy("health"));
    it.refused("of no line", "engine.args_invalid", acts.issue, billed(it, []), signedBy("health"));
    it.refused("to nobody", "bills.patient_unknown", acts.issue, billed(it, [1n], { patient: "p:eve" }), signedBy("health"));
    it.refused("in no currency", "bills.currency_named", acts.issue, billed(it, [1n], { currency: "eur" }), signedBy("health"));
    it.refused("of tomorrow", "bills.dated_ahead", acts.issue, billed(it, [1n], { issued: it.time + days(1) }), signedBy("health"));
    it.act(
      "of 64 lines",
      acts.issue,
      billed(
        it,
        Array.from({ length: 64 }, () => MAX_MONEY / 64n),
      ),
      signedBy("health"),
    );
    it.refused("twice", "engine.already_exists", acts.issue, billed(it, [1n]), signedBy("health"));
    const all = Array.from({ length: 32 }, (_, i) => ({ line: i + 1, asked: MAX_MONEY / 64n }));
    it.act("32 of them are claimed at once", acts.claim, claim("tax", 1n, { lines: all }), signedBy("ann"));
    for (const { line, asked } of all) it.act("granted", acts.adjudicate, { ...of("tax", line), grant: asked }, signedBy("tax"));
    const everything = paying(
      32n * (MAX_MONEY / 64n),
      "p-1",
      all.map(({ line }) => line),
    );
    it.act("and paid", acts.pay, everything, signedBy("tax"));
    passes(it, "bills");
  });

  test("what the hospital receives, from patient and payers, is no more than the bill", () => {
    const it = claimed("health");
    it.refused("as Ann says", "engine.not_entitled", acts.receive, { ...one, amount: 1n }, signedBy("ann"));
    it.act("Ann pays", acts.receive, { ...one, amount: 60n }, signedBy("health"));
    it.refused("too much", "bills.over_paid", acts.receive, { ...one, amount: 91n }, signedBy("health"));
    it.refused("granted to the hospital", "bills.over_paid", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));
    it.refused("back without her", "engine.signature_missing", acts.giveBack, { ...one, amount: 10n }, signedBy("health"));
    it.refused("back more", "bills.over_paid", acts.giveBack, { ...one, amount: 61n }, signedBy("health", "ann"));
    it.act("back", acts.giveBack, { ...one, amount: 10n }, signedBy("health", "ann"));
    it.act("now there is room", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));
    expect(it.row(bills, "health", "1")).toMatchObject({ total: 150n, granted: 100n, direct: 100n, received: 50n });
    it.refused("and no more", "bills.over_paid", acts.receive, { ...one, amount: 1n }, signedBy("health"));
    passes(it, "bills");
  });

  test("is contested by its patient, once, before anything is granted; a supervisor upholds it, or its hospital reverses it", () => {
    const it = claimed();
    const objection = { ...one, objection: seal(1) };
    it.refused("by Bob", "engine.signature_missing", acts.contest, objection, signedBy("bob"));
    it.act("contested", acts.contest, objection, signedBy("ann"));
    const still = "bills.not_payable";
    it.refused("twice", still, acts.contest, objection, signedBy("ann"));
    it.refused("claimed", still, acts.claim, claim("land", 1n), signedBy("ann"));
    it.refused("granted", still, acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));
    it.refused("received", still, acts.receive, { ...one, amount: 1n }, signedBy("health"));
    it.refused("upheld by its hospital", "engine.not_entitled", acts.uphold, { ...one, ground: "x" }, signedBy("health"));
    it.act("upheld", acts.uphold, { ...one, ground: "tariff-7" }, signedBy("courts"));
    it.refused("upheld again", "engine.illegal_move", acts.uphold, { ...one, ground: "x" }, signedBy("courts"));
    it.refused("contested again", "bills.contested_once", acts.contest, objection, signedBy("ann"));
    it.act("granted", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));

    const conceded = issued();
    conceded.act("contested", acts.contest, objection, signedBy("ann"));
    conceded.refused("conceded by the hospital", "engine.signature_missing", acts.concede, one, signedBy("health"));
    conceded.act("conceded", acts.concede, one, signedBy("ann"));
    conceded.refused("twice", "engine.illegal_move", acts.concede, one, signedBy("ann"));
    conceded.act("claimed after all", acts.claim, claim("tax", 100n), signedBy("ann"));

    const other = claimed();
    other.act("granted", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));
    other.refused("contested then", "bills.contested_once", acts.contest, objection, signedBy("ann"));
  });

  test("is reversed by another, once, while nothing of it is granted; then nothing is claimed of either", () => {
    const it = claimed();
    const reversal = { ...one, by: "1-r", ground: "wrong-patient" };
    it.act("Ann pays", acts.receive, { ...one, amount: 60n }, signedBy("health"));
    it.act("granted", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));
    it.refused("granted as it is", "bills.reimbursed", acts.reverse, reversal, signedBy("health", "ann"));
    it.act("paid", acts.pay, paying(100n), signedBy("tax"));
    it.refused("paid as it is", "bills.reimbursed", acts.reverse, reversal, signedBy("health", "ann"));
    it.refused("back, as Ann says", "engine.not_entitled", acts.returned, { ...of("tax"), ground: "x" }, signedBy("ann"));
    it.act("back, as the payer says", acts.returned, { ...of("tax"), ground: "wrong-patient" }, signedBy("tax"));
    it.refused("back twice", "engine.illegal_move", acts.returned, { ...of("tax"), ground: "x" }, signedBy("tax"));
    it.refused("without Ann, who has paid", "bills.in_stead", acts.reverse, reversal, signedBy("health"));
    const estate = { ...reversal, supervisor: "courts" };
    it.refused("by a supervisor, while Ann can sign", "bills.in_stead", acts.reverse, estate, signedBy("health", "courts"));
    it.refused("without the hospital", "engine.not_entitled", acts.reverse, reversal, signedBy("ann"));
    it.act("reversed", acts.reverse, reversal, signedBy("health", "ann"));
    const no = "bills.not_payable";
    it.refused("twice", no, acts.reverse, { ...reversal, by: "1-s" }, signedBy("health", "ann"));
    it.refused("the reversal is reversed", no, acts.reverse, { ...reversal, number: "1-r", by: "1-s" }, signedBy("health"));
    it.refused("claimed", no, acts.claim, claim("land", 1n), signedBy("ann"));
    it.refused("mended", no, acts.mend, { ...of("tax"), asked: 1n, payee: "p:ann" }, signedBy("ann"));
    it.refused("the reversal is claimed", no, acts.claim, claim("land", 1n, { number: "1-r" }), signedBy("ann"));
    it.act("Ann has her money again", acts.giveBack, { ...one, amount: 60n }, signedBy("health", "ann"));
    expect([it.row(bills, "health", "1"), it.row(bills, "health", "1-r")]).toMatchObject([
      { received: 0n, granted: 0n, $: { status: "reversed" } },
      { reverses: "1", total: 150n, patient: "p:ann", lines: 0 },
    ]);
    expect(it.row(payments, "tax", "p-1")).toMatchObject({ amount: 100n, returned: 100n });
    passes(it, "bills");

    const unpaid = issued();
    unpaid.act("who has paid nothing need not sign", acts.reverse, reversal, signedBy("health"));
    passes(unpaid, "bills");

    const late = issued();
    late.act("Ann pays", acts.receive, { ...one, amount: 60n }, signedBy("health"));
    late.act("and is no more", eid.revoke, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
    late.refused("the hospital alone", "bills.in_stead", acts.reverse, reversal, signedBy("health"));
    late.refused("it for Ann", "bills.own_case", acts.reverse, { ...estate, supervisor: "health" }, signedBy("health"));
    late.refused("who supervises nothing", "bills.in_stead", acts.reverse, { ...estate, supervisor: "land" }, signedBy("health", "land"));
    late.refused("in its name", "bills.in_stead", acts.reverse, estate, signedBy("health"));
    late.act("with a supervisor", acts.reverse, estate, signedBy("health", "courts"));
  });
});

describe("a claim", () => {
  test("is made once for a line and payer, by the patient, of who insures", () => {
    const it = issued();
    it.refused("by Bob", "engine.signature_missing", acts.claim, claim("tax", 100n), signedBy("bob"));
    it.refused("by the hospital", "engine.signature_missing", acts.claim, claim("tax", 100n, { payee: "health" }), signedBy("health"));
    it.refused("payable to Bob", "bills.payee_fit", acts.claim, claim("tax", 100n, { payee: "p:bob" }), signedBy("ann"));
    it.refused("of who does not insure", "bills.no_insurer", acts.claim, claim("courts", 100n), signedBy("ann"));
    it.refused("for more than the line", "bills.over_asked", acts.claim, claim("tax", 101n), signedBy("ann"));
    it.refused("for nothing", "bills.over_asked", acts.claim, claim("tax", 0n), signedBy("ann"));
    it.refused("for no line", "engine.not_found", acts.claim, claim("tax", 1n, { lines: [{ line: 3, asked: 1n }] }), signedBy("ann"));
    const twice = claim("tax", 1n, { lines: [1, 1].map((line) => ({ line, asked: 1n })) });
    it.refused("twice in one act", "bills.claimed_once", acts.claim, twice, signedBy("ann"));
    it.act("claimed", acts.claim, claim("tax", 100n), signedBy("ann"));
    it.refused("again", "bills.claimed_once", acts.claim, claim("tax", 50n), signedBy("ann"));
    it.act("of another payer", acts.claim, claim("land", 100n), signedBy("ann"));
    it.act("the second line", acts.claim, claim("tax", 50n, { lines: [{ line: 2, asked: 50n }] }), signedBy("ann"));
    expect(it.row(lines, "health", "1", 1)).toMatchObject({ payers: ["tax", "land"], granted: 0n });
    expect(it.row(lines, "health", "1", 2)?.payers).toEqual(["tax"]); // land does not read it
    passes(it, "bills");
  });

  test("of a line is made from eight payers at most", () => {
    const insurers = Array.from({ length: 9 }, (_, i) => `fund-${i}`);
    const grants = Object.fromEntries([...insurers.map((name) => [name, ["bills.insurer"]]), ["health", ["bills.hospital"]]]);
    const it = scenario({ modules: [acts], resolver: plainRights(grants, ["p:ann"]), found() {} });
    it.act("a bill", acts.issue, billed(it, [100n]), signedBy("health"));
    for (const payer of insurers.slice(0, 8)) it.act(payer, acts.claim, claim(payer, 100n), signedBy("p:ann"));
    it.refused("a ninth", "bills.payers_full", acts.claim, claim("fund-8", 100n), signedBy("p:ann"));
  });

  test("is granted, in part on a ground; all payers grant no more than the line", () => {
    const it = claimed();
    it.act("of land, too", acts.claim, claim("land", 100n), signedBy("ann"));
    it.refused("by another payer", "engine.not_entitled", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("land"));
    it.refused("in part without a ground", "bills.ground_given", acts.adjudicate, { ...of("tax"), grant: 80n }, signedBy("tax"));
    const more = { ...of("tax"), grant: 101n, ground: "x" };
    it.refused("more than was asked", "bills.over_asked", acts.adjudicate, more, signedBy("tax"));
    it.act("in part", acts.adjudicate, { ...of("tax"), grant: 80n, ground: "share-80" }, signedBy("tax"));
    it.refused("again", "engine.illegal_move", acts.adjudicate, { ...of("tax"), grant: 20n, ground: "x" }, signedBy("tax"));
    it.refused("together more than the line", "bills.over_line", acts.adjudicate, { ...of("land"), grant: 100n }, signedBy("land"));
    it.act("the rest", acts.adjudicate, { ...of("land"), grant: 20n, ground: "second" }, signedBy("land"));
    expect([it.row(lines, "health", "1", 1)?.granted, it.row(bills, "health", "1")?.granted]).toEqual([100n, 100n]);
    passes(it, "bills");
    expect(audit(it, "bills")[0]!.figures).toEqual({ granted: 100n });
  });

  test("that is refused is mended, not doubled; what is granted is withdrawn with who grants it", () => {
    const it = claimed();
    const mended = { ...of("tax"), asked: 90n, payee: "health" };
    it.refused("not yet refused", "engine.illegal_move", acts.mend, mended, signedBy("ann"));
    it.refused("refused without a ground", "bills.ground_given", acts.adjudicate, { ...of("tax"), grant: 0n }, signedBy("tax"));
    it.act("refused", acts.adjudicate, { ...of("tax"), grant: 0n, ground: "incomplete" }, signedBy("tax"));
    it.refused("claimed anew", "bills.claimed_once", acts.claim, claim("tax", 100n), signedBy("ann"));
    it.refused("mended by Bob", "engine.signature_missing", acts.mend, mended, signedBy("bob"));
    it.refused("for more than the line", "bills.over_asked", acts.mend, { ...mended, asked: 101n }, signedBy("ann"));
    it.refused("payable to Bob", "bills.payee_fit", acts.mend, { ...mended, payee: "p:bob" }, signedBy("ann"));
    it.act("mended", acts.mend, mended, signedBy("ann"));
    expect(it.row(claims, "health", "1", 1, "tax")).toMatchObject({ asked: 90n, payee: "health", mended: 1, $: { status: "submitted" } });
    it.act("granted", acts.adjudicate, { ...of("tax"), grant: 90n }, signedBy("tax"));
    it.refused("withdrawn while tax may be paying", "bills.in_stead", acts.withdraw, of("tax"), signedBy("ann"));
    it.act("withdrawn by both", acts.withdraw, of("tax"), signedBy("ann", "tax"));
    expect(it.row(bills, "health", "1")).toMatchObject({ granted: 0n, direct: 0n });
    it.act("mended", acts.mend, mended, signedBy("ann"));
    it.act("granted", acts.adjudicate, { ...of("tax"), grant: 90n }, signedBy("tax"));
    const stead = { ...of("tax"), stead: { supervisor: "courts", ground: "dissolved" } };
    it.refused("by a supervisor, while tax can sign", "bills.in_stead", acts.withdraw, stead, signedBy("ann", "courts"));
    it.act("by both", acts.withdraw, of("tax"), signedBy("ann", "tax"));
    it.act("mended", acts.mend, { ...mended, asked: 10n }, signedBy("ann"));
    it.refused("withdrawn by Bob", "bills.in_stead", acts.withdraw, of("tax"), signedBy("bob"));
    it.act("withdrawn by Ann alone", acts.withdraw, of("tax"), signedBy("ann"));
    it.refused("twice", "engine.illegal_move", acts.withdraw, of("tax"), signedBy("ann"));
    passes(it, "bills");
  });

  test("is withdrawn for who is no more by a supervisor who has no part in it, on a ground", () => {
    const gone = new Set<string>();
    const roles = { health: ["bills.hospital", "bills.supervisor"], fund: ["bills.insurer"], court: ["bills.supervisor"] };
    const resolver = plainRights(roles, ["p:ann"]);
    const it = scenario({
      modules: [acts],
      resolver: { ...resolver, known: (tx, who) => !gone.has(who) && resolver.known(tx, who) },
      found() {},
    });
    it.act("a bill", acts.issue, billed(it, [100n]), signedBy("health"));
    it.act("claimed", acts.claim, claim("fund", 100n), signedBy("p:ann"));
    it.act("granted", acts.adjudicate, { ...of("fund"), grant: 100n }, signedBy("fund"));
    const stead = (supervisor: string) => ({ ...of("fund"), stead: { supervisor, ground: "dissolved" } });
    gone.add("fund");
    it.refused("by Ann alone", "bills.in_stead", acts.withdraw, of("fund"), signedBy("p:ann"));
    it.refused("by the hospital for it", "bills.own_case", acts.withdraw, stead("health"), signedBy("p:ann", "health"));
    it.refused("in the court's name", "bills.in_stead", acts.withdraw, stead("court"), signedBy("p:ann"));
    it.act("with the court", acts.withdraw, stead("court"), signedBy("p:ann", "court"));
    expect(it.row(claims, "health", "1", 1, "fund")).toMatchObject({ ground: "dissolved", granted: 0n, $: { status: "withdrawn" } });
    gone.delete("fund");
    it.act("mended", acts.mend, { ...of("fund"), asked: 9n, payee: "p:ann" }, signedBy("p:ann"));
    gone.add("p:ann");
    it.act("and Ann is no more", acts.withdraw, stead("court"), signedBy("court"));
    passes(it, "bills");
  });

  test("is adjudicated, paid and taken back by posts, to whom insurer and hospital delegate it", () => {
    const it = issued();
    for (const [agency, post, role] of [
      ["tax", "clerk", "bills.insurer"],
      ["health", "desk", "bills.hospital"],
    ] as const) {
      const key = { principal: agency, key: keyOf(post), proof: shown(it, agency, "post", post), purpose: "post" as const };
      it.act("a post", eid.bind, { ...key, post, from: it.time, represents: false }, signedBy(agency));
      it.act("that holds the role", governance.delegate, { agency, post, role, scope: "" }, signedBy(agency));
    }
    it.act("claimed", acts.claim, claim("tax", 100n), signedBy("ann"));
    it.refused("by another's post", "engine.not_entitled", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("desk"));
    it.act("granted", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("clerk"));
    it.act("paid", acts.pay, paying(100n), signedBy("clerk"));
    it.act("back", acts.returned, { ...of("tax"), ground: "x" }, signedBy("clerk"));
    it.act("Ann pays", acts.receive, { ...one, amount: 1n }, signedBy("desk"));
    it.act("and has it again", acts.giveBack, { ...one, amount: 1n }, signedBy("desk", "ann"));
    it.act("reversed", acts.reverse, { ...one, by: "1-r", ground: "x" }, signedBy("desk"));
  });

  test("is not late while its bill is contested, or once it is reversed; a supervisor's silence is marked", () => {
    const it = claimed();
    const contested = { ...one, objection: seal(1) };
    it.advance(days(20));
    it.act("contested", acts.contest, contested, signedBy("ann"));
    it.advance(days(59));
    expect([status(it, "tax"), it.row(bills, "health", "1")?.unheard]).toEqual(["submitted", false]);
    it.advance(days(2));
    expect(it.row(bills, "health", "1")).toMatchObject({ unheard: true, $: { status: "contested" } });
    it.act("upheld late", acts.uphold, { ...one, ground: "tariff-7" }, signedBy("courts"));
    it.advance(days(30) - 5_000);
    expect(status(it, "tax")).toBe("submitted");
    it.advance(days(30));
    expect(status(it, "tax")).toBe("late");
    it.act("appealed", acts.appeal, { ...of("tax"), appeal: seal(1) }, signedBy("ann"));
    it.advance(days(59));
    expect(it.row(claims, "health", "1", 1, "tax")?.unheard).toBe(false);
    it.advance(days(2));
    expect(it.row(claims, "health", "1", 1, "tax")).toMatchObject({ unheard: true, $: { status: "appealed" } });
    it.act("decided late", acts.review, { ...of("tax"), grant: 100n, ground: "x" }, signedBy("courts"));

    const heard = issued();
    heard.act("contested", acts.contest, contested, signedBy("ann"));
    heard.act("conceded", acts.concede, one, signedBy("ann"));
    expect(heard.advance(days(400))).toEqual([]);

    const reversed = claimed();
    reversed.act("refused", acts.claim, claim("land", 9n), signedBy("ann"));
    reversed.act("refused", acts.adjudicate, { ...of("land"), grant: 0n, ground: "x" }, signedBy("land"));
    reversed.act("contested", acts.contest, contested, signedBy("ann"));
    reversed.act("appealed meanwhile", acts.appeal, { ...of("land"), appeal: seal(1) }, signedBy("ann"));
    reversed.act("and reversed", acts.reverse, { ...one, by: "1-r", ground: "x" }, signedBy("health"));
    reversed.advance(days(400));
    expect([status(reversed, "tax"), reversed.row(bills, "health", "1")?.unheard]).toEqual(["submitted", false]);
    expect(reversed.row(claims, "health", "1", 1, "land")).toMatchObject({ unheard: false, $: { status: "appealed" } });
    reversed.act("denied", acts.review, { ...of("land"), grant: 0n, ground: "reversed" }, signedBy("courts"));
    for (const each of [it, heard, reversed]) {
      passes(each, "bills");
      each.indexHolds();
    }

    const refused = claimed();
    refused.act("refused", acts.adjudicate, { ...of("tax"), grant: 0n, ground: "x" }, signedBy("tax"));
    refused.act("reversed", acts.reverse, { ...one, by: "1-r", ground: "x" }, signedBy("health"));
    refused.refused("appealed then", "bills.not_payable", acts.appeal, { ...of("tax"), appeal: seal(1) }, signedBy("ann"));
  });

  test("is appealed for 90 days whether it is paid, overdue or neither; what the appeal adds is a payment of its own", () => {
    const petition = { ...of("tax"), appeal: seal(1) };
    const decision = { ...of("tax"), grant: 70n, ground: "art-12" };
    const cent = { ...of("tax"), grant: 1n, ground: "x" };
    const it = claimed("health");
    it.act("one cent", acts.adjudicate, cent, signedBy("tax"));
    it.act("paid at once", acts.pay, paying(1n), signedBy("tax"));
    it.advance(days(89));
    it.act("appealed", acts.appeal, petition, signedBy("ann"));
    it.refused("back meanwhile", "engine.illegal_move", acts.returned, { ...of("tax"), ground: "x" }, signedBy("tax"));
    it.act("decided", acts.review, decision, signedBy("courts"));
    const less = { ...of("tax"), grant: 1n, ground: "x" };
    it.refused("less by the payer, after all", "engine.illegal_move", acts.adjudicate, less, signedBy("tax"));
    it.refused("all of it again", "bills.one_payee", acts.pay, paying(70n, "p-2"), signedBy("tax"));
    it.refused("under the name of the first", "engine.already_exists", acts.pay, paying(69n), signedBy("tax"));
    it.act("the rest", acts.pay, paying(69n, "p-2"), signedBy("tax"));
    expect(it.row(claims, "health", "1", 1, "tax")).toMatchObject({
      ...{ granted: 70n, reviewed: true, $: { status: "paid" } },
      paid: [
        { payment: "p-1", amount: 1n },
        { payment: "p-2", amount: 69n },
      ],
    });
    it.refused("appealed again", "bills.appeal_over", acts.appeal, petition, signedBy("ann"));
    passes(it, "bills");
    it.act("all of it comes back", acts.returned, { ...of("tax"), ground: "x" }, signedBy("tax"));
    expect(["p-1", "p-2"].map((payment) => it.row(payments, "tax", payment)?.returned)).toEqual([1n, 69n]);
    it.act("mended", acts.mend, { ...of("tax"), asked: 100n, payee: "p:ann" }, signedBy("ann"));
    it.act("refused", acts.adjudicate, { ...of("tax"), grant: 0n, ground: "x" }, signedBy("tax"));
    it.act("a new decision is appealed", acts.appeal, petition, signedBy("ann"));
    passes(it, "bills");

    const other = claimed();
    other.act("the line, of land, too", acts.claim, claim("land", 100n), signedBy("ann"));
    other.act("granted", acts.adjudicate, { ...of("land"), grant: 60n, ground: "x" }, signedBy("land"));
    other.act("one cent", acts.adjudicate, cent, signedBy("tax"));
    other.advance(days(31));
    expect(status(other, "tax")).toBe("overdue");
    other.act("appealed on day 31", acts.appeal, petition, signedBy("ann"));
    other.refused("more than the line", "bills.over_line", acts.review, decision, signedBy("courts"));
    other.act("what is left of it", acts.review, { ...decision, grant: 40n }, signedBy("courts"));
    passes(other, "bills");

    const same = claimed();
    same.act("in part", acts.adjudicate, { ...of("tax"), grant: 70n, ground: "x" }, signedBy("tax"));
    same.act("paid", acts.pay, paying(70n), signedBy("tax"));
    same.act("appealed", acts.appeal, petition, signedBy("ann"));
    same.refused("withdrawn, and the money kept", "bills.in_stead", acts.withdraw, of("tax"), signedBy("ann"));
    same.act("as it was", acts.review, decision, signedBy("courts"));
    expect(same.row(claims, "health", "1", 1, "tax")).toMatchObject({ granted: 70n, reviewed: true, $: { status: "paid" } });

    const back = claimed();
    back.act("in part", acts.adjudicate, { ...of("tax"), grant: 70n, ground: "x" }, signedBy("tax"));
    back.act("paid", acts.pay, paying(70n), signedBy("tax"));
    back.act("appealed", acts.appeal, petition, signedBy("ann"));
    back.act("withdrawn by both, the money back", acts.withdraw, of("tax"), signedBy("ann", "tax"));
    expect([back.row(payments, "tax", "p-1")?.returned, back.row(bills, "health", "1")?.granted]).toEqual([70n, 0n]);
    const late = claimed();
    late.act("one cent", acts.adjudicate, cent, signedBy("tax"));
    late.act("paid", acts.pay, paying(1n), signedBy("tax"));
    late.advance(days(91));
    late.refused("after 90 days", "bills.appeal_over", acts.appeal, petition, signedBy("ann"));
    for (const each of [same, back, late]) {
      passes(each, "bills");
      each.indexHolds();
    }
  });

  test("silence is late after 30 days, a grant that is not paid is overdue, and both can still be made good", () => {
    const it = claimed();
    it.advance(days(30) - 2_000);
    expect(status(it, "tax")).toBe("submitted");
    it.advance(3_000);
    expect(status(it, "tax")).toBe("late");
    it.act("granted late", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));
    it.advance(days(31));
    expect(status(it, "tax")).toBe("overdue");
    it.act("paid late", acts.pay, paying(100n), signedBy("tax"));
    it.advance(days(100));
    expect(status(it, "tax")).toBe("paid");
    it.indexHolds();
  });

  test("is appealed within 90 days, once; the supervisor decides for good, and never against himself", () => {
    const it = claimed();
    const petition = { ...of("tax"), appeal: seal(1) };
    it.refused("before it was decided", "engine.illegal_move", acts.appeal, petition, signedBy("ann"));
    it.refused("reviewed before that", "bills.under_appeal", acts.review, { ...of("tax"), grant: 1n, ground: "x" }, signedBy("courts"));
    it.act("granted in part", acts.adjudicate, { ...of("tax"), grant: 40n, ground: "share-40" }, signedBy("tax"));
    it.refused("by the hospital", "engine.signature_missing", acts.appeal, petition, signedBy("health"));
    it.act("appealed", acts.appeal, petition, signedBy("ann"));
    it.refused("paid meanwhile", "bills.under_appeal", acts.pay, paying(40n), signedBy("tax"));
    it.refused("decided by the payer", "bills.under_appeal", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));
    const decision = { ...of("tax"), grant: 80n, ground: "art-12" };
    it.refused("or as its own supervisor", "bills.own_case", acts.review, decision, signedBy("tax"));
    it.refused("by land", "engine.not_entitled", acts.review, decision, signedBy("land"));
    it.refused("more than was asked", "bills.over_asked", acts.review, { ...decision, grant: 101n }, signedBy("courts"));
    it.refused("less than was granted", "bills.less_granted", acts.review, { ...decision, grant: 39n }, signedBy("courts"));
    it.act("decided", acts.review, decision, signedBy("courts"));
    it.refused("appealed again", "bills.appeal_over", acts.appeal, petition, signedBy("ann"));
    it.act("paid", acts.pay, paying(80n), signedBy("tax"));
    passes(it, "bills");

    const refused = claimed();
    refused.act("refused", acts.adjudicate, { ...of("tax"), grant: 0n, ground: "not-covered" }, signedBy("tax"));
    refused.advance(days(91));
    refused.refused("too late", "bills.appeal_over", acts.appeal, petition, signedBy("ann"));
    refused.act("mended", acts.mend, { ...of("tax"), asked: 100n, payee: "p:ann" }, signedBy("ann"));
    refused.advance(days(31));
    refused.act("silence is appealed", acts.appeal, petition, signedBy("ann"));
    refused.act("denied", acts.review, { ...decision, grant: 0n }, signedBy("courts"));
    refused.refused("for good", "engine.illegal_move", acts.mend, { ...of("tax"), asked: 1n, payee: "p:ann" }, signedBy("ann"));
    passes(refused, "bills");

    const whole = claimed();
    whole.act("granted", acts.adjudicate, { ...of("tax"), grant: 100n }, signedBy("tax"));
    whole.refused("what was granted in full", "bills.appeal_over", acts.appeal, petition, signedBy("ann"));
  });

  test("is not decided on by who has a part in it, as a supervisor", () => {
    const roles = { health: ["bills.hospital", "bills.supervisor"], fund: ["bills.insurer"], court: ["bills.supervisor"] };
    const it = scenario({ modules: [acts], resolver: plainRights(roles, ["p:ann"]), found() {} });
    it.act("a bill", acts.issue, billed(it, [100n]), signedBy("health"));
    it.act("payable to its hospital", acts.claim, claim("fund", 100n, { payee: "health" }), signedBy("p:ann"));
    it.act("refused", acts.adjudicate, { ...of("fund"), grant: 0n, ground: "x" }, signedBy("fund"));
    it.act("appealed", acts.appeal, { ...of("fund"), appeal: seal(1) }, signedBy("p:ann"));
    const all = { ...of("fund"), grant: 100n, ground: "x" };
    it.refused("granted by the hospital", "bills.own_case", acts.review, all, signedBy("health"));
    it.act("by the court", acts.review, all, signedBy("court"));

    const patient = scenario({ modules: [acts], resolver: plainRights(roles), found() {} });
    patient.act("the court is ill", acts.issue, billed(patient, [100n], { patient: "court" }), signedBy("health"));
    patient.act("and contests", acts.contest, { ...one, objection: seal(1) }, signedBy("court"));
    patient.refused("upheld by itself", "bills.own_case", acts.uphold, { ...one, ground: "x" }, signedBy("court"));
  });

  test("nobody upholds his own bill", () => {
    const both = plainRights({ health: ["bills.hospital", "bills.supervisor"] }, ["p:ann"]);
    const it = scenario({ modules: [acts], resolver: both, found() {} });
    it.act("a bill", acts.issue, billed(it, [100n]), signedBy("health"));
    it.act("contested", acts.contest, { ...one, objection: seal(1) }, signedBy("p:ann"));
    it.refused("upheld", "bills.own_case", acts.uphold, { ...one, ground: "x" }, signedBy("health"));
  });
});

describe("a payment", () => {
  test("is for what was granted, of one payee, once", () => {
    const it = claimed();
    it.act("the second line", acts.claim, claim("tax", 50n, { payee: "health", lines: [{ line: 2, asked: 50n }] }), signedBy("ann"));
    it.refused("before it is granted", "engine.illegal_move", acts.pay, paying(100n), signedBy("tax"));
    for (const [line, amount] of [
      [1, 100n],
      [2, 50n],
    ] as const)
      it.act("granted", acts.adjudicate, { ...of("tax", line), grant: amount }, signedBy("tax"));
    it.refused("as Ann says", "engine.not_entitled", acts.pay, paying(100n), signedBy("ann"));
    it.refused("of less", "bills.one_payee", acts.pay, paying(99n), signedBy("tax"));
    it.refused("for Ann and the hospital", "bills.one_payee", acts.pay, paying(150n, "p-1", [1, 2]), signedBy("tax"));
    it.refused("for one claim twice", "engine.illegal_move", acts.pay, paying(200n, "p-1", [1, 1]), signedBy("tax"));
    it.act("paid", acts.pay, paying(100n), signedBy("tax"));
    it.refused("twice", "engine.illegal_move", acts.pay, paying(100n, "p-2"), signedBy("tax"));
    it.refused("another by this name", "engine.already_exists", acts.pay, paying(50n, "p-1", [2]), signedBy("tax"));
    it.act("the hospital's", acts.pay, paying(50n, "p-2", [2]), signedBy("tax"));
    passes(it, "bills");
    expect(audit(it, "bills")[2]!.figures).toEqual({ paid: 150n });
  });
});

test("an auditor finds rows that the rules would not have made", () => {
  const it = claimed();
  it.act("the second line", acts.claim, claim("tax", 50n, { payee: "health", lines: [{ line: 2, asked: 50n }] }), signedBy("ann"));
  it.act("granted", acts.adjudicate, { ...of("tax"), grant: 80n, ground: "x" }, signedBy("tax"));
  it.act("granted", acts.adjudicate, { ...of("tax", 2), grant: 40n, ground: "x" }, signedBy("tax"));
  it.act("paid", acts.pay, paying(80n), signedBy("tax"));
  const other = { hospital: "health", number: "2" };
  it.act("another bill", acts.issue, billed(it, [9n], other), signedBy("health"));
  it.act("reversed", acts.reverse, { ...other, by: "2-r", ground: "x" }, signedBy("health"));
  passes(it, "bills");
  const finds = (...args: any[]) => (findsTampered as any)(it, "bills", ...args) as string[];
  const first = ["health", "1", 1, "tax"];
  expect(finds(claims, first, { granted: 81n })).toEqual(["neverMore", "paidOnce"]);
  expect(finds(claims, first, { payee: "p:bob" })).toEqual(["ofOneBill", "paidOnce"]);
  expect(finds(claims, first, { currency: "JPY" })).toEqual(["ofOneBill", "paidOnce"]);
  expect(finds(claims, first, { paid: [] })).toEqual(["paidOnce"]);
  expect(finds(claims, first, { paid: [{ payment: "p-2", amount: "80" }] })).toEqual(["paidOnce"]);
  expect(finds(bills, ["health", "1"], { $status: "reversed" })).toEqual(["neverMore", "ofOneBill"]);
  expect(finds(payments, ["tax", "p-1"], { amount: 90n })).toEqual(["paidOnce"]);
  expect(finds(payments, ["tax", "p-1"], { returned: 1n })).toEqual(["paidOnce"]);
  for (const [type, key, change] of [
    [claims, first, { asked: 79n }],
    [claims, ["health", "1", 2, "tax"], { $status: "refused" }],
    [claims, ["health", "1", 2, "tax"], { payee: "p:ann" }],
    [lines, ["health", "1", 1], { granted: 79n }],
    [lines, ["health", "1", 1], { amount: 79n }],
    [bills, ["health", "1"], { total: 149n }],
    [bills, ["health", "1"], { granted: 0n }],
    [bills, ["health", "1"], { direct: 0n }],
    [bills, ["health", "1"], { received: 111n }],
  ] as const)
    expect([type.name, change, finds(type, key, change)]).toEqual([type.name, change, ["neverMore"]]);
  for (const [type, key, change] of [
    [claims, first, { patient: "p:bob", payee: "health" }],
    [claims, ["health", "1", 2, "tax"], { patient: "p:bob" }],
    [claims, ["health", "1", 2, "tax"], { currency: "JPY" }],
    [lines, ["health", "1", 1], { payers: [] }],
    [lines, ["health", "2", 1], { patient: "p:bob" }],
    [bills, ["health", "1"], { currency: "JPY" }],
    [bills, ["health", "1"], { lines: 1 }],
    [bills, ["health", "2-r"], { total: 8n }],
    [bills, ["health", "2-r"], { patient: "p:bob" }],
    [bills, ["health", "2-r"], { currency: "JPY" }],
    [bills, ["health", "2"], { $status: "issued" }],
  ] as const)
    expect([type.name, change, finds(type, key, change)]).toEqual([type.name, change, expect.arrayContaining(["ofOneBill"])]);
});

// ── real ones ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const folder = new URL("../../../../shared/data/fhir-r4/", import.meta.url);
const resource = (name: string): any => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const cents = ({ value }: { value: number }): bigint => {
  const [whole, part = ""] = String(value).split(".") as [string, string?];
  return BigInt(whole) * 100n + BigInt(part.padEnd(2, "0"));
};
describe.skipIf(!existsSync(folder))("the claims of FHIR R4 (skipped without ../shared/data)", () => {
  test("all 16 that are claims are billed and claimed line by line; what says another total than its lines is no bill", () => {
    const it = town();
    const names = readdirSync(folder).filter((name) => name.startsWith("Claim-"));
    expect(names.length).toBe(17);
    let claimedOf = 0;
    for (const name of names) {
      const { id, use, item, total } = resource(name);
      if (use !== "claim") continue; // a preauthorization bills nothing
      const amounts: bigint[] = item.map(({ net }: any) => cents(net));
      const issue = { ...billed(it, amounts, { number: id }), currency: item[0].net.currency };
      if (total !== undefined) expect([name, cents(total)]).toEqual([name, issue.total]);
      it.refused(`${name}, a cent off`, "bills.totals_hold", acts.issue, { ...issue, total: issue.total + 1n }, signedBy("health"));
      it.act(name, acts.issue, issue, signedBy("health"));
      const asked = amounts.map((amount, i) => ({ line: i + 1, asked: amount }));
      it.act("claimed", acts.claim, { hospital: "health", number: id, payer: "tax", payee: "health", lines: asked }, signedBy("ann"));
      claimedOf++;
    }
    expect(claimedOf).toBe(16);
    passes(it, "bills");
  });

  test("an answer is taken as it adjudicates: granted on its ground, refused for its error, and never beyond the line", () => {
    const it = town();
    for (const [name, answer] of [
      ["Claim-100150.json", "ExplanationOfBenefit-EB3500.json"], // 96.00 of 135.57
      ["Claim-100156.json", "ClaimResponse-R3501.json"], // an error: nothing
      ["Claim-100152.json", "ClaimResponse-R3500.json"], // 90.47, of a claim of the same amount
    ] as const) {
      const { id, item } = resource(name);
      const amounts: bigint[] = item.map(({ net }: any) => cents(net));
      it.act(name, acts.issue, { ...billed(it, amounts, { number: id }), currency: "USD" }, signedBy("health"));
      const named = { hospital: "health", number: id, payer: "tax" };
      const asked = amounts.map((amount, i) => ({ line: i + 1, asked: amount }));
      it.act("claimed", acts.claim, { ...named, payee: "p:ann", lines: asked }, signedBy("ann"));
      const { outcome, item: answered = [] } = resource(answer);
      for (const [i, amount] of amounts.entries()) {
        const line = answered.find((each: any) => (each.itemSequence ?? each.sequence) === i + 1);
        const benefit = line?.adjudication.find((a: any) => a.category.coding[0].code === "benefit");
        const to = { ...named, line: i + 1, grant: outcome === "complete" ? cents(benefit.amount) : 0n, ground: outcome };
        it.refused("beyond it", "bills.over_asked", acts.adjudicate, { ...to, grant: amount + 1n }, signedBy("tax"));
        it.act(`${answer} line ${i + 1}`, acts.adjudicate, to, signedBy("tax"));
      }
    }
    expect(audit(it, "bills")[0]!.figures).toEqual({ granted: 96_00n + 90_47n });
    passes(it, "bills");
  });
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const rights = plainRights({ health: ["bills.hospital"], fund: ["bills.insurer"], axa: ["bills.insurer"], court: ["bills.supervisor"] }, [
  "p:ann",
  "p:bob",
]);
const amount = fc.oneof(
  { weight: 9, arbitrary: fc.bigInt({ min: 0n, max: 12n }) },
  { weight: 1, arbitrary: fc.constantFrom(-1n, MAX_MONEY, MAX_MONEY + 1n) },
);
const step = fc.record({
  act: fc.constantFrom(
    ...(["issue", "issue", "issue", "claim", "claim", "claim", "claim", "mend", "mend", "withdraw", "adjudicate", "adjudicate"] as const),
    ...([
      "adjudicate",
      "adjudicate",
      "appeal",
      "appeal",
      "appeal",
      "review",
      "review",
      "pay",
      "pay",
      "pay",
      "returned",
      "receive",
      "giveBack",
    ] as const),
    ...(["contest", "uphold", "concede", "reverse", "wait"] as const),
  ),
  number: fc.constantFrom("1", "2", "3", "4"),
  line: fc.constantFrom(1, 1, 2),
  payer: fc.constantFrom("fund", "axa"),
  patient: fc.constantFrom("p:ann", "p:bob"),
  amount,
  /** An index of what fits, or anything. */
  fit: fc.nat(7),
  direct: fc.boolean(),
  days: fc.constantFrom(1, 20, 60),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom("health", "fund", "axa", "court", "p:ann", "p:bob"), { maxLength: 3 }),
});

describe("whatever hospitals, patients and payers do", () => {
  test("nobody is reimbursed more than a line, asked twice, paid twice, or bound by what he did not sign", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 260, maxLength: 280 }), (steps) => {
        const it = scenario({ modules: [acts], resolver: rights, found() {} });
        /** Bills with their lines, by number; claims by line and payer, as the receipts tell. */
        const model = new Map<string, { patient: string; lines: bigint[]; received: bigint; reversed: boolean }>();
        const asked = new Map<string, { key: [string, number, string]; granted: bigint; paid: bigint; payee: string }>();
        let names = 0;
        for (const s of steps) {
          if (s.act === "reverse" && s.fit > 1) continue; // seldom, or nothing is left
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(days(s.days))) expect(result.flags).toEqual([]);
            continue;
          }
          const fits: { [act: string]: readonly string[] } = {
            ...{ mend: ["refused", "withdrawn", "returned"], withdraw: ["submitted", "late", "granted", "overdue", "appealed"] },
            ...{
              adjudicate: ["submitted", "late"],
              appeal: ["refused", "late", "granted", "overdue", "paid", "paid"],
              review: ["appealed"],
            },
            ...{ pay: ["granted", "overdue"], returned: ["paid"] },
          };
          const fit = s.fit === 7 ? undefined : fits[s.act];
          const able = fit === undefined ? [] : [...asked.values()].filter(({ key }) => fit.includes(claimOf(it, key).$.status));
          const rests = s.act === "returned" ? [] : able.filter(({ paid }) => paid > 0n); // what an appeal adds is seldom come to otherwise
          const from = rests.length > 0 ? rests : able;
          const chosen = from[(s.fit * 7 + s.line) % Math.max(1, from.length)];
          const [number, line, payer] = chosen?.key ?? [s.number, s.line, s.payer];
          const known = model.get(number);
          const patient = known?.patient ?? s.patient;
          const row = it.row(claims, "health", number, line, payer);
          const own = { hospital: "health", number };
          const named = { ...own, line, payer };
          const payee = s.direct ? "health" : patient;
          const given = s.fit > 2 && row !== undefined ? row.asked - (s.fit > 4 && row.asked > 1n ? 1n : 0n) : s.amount;
          const more = s.fit > 3 || s.amount < (row?.granted ?? 0n);
          const least = s.fit > 1 && row !== undefined && more ? (s.fit > 3 ? row.asked : row.granted) : s.amount;
          const amounts = [s.amount, 10n];
          const sum = s.amount < 0n || s.amount > MAX_MONEY ? 10n : s.amount + 10n;
          const is = (args: object, ...should: string[]): [object, string[]] => [args, should];
          const [args, should] = {
            issue: () =>
              is(
                {
                  ...{ ...own, patient: s.patient, issued: it.time, currency: "EUR", total: s.fit === 0 ? 10n : sum },
                  lines: amounts.map((each) => ({ amount: each, content })),
                },
                "health",
              ),
            claim: () => is({ ...own, payer, payee, lines: [{ line, asked: s.amount }] }, patient),
            mend: () => is({ ...named, asked: s.amount, payee }, patient),
            withdraw: () => is(named, patient, ...((row?.granted ?? 0n) > 0n ? [payer] : [])),
            adjudicate: () => is({ ...named, grant: given, ground: "x" }, payer),
            appeal: () => is({ ...named, appeal: seal(1) }, patient),
            review: () => is({ ...named, grant: least, ground: "x" }, "court"),
            pay: () => {
              const sumOf = s.fit > 0 && row !== undefined ? row.granted - paidOf(row) : s.amount;
              return is({ payer, payment: `p-${names++}`, claims: [{ ...own, line }], amount: sumOf }, payer);
            },
            returned: () => is({ ...named, ground: "x" }, payer),
            receive: () => is({ ...own, amount: s.amount }, "health"),
            giveBack: () => is({ ...own, amount: s.amount }, "health", patient),
            contest: () => is({ ...own, objection: seal(1) }, patient),
            uphold: () => is({ ...own, ground: "x" }, "court"),
            concede: () => is(own, patient),
            reverse: () => is({ ...own, by: `r-${names++}`, ground: "x" }, "health", ...((known?.received ?? 0n) > 0n ? [patient] : [])),
          }[s.act]();
          const signers = [...new Set(s.honest > 1 ? should : s.signers)];
          const { outcome, code } = it.submit([{ action: `bills.${s.act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          expect(signers).toEqual(expect.arrayContaining(should));
          const name = `${number} ${line} ${payer}`;
          const made = asked.get(name);
          if (s.act === "issue") {
            expect(known).toBeUndefined();
            model.set(number, { patient: s.patient, lines: amounts, received: 0n, reversed: false });
          } else if (s.act === "claim") {
            expect([made, known!.reversed]).toEqual([undefined, false]);
            asked.set(name, { key: [number, line, payer], granted: 0n, paid: 0n, payee });
          } else if (s.act === "mend") {
            expect([made!.granted, made!.paid, known!.reversed]).toEqual([0n, 0n, false]);
            made!.payee = payee;
          } else if (s.act === "withdraw" || s.act === "returned") {
            if (s.act === "returned") expect(made!.paid).toBe(made!.granted);
            Object.assign(made!, { paid: 0n, granted: 0n });
          } else if (s.act === "adjudicate" || s.act === "review") {
            expect(s.act === "review" ? made!.granted <= least : made!.paid === 0n).toBe(true);
            made!.granted = s.act === "review" ? least : given;
            if (made!.granted > 0n) expect(known!.reversed).toBe(false);
          } else if (s.act === "pay") {
            const { amount: out } = args as { amount: bigint };
            expect(made!.paid + out).toBe(made!.granted);
            if (made!.paid > 0n && out > 0n) accepted.set("the rest", (accepted.get("the rest") ?? 0) + 1);
            made!.paid += out;
          } else if (s.act === "receive") known!.received += s.amount;
          else if (s.act === "giveBack") known!.received -= s.amount;
          else if (s.act === "reverse") {
            expect(known!.reversed).toBe(false);
            known!.reversed = true;
          }
          // Whatever was done: per line and per bill no more is granted, or paid out, than there is.
          const here = model.get(number)!;
          let direct = 0n;
          for (const [i, limit] of here.lines.entries()) {
            const all = [...asked].filter(([, each]) => each.key[0] === number && each.key[1] === i + 1);
            expect(all.reduce((so, [, each]) => so + each.granted, 0n) <= limit).toBe(true);
            expect(all.reduce((so, [, each]) => so + each.paid, 0n) <= limit).toBe(true);
            for (const [, each] of all) if (each.payee === "health") direct += each.granted;
          }
          expect(here.received >= 0n && direct + here.received <= here.lines.reduce((so, each) => so + each, 0n)).toBe(true);
        }
        for (const { key, granted, paid, payee } of asked.values())
          expect([claimOf(it, key).granted, paidOf(claimOf(it, key)), claimOf(it, key).payee]).toEqual([granted, paid, payee]);
        for (const [number, { received, reversed }] of model)
          expect(it.row(bills, "health", number)).toMatchObject({ received, ...(reversed ? { $: { status: "reversed" } } : {}) });
        passes(it, "bills");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 10, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, times]) => times >= 10).length;
    expect(`${often} of 16 happen often: ${[...accepted].join(" ")}`).toMatch(/^16 /);
  });
});
const paidOf = ({ paid }: Row<typeof claims>): bigint => paid.reduce((sum, each) => sum + each.amount, 0n);
const claimOf = (it: Scenario, key: [string, number, string]): Row<typeof claims> => it.row(claims, "health", ...key)!;

everyRuleIsGiven(bill);
