// When a node takes the state from its peers instead of executing what it missed, and how the synced store takes the place of the old one. docs/protocol.md
// §4.9.3; docs/operations.md, "State sync". Owns the decision, the directory beside the database, and the exchange at a restart of the node within the process.
// Does not own: the sync itself (ledger/stateSync.ts).

import fs from "node:fs";
import path from "node:path";
import type { Bytes } from "../base/bytes.ts";
import { weak } from "../base/certificate.ts";
import { decode, encode } from "../base/codec.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import type { Genesis } from "../base/genesis.ts";
import { MAX_COUNTER, STATE_CLAIM_MS, SYNC_TIMEOUT_MS } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import { syncToDisk } from "../consensus/journalSegments.ts";
import { headAnswerFrom } from "../ledger/stateForms.ts";
import { type StateProgress, StateSync } from "../ledger/stateSync.ts";
import { openLevel } from "../ledger/storeLevel.ts";
import { Store } from "../ledger/store.ts";
import { dumpTree } from "../ledger/treeDump.ts";
import type { PeerHost } from "../p2p/types.ts";
import { contracts, viewOf } from "./registry.ts";

export interface StateSyncParts {
  readonly network: Bytes;
  readonly genesis: Genesis;
  readonly home: string;
  /** Directory of the database. */
  readonly data: string;
  /** Blocks behind from which on the state is taken. */
  readonly blocks: number;
  readonly height: () => number;
  readonly validators: () => readonly string[];
  readonly host: () => PeerHost | undefined;
  readonly log: Logger;
  /** The synced store is complete: stop the node, `exchange` the stores, start it again. */
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

const stagingOf = (data: string): string => `${data}.sync`;
const completeOf = (data: string): string => `${data}.sync-complete`;

/**
 * Puts a completely synced store in the place of the database; before anything is opened. Every step may be the last before a crash: the next call goes on.
 */
export function exchange(data: string): boolean {
  if (!fs.existsSync(completeOf(data))) return false;
  const old = `${data}.replaced`;
  if (fs.existsSync(stagingOf(data))) {
    if (fs.existsSync(data)) {
      fs.rmSync(old, { recursive: true, force: true });
      fs.renameSync(data, old);
    }
    fs.renameSync(stagingOf(data), data);
  }
  fs.rmSync(old, { recursive: true, force: true });
  fs.rmSync(completeOf(data), { force: true });
  return true;
}

export class StateSyncing {
  readonly #parts: StateSyncParts;
  readonly #claims = new Map<string, { height: number; lowest: number }>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #running: Promise<void> | undefined;
  readonly #abort = new AbortController();
  #progress: StateProgress | undefined;

  constructor(parts: StateSyncParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#askNext(), STATE_CLAIM_MS);
    this.#timer.unref();
  }

  /** The blocks of the past are not fetched one by one meanwhile. */
  get active(): boolean {
    return this.#running !== undefined;
  }

  get progress(): StateProgress | undefined {
    return this.#progress;
  }

  /** A peer can be asked. */
  connected(peer: string): void {
    void this.#askHead(peer);
  }

  disconnected(peer: string): void {
    this.#claims.delete(peer);
  }

  get #stopped(): boolean {
    return this.#abort.signal.aborted;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    clearInterval(this.#timer);
    await this.#running;
  }

  // ── the decision ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #askNext(): void {
    const peers = this.#candidates();
    const peer = peers[this.#turn++ % Math.max(1, peers.length)];
    if (peer !== undefined) void this.#askHead(peer);
  }

