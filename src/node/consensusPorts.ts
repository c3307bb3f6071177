// What the consensus driver needs of the node: executing and committing through the chain, bodies through the mempool, messages through p2p.
// Owns the translation between their words. Does not own: any rule (consensus), execution (ledger), connections (p2p).

import type { Bytes } from "../base/bytes.ts";
import { fail, isLedgerError } from "../base/errors.ts";
import type { DriverPorts, StopReason } from "../consensus/driverPorts.ts";
import { encodeMessage } from "../consensus/messages.ts";
import type { BatchFacts, EpochConfig, Head, NoticeCode, NoticeData, Result } from "../consensus/types.ts";
import type { VerifiedBatch } from "../ledger/batch.ts";
import type { Chain, Executed } from "../ledger/chain.ts";
import type { Mempool } from "../ledger/mempool.ts";
import type { PeerHost } from "../p2p/types.ts";
import type { Clock } from "../base/time.ts";
import { admitBatch } from "./admit.ts";
import { type Dissemination, factsOf } from "./dissemination.ts";
import type { OwnActs } from "./ownActs.ts";
import { contracts } from "./registry.ts";
import { askBlocks } from "./sync.ts";
import type { Verifier } from "./verifier.ts";

export interface ConsensusParts {
  readonly network: Bytes;
  readonly organisation: string;
  readonly clock: Clock;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly verifier: Verifier;
  /** Free space is below the reserve: this node votes on nothing until there is room. */
  readonly paused: () => boolean;
  /** The state is being taken from peers: blocks one by one would be executed in vain. */
  readonly takingState: () => boolean;
  readonly dissemination: () => Dissemination;
  /** Not there before it has started: what is sent until then is lost, as on a wire. */
  readonly host: () => PeerHost | undefined;
  readonly ownActs: () => OwnActs | undefined;
  /** Of the epoch in force. */
  readonly config: () => EpochConfig;
  readonly executed: (milliseconds: number) => void;
  readonly written: (milliseconds: number) => void;
  /** A Commit of our own goes out. */
  readonly voted: () => void;
  readonly notice: (code: NoticeCode, data: NoticeData) => void;
  readonly committed: (head: Head, config: EpochConfig) => void;
  readonly stop: (reason: StopReason) => void;
}

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

/** The second byte of a message says its kind; of status only the newest matters. */
const STATUS_KIND = encodeMessage({
  kind: "status",
  epoch: 0,
  view: 0,
  promise: 0,
  mode: "active",
  committed: 0,
  hash: new Uint8Array(32),
  tip: 0,
  clock: 0,
})[1];
const STATUS_SLOT = { slot: "status" };
const COMMIT_KIND = encodeMessage({
  kind: "commit",
  epoch: 0,
  view: 0,
  height: 1,
  hash: new Uint8Array(32),
  signer: "tax",
  signature: new Uint8Array(64),
})[1];
/** Votes, proposals, view changes and new views have the kinds up to this one. */
const LAST_VOTE_KIND = 4;

export function consensusPorts(parts: ConsensusParts): DriverPorts {
  const { network, organisation, clock, chain, mempool, verifier } = parts;
  const registry = contracts();
  const batchesOf = (references: readonly { readonly digest: Bytes }[]): VerifiedBatch[] =>
    references.map((r) => mempool.holdings.get(r.digest) ?? fail("an order is executed when its batches are held"));
  const sendTo = (peer: string, bytes: Bytes): void =>
    void parts.host()?.send(peer, "votes", bytes, bytes[1] === STATUS_KIND ? STATUS_SLOT : {});
  return {
    clock,
    send(to, bytes) {
      if (bytes[1]! <= LAST_VOTE_KIND && parts.paused()) return;
      if (to !== "validators") return sendTo(to, bytes);
      if (bytes[1] === COMMIT_KIND) parts.voted();
      for (const { id } of parts.config().validators) if (id !== organisation) sendTo(id, bytes);
    },
    body: (digest) => mempool.holdings.get(digest)?.bytes,
    async admit(bytes, digest) {
      try {
        const batch = admitBatch(network, registry, parts.config().protocol, bytes, digest);
        if (batch === undefined) return undefined;
        mempool.hold(batch, true);
        return factsOf(batch);
      } catch (error) {
        if (isLedgerError(error) && /^(batch|transaction|codec)\./.test(error.code)) return undefined;
        throw error;
      }
    },
    fetch: (digest, needed, from) => parts.dissemination().pull(digest, needed, from),
    held(config): Iterable<BatchFacts> {
      verifier.setProtocol(config.protocol);
      return mempool.newEpoch(config.parameters, (action) => registry.work(action, config.protocol), clock.monotonic()).map(factsOf);
    },
    release: (digests) => mempool.release(digests),
    async execute(_digest, order, references) {
      const started = clock.monotonic();
      const executed = await chain.execute(order, references, batchesOf(references));
      parts.executed(clock.monotonic() - started);
      return resultOf(executed);
    },
    async commit({ digest, certificate }) {
      const started = clock.monotonic();
      await chain.commit(digest, certificate);
      parts.written(clock.monotonic() - started);
    },
    drop: (digest) => chain.drop(digest),
    async diverged({ digest, certified, others }) {
      await chain.capsule(digest, certified === null ? others.map((o) => o.hash) : [certified]);
      return resultOf(await chain.executeAgain(digest));
    },
    blocks: async (peer, first, last) =>
      parts.takingState() ? [] : askBlocks(parts.host() ?? fail("sync needs the host"), peer, first, last),
    evidence: (evidence) => parts.ownActs()?.evidence(evidence),
    epochEnd: () => parts.ownActs()?.epochEnd(),
    notice: (code, data) => parts.notice(code, data),
    reject: (peer, code) => parts.host()?.penalise(peer, code),
    committed: (head, config) => parts.committed(head, config),
    stop: (reason) => parts.stop(reason),
  };
}
