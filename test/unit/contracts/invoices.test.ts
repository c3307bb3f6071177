// Electronic invoices (service 9): the life of an invoice told with wrong acts among the right, then histories at random against a plain
// model.

import fc from "fast-check";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readUbl } from "../../../src/client/ubl.ts";
import { MAX_MONEY } from "../../../src/contracts/engine/fields.ts";
import { minutes } from "../../../src/contracts/engine/index.ts";
import contract, * as acts from "../../../src/contracts/documents/invoices.ts";
import { findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { enrol, founded, grant, register } from "./founders.ts";
import { plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const lines = { root: new Uint8Array(32).fill(3), size: 102 };
const figures = { net: 10_000n, tax: 1_900n, total: 11_900n };

function market(): Scenario {
  const town = founded({
    grants: [
      grant("tax", "invoices.tax_office"),
      grant("land", "invoices.seller"),
      grant("courts", "eid.ministry"),
      grant("tax", "eid.registrar"),
    ],
  });
  enrol(town, "courts", "tax", "ann", "bob");
  enrol(town, "courts", "health", "cy");
  register(town, "tax", "c:shop");
  return town;
}
const bill = (town: Scenario, number: string, more: object = {}) => ({
  ...{ number, buyer: "p:ann", issued: town.time, currency: "EUR", ...figures, lines },
  ...more,
});
const one = { seller: "c:shop", number: "1" };
const red = (town: Scenario, more: object = {}) => ({ ...one, red: "1-r", issued: town.time, ...figures, lines, ...more });
/** A market in which the shop has issued invoice 1 to Ann. */
function issued(): Scenario {
  const town = market();
  town.act("the shop is licensed", acts.license, { seller: "c:shop", to: "live" }, signedBy("tax"));
  town.act("and issues to Ann", acts.issue, { seller: "c:shop", invoices: [bill(town, "1")] }, signedBy("shop"));
  return town;
}

describe("issuing", () => {
  it("is for who has a licence of the tax office, or the role", () => {
    const town = market();
    const issue = () => ({ seller: "c:shop", invoices: [bill(town, "1")] });
    town.refused("without a licence", "invoices.seller_licensed", acts.issue, issue(), signedBy("shop"));
    town.refused("the shop licenses itself", "engine.not_entitled", acts.license, { seller: "c:shop", to: "live" }, signedBy("shop"));
    town.refused(
      "nothing is withdrawn that was never given",
      "engine.not_found",
      acts.license,
      { seller: "c:shop", to: "withdrawn" },
      signedBy("tax"),
    );
    town.act("licensed", acts.license, { seller: "c:shop", to: "live" }, signedBy("tax"));
    town.refused("in the shop's name", "engine.signature_missing", acts.issue, issue(), signedBy("ann"));
    town.act("the shop issues", acts.issue, issue(), signedBy("shop"));
    town.refused("a number is used once", "engine.already_exists", acts.issue, issue(), signedBy("shop"));
    town.act("the licence is withdrawn", acts.license, { seller: "c:shop", to: "withdrawn" }, signedBy("tax"));
    town.refused(
      "then it issues no more",
      "invoices.seller_licensed",
      acts.issue,
      { seller: "c:shop", invoices: [bill(town, "2")] },
      signedBy("shop"),
    );
    town.act("the land office has the role", acts.issue, { seller: "land", invoices: [bill(town, "1")] }, signedBy("land"));
    expect(town.row(acts.invoices, "c:shop", "1")).toMatchObject({
      buyer: "p:ann",
      holder: "p:ann",
      total: 11_900n,
      $: { status: "issued" },
    });
  });

  it("is of figures that hold, dated no later than now, up to a hundred at once, all or none", () => {
    const town = issued();
    const issue = (...more: object[]) => ({ seller: "c:shop", invoices: more.map((m, i) => bill(town, `${10 + i}`, m)) });
    town.refused("a cent off", "invoices.totals_hold", acts.issue, issue({}, { total: 11_901n }), signedBy("shop"));
    town.refused("dated tomorrow", "invoices.dated_ahead", acts.issue, issue({ issued: town.time + minutes(60) }), signedBy("shop"));
    town.refused("negative", "engine.args_invalid", acts.issue, issue({ net: -1n, tax: 1n, total: 0n }), signedBy("shop"));
    town.refused("none at all", "engine.args_invalid", acts.issue, issue(), signedBy("shop"));
    town.refused("to nobody", "invoices.buyer_unknown", acts.issue, issue({}, { buyer: "c:typo" }), signedBy("shop"));
    town.refused("to a patient", "invoices.buyer_unknown", acts.issue, issue({ buyer: "p:cy" }), signedBy("shop"));
    for (const currency of ["eur", "€$¥", "EU1"])
      town.refused(currency, "invoices.currency_named", acts.issue, issue({ currency }), signedBy("shop"));
    expect(town.row(acts.invoices, "c:shop", "10")).toBeUndefined();
    town.act("the largest sum", acts.issue, issue({ net: MAX_MONEY - 1n, tax: 1n, total: MAX_MONEY }), signedBy("shop"));
    const hundred = Array.from({ length: 100 }, (_, i) => bill(town, `h-${i}`));
    town.act("a hundred", acts.issue, { seller: "c:shop", invoices: hundred }, signedBy("shop"));
    town.refused(
      "a hundred and one",
      "engine.args_invalid",
      acts.issue,
      { seller: "c:shop", invoices: [...hundred, bill(town, "h-100")] },
      signedBy("shop"),
    );
  });
});

describe("an invoice", () => {
  it("is linked to one payment, by who holds it", () => {
    const town = issued();
    town.refused("another pays", "engine.signature_missing", acts.pay, { ...one, payment: "card-1" }, signedBy("bob"));
    town.act("Ann pays", acts.pay, { ...one, payment: "card-1" }, signedBy("ann"));
    town.refused("twice", "invoices.paid_once", acts.pay, { ...one, payment: "card-2" }, signedBy("ann"));
    const issue = (...numbers: string[]) => ({ seller: "c:shop", invoices: numbers.map((number) => bill(town, number)) });
    town.act("two more", acts.issue, issue("2", "3"), signedBy("shop"));
    const two = { ...one, number: "2" };
    town.refused("by the same payment", "invoices.paid_once", acts.pay, { ...two, payment: "card-1" }, signedBy("ann"));
    town.act("to Bob", acts.transfer, { ...two, to: "p:bob" }, signedBy("ann", "bob"));
    town.act("what Bob names so is another payment", acts.pay, { ...two, payment: "card-1" }, signedBy("bob"));
    expect(town.row(acts.invoices, "c:shop", "2")).toMatchObject({ payer: "p:bob", payment: "card-1" });
    passes(town, "invoices");
  });

  it("has a payment that was named wrongly undone, with all whom it concerns, while no claim of it stands", () => {
    const town = issued();
    town.refused("there is none", "invoices.not_paid", acts.undoPayment, one, signedBy("shop", "ann"));
    town.act("Ann pays", acts.pay, { ...one, payment: "card-1" }, signedBy("ann"));
    town.act("and passes it on", acts.transfer, { ...one, to: "p:bob" }, signedBy("ann", "bob"));
    for (const some of [
      ["shop", "ann"],
      ["shop", "bob"],
      ["ann", "bob"],
    ])
      town.refused("without one of them", "engine.signature_missing", acts.undoPayment, one, signedBy(...some));
    const claim = { ...one, employer: "land", purpose: "travel" };
    town.act("Bob claims", acts.claim, claim, signedBy("bob"));
    town.refused("under claim", "invoices.claimed", acts.undoPayment, one, signedBy("shop", "ann", "bob"));
    town.act("withdrawn", acts.withdraw, one, signedBy("bob"));
    town.act("undone", acts.undoPayment, one, signedBy("shop", "ann", "bob"));
    town.refused("twice", "invoices.not_paid", acts.undoPayment, one, signedBy("shop", "ann", "bob"));
    town.act("the right one", acts.pay, { ...one, payment: "card-2" }, signedBy("bob"));
    town.act("another", acts.issue, { seller: "c:shop", invoices: [bill(town, "2")] }, signedBy("shop"));
    town.act("is what card-1 paid", acts.pay, { ...one, number: "2", payment: "card-1" }, signedBy("ann"));
    expect(town.row(acts.payments, "p:ann", "card-1")).toMatchObject({ number: "2", $: { status: "linked" } });
    passes(town, "invoices");
  });

  it("passes from hand to hand with both signatures", () => {
    const town = issued();
    const pass = { ...one, to: "p:bob" };
    town.refused("Bob takes it", "engine.signature_missing", acts.transfer, pass, signedBy("bob"));
    town.refused("Ann presses it on him", "engine.signature_missing", acts.transfer, pass, signedBy("ann"));
    town.act("both sign", acts.transfer, pass, signedBy("ann", "bob"));
    town.refused(
      "Ann holds it no more",
      "engine.signature_missing",
      acts.claim,
      { ...one, employer: "land", purpose: "travel" },
      signedBy("ann"),
    );
  });

  it("is claimed once, ever; a refused claim is mended by who made it", () => {
    const town = issued();
    const claim = { ...one, employer: "land", purpose: "travel" };
    town.refused("nothing to mend", "engine.not_found", acts.mend, { ...claim, purpose: "travel" }, signedBy("ann"));
    town.act("Ann claims", acts.claim, claim, signedBy("ann"));
    town.refused("again", "invoices.claimed_once", acts.claim, claim, signedBy("ann"));
    town.refused("elsewhere", "invoices.claimed_once", acts.claim, { ...claim, employer: "health" }, signedBy("ann"));
    town.refused("it is not passed on meanwhile", "invoices.claimed", acts.transfer, { ...one, to: "p:bob" }, signedBy("ann", "bob"));
    town.refused("nor reversed", "invoices.claimed", acts.redLetter, red(town), signedBy("shop", "ann"));
    town.refused("nor mended", "invoices.not_refused", acts.mend, { ...claim, purpose: "training" }, signedBy("ann"));
    town.refused("another employer decides", "engine.signature_missing", acts.decide, { ...one, decision: "refused" }, signedBy("health"));
    town.refused("refused on no ground", "invoices.ground_given", acts.decide, { ...one, decision: "refused" }, signedBy("land"));
    town.act("refused", acts.decide, { ...one, decision: "refused", ground: "private" }, signedBy("land"));
    town.refused("withdrawn then", "engine.illegal_move", acts.withdraw, one, signedBy("ann"));
    town.refused("not anew", "invoices.claimed_once", acts.claim, claim, signedBy("ann"));
    town.refused("mended by another", "engine.signature_missing", acts.mend, { ...claim, purpose: "training" }, signedBy("bob"));
    town.act("mended", acts.mend, { ...claim, purpose: "training" }, signedBy("ann"));
    town.act("reimbursed", acts.decide, { ...one, decision: "reimbursed" }, signedBy("land"));
    town.refused("once", "engine.illegal_move", acts.decide, { ...one, decision: "reimbursed" }, signedBy("land"));
    town.refused("and never reversed", "invoices.claimed", acts.redLetter, red(town), signedBy("shop", "ann"));
    expect(town.row(acts.claims, "c:shop", "1")).toMatchObject({
      claimant: "p:ann",
      mended: 1,
      purpose: "training",
      $: { status: "reimbursed" },
    });
  });

  it("is claimed from somebody else, who is there to decide; what is not decided is withdrawn, and mended as it should have been", () => {
    const town = issued();
    register(town, "tax", "c:firm");
    const claim = { ...one, employer: "c:firm", purpose: "travel" };
    town.refused("from herself", "invoices.own_claim", acts.claim, { ...claim, employer: "p:ann" }, signedBy("ann"));
    town.refused("from nobody", "invoices.employer_unknown", acts.claim, { ...claim, employer: "c:typo" }, signedBy("ann"));
    town.act("claimed", acts.claim, claim, signedBy("ann"));
    town.act("the firm is dissolved", eid.revoke, { principal: "c:firm", ground: "order-17" }, signedBy("tax"));
    town.refused("withdrawn by Bob", "engine.signature_missing", acts.withdraw, one, signedBy("bob"));
    town.act("withdrawn", acts.withdraw, one, signedBy("ann"));
    town.refused("still claimed", "invoices.claimed", acts.transfer, { ...one, to: "p:bob" }, signedBy("ann", "bob"));
    town.refused("of the same firm", "invoices.employer_unknown", acts.mend, claim, signedBy("ann"));
    town.refused("of herself", "invoices.own_claim", acts.mend, { ...claim, employer: "p:ann" }, signedBy("ann"));
    town.act("mended", acts.mend, { ...claim, employer: "land" }, signedBy("ann"));
    town.act("reimbursed", acts.decide, { ...one, decision: "reimbursed" }, signedBy("land"));
    expect(town.row(acts.claims, "c:shop", "1")).toMatchObject({ employer: "land", mended: 1, $: { status: "reimbursed" } });
    passes(town, "invoices");
  });

  it("is reversed, and its claim withdrawn, though who holds it is no more: the tax office signs, on a ground, in nothing of its own", () => {
    const town = issued();
    register(town, "tax", "c:firm");
    const stead = { office: "tax", ground: "estate" };
    town.act("claimed", acts.claim, { ...one, employer: "c:firm", purpose: "travel" }, signedBy("ann"));
    town.refused("while Ann can sign", "invoices.in_stead", acts.withdraw, { ...one, stead }, signedBy("tax"));
    for (const [by, principal] of [["courts", "p:ann"] as const, ["tax", "c:firm"] as const])
      town.act("are revoked", eid.revoke, { principal, ground: "order-17" }, signedBy(by));
    const other = { ...one, stead: { ...stead, office: "land" } };
    town.refused("by who is no tax office", "invoices.in_stead", acts.withdraw, other, signedBy("land"));
    town.refused("in its name", "invoices.in_stead", acts.withdraw, { ...one, stead }, signedBy("land"));
    town.act("withdrawn", acts.withdraw, { ...one, stead }, signedBy("tax"));
    town.refused("the seller alone", "engine.signature_missing", acts.redLetter, red(town), signedBy("shop"));
    town.act("reversed", acts.redLetter, red(town, { stead }), signedBy("shop", "tax"));
    expect(town.row(acts.invoices, "c:shop", "1-r")).toMatchObject({ holder: "p:ann", ground: "estate" });
    expect(town.row(acts.claims, "c:shop", "1")).toMatchObject({ ground: "estate", $: { status: "withdrawn" } });
    passes(town, "invoices");

    const own = issued();
    own.act("the tax office sells, too", acts.license, { seller: "tax", to: "live" }, signedBy("tax"));
    own.act("to Ann", acts.issue, { seller: "tax", invoices: [bill(own, "1")] }, signedBy("tax"));
    own.act("who is revoked", eid.revoke, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
    own.refused("for itself", "invoices.in_stead", acts.redLetter, red(own, { seller: "tax", stead }), signedBy("tax"));
  });

  it("is reversed once, by a red letter that mirrors it; neither serves again", () => {
    const town = issued();
    town.refused("the seller alone", "engine.signature_missing", acts.redLetter, red(town), signedBy("shop"));
    town.refused("without the seller", "engine.signature_missing", acts.redLetter, red(town), signedBy("ann"));
    town.refused("of other figures", "invoices.mirrors", acts.redLetter, red(town, { net: 9_999n, tax: 1_901n }), signedBy("shop", "ann"));
    town.refused(
      "dated ahead",
      "invoices.dated_ahead",
      acts.redLetter,
      red(town, { issued: town.time + minutes(9) }),
      signedBy("shop", "ann"),
    );
    town.act(
      "a claim that was refused does not stand in the way",
      acts.claim,
      { ...one, employer: "land", purpose: "travel" },
      signedBy("ann"),
    );
    town.act("refused", acts.decide, { ...one, decision: "refused", ground: "private" }, signedBy("land"));
    town.act("reversed", acts.redLetter, red(town), signedBy("shop", "ann"));
    town.refused("twice", "invoices.reversed", acts.redLetter, red(town, { red: "1-s" }), signedBy("shop", "ann"));
    town.refused(
      "the claim is mended no more",
      "invoices.reversed",
      acts.mend,
      { ...one, employer: "land", purpose: "x" },
      signedBy("ann"),
    );
    for (const letter of ["1", "1-r"]) {
      const stale = { seller: "c:shop", number: letter };
      town.refused(`${letter} is not paid`, "invoices.reversed", acts.pay, { ...stale, payment: "p" }, signedBy("ann"));
      town.refused(`${letter} is not passed on`, "invoices.reversed", acts.transfer, { ...stale, to: "p:bob" }, signedBy("ann", "bob"));
      town.refused(
        `${letter} is not claimed`,
        "invoices.reversed",
        acts.claim,
        { ...stale, employer: "land", purpose: "x" },
        signedBy("ann"),
      );
    }
    expect(town.row(acts.invoices, "c:shop", "1-r")).toMatchObject({ reverses: "1", ...figures, holder: "p:ann" });
    passes(town, "invoices");
  });
});

it("an auditor finds rows that the rules would not have made", () => {
  const town = issued();
  const claim = { ...one, employer: "land", purpose: "travel" };
  town.act("paid", acts.pay, { ...one, payment: "card-1" }, signedBy("ann"));
  town.act("claimed", acts.claim, claim, signedBy("ann"));
  town.act("refused", acts.decide, { ...one, decision: "refused", ground: "private" }, signedBy("land"));
  town.act("reversed", acts.redLetter, red(town), signedBy("shop", "ann"));
  passes(town, "invoices");
  const finds = (...args: any[]) => (findsTampered as any)(town, "invoices", ...args) as string[];
  const [first, letter] = [
    ["c:shop", "1"],
    ["c:shop", "1-r"],
  ];
  for (const [type, key, change, found] of [
    [acts.invoices, first, { $status: "issued" }, "totals"],
    [acts.invoices, first, { net: 9_999n }, "totals"],
    [acts.invoices, letter, { buyer: "p:bob" }, "totals"],
    [acts.invoices, letter, { holder: "p:bob" }, "totals"],
    [acts.invoices, letter, { currency: "JPY" }, "totals"],
    [acts.invoices, letter, { $status: "reversed" }, "totals"],
    [acts.invoices, first, { claimed: false }, "claimedOnce"],
    [acts.claims, first, { $status: "reimbursed" }, "claimedOnce"],
    [acts.claims, first, { $status: "submitted" }, "claimedOnce"],
    [acts.claims, first, { claimant: "p:bob" }, "claimedOnce"],
    [acts.claims, first, { employer: "p:ann" }, "claimedOnce"],
    [acts.claims, first, { ground: undefined }, "claimedOnce"],
    [acts.invoices, first, { payment: "card-2" }, "paidOnce"],
    [acts.payments, ["p:ann", "card-1"], { number: "2" }, "paidOnce"],
    [acts.payments, ["p:ann", "card-1"], { $status: "undone" }, "paidOnce"],
  ] as const)
    expect([type.name, change, finds(type, key, change)]).toEqual([type.name, change, [found]]);
});

// ── real ones ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const folder = new URL("../../../../shared/data/ubl-en16931/", import.meta.url);
it.skipIf(!existsSync(folder))(
  "takes 17 public invoices as they are (skipped without ../shared/data); a negative one is a red letter's business",
  () => {
    const town = issued();
    const files = readdirSync(folder).filter((name) => /xml$/i.test(name));
    expect(files.length).toBe(18);
    for (const [i, name] of files.entries()) {
      const { net, tax, total, currency } = readUbl(readFileSync(new URL(name, folder), "utf8"));
      const issue = (more: object = {}) => ({
        seller: "c:shop",
        invoices: [bill(town, `ubl-${i}`, { net, tax, total, currency, ...more })],
      });
      const code = net < 0n ? "engine.args_invalid" : "invoices.totals_hold";
      town.refused(`${name}, a cent off`, code, acts.issue, issue({ total: total + 1n }), signedBy("shop"));
      if (net < 0n) town.refused(name, "engine.args_invalid", acts.issue, issue(), signedBy("shop"));
      else town.act(name, acts.issue, issue(), signedBy("shop"));
    }
  },
);

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["p:ann", "p:bob", "c:shop", "c:mill", "land"] as const;
const rights = plainRights({ tax: ["invoices.tax_office"], land: ["invoices.seller"] }, [...people]);
const amounts = [0n, 1n, MAX_MONEY - 1n, MAX_MONEY, -1n, MAX_MONEY + 1n];
/** The first one in four cases of five. */
const mostly = <T>(first: T, ...others: T[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const who = fc.constantFrom(...people);
const number = fc.constantFrom("1", "2", "3");
const step = fc.record({
  act: fc.constantFrom(
    "issue",
    "issue",
    "issue",
    "pay",
    "undoPayment",
    "transfer",
    "claim",
    "claim",
    "mend",
    "mend",
    "decide",
    "decide",
    "withdraw",
    "redLetter",
    "license",
  ),
  seller: fc.constantFrom("c:shop", "land"),
  number,
  net: mostly(100n, ...amounts),
  tax: mostly(19n, ...amounts),
  off: mostly(0n, 1n, -1n),
  ahead: mostly(0, 1, 2 ** 48),
  other: who,
  flag: fc.boolean(),
  /** Signed by who should, or by whoever. */
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...people, "tax"), { maxLength: 3 }),
});
/** The largest integer that canonical bytes hold. */
const encodable = (n: bigint): bigint => (n < 1n << 64n ? n : (1n << 64n) - 1n);
interface Known {
  holder: string;
  net: bigint;
  tax: bigint;
  total: bigint;
  payer?: string | undefined;
  payment?: string | undefined;
  reversed: boolean;
  claim?: { by: string; employer: string; status: string; times: number };
}

/** A plain model: what happened, by the receipts alone, and what must then be true. */
class Model {
  readonly standing = new Map<string, Known>();
  reds = 0;
  redTotal = 0n;
  reimbursed = 0;
}

describe("whatever sellers, holders and employers do", () => {
  it("totals hold, an invoice is claimed, reimbursed and reversed once at most, and nobody loses one without signing", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 120 }), (steps) => {
        const town = scenario({ modules: [acts], resolver: rights, found() {} });
        const model = new Model();
        let reds = 0;
        for (const s of steps) {
          const key = `${s.seller}/${s.number}`;
          const known = model.standing.get(key);
          const holder = known?.holder ?? s.other;
          const sums =
            s.act === "redLetter" && known !== undefined && s.off === 0n
              ? known
              : { net: s.net, tax: s.tax, total: encodable(s.net + s.tax + s.off) };
          const money = { net: sums.net, tax: sums.tax, total: sums.total };
          const named = { seller: s.seller, number: s.number };
          const dated = town.time + 1_000 + s.ahead; // the block is a second later
          const payment = s.flag ? `pay-${s.number}` : `pay-${total}`;
          const [args, should]: [object, string[]] = {
            issue: [{ seller: s.seller, invoices: [bill(town, s.number, { ...money, issued: dated, buyer: s.other })] }, [s.seller]] as [
              object,
              string[],
            ],
            pay: [{ ...named, payment }, [holder]] as [object, string[]],
            undoPayment: [named, [s.seller, holder, known?.payer ?? holder]] as [object, string[]],
            transfer: [{ ...named, to: s.other }, [holder, s.other]] as [object, string[]],
            claim: [{ ...named, employer: s.other, purpose: "travel" }, [holder]] as [object, string[]],
            withdraw: [named, [known?.claim?.by ?? holder]] as [object, string[]],
            mend: [{ ...named, employer: s.other, purpose: "other" }, [known?.claim?.by ?? holder]] as [object, string[]],
            decide: [{ ...named, decision: s.flag ? "reimbursed" : "refused", ground: "x" }, [known?.claim?.employer ?? s.other]] as [
              object,
              string[],
            ],
            redLetter: [{ ...named, red: `r-${reds++}`, issued: dated, lines, ...money }, [s.seller, holder]] as [object, string[]],
            license: [{ seller: s.seller, to: s.flag || s.honest > 2 ? "live" : "withdrawn" }, ["tax"]] as [object, string[]],
          }[s.act];
          const signers = [...new Set(s.honest > 1 ? should : s.signers)];
          const { outcome, code } = town.submit([{ action: `invoices.${s.act}@1`, args }], signedBy(...signers));
          total++;
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          expect(signers).toEqual(expect.arrayContaining(should));
          if (s.act === "issue") {
            expect(known).toBeUndefined();
            expect(money.net + money.tax).toBe(money.total);
            expect(s.ahead).toBe(0);
            model.standing.set(key, { holder: s.other, ...money, reversed: false });
          } else if (s.act !== "license") {
            expect(known?.reversed).toBe(false);
            const claim = known!.claim;
            if (s.act === "pay") {
              expect(known!.payment).toBeUndefined();
              const linked = [...model.standing.values()].some((each) => each.payer === known!.holder && each.payment === payment);
              expect(linked).toBe(false);
              Object.assign(known!, { payer: known!.holder, payment });
            } else if (s.act === "undoPayment") {
              expect([known!.payment === undefined, "submitted reimbursed".includes(claim?.status ?? "none")]).toEqual([false, false]);
              Object.assign(known!, { payer: undefined, payment: undefined });
            } else if (s.act === "transfer") {
              expect(claim).toBeUndefined();
              known!.holder = s.other;
            } else if (s.act === "claim") {
              expect([claim, known!.holder === s.other]).toEqual([undefined, false]);
              known!.claim = { by: known!.holder, employer: s.other, status: "submitted", times: 0 };
            } else if (s.act === "mend") {
              expect(["refused", "withdrawn"]).toContain(claim?.status);
              expect(claim!.by).not.toBe(s.other);
              Object.assign(claim!, { status: "submitted", employer: s.other });
            } else if (s.act === "withdraw") {
              expect(claim?.status).toBe("submitted");
              claim!.status = "withdrawn";
            } else if (s.act === "decide") {
              expect(claim?.status).toBe("submitted");
              claim!.status = s.flag ? "reimbursed" : "refused";
              if (s.flag) {
                expect(++claim!.times).toBe(1);
                model.reimbursed++;
              }
            } else if (s.act === "redLetter") {
              expect([undefined, "refused", "withdrawn"]).toContain(claim?.status);
              expect(money).toEqual({ net: known!.net, tax: known!.tax, total: known!.total });
              known!.reversed = true;
              model.reds++;
              model.redTotal += money.total;
            }
          }
        }
        agrees(town, model);
      }),
      { numRuns: 100, seed: 9 },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, times]) => times > 25).length;
    expect(`${often} of 10 happen often: ${[...accepted].join(" ")}`).toMatch(/^10 /);
  });
});

