// Habits of Byzantine validators with batches: bodies kept back, two bodies, an origin censored, one transaction per timer. docs/protocol.md §4.6, §4.8;
// attacks 6, 11, 12. Owns nothing but mischief.

import { type Bytes, latin1, u32be } from "../base/bytes.ts";
import { batchesHash, type BatchReference } from "../base/header.ts";
import { sha256 } from "../base/hash.ts";
import { batchDigest, makeBatch, readBatch } from "../ledger/batch.ts";
import { signTransaction } from "../ledger/transaction.ts";
import type { Byzantine, MakeHabit } from "./byzantine.ts";
import { breaks } from "./convictions.ts";
import { nameOf, secretsOf } from "./founding.ts";
import { factsOf, withOtherSignature } from "./simBatches.ts";

type BatchHabit = "withholds-bodies" | "two-bodies" | "censors" | "drips";

/** A batch of its own with one transaction, made for mischief. */
function privateBatch(b: Byzantine, sequence: number, spoilt = false): Bytes {
  const { peer, organisation } = secretsOf(b.node.index);
  const number = ++b.made;
  const args = { deposit: `x-${b.node.id}-${number}`, kind: "contract", content: sha256(u32be(number)) };
  const notAfter = b.node.wallClock() + 60_000;
  const transaction = signTransaction(
    b.network,
    { nonce: sha256(u32be(number)).slice(0, 16), notAfter, operations: [{ action: "evidence.deposit@1", args }] },
    [organisation.seed],
  );
  if (spoilt) transaction[transaction.length - 1]! |= 0x80; // beyond the group's order: refused before anybody computes
  const batch = makeBatch(b.network, b.node.id, sequence, [transaction], peer.seed);
  return spoilt ? breaks("a batch with an ill-formed transaction", batch) : batch;
}

function referenceOf(b: Byzantine, bytes: Bytes): BatchReference {
  return { digest: batchDigest(b.network, bytes, readBatch(bytes)), count: 1, bytes: bytes.length };
}

const isOwn = (b: Byzantine, bytes: Bytes): boolean => {
  try {
    return readBatch(bytes).origin === b.node.id;
  } catch {
    return false;
  }
};

/** Orders what only some can get; answers nobody who asks for it. */
const withholdsBodies: MakeHabit = (b) => {
  const kept = new Map<string, Bytes>();
  let sequence = 1_000_000;
  return {
    message(_to, m) {
      if (m.kind !== "prePrepare" || m.prepare.signer !== b.node.id) return undefined;
      const name = `${m.order.epoch}/${m.view}/${m.order.height}`;
      let bytes = kept.get(name);
      if (bytes === undefined) {
        if (!b.random.chance(0.7)) return undefined;
        bytes = privateBatch(b, ++sequence);
        kept.set(name, bytes);
        for (const friend of b.random.subset(b.others())) b.node.world.network.send(b.node.index, friend, { kind: "batch", bytes });
      }
      const references = [...m.references, referenceOf(b, bytes)];
      return [b.proposal(m.view, { order: { ...m.order, batches: batchesHash(b.network, references) }, references })];
    },
    packet: (to, p) => (p.kind === "batch" && isOwn(b, p.bytes) && b.side(to, latin1(p.bytes.subarray(-8))) ? [] : undefined),
  };
};

/** One digest under two signatures, one sequence number for two batches, and batches with an ill-formed transaction. */
const twoBodies: MakeHabit = (b) => ({
  packet(to, p) {
    if (p.kind !== "batch" || !isOwn(b, p.bytes) || !b.side(to, latin1(p.bytes.subarray(-8)))) return undefined;
    return [{ kind: "batch", bytes: breaks("a batch under another signature", withOtherSignature(p.bytes)) }];
  },
  act() {
    const sequence = b.random.between(1, 3);
    for (const to of b.random.subset(b.others())) {
      const bytes = privateBatch(b, sequence, b.random.chance(0.5));
      b.node.world.network.send(b.node.index, to, { kind: "batch", bytes });
    }
  },
});

/** Orders everybody's batches but one agency's. */
const censors: MakeHabit = (b) => {
  const victim = nameOf(b.random.pick(b.others()));
  return { learns: (origin) => origin !== victim };
};

/** Hears of one batch per timer, and so orders one per timer. */
const drips: MakeHabit = (b) => {
  let last = Number.NEGATIVE_INFINITY;
  return {
    learns: () => false,
    act() {
      const { clock } = b.node.world;
      if (clock.now - last < 0.85 * b.replica.config.parameters.timeout_base_ms) return;
      for (const batch of b.node.mempool.holdings.waiting()) {
        if (b.replica.batches.has(latin1(batch.reference.digest))) continue;
        last = clock.now;
        return b.node.driver?.batch(factsOf(batch));
      }
    },
  };
};

export const batchHabits: { readonly [name in BatchHabit]: MakeHabit } = {
  "withholds-bodies": withholdsBodies,
  "two-bodies": twoBodies,
  censors,
  drips,
};
