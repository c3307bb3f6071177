// Habits of Byzantine validators in what they tell: forged certificates, replays, false status, false answers to whoever starts or catches up, garbage.
// docs/protocol.md §4.7, §4.9; attacks 16, 28. Owns nothing but mischief.

import { type Bytes, copyOf } from "../base/bytes.ts";
import { type Certificate, makeCertificate, quorum } from "../base/certificate.ts";
import { batchesHash, type BlockHeader, blockHash, orderDigest, type OrderHeader } from "../base/header.ts";
import { encodeMessage } from "../consensus/messages.ts";
import type { SyncBlock } from "../consensus/driverPorts.ts";
import type { Block, Message, Status } from "../consensus/types.ts";
import type { Byzantine, MakeHabit } from "./byzantine.ts";
import { breaks } from "./convictions.ts";
import type { Packet } from "./network.ts";
import { withOtherSignature } from "./simBatches.ts";

type LyingHabit = "forges-certificates" | "replays" | "lies-in-status" | "lies-in-sync" | "lies-in-answers" | "garbage-bytes";

/** A certificate with too few good signatures: its own, again and again, or none. */
export function forged(b: Byzantine, kind: Certificate["kind"], view: number, height: number, hash: Bytes): Certificate {
  const { config } = b.replica;
  const n = config.validators.length;
  const own = b.vote(kind, config.epoch, view, height, hash).signature;
  const signatures = new Map(
    config.validators.map((v, i) => [i, v.id === b.node.id || b.random.chance(0.5) ? own : b.random.bytes(64)] as const),
  );
  const certificate = makeCertificate(kind, { epoch: config.epoch, view, height, hash }, signatures, n);
  const bits = (fill: number): Bytes => new Uint8Array(Math.ceil(n / 8)).fill(fill);
  return b.random.pick([
    () => certificate,
    () => ({ ...certificate, signers: bits(0xff) }), // bits beyond the set
    () => ({ ...certificate, signatures: certificate.signatures.subarray(0, 64 * (quorum(n) - 1)) }), // fewer signatures than bits
    () => ({ ...certificate, signers: bits(0).map((_, i) => (i === 0 ? 0x80 : 0)), signatures: own }), // one signer
  ])();
}

/** An order of no batches on the committed head, as anybody may make it. */
export function emptyOrder(b: Byzantine): OrderHeader {
  const { head, config } = b.replica;
  const { height, digest, time } = head;
  return { protocol: 1, epoch: config.epoch, height: height + 1, parent: digest, time: time + 1, batches: batchesHash(b.network, []) };
}

function emptyBlock(b: Byzantine): { header: BlockHeader; references: [] } {
  const { head } = b.replica;
  const order = emptyOrder(b);
  const some = b.random.bytes(32);
  const header = {
    order,
    parentBlock: head.hash,
    transactionsRoot: some,
    leaves: 0,
    stateRoot: some,
    validators: some,
    parameters: some,
    history: some,
  };
  return { header, references: [] };
}

const forgesCertificates: MakeHabit = (b) => ({
  act() {
    const { config, head, promise, view } = b.replica;
    const { header, references } = emptyBlock(b);
    const { height } = header.order;
    const hash = blockHash(b.network, header);
    b.scatter(
      breaks("a block with a forged certificate", {
        kind: "block",
        header,
        references,
        certificate: forged(b, "commit", view, height, hash),
      }),
    );
    const digest = orderDigest(b.network, header.order);
    const certificate = forged(b, "prepare", promise, height, digest);
    const best = { view: promise, height, digest };
    const claim = b.claim({ epoch: config.epoch, view: promise + 1, committedHeight: head.height, committedHash: head.hash, best });
    const committed =
      head.height < config.start ? null : b.random.chance(0.5) ? head.certificate : forged(b, "commit", 0, head.height, head.hash);
    const orders = [{ order: header.order, references }];
    b.scatter(
      breaks("a claim with a forged certificate", { kind: "viewChange", claim, committed, best: { certificate, header: null }, orders }),
    );
  },
  /** Nor does its Commit bear its own signature, for some. */
  message(to, m) {
    if (m.kind !== "commit" || m.signer !== b.node.id || !b.side(to, `commit ${m.epoch}/${m.view}/${m.height}`)) return undefined;
    return [{ ...m, signature: copyOf(m.signature).reverse() }];
  },
});

/** What others said, said again, in its own name or theirs. */
const replays: MakeHabit = (b) => ({
  act() {
    for (let i = 0; i < 3 && b.heard.length > 0; i++) {
      const bytes = b.random.pick(b.heard);
      for (const to of b.random.subset(b.others())) b.node.world.network.send(b.node.index, to, { kind: "votes", bytes });
    }
  },
});

