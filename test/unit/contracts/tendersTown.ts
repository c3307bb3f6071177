// A town for the scenarios of tenders: a city with its fund, three trustees with a key, a panel of three, companies that bid. Bids are sealed once and kept by
// what is in them: a thousand histories hand in the same few.

import { encode, type Value } from "../../../src/base/codec.ts";
import { openingShare, sealBytes, type SealedBid, sharedByBidder } from "../../../src/base/sealedBid.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { type Bytes, utf8 } from "../../../src/base/bytes.ts";
import type { FieldsOf } from "../../../src/contracts/engine/define.ts";
import { days, hours } from "../../../src/contracts/engine/index.ts";
import * as funds from "../../../src/contracts/money/funds.ts";
import type { terms } from "../../../src/contracts/money/tenderRecords.ts";
import { tenders } from "../../../src/contracts/money/tenderRecords.ts";
import * as acts from "../../../src/contracts/money/tenders.ts";
import * as ceremonies from "../../../src/contracts/platform/ceremonies.ts";
import { type Options, plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";
import { hold, Trustees } from "./trustees.ts";

export const panel = ["p:eve", "p:finn", "p:gil"];
export const bidders = ["c:acme", "c:bolt", "c:cord"];
/** Who may take the place of a member of the panel. */
export const substitutes = ["p:hal", "p:ida"];
export const people = ["city", "bank", "t1", "t2", "t3", "ethics", "court", "watch", ...panel, ...substitutes, ...bidders];
const rights = plainRights(
  {
    city: ["tenders.buyer", "ceremonies.office"],
    other: ["tenders.buyer", "ceremonies.office"],
    bank: ["funds.bank"],
    ethics: ["tenders.integrity"],
    court: ["tenders.review", "funds.supervisor"],
    watch: ["tenders.auditor"],
  },
  [...people, "c:more", "land", "p:ann", ...Array.from({ length: 64 }, (_, i) => `c:n${i}`)],
);
const network = sha256(utf8("scenario"));
export const sealedText = { root: new Uint8Array(32).fill(3), size: 1 };
export const account = { root: new Uint8Array(32).fill(7), size: 2 };

let made: Trustees | undefined;
/** The trustees of the key c-1, any two of whom suffice; the same in every scenario of a process. */
export const trustees = (): Trustees => (made ??= new Trustees(network, "c-1", ["t1", "t2", "t3"], 2));

type Terms = Pick<FieldsOf<typeof tenders>, keyof typeof terms>;
export const called = (town: Scenario, more: Partial<Terms> = {}): Terms => ({
  ...{ tender: "t-1", title: "471 portable computers", method: "open", invited: [], currency: "MXN", budget: 1_000n, price_weight: 60 },
  ...{
    criteria: [
      { criterion: "service", weight: 30 },
      { criterion: "speed", weight: 10 },
    ],
    panel,
    ceremony: "c-1",
  },
  ...{ fund: "it", purpose: "equipment", bids_until: town.time + days(7), open_until: town.time + days(8), standstill_days: 10 },
  ...more,
});

/** A city with a fund of ten thousand million and the key c-1. */
export function city(options: Options = {}): Scenario {
  const town = scenario({ modules: [acts, funds, ceremonies], resolver: rights, found() {} }, options);
  const fund = {
    fund: "it",
    kind: "project" as const,
    owner: "city",
    purpose: "equipment",
    currency: "MXN",
    account,
    keyholders: ["city"],
    budget: 10_000_000_000n,
  };
  town.act("a fund", funds.open, fund, signedBy("city", "court", "bank"));
  town.act("trustees are called", ceremonies.open, trustees().open(town), signedBy("city"));
  hold(town, trustees());
  return town;
}
/** … that has called for bids. */
export function calling(more: Partial<Terms> = {}, options: Options = {}): Scenario {
  const town = city(options);
  town.act("the city calls for bids", acts.call, called(town, more), signedBy("city"));
  return town;
}

// ── bids ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const kept = new Map<string, SealedBid & { opening: Bytes; label: { tender: string; bidder: string; version: number } }>();
/** A bid of this price, sealed to c-1; `garbage`: of bytes that are no bid. */
export function sealed(bidder: string, amount: bigint, { version = 1, tender = "t-1", garbage = false } = {}) {
  const place = `${tender} ${bidder} ${version} ${amount} ${garbage}`;
  const label = { tender, bidder, version };
  const clear: Value = garbage ? [amount] : { amount, offer: { days: 30 } };
  const it = kept.get(place) ?? { label, ...sealBytes({ network, ...label }, trustees().joint.key, encode(clear)) };
  kept.set(place, it);
  return it;
}
type Sealed = ReturnType<typeof sealed>;
let key: Bytes | undefined;
const theKey = (): Bytes => (key ??= trustees().joint.key);
export const bidOf = ({ label, point, digest, proof, ciphertext }: Sealed) => ({
  ...label,
  key: theKey(),
  point,
  digest,
  proof,
  ciphertext,
});

const sharedOf = new Map<Sealed, Bytes>();
/** What an opening says: everything but how K was come by. */
export function content(it: Sealed, amount?: bigint) {
  const shared = sharedOf.get(it) ?? sharedByBidder(theKey(), it.point, it.opening)!;
  sharedOf.set(it, shared);
  const { label, point, digest, ciphertext } = it;
  return { ...label, key: theKey(), point, digest, ciphertext, shared, ...(amount === undefined ? {} : { amount }) };
}
export const openingOf = (it: Sealed, amount?: bigint) => ({ ...content(it, amount), opening: it.opening });
const keptShares = new Map<string, ReturnType<typeof shareMade>>();
const shareMade = ({ label, point }: Sealed, index: number) => ({
  ...{ ...label, point, index, verification: trustees().joint.verification[index - 1]! },
  ...openingShare({ network, ...label }, index, trustees().secret(index), point),
});
export function shareOf(it: Sealed, index: number) {
  const place = `${Buffer.from(it.point).toString("hex")} ${index}`;
  const share = keptShares.get(place) ?? shareMade(it, index);
  keptShares.set(place, share);
  return share;
}
export const joined = (it: Sealed, indexes: readonly number[], amount?: bigint) => ({
  ...{ ...content(it, amount), by: "t1" },
  shares: indexes.map((index) => ({ index, image: shareOf(it, index).image })),
});

// ── on the way ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Bids of these prices are handed in. */
export function bidding(town: Scenario, prices: Readonly<Record<string, bigint>>): void {
  for (const [bidder, amount] of Object.entries(prices))
    town.act(`${bidder} bids`, acts.bid, bidOf(sealed(bidder, amount)), signedBy(bidder));
}
/** … and after the deadline opened by their bidders. */
export function opened(town: Scenario, prices: Readonly<Record<string, bigint>>): void {
  bidding(town, prices);
  town.advance(days(7));
  for (const [bidder, amount] of Object.entries(prices))
    town.act(`${bidder} opens`, acts.open, openingOf(sealed(bidder, amount), amount), signedBy(bidder));
}
export const declared = (town: Scenario, found: Readonly<Record<string, readonly string[]>> = {}): void => {
  for (const member of panel)
    town.act(`${member} declares`, acts.declare, { tender: "t-1", member, bidders: found[member] ?? [] }, signedBy(member));
};
export const scoreOf = (member: string, bidder: string, ...marks: number[]) => ({
  tender: "t-1",
  bidder,
  member,
  marks,
  reasons: sealedText,
});
/** Bolt's doubts about an award; the first unless another is named. */
export const doubt = { tender: "t-1", bidder: "c:bolt", ground: sealedText };
export const decided = (decision: "upheld" | "dismissed", more: { award?: number; bidder?: string; excludes?: string } = {}) => ({
  ...{ tender: "t-1", award: 1, bidder: "c:bolt", decision },
  ...more,
});
/** Every member gives every bidder the same marks, except where he has an interest. */
export function scored(
  town: Scenario,
  marks: Readonly<Record<string, readonly [number, number]>>,
  found: Readonly<Record<string, readonly string[]>> = {},
): void {
  declared(town, found);
  for (const member of panel)
    for (const [bidder, given] of Object.entries(marks))
      if (found[member]?.includes(bidder) !== true)
        town.act(`${member} scores ${bidder}`, acts.score, scoreOf(member, bidder, ...given), signedBy(member));
}
/** A tender awarded to Acme at 900; Bolt bid 950. */
export function awarded(more: Partial<Terms> = {}): Scenario {
  const town = calling(more);
  opened(town, { "c:acme": 900n, "c:bolt": 950n });
  scored(town, { "c:acme": [80, 80], "c:bolt": [80, 80] });
  town.act("the award", acts.award, { tender: "t-1", bidder: "c:acme", amount: 900n }, signedBy("city"));
  return town;
}
export const parts = (town: Scenario, ...amounts: bigint[]) =>
  amounts.map((amount, i) => ({ amount, due: town.time + days(30 * (i + 1)) }));
/** … and contracted in three tranches of 300. */
export function contracted(): Scenario {
  const town = awarded();
  town.advance(days(10));
  town.act("the contract", acts.conclude, { tender: "t-1", account, tranches: parts(town, 300n, 300n, 300n) }, signedBy("city", "c:acme"));
  return town;
}
export const later = hours(1);
