// Retention while the node runs: what the policy no longer asks for is removed, what it asks for and is not there is fetched from peers – after a state
// sync, or when the policy was changed. docs/protocol.md §4.9.4; docs/operations.md, "What a node keeps". Owns when. Does not own: what is kept
// (ledger/retention.ts), the check of what comes (ledger/fetchBlocks.ts).

import type { Bytes } from "../base/bytes.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { RETENTION_CHECK_MS, SYNC_TIMEOUT_MS } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import type { ChainReader } from "../ledger/chainReader.ts";
import { fetchGroup, groupBelow } from "../ledger/fetchBlocks.ts";
import { PeerAsk } from "../ledger/peerAsk.ts";
import { keptFrom, keptSince, prune, type Retention, timeOf } from "../ledger/retention.ts";
import { checkCertified } from "../ledger/stateTrust.ts";
import type { Store } from "../ledger/store.ts";
import type { PeerHost } from "../p2p/types.ts";

export interface RetentionParts {
  readonly network: Bytes;
  readonly store: Store;
  readonly reader: ChainReader;
  readonly policy: () => Retention;
  readonly days: () => number;
  readonly host: () => PeerHost | undefined;
  /** Nothing is fetched while the node itself catches up. */
  readonly busy: () => boolean;
  readonly log: Logger;
  readonly failed: (error: unknown) => void;
  /** After the start; later ones follow at RETENTION_CHECK_MS. */
  readonly firstCheckMs?: number;
}

const FIRST_CHECK_MS = 2_000;

export class RetentionTask {
  readonly #parts: RetentionParts;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#timer = setTimeout(() => this.#check(), parts.firstCheckMs ?? FIRST_CHECK_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #check(): void {
    this.#running = this.#run()
      .catch((error: unknown) => {
        if (!isLedgerError(error, "sync.stopped")) this.#parts.failed(error);
      })
      .finally(() => {
        this.#running = undefined;
        if (this.#abort.signal.aborted) return;
        this.#timer = setTimeout(() => this.#check(), RETENTION_CHECK_MS);
        this.#timer.unref();
      });
  }

  async #run(): Promise<void> {
    const { store, reader, policy, days, busy, log } = this.#parts;
    const head = reader.headHeight();
    if (head === 0 || busy()) return;
    const since = await keptSince(store, timeOf(store, head), policy(), days());
    const target = keptFrom(store, head, since);
    const before = store.lowest;
    if (target > before) {
      await prune(store, target, () => this.#pause());
      log.info("history.removed", { from: before, to: target });
    } else if (before > 1 && timeOf(store, before) >= since) await this.#fetch(since);
  }

  #pause(): Promise<void> {
    if (this.#abort.signal.aborted) throw new LedgerError("sync.stopped");
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Groups below the lowest, as long as the policy asks for them and somebody has them. */
  async #fetch(since: number): Promise<void> {
    const { network, store, reader, host, log } = this.#parts;
    const { signal } = this.#abort;
    const ask = new PeerAsk({
      peers: () => host()?.connectedPeers() ?? [],
      ask: (peer, question) =>
        host()?.request(peer, "blocks", question, { timeoutMs: SYNC_TIMEOUT_MS, signal }) ?? Promise.reject(new LedgerError("p2p.absent")),
      lied: (peer, code) => {
        log.warn("sync.peer_lied", { peer, code });
        host()?.penalise(peer, code, 100);
      },
      stopped: () => signal.aborted,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    const trust = {
      check: (block: Parameters<typeof checkCertified>[1]) => checkCertified(network, block, reader.epochAt(block.header.order.height)),
    };
    const from = store.lowest;
    try {
      for (let time = Number.POSITIVE_INFINITY; store.lowest > 1 && time >= since; )
        time = await fetchGroup({ network, ask, trust }, store, groupBelow(store.lowest), store.lowest - 1);
    } catch (error) {
      if (!isLedgerError(error, "height.pruned")) throw error;
      log.warn("history.unavailable", { below: store.lowest });
    }
    if (store.lowest < from) log.info("history.fetched", { from: store.lowest, to: from - 1 });
  }
}