const liesInStatus: MakeHabit = (b) => ({
  message(_to, m) {
    if (m.kind !== "status" || !b.random.chance(0.7)) return undefined;
    const { random } = b;
    const lie: Partial<Status> = random.pick([
      { committed: m.committed + random.pick([1, 5, 100, 2 ** 40]) },
      { committed: Math.max(0, m.committed - random.pick([1, 3, 1_000])) },
      { epoch: m.epoch + random.pick([1, 2, 1_000]) },
      { epoch: Math.max(0, m.epoch - 1) },
      { view: m.view + random.pick([1, 7]) },
      { view: Math.max(0, m.view - 1), promise: 2 ** 40 },
      { hash: random.bytes(32) },
      { tip: 2 ** 40 },
      { clock: random.pick([0, m.clock + 3_600_000, 2 ** 47]) },
    ]);
    return Array.from({ length: random.pick([1, 1, 20]) }, () => ({ ...m, ...lie }));
  },
});

const liesInSync: MakeHabit = (b) => ({
  packet(_to, p) {
    if (p.kind !== "give" || !b.random.chance(0.8)) return undefined;
    return [{ ...p, blocks: falseBlocks(b, p.blocks) }];
  },
  message(_to, m) {
    if (m.kind === "block" && b.random.chance(0.7)) return [falseBlock(b, m)];
    if (m.kind === "order" && b.random.chance(0.7)) return [{ ...m, order: { ...m.order, time: m.order.time + 1 } }];
    return undefined;
  },
});

function falseBlock(b: Byzantine, block: Block): Block {
  const { header, certificate } = block;
  const unnamed = (changed: Block): Block =>
    certificate === null ? changed : breaks("a block that its certificate does not name", changed);
  return b.random.pick<() => Block>([
    () => unnamed({ ...block, header: { ...header, stateRoot: b.random.bytes(32) } }),
    () => {
      const bare = { ...block, references: [] };
      return block.references.length === 0 ? bare : breaks("a block without its references", bare);
    },
    () => ({ ...block, certificate: certificate && { ...certificate, signatures: b.random.bytes(certificate.signatures.length) } }),
    () => ({ ...block, certificate: null }),
    () => unnamed({ ...block, header: { ...header, order: { ...header.order, height: header.order.height + 5 } } }),
    () => ({ ...block, header: { ...header, order: { ...header.order, epoch: header.order.epoch + 1 } } }),
  ])();
}

function falseBlocks(b: Byzantine, blocks: readonly SyncBlock[]): readonly SyncBlock[] {
  return b.random.pick<() => readonly SyncBlock[]>([
    () => [],
    () => blocks.slice(1),
    () => [...blocks].reverse(),
    () => blocks.map(({ block, bodies }) => ({ block, bodies: bodies.map(withOtherSignature) })),
    () => blocks.map(({ block, bodies }) => ({ block, bodies: bodies.map((body) => copyOf(body).fill(1, body.length / 2)) })),
    () => blocks.map(({ block }) => ({ block, bodies: [] })),
    () => blocks.map(({ block, bodies }) => ({ block: falseBlock(b, block), bodies })),
  ])();
}

const liesInAnswers: MakeHabit = (b) => {
  let invented = 0;
  return {
    message(to, m) {
      if (m.kind !== "answer" || !b.random.chance(0.8)) return undefined;
      const { random } = b;
      const { config, head, view } = b.replica;
      const asker = b.node.world.watch.checks.nodes[to]!.id;
      const vote = b.vote("prepare", config.epoch, view, head.height + random.between(1, 8), random.bytes(32));
      /** In the asker's name, which its signature does not bear out; or in its own, which has no place in an answer. */
      const inAnothersName = (): Message =>
        ++invented % 3 === 0
          ? { ...m, votes: [{ ...vote, signer: asker }] }
          : breaks("another's vote in an answer", { ...m, votes: [vote] });
      return random.pick<() => readonly Message[]>([
        () => [{ ...m, elsewhere: true }],
        () => [{ ...m, votes: [], claim: null, newView: null }],
        () => [{ ...m, committed: 2 ** 40 }],
        () => [{ ...m, committed: 0, epoch: 0 }],
        () => [inAnothersName()],
        () => [],
        () => Array.from({ length: 9 }, (_, i) => ({ ...m, committed: m.committed + i })),
      ])();
    },
  };
};

const garbageBytes: MakeHabit = (b) => ({
  act() {
    const { random } = b;
    const valid = b.heard.length > 0 ? random.pick(b.heard) : encodeMessage({ kind: "ask", nonce: 1 });
    const cut = valid.subarray(0, random.below(valid.length + 1));
    const flipped = copyOf(valid);
    if (flipped.length > 0) flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
    const bytes = random.pick([cut, flipped, random.bytes(random.between(0, 300))]);
    const packet: Packet = random.chance(0.7) ? { kind: "votes", bytes } : { kind: "batch", bytes };
    for (const to of random.subset(b.others())) b.node.world.network.send(b.node.index, to, packet);
  },
});

export const lyingHabits: { readonly [name in LyingHabit]: MakeHabit } = {
  "forges-certificates": forgesCertificates,
  replays,
  "lies-in-status": liesInStatus,
  "lies-in-sync": liesInSync,
  "lies-in-answers": liesInAnswers,
  "garbage-bytes": garbageBytes,
};
