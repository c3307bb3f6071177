// The end of a poll: its last ballots are summed, some in each block; trustees give their shares in opening the sum; whoever has enough shares publishes the
// counts. Service 38. Owns this order, so that nothing is opened before all is summed, and nobody can stop a result that can be had. Does not own: the
// mathematics (base/ballotTally), trustees' secrets (cli/trustee). cryptography.md §5.4.

import { equalBytes } from "../../base/bytes.ts";
import { addCiphertexts, emptySum } from "../../base/ballotTally.ts";
import { anyone, days, id, signs } from "../engine/index.ts";
import { aHash, aKey } from "../kit/examples.ts";
import { decryption, isDecryption, opening, opens } from "../kit/ballots.ts";
import { ceremonies } from "../platform/ceremonies.ts";
import { ballots, poll, polls, shares, tallies, turnouts } from "./pollRecords.ts";

export const closing = poll.due(polls, {
  title: "A poll closes, to be summed; of too few ballots nothing is opened, ever, and it is void",
  at: (it) => (it.$.status === "open" ? it.closes : undefined),
  run(tx, it) {
    const { cast, admitted } = tx.get(turnouts, it.poll);
    if (cast < it.least) return void tx.move(it, "void", { ground: "too-few-ballots" });
    tx.move(it, "closed");
    const nothing = { place: 0, ballots: 0, sum: emptySum(it.counted), shares: 0, counts: [] };
    tx.create(tallies, { poll: it.poll, last: admitted, threshold: it.threshold, ...nothing });
  },
});

/** In one block: 100 ballots, and of large ones as many as take 1,000 additions (20 ms). */
const SLICE = 100;
const ADDITIONS = 1_000;
export const summing = poll.due(tallies, {
  title: "The last ballots of a closed poll are summed, some in each block, in the order of the roll",
  work: 2_500,
  at: (it) => (it.$.status === "counting" ? it.$.since : undefined),
  run(tx, it) {
    const { counted, share_days } = tx.get(polls, it.poll);
    const place = Math.min(it.last, it.place + Math.min(SLICE, Math.floor(ADDITIONS / (2 * counted))));
    let [sum, added] = [it.sum, it.ballots];
    for (let at = it.place + 1; at <= place; at++) {
      const ballot = tx.find(ballots, it.poll, at);
      if (ballot === undefined) continue; // admitted, and has not cast
      sum = addCiphertexts(sum, ballot.ciphertexts);
      tx.work(2 * counted);
      added++;
    }
    const change = { place, sum, ballots: added };
    if (place < it.last) tx.put(it, change);
    else tx.move(it, "summed", { ...change, until: tx.time + days(share_days) });
  },
});

export const sharesMissing = poll.due(tallies, {
  title: "If too few trustees give their shares in time the poll is void; who gave none is named",
  at: (it) => (it.$.status === "summed" && it.shares < it.threshold ? it.until : undefined),
  run(tx, it) {
    const of = tx.get(polls, it.poll);
    const { trustees } = tx.get(ceremonies, of.ceremony);
    const named = trustees.filter((_, i) => tx.find(shares, it.poll, i + 1) === undefined);
    tx.move(of, "void", { ground: "shares-missing", named });
    tx.move(it, "lost");
  },
});

export const share = poll.action({
  title: "Give a trustee's share in opening the sum",
  by: { trustee: signs("the trustee of this place") },
  input: decryption,
  rules: ["not_summed", "not_trustee", "share_wrong"],
  proofs: { share_wrong: isDecryption },
  work: 640, // of 64 counts: 13 ms in a worker
  example: { poll: "park-2027", index: 1, verification: aKey, sum: new Uint8Array(3 * 64), share: new Uint8Array(3 * 32 + 64) },
  run(tx, { poll: key, index, verification, sum, share: given }) {
    const of = tx.get(polls, key);
    const { trustees, verification: parts } = tx.get(ceremonies, of.ceremony);
    tx.signed("trustee", trustees[index - 1] ?? tx.reject("not_trustee", { trustees: trustees.length }), "not_trustee");
    const it = tx.find(tallies, key) ?? tx.reject("not_summed");
    tx.require(it.$.status === "summed" && (it.shares >= it.threshold || tx.time < it.until!), "not_summed", { status: it.$.status });
    tx.require(equalBytes(parts![index - 1]!, verification) && equalBytes(it.sum, sum), "share_wrong");
    tx.require(tx.find(shares, key, index) === undefined, "not_trustee");
    tx.create(shares, { poll: key, index, share: given });
    tx.put(it, { shares: it.shares + 1 });
  },
});

export const publish = poll.action({
  title: "Publish the counts that the trustees' shares open the sum to",
  by: anyone,
  input: { poll: id, ...opening },
  rules: ["not_summed", "counts_wrong"],
  proofs: { counts_wrong: opens },
  work: 5_000, // of 64 counts by 16 shares: 130 ms in a worker, once in a poll's life
  example: {
    ...{ poll: "park-2027", sum: new Uint8Array(3 * 64).fill(1), counts: [60, 31, 9] },
    shares: [1, 3].map((index) => ({ index, share: new Uint8Array(3 * 32 + 64).fill(aHash[0]!) })),
  },
  run(tx, { poll: key, sum, shares: given, counts }) {
    const it = tx.find(tallies, key) ?? tx.reject("not_summed");
    tx.require(it.$.status === "summed", "not_summed", { status: it.$.status });
    const asGiven = given.length === it.threshold && given.every((one) => same(tx.find(shares, key, one.index)?.share, one.share));
    tx.require(asGiven && equalBytes(it.sum, sum), "counts_wrong");
    tx.move(it, "opened", { counts });
    tx.move(tx.get(polls, key), "published");
  },
});

const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && equalBytes(a, b);
