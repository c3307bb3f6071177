// Writes ceremony.json beside itself: `npx node test/vectors/makeCeremony.ts`. A ceremony of three trustees, any two of whom suffice, with a sealed
// bid opened both ways. Secrets come from the numbers below; nonces are random, so proofs differ from run to run: the test asks whether they hold.

import { writeFileSync } from "node:fs";
import { hex } from "../../src/base/bytes.ts";
import {
  coefficientPoints,
  commitmentOf,
  complain,
  type Dealing,
  jointKey,
  maskShare,
  proveConstant,
  proveReceiving,
  secretShare,
  shareFor,
} from "../../src/base/ceremonyKey.ts";
import { multiplyBase, scalarBytes } from "../../src/base/ristretto.ts";
import { openingShare, sealBid } from "../../src/base/sealedBid.ts";
import { noNetwork } from "../../src/base/tags.ts";

const place = { network: noNetwork, ceremony: "vector" };
const dealings: Dealing[] = [1n, 2n, 3n].map((i) => ({ receiving: 1_000n + i, coefficients: [10n * i, 100n + i] }));
const points = dealings.map(coefficientPoints);
const trustees = dealings.map((dealing, i) => ({
  receiving: hex(scalarBytes(dealing.receiving)),
  coefficients: dealing.coefficients.map((c) => hex(scalarBytes(c))),
  key: hex(multiplyBase(dealing.receiving)),
  keyProof: hex(proveReceiving(place, i + 1, dealing)),
  points: points[i]!.map(hex),
  commitment: hex(commitmentOf(place, i + 1, points[i]!)),
  constantProof: hex(proveConstant(place, i + 1, dealing)),
  shares: [1, 2, 3]
    .filter((to) => to !== i + 1)
    .map((to) => {
      const { point, masked } = maskShare(place, i + 1, to, dealing, multiplyBase(dealings[to - 1]!.receiving));
      return { to, point: hex(point), masked: hex(masked) };
    }),
}));
const joint = jointKey(points);
const secrets = [1, 2, 3].map((to) => secretShare(dealings.map((dealing) => shareFor(dealing, to))));
const label = { network: noNetwork, tender: "t-1", bidder: "c:acme", version: 1 };
const { opening, ...bid } = sealBid(label, joint.key, { amount: 131_126_400n, offer: { days: 30, model: "portátil" } });

// A false share, dealt by 1 to 2, and the complaint about it.
const false1 = { ...dealings[0]!, coefficients: [11n, 101n] };
const sent = maskShare(place, 1, 2, false1, multiplyBase(dealings[1]!.receiving));
const complaint = complain(place, 1, 2, sent, points[0]!, dealings[1]!.receiving);

const file = {
  trustees,
  key: hex(joint.key),
  verification: joint.verification.map(hex),
  secrets: secrets.map((x) => hex(scalarBytes(x))),
  bid: { point: hex(bid.point), digest: hex(bid.digest), proof: hex(bid.proof), ciphertext: hex(bid.ciphertext), opening: hex(opening) },
  openings: secrets.map((x, i) => {
    const { image, proof } = openingShare(label, i + 1, x, bid.point);
    return { index: i + 1, image: hex(image), proof: hex(proof) };
  }),
  complaint: { point: hex(sent.point), masked: hex(sent.masked), shared: hex(complaint.shared), proof: hex(complaint.proof) },
};
writeFileSync(new URL("ceremony.json", import.meta.url), `${JSON.stringify(file, undefined, 1)}\n`);