  #candidates(): string[] {
    const host = this.#parts.host();
    const validators = this.#parts.validators().filter((id) => host?.isConnected(id) === true);
    return validators.length > 0 ? validators : (host?.connectedPeers() ?? []);
  }

  async #askHead(peer: string): Promise<void> {
    if (this.#running !== undefined || this.#stopped) return;
    const host = this.#parts.host();
    try {
      const answer = await host?.request(peer, "blocks", encode(["head", MAX_COUNTER]), { timeoutMs: SYNC_TIMEOUT_MS });
      if (answer === undefined) return;
      const { block, lowest } = headAnswerFrom(decode(answer));
      this.#claims.set(peer, { height: block?.header.order.height ?? 0, lowest });
    } catch {
      return; // gone, busy, or not able to answer yet
    }
    this.#decide();
  }

  /** What peers say only makes the node ask; the sync itself proves everything, and ends at once if nobody can prove a head so far ahead. */
  #decide(): void {
    if (this.#running !== undefined || this.#stopped) return;
    const { height, blocks, data, validators } = this.#parts;
    const own = height();
    const claims = [...this.#claims.values()];
    const behind = claims.some((claim) => claim.height >= own + blocks);
    const gone =
      claims.filter((claim) => claim.lowest > own + 1 && claim.height > own).length >=
      Math.min(weak(validators().length), this.#candidates().length);
    const begun = fs.existsSync(stagingOf(data)) && claims.some((claim) => claim.height > own + 1);
    if (!behind && !(gone && claims.length > 0) && !begun) return;
    this.#running = this.#run(gone || begun ? own + 1 : own + blocks)
      .catch((error: unknown) => {
        if (!isLedgerError(error, "sync.stopped")) this.#parts.failed(error);
      })
      .finally(() => {
        this.#running = undefined;
        this.#progress = undefined;
        this.#claims.clear();
      });
  }

  // ── the sync ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #run(worth: number): Promise<void> {
    const { network, genesis, data, log, home } = this.#parts;
    const started = performance.now();
    log.info("sync.state_begun", { height: this.#parts.height(), worth });
    const database = await openLevel(stagingOf(data), { sync: false });
    let closed = false;
    try {
      const store = await Store.open(database, network);
      const result = await new StateSync({
        network,
        genesis,
        registry: contracts(),
        consensusView: viewOf,
        store,
        worth,
        logger: log,
        pause: () => new Promise((resolve) => setImmediate(resolve)),
        peers: () => this.#candidates(),
        ask: (peer, question) => this.#ask(peer, question),
        lied: (peer, code) => {
          log.warn("sync.peer_lied", { peer, code });
          this.#parts.host()?.penalise(peer, code, 100);
        },
        stopped: () => this.#stopped,
        wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        onProgress: (progress) => this.#report(progress),
      }).run();
      const { height, tree } = result;
      const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
      const state = path.join(home, "state");
      await dumpTree({ directory: state, network, height, tree: () => tree, uncommitted: () => new Map(), pause, stopped: () => false });
      await database.close();
      closed = true;
      // Written without syncs: before it may take the database's place, all of it must outlive a power cut.
      const staging = stagingOf(data);
      for (const name of fs.readdirSync(staging)) syncToDisk(path.join(staging, name));
      syncToDisk(staging);
      fs.writeFileSync(completeOf(data), "");
      syncToDisk(path.dirname(data));
      log.info("sync.state_complete", { height, records: tree.size, ms: Math.round(performance.now() - started) });
      this.#parts.done();
    } catch (error) {
      if (!closed) await database.close();
      // Nobody holds what an earlier attempt needs any more, it is of no use, or nobody can give it: the next one begins with nothing.
      if (!isLedgerError(error) || !["sync.stale", "sync.needless", "state.range_large"].includes(error.code)) throw error;
      fs.rmSync(stagingOf(data), { recursive: true, force: true });
      log.info("sync.state_dropped", { code: error.code });
    }
  }

  #ask(peer: string, question: Bytes): Promise<Bytes> {
    const host = this.#parts.host();
    if (host === undefined) return Promise.reject(new LedgerError("p2p.absent"));
    return host.request(peer, "blocks", question, { timeoutMs: SYNC_TIMEOUT_MS, signal: this.#abort.signal });
  }

  #report(progress: StateProgress): void {
    const before = this.#progress?.phase;
    this.#progress = progress;
    if (progress.phase !== before) this.#parts.log.info("sync.state", { ...progress });
  }
}
