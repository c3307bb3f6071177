// What a simulated node gives its consensus driver: the daemon's ports (src/node/consensusPorts.ts) over simulated disk, wires and clock.
// docs/protocol.md §4. Owns the translation and the boundaries at which a crash may strike. Does not own: any rule, the node's life (simNode.ts).

import type { Bytes } from "../base/bytes.ts";
import { fail, isLedgerError, LedgerError } from "../base/errors.ts";
import { blockHash } from "../base/header.ts";
import type { DriverPorts, SyncBlock } from "../consensus/driverPorts.ts";
import type { Head, Result } from "../consensus/types.ts";
import type { VerifiedBatch } from "../ledger/batch.ts";
import type { Chain, Executed } from "../ledger/chain.ts";
import type { Life } from "./clockwork.ts";
import { contracts, indexOf } from "./founding.ts";
import { admitBatch, factsOf } from "./simBatches.ts";
import type { SimNode } from "./simNode.ts";

/** The committed head as consensus needs it. */
export function headOf(chain: Chain): Head {
  const { height, digest, hash, time, header, certificate } = chain.head;
  const references = chain.reader.block(height)?.references ?? [];
  return {
    height,
    digest,
    hash,
    time,
    header: header ?? null,
    references,
    certificate: certificate ?? null,
    dueHead: chain.dueHead ?? null,
  };
}

function resultOf({ digest, header, hash, epochEnd, dueHead, next }: Executed): Result {
  return { digest, header, hash, epochEnd, dueHead: dueHead ?? null, next: next ?? null };
}

/** Nothing a dead process waits for ever comes. */
const never = <T>(): Promise<T> => new Promise<T>(() => {});

export function simPorts(node: SimNode, life: Life): DriverPorts {
  const { clock, watch, founding } = node.world;
  const { chain, mempool, batches } = node;
  const { network } = founding;
  const bodiesOf = (references: readonly { readonly digest: Bytes }[]): VerifiedBatch[] =>
    references.map((r) => mempool.holdings.get(r.digest) ?? fail("an order is executed when its batches are held"));
  return {
    clock: { now: () => node.wallClock(), monotonic: () => node.monotonic() },
    timer: (ms, run) => clock.after(ms / node.rate + 0.001, life, run),
    defer: (run) => void clock.after(0, life, run),
    send(to, bytes) {
      if (!life.alive) return;
      watch.sent(node, bytes);
      const packet = { kind: "votes", bytes } as const;
      for (const id of to === "validators" ? node.config.validators.map((v) => v.id) : [to]) {
        if (id === node.id) continue;
        node.boundary("send");
        if (!life.alive) return;
        node.transmit(indexOf(id), packet);
      }
    },
    body: (digest) => mempool.holdings.get(digest)?.bytes,
    async admit(bytes, digest) {
      clock.stir();
      try {
        const batch = admitBatch(network, node.config.protocol, bytes, digest);
        if (batch === undefined) return undefined;
        mempool.hold({ ...batch, vouched: true }, true);
        return factsOf(batch);
      } catch (error) {
        if (isLedgerError(error) && /^(batch|transaction|codec)\./.test(error.code)) return undefined;
        throw error;
      }
    },
    fetch(digest, needed, from) {
      node.boundary("fetch");
      if (life.alive) batches.pull(digest, needed, from);
    },
    held: (config) =>
      mempool.newEpoch(config.parameters, (action) => contracts().work(action, config.protocol), node.monotonic()).map(factsOf),
    release: (digests) => mempool.release(digests),
    async execute(_digest, order, references) {
      node.boundary("execute");
      if (!life.alive) return never();
      clock.stir();
      await clock.delay(node.world.executeMs * (0.5 + node.random.next()), life);
      const result = disturbed(node, resultOf(await chain.execute(order, references, bodiesOf(references))));
      if (!life.alive) return never();
      watch.executed(node, result);
      node.boundary("executed");
      return life.alive ? result : never();
    },
    async commit({ digest, certificate }) {
      node.boundary("commit");
      if (!life.alive) return never();
      clock.stir();
      await chain.commit(digest, certificate);
      node.boundary("committed");
      return life.alive ? undefined : never();
    },
    drop(digest) {
      clock.stir(); // the driver's queue of jobs goes on by promises
      chain.drop(digest);
    },
    async diverged({ digest, height }) {
      clock.stir();
      watch.diverged(node, height);
      return disturbed(node, resultOf(await chain.executeAgain(digest)));
    },
    blocks: (peer, first, last) => node.questions.ask(indexOf(peer), first, last),
    evidence: (evidence) => watch.evidence(node, evidence),
    epochEnd: () => watch.epochEndWanted(node),
    notice: (code, data) => {
      watch.notice(node, code, data);
      if (code === "view.entered") batches.ackAll();
    },
    reject: (peer, code) => (peer === "" ? watch.note(`rejected ${code} of nobody`) : node.peers.penalise(indexOf(peer), code)),
    committed(head, config) {
      node.config = config;
      mempool.committed(
        head.time,
        head.references.map((r) => r.digest),
      );
      batches.poke();
      watch.headMoved(node);
    },
    stop: (reason) => node.stopped(reason),
  };
}

/** A node with broken memory: another state root than everybody's. */
function disturbed(node: SimNode, result: Result): Result {
  const { height } = result.header.order;
  if (height < node.miscomputesFrom || height > node.miscomputesUntil) return result;
  const stateRoot = result.header.stateRoot.map((byte, i) => (i === 0 ? byte ^ 0xff : byte));
  const header = { ...result.header, stateRoot };
  return { ...result, header, hash: blockHash(node.world.founding.network, header) };
}

// ── blocks for whoever catches up (§4.9) ─────────────────────────────────────────────────────────────────────────────────────

/** As many as it cares to send, at least one. */
export function answerBlocks(chain: Chain, first: number, last: number, most: number): SyncBlock[] {
  const blocks: SyncBlock[] = [];
  for (let height = first; height <= Math.min(last, first + most - 1); height++) {
    const block = chain.reader.block(height);
    if (block === undefined) break;
    const { header, references, certificate } = block;
    blocks.push({ block: { kind: "block", header, references, certificate }, bodies: chain.reader.bodies(height)! });
  }
  return blocks;
}

/** Questions of a node to its peers; the driver gives up on them by its own timer. */
export class Questions {
  private readonly node: SimNode;
  private readonly open = new Map<number, { readonly peer: number; readonly resolve: (blocks: readonly SyncBlock[]) => void }>();
  private last = 0;

  constructor(node: SimNode) {
    this.node = node;
  }

  ask(peer: number, first: number, last: number): Promise<readonly SyncBlock[]> {
    const { world } = this.node;
    world.clock.stir();
    if (!world.network.isOpen(this.node.index, peer)) return Promise.reject(new LedgerError("p2p.absent"));
    const question = ++this.last;
    if (this.open.size > 8) this.open.delete(this.open.keys().next().value!);
    return new Promise((resolve) => {
      this.open.set(question, { peer, resolve });
      this.node.transmit(peer, { kind: "ask", question, first, last });
    });
  }

  answered(from: number, question: number, blocks: readonly SyncBlock[]): void {
    const asked = this.open.get(question);
    if (asked === undefined || asked.peer !== from) return;
    this.open.delete(question);
    this.node.world.clock.stir();
    asked.resolve(blocks);
  }

  clear(): void {
    this.open.clear();
  }
}
