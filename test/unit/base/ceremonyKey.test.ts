// The joint key of n trustees and the bids sealed to it: vectors by both libraries, dealings of every size, and every way in which somebody could
// cheat (cryptography.md §5.3, §6, mistakes 4 to 7, 10, 11).
import { readFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import * as browser from "../../../src/base/cryptoBrowser.ts";
import * as node from "../../../src/base/cryptoNode.ts";
import { type Bytes, concat, hex, unhex, utf8 } from "../../../src/base/bytes.ts";
import {
  coefficientPoints,
  commitmentOf,
  complain,
  complaintFounded,
  constantProved,
  type Dealing,
  jointKey,
  maskShare,
  newDealing,
  proveConstant,
  proveReceiving,
  receiveShare,
  receivingProved,
  secretShare,
  shareFits,
  shareFor,
} from "../../../src/base/ceremonyKey.ts";
import { encode, type Value } from "../../../src/base/codec.ts";
import { sha256 } from "../../../src/base/hash.ts";
import {
  add,
  IDENTITY,
  multiply,
  multiplyBase,
  ORDER,
  randomScalar,
  reduce,
  scalarBytes,
  scalarOf,
  subtract,
  useGroup,
} from "../../../src/base/ristretto.ts";
import { useSodium } from "../../../src/base/ristrettoSodium.ts";
import {
  type BidLabel,
  hkdf,
  openingShare,
  openingShareHolds,
  readBid,
  sealBid,
  sealBytes,
  sealHolds,
  sharedByBidder,
  sharedByTrustees,
} from "../../../src/base/sealedBid.ts";
import { noNetwork } from "../../../src/base/tags.ts";

const place = { network: noNetwork, ceremony: "vector" };
const label: BidLabel = { network: noNetwork, tender: "t-1", bidder: "c:acme", version: 1 };
const vector = JSON.parse(readFileSync(new URL("../../vectors/ceremony.json", import.meta.url), "utf8"));
afterEach(() => useGroup());

describe.each([
  ["@noble/curves", async () => useGroup()],
  ["libsodium", useSodium],
])("the vectors, by %s", (_name, use) => {
  beforeAll(use);
  it("hold: keys, commitments, proofs, shares, the joint key", async () => {
    await use();
    const points = vector.trustees.map((t: any) => t.points.map(unhex)) as Bytes[][];
    vector.trustees.forEach((t: any, i: number) => {
      const dealing: Dealing = {
        receiving: scalarOf(unhex(t.receiving)),
        coefficients: t.coefficients.map((c: string) => scalarOf(unhex(c))),
      };
      expect(coefficientPoints(dealing).map(hex)).toEqual(t.points);
      expect(hex(multiplyBase(dealing.receiving))).toBe(t.key);
      expect(hex(commitmentOf(place, i + 1, points[i]!))).toBe(t.commitment);
      expect(receivingProved(place, i + 1, unhex(t.key), unhex(t.keyProof))).toBe(true);
      expect(constantProved(place, i + 1, points[i]!, unhex(t.constantProof))).toBe(true);
      for (const { to, point, masked } of t.shares) {
        const receiving = scalarOf(unhex(vector.trustees[to - 1].receiving));
        expect(receiveShare(place, i + 1, to, { point: unhex(point), masked: unhex(masked) }, points[i]!, receiving)).toBe(
          shareFor(dealing, to),
        );
      }
    });
    const joint = jointKey(points);
    expect([hex(joint.key), ...joint.verification.map(hex)]).toEqual([vector.key, ...vector.verification]);
    expect(vector.secrets.map((x: string) => hex(multiplyBase(scalarOf(unhex(x)))))).toEqual(vector.verification);
  });
  it("hold: the bid, opened by its bidder and by any two of three trustees", async () => {
    await use();
    const key = unhex(vector.key);
    const [point, digest, proof, ciphertext, opening] = ["point", "digest", "proof", "ciphertext", "opening"].map((n) =>
      unhex(vector.bid[n]),
    );
    const bid = { point: point!, digest: digest!, proof: proof!, ciphertext: ciphertext! };
    expect(sealHolds(label, key, bid)).toBe(true);
    const said = { amount: 131_126_400n, offer: { days: 30, model: "portátil" } };
    expect(readBid(label, key, bid, sharedByBidder(key, bid.point, opening!)!)).toEqual(said);
    const shares = vector.openings.map((o: any) => ({ index: o.index, image: unhex(o.image), proof: unhex(o.proof) }));
    for (const s of shares) expect(openingShareHolds(label, s.index, unhex(vector.verification[s.index - 1]), bid.point, s)).toBe(true);
    for (const two of [
      [0, 1],
      [2, 0],
      [1, 2],
    ])
      expect(readBid(label, key, bid, sharedByTrustees(two.map((i) => shares[i])))).toEqual(said);
    expect(readBid(label, key, bid, sharedByTrustees([shares[0]]))).toBeUndefined(); // one is not enough
  });
  it("hold: the complaint about a false share", async () => {
    await use();
    const { point, masked, shared, proof } = vector.complaint;
    const points = vector.trustees[0].points.map(unhex);
    const complaint = {
      from: 1,
      to: 2,
      receivingKey: unhex(vector.trustees[1].key),
      sent: { point: unhex(point), masked: unhex(masked) },
      points,
      shared: unhex(shared),
      proof: unhex(proof),
    };
    expect(complaintFounded(place, complaint)).toBe(true);
  });
});

/** n trustees, their dealings, points and shares received. */
function ceremony(n: number, k: number) {
  const dealings = Array.from({ length: n }, () => newDealing(k));
  const points = dealings.map(coefficientPoints);
  const secrets = dealings.map((_, j) => secretShare(dealings.map((dealing) => shareFor(dealing, j + 1))));
  return { dealings, points, secrets, joint: jointKey(points) };
}

describe("a ceremony", () => {
  beforeAll(useSodium);
  it("gives a key that any k of n use, and whose parts each can be checked", async () => {
    await useSodium();
    for (const [n, k] of [
      [1, 1],
      [3, 2],
      [5, 3],
      [16, 9],
    ] as const) {
      const { secrets, joint } = ceremony(n, k);
      expect(secrets.map((x) => hex(multiplyBase(x)))).toEqual(joint.verification.map(hex));
      const bid = sealBid(label, joint.key, { amount: 7n, offer: [] });
      const shares = secrets.map((x, i) => ({ index: i + 1, ...openingShare(label, i + 1, x, bid.point) }));
      expect(readBid(label, joint.key, bid, sharedByTrustees(shares.slice(n - k)))).toEqual({ amount: 7n, offer: [] });
      if (k > 1) expect(readBid(label, joint.key, bid, sharedByTrustees(shares.slice(0, k - 1)))).toBeUndefined();
    }
  });

  it("notices a false share at its receiver, and whoever looks at the complaint agrees; a true share founds none", async () => {
    await useSodium();
    const { dealings, points } = ceremony(3, 2);
    const [dealer, receiver] = [dealings[0]!, dealings[1]!];
    const honest = maskShare(place, 1, 2, dealer, multiplyBase(receiver.receiving));
    expect(receiveShare(place, 1, 2, honest, points[0]!, receiver.receiving)).toBe(shareFor(dealer, 2));
    const lie = maskShare(
      place,
      1,
      2,
      { ...dealer, coefficients: [dealer.coefficients[0]!, randomScalar()] },
      multiplyBase(receiver.receiving),
    );
    expect(receiveShare(place, 1, 2, lie, points[0]!, receiver.receiving)).toBeUndefined();
    const complaint = complain(place, 1, 2, lie, points[0]!, receiver.receiving);
    expect(complaintFounded(place, complaint)).toBe(true);
    expect(complaintFounded(place, complain(place, 1, 2, honest, points[0]!, receiver.receiving))).toBe(false);
    for (const wrong of [
      { ...complaint, from: 3 },
      { ...complaint, to: 3 },
      { ...complaint, receivingKey: points[2]![0]! },
      { ...complaint, shared: points[2]![0]! }, // another D: the mask would be any
      { ...complaint, sent: { ...lie, point: points[2]![0]! } },
      { ...complaint, points: [IDENTITY] },
      { ...complaint, proof: complaint.proof.slice(1) },
    ])
      expect(complaintFounded(place, wrong)).toBe(false);
    expect(complaintFounded({ ...place, ceremony: "another" }, complaint)).toBe(false);
  });

  it("refuses a key made of the others' (the rogue key A' = Y* − ΣA): its secret is unknown to who reveals it", async () => {
    await useSodium();
    const { points } = ceremony(2, 2);
    const chosen = multiplyBase(42n);
    const rogue = subtract(chosen, add(points[0]![0]!, points[1]![0]!));
    const mine = newDealing(2);
    const borrowed = proveConstant(place, 3, mine);
    expect(constantProved(place, 3, [rogue, coefficientPoints(mine)[1]!], borrowed)).toBe(false);
    // Nor does another's proof serve: it is bound to dealer, place and ceremony.
    const own = coefficientPoints(mine);
    expect(constantProved(place, 3, own, borrowed)).toBe(true);
    expect(constantProved(place, 2, own, borrowed)).toBe(false);
    expect(constantProved({ ...place, ceremony: "another" }, 3, own, borrowed)).toBe(false);
    expect(receivingProved(place, 3, own[0]!, borrowed)).toBe(false);
    expect(constantProved(place, 3, [own[0]!, IDENTITY], borrowed)).toBe(false);
    expect(constantProved(place, 3, [], borrowed)).toBe(false);
    expect(hex(commitmentOf(place, 3, own))).not.toBe(hex(commitmentOf(place, 3, [rogue, own[1]!])));
  });

  it("takes no share of an unreduced scalar", async () => {
    await useSodium();
    const { dealings, points } = ceremony(2, 2);
    const share = shareFor(dealings[0]!, 2);
    expect(shareFits(points[0]!, 2, scalarBytes(share))).toBe(true);
    expect(shareFits(points[0]!, 2, unhex((share + ORDER).toString(16).padStart(64, "0")).reverse())).toBe(false);
    expect(shareFits(points[0]!, 2, scalarBytes(reduce(share + 1n)))).toBe(false);
    expect(shareFits(points[0]!, 1, scalarBytes(share))).toBe(false);
  });

  it("masks a share anew each time", async () => {
    await useSodium();
    const { dealings } = ceremony(2, 2);
    const [a, b] = [0, 1].map(() => maskShare(place, 1, 2, dealings[0]!, multiplyBase(dealings[1]!.receiving)));
    expect([hex(a!.point), hex(a!.masked)]).not.toEqual([hex(b!.point), hex(b!.masked)]);
    expect(hex(proveReceiving(place, 1, dealings[0]!))).not.toBe(hex(proveReceiving(place, 1, dealings[0]!)));
  });
});

describe("a sealed bid", () => {
  beforeAll(useSodium);
  const bidOf = async (bid: { amount: bigint; offer: Value } = { amount: 5n, offer: "x" }) => {
    await useSodium();
    const made = ceremony(3, 2);
    return { ...made, key: made.joint.key, bid: sealBid(label, made.joint.key, bid) };
  };

  it("is bound to tender, bidder, version, key and ciphertext: nobody hands in a copy as his own", async () => {
    const { key, bid } = await bidOf();
    expect(sealHolds(label, key, bid)).toBe(true);
    for (const other of [{ tender: "t-2" }, { bidder: "c:copy" }, { version: 2 }, { network: new Uint8Array(32).fill(1) }])
      expect(sealHolds({ ...label, ...other }, key, bid)).toBe(false);
    const ciphertext = bid.ciphertext.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
    expect(sealHolds(label, key, { ...bid, ciphertext })).toBe(false);
    expect(sealHolds(label, key, { ...bid, ciphertext, digest: sha256(ciphertext) })).toBe(false);
    expect(sealHolds(label, multiplyBase(9n), bid)).toBe(false);
    expect(sealHolds(label, IDENTITY, bid)).toBe(false);
    expect(sealHolds(label, key, { ...bid, point: IDENTITY })).toBe(false);
  });

  it("opens by its bidder's r and no other number; by k trustees whose parts are proved", async () => {
    const { key, bid, secrets, joint } = await bidOf();
    expect(sharedByBidder(key, bid.point, scalarBytes(1n))).toBeUndefined();
    const beyond = unhex((scalarOf(bid.opening) + ORDER).toString(16).padStart(64, "0")).reverse();
    expect(sharedByBidder(key, bid.point, beyond)).toBeUndefined();
    const share = openingShare(label, 1, secrets[0]!, bid.point);
    expect(openingShareHolds(label, 1, joint.verification[0]!, bid.point, share)).toBe(true);
    expect(openingShareHolds(label, 2, joint.verification[1]!, bid.point, share)).toBe(false);
    expect(openingShareHolds({ ...label, bidder: "c:other" }, 1, joint.verification[0]!, bid.point, share)).toBe(false);
    expect(openingShareHolds(label, 1, joint.verification[0]!, bid.point, { ...share, image: multiply(3n, bid.point) })).toBe(false);
    expect(openingShareHolds(label, 1, joint.verification[0]!, multiplyBase(3n), share)).toBe(false);
  });

  it("that does not open, or is not of the form, is unreadable by both paths alike", async () => {
    const { key, secrets } = await bidOf();
    const trusted = (bid: { point: Bytes; ciphertext: Bytes }) =>
      readBid(
        label,
        key,
        bid,
        sharedByTrustees([0, 2].map((i) => ({ index: i + 1, ...openingShare(label, i + 1, secrets[i]!, bid.point) }))),
      );
    const good = sealBid(label, key, { amount: 5n, offer: null });
    expect(trusted(good)).toEqual({ amount: 5n, offer: null });
    const wrong: Value[] = [
      { amount: -1, offer: "" },
      { amount: 0, offer: "" },
      { amount: 1n << 63n, offer: "" },
      { amount: 5 },
      { amount: "5", offer: "" },
      { amount: 5, offer: "", more: 1 },
      [5],
      null,
    ];
    for (const clear of [...wrong.map(encode), new Uint8Array(0), Uint8Array.of(0xc1)]) {
      const bad = sealBytes(label, key, clear);
      expect(trusted(bad)).toBeUndefined();
      expect(readBid(label, key, bad, sharedByBidder(key, bad.point, bad.opening)!)).toBeUndefined();
    }
    const garbage = { point: good.point, ciphertext: new Uint8Array(40) };
    expect([trusted(garbage), trusted({ ...garbage, ciphertext: new Uint8Array(3) })]).toEqual([undefined, undefined]);
  });
});

describe("what the seal is made of", () => {
  it("derives keys as RFC 5869 does (test case 3, its first 32 bytes)", () => {
    const [material, info] = [unhex("0b".repeat(22)), new Uint8Array(0)];
    expect(hex(hkdf(material, info))).toBe("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
  });
  it("seals the same bytes by libsodium and by @noble, and both refuse what was changed", () => {
    const [key, nonce, associated] = [sha256(utf8("key")), sha256(utf8("nonce")).slice(0, 24), encode(["t", 1])];
    for (const length of [0, 1, 64, 32_768]) {
      const message = new Uint8Array(length).fill(7);
      const sealed = node.aeadSeal(key, nonce, associated, message);
      expect(hex(browser.aeadSeal(key, nonce, associated, message))).toBe(hex(sealed));
      for (const open of [node.aeadOpen, browser.aeadOpen]) {
        expect(open(key, nonce, associated, sealed)).toEqual(message);
        expect(
          open(
            key,
            nonce,
            associated,
            sealed.map((b, i) => (i === 0 ? b ^ 1 : b)),
          ),
        ).toBeUndefined();
        expect(open(key, nonce, concat(associated, key), sealed)).toBeUndefined();
        expect(open(key, nonce, associated, sealed.slice(0, 15))).toBeUndefined();
      }
    }
  });
});