/** The rows say what the model says, and nothing more. */
function agrees(town: Scenario, model: Model): void {
  let reds = 0;
  let balance = 0n;
  for (const place of town.state.rows.keys()) {
    const [collection, key] = [place.slice(0, place.indexOf("\0")), place.slice(place.indexOf("\0") + 1)];
    if (collection !== "invoices/invoice") continue;
    const [seller, of] = town.registry.partsOf(collection, Buffer.from(key, "latin1")) as [string, string];
    const row = town.row(acts.invoices, seller, of)!;
    expect(row.net + row.tax).toBe(row.total);
    balance += row.reverses === undefined ? row.total : -row.total;
    if (row.reverses !== undefined) {
      reds++;
      expect(town.row(acts.invoices, seller, row.reverses)?.$.status).toBe("reversed");
      continue;
    }
    const known = model.standing.get(`${seller}/${of}`)!;
    expect({ holder: row.holder, payer: row.payer, payment: row.payment, reversed: row.$.status === "reversed" }).toEqual({
      ...{ holder: known.holder, payer: known.payer, payment: known.payment, reversed: known.reversed },
    });
    const claim = town.row(acts.claims, seller, of);
    expect([claim?.$.status, claim?.employer]).toEqual([known.claim?.status, known.claim?.employer]);
  }
  expect(reds).toBe(model.reds);
  const stands = [...model.standing.values()].reduce((sum, { total, reversed }) => sum + (reversed ? 0n : total), 0n);
  expect(balance).toBe(stands);
  town.indexHolds();
  passes(town, "invoices");
}

everyRuleIsGiven(contract);
