// The composition root: store → chain → mempool → verify workers → driver → peers → API, stopped in the other order. Owns wiring and lifetime, no part.

import fs from "node:fs";
import { type Bytes, hex } from "../base/bytes.ts";
import { faults } from "../base/certificate.ts";
import { fail } from "../base/errors.ts";
import type { Genesis } from "../base/genesis.ts";
import { API_CLOSE_MS, SUPPORTED_PROTOCOL } from "../base/limits.ts";
import { sign, verify } from "../base/signature.ts";
import type { Clock } from "../base/time.ts";
import { type Driver, startDriver } from "../consensus/driver.ts";
import type { StopReason } from "../consensus/driverPorts.ts";
import { openJournal } from "../consensus/journal.ts";
import { encodeMessage } from "../consensus/messages.ts";
import { primaryOf } from "../consensus/replica.ts";
import type { EpochConfig, Head, NoticeCode, NoticeData } from "../consensus/types.ts";
import { Chain, type CommittedBlock } from "../ledger/chain.ts";
import { Mempool } from "../ledger/mempool.ts";
import { openLevel } from "../ledger/storeLevel.ts";
import { type Database, Store } from "../ledger/store.ts";
import { Host } from "../p2p/host.ts";
import type { App } from "./api/server.ts";
import { Finality } from "./api/finality.ts";
import { completeCapsule } from "./capsule.ts";
import { consensusPorts, headOf } from "./consensusPorts.ts";
import { DiskWatch, diskFailed } from "./disk.ts";
import { Dissemination } from "./dissemination.ts";
import { Heads } from "./heads.ts";
import { Intake } from "./intake.ts";
import type { Membership } from "./membership.ts";
import type { Counters, NodeOptions } from "./nodeOptions.ts";
import { levelOf, otherGenesis, sayFailures, sayReplacedKeys } from "./notices.ts";
import { OwnActs } from "./ownActs.ts";
import { clockOf, openGenesis } from "./openGenesis.ts";
import { contracts, membershipOf, principalOf, saidReady, viewOf } from "./registry.ts";
import { retentionOf, stateSyncOf } from "./past.ts";
import { applyRecovery } from "./recovery.ts";
import type { RetentionTask } from "./retention.ts";
import { exchange, type StateSyncing } from "./stateSync.ts";
import { peerRequests } from "./sync.ts";
import { Verifier } from "./verifier.ts";

export class Node {
  readonly options: NodeOptions;
  readonly genesis: Genesis;
  readonly network: Bytes;
  readonly clock: Clock;
  readonly finality = new Finality();
  readonly started = performance.now();
  database!: Database;
  store!: Store;
  chain!: Chain;
  mempool!: Mempool;
  verifier!: Verifier;
  intake!: Intake;
  dissemination!: Dissemination;
  driver: Driver | undefined;
  host: Host | undefined;
  membership!: Membership;
  heads!: Heads;
  disk!: DiskWatch;
  stateSync!: StateSyncing;
  retention: RetentionTask | undefined;
  ownActs: OwnActs | undefined;
  counters: Counters | undefined;
  app: App | undefined;
  /** Files that may change under a running node are read again. */
  reloadFiles: () => void = () => {};
  stopping = false;
  lastCommitAt = performance.now();
  clockOffMs: number | null = null;
  diverged = false;
  /** Height of the last split seen: over once that height is committed, whatever views come and go until then. */
  splitAt = 0;
  #ended = false;
  #tookState = false;
  readonly #duplicates = new Set<string>();

  private constructor(options: NodeOptions) {
    this.options = options;
    const { genesis, network } = openGenesis(options.genesisText);
    this.genesis = genesis;
    this.network = network;
    this.clock = clockOf(genesis);
  }

  /** Starts everything but the API. On failure what was started is stopped again. */
  static async start(options: NodeOptions): Promise<Node> {
    const node = new Node(options);
    try {
      await node.#openChain();
      await node.#startConsensus();
      applyRecovery(node);
      await node.#startPeers();
      return node;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  get role(): "validator" | "observer" {
    return this.membership.votes(this.#consensusKey()) ? "validator" : "observer";
  }

  #consensusKey(): Bytes | undefined {
    return this.options.config["node.role"] === "observer" ? undefined : this.options.secrets.consensus?.publicKey;
  }

  async #openChain(): Promise<void> {
    const { home, config, organisation, secrets, log } = this.options;
    const { network, genesis, clock } = this;
    const data = home.resolve(config["node.data"]);
    this.#tookState = exchange(data);
    if (this.#tookState) log.info("sync.state_installed");
    fs.mkdirSync(data, { recursive: true, mode: 0o700 });
    this.disk = new DiskWatch(data, config["store.reserve_mb"] << 20, (paused, free) =>
      paused ? log.warn("disk.low", { free }) : log.info("disk.enough", { free }),
    );
    // While the node starts, whoever opens it is told by the exception.
    this.database = await openLevel(data, { failed: (error) => void (this.driver !== undefined && this.#end(diskFailed(error))) });
    this.store = await Store.open(this.database, network);
    this.chain = await Chain.open({
      store: this.store,
      directory: home.directory,
      registry: contracts(),
      genesis,
      network,
      consensusView: viewOf,
      clock,
      logger: log,
    });
    this.chain.onCommit((block) => this.#committed(block));
    this.heads = new Heads(this.chain.head.height);
    const { reader } = this.chain;
    this.membership = membershipOf(this.chain, organisation, config["peer.keys"]);
    sayReplacedKeys(this.replacedKeys(), this.membership.epoch.epoch, this.options.log);
    const { protocol, parameters } = this.chain.epoch;
    this.verifier = new Verifier({ network, protocol }, config["workers.verify"], (error) => this.bug(error));
    this.mempool = new Mempool({ network, organisation, peerSeed: secrets.peer.secret, now: clock.now(), parameters });
    this.intake = new Intake({
      organisation,
      config,
      clock,
      mempool: this.mempool,
      verifier: this.verifier,
      closed: () => this.#closed(),
      principalOf: (key) => principalOf(reader.state, this.nextBlock(), key),
      isStored: (id) => reader.locate(id) !== undefined,
      isCommitted: (id) => this.chain.ids.has(id),
      headTime: () => this.chain.head.time,
      out: (batch) => this.dissemination.own(batch),
      validators: () => (this.role === "validator" ? undefined : this.#reachable()),
      host: () => this.host,
      refusedByQuota: (count) => this.counters?.quotaRefused(count),
    });
    log.info("chain.opened", { height: this.chain.head.height, epoch: this.chain.epoch.epoch });
  }

  /** Why clients' transactions are not taken at the moment. */
  #closed(): string | undefined {
    if (this.stopping) return "node.stopping";
    if (this.disk.paused || this.diverged) return "busy";
    return this.behind() > 2 * this.chain.epoch.parameters.window ? "node.syncing" : undefined;
  }

  /** Certified blocks above the committed head, as far as is known. */
  behind(): number {
    return Math.max(0, (this.driver?.replica.highestCertified ?? 0) - this.chain.head.height);
  }

  #reachable(): string[] {
    return this.membership.epoch.validators.map((v) => v.id).filter((id) => this.host?.isConnected(id) === true);
  }

  /** The block that would be next, for dry runs and look-ups. */
  nextBlock(): { network: Bytes; height: number; time: number; epoch: number; protocol: number; parameters: Genesis["parameters"] } {
    const { height, time } = this.chain.head;
    const { epoch, protocol, parameters } = this.chain.epoch;
    return { network: this.network, height: height + 1, time: Math.max(this.clock.now(), time + 1), epoch, protocol, parameters };
  }

  async #startConsensus(): Promise<void> {
    const { home, organisation, secrets, config, log } = this.options;
    const { network, clock, chain, mempool, verifier } = this;
    const consensus = config["node.role"] === "observer" ? undefined : secrets.consensus;
    // Without a consensus key the replica follows: the peer key names its journal, and is in no set.
    const key = (consensus ?? secrets.peer).publicKey;
    const seed = consensus?.secret;
    const journal = openJournal(home.journal, { network, key });
    if (journal.verdict !== "intact" && consensus !== undefined)
      log.warn("journal.not_intact", { verdict: journal.verdict, reason: journal.reason });
    this.dissemination = new Dissemination({
      network,
      host: {
        send: (...a) => this.host?.send(...a) ?? "absent",
        broadcast: (...a) => this.host?.broadcast(...a) ?? 0,
        penalise: (...a) => this.host?.penalise(...a),
      },
      verifier,
      mempool,
      batchKeysOf: (id) => this.membership.batchKeysOf(id),
      now: () => clock.monotonic(),
      primary: () => (this.driver === undefined ? organisation : primaryOf(this.driver.replica, this.driver.replica.view)),
      driver: {
        batch: (facts) => this.driver?.batch(facts),
        refused: (digest) => this.driver?.refused(digest),
        acked: (from, digests) => this.driver?.acked(from, digests),
      },
      log,
    });
    if (seed !== undefined)
      this.ownActs = new OwnActs({
        network,
        organisation,
        seed,
        publicKey: key,
        clock,
        headTime: () => chain.head.time,
        knownReady: () => saidReady(chain.reader.state, organisation),
        submit: (bytes) => this.intake.own(bytes),
        log,
      });
    const ports = consensusPorts({
      network,
      organisation,
      clock,
      chain,
      mempool,
      verifier,
      paused: () => this.disk.paused,
      takingState: () => this.stateSync?.active ?? false,
      dissemination: () => this.dissemination,
      host: () => this.host,
      ownActs: () => this.ownActs,
      config: () => this.membership.epoch,
      executed: (ms) => this.counters?.executed(ms),
      written: (ms) => this.counters?.written(ms),
      voted: () => this.counters?.voted(),
      notice: (code, data) => this.#notice(code, data),
      committed: (head, epoch) => this.#headMoved(head, epoch),
      stop: (reason) => this.#end(reason),
    });
    const signWith =
      seed === undefined ? (): never => fail("a node without a consensus key signs nothing") : (framed: Bytes) => sign(seed, framed);
    this.driver = await startDriver({
      network,
      organisation,
      key,
      sign: signWith,
      verify,
      supported: SUPPORTED_PROTOCOL,
      head: headOf(chain),
      config: chain.epoch,
      journal,
      ports,
    });
  }

  async #startPeers(): Promise<void> {
    const { config, organisation, secrets, log } = this.options;
    const { network, clock, store, chain } = this;
    this.stateSync = stateSyncOf(this, this.#tookState);
    this.retention = retentionOf(this);
    this.host = await Host.start({
      peerSeed: secrets.peer.secret,
      organisation,
      role: this.role,
      network,
      listen: config["peer.listen"],
      members: this.membership.allowed(),
      log,
      clock,
      handlers: {
        message: (peer, channel, bytes) =>
          channel === "votes" ? this.driver?.message(peer, bytes, this.#duplicates.has(peer)) : this.dissemination.received(peer, bytes),
        request: peerRequests({ store, reader: chain.reader }, clock, this.intake),
        connected: (peer) => {
          this.driver?.connected(peer);
          this.dissemination.ackAll(peer);
          this.stateSync.connected(peer);
        },
        disconnected: (peer) => {
          this.#duplicates.delete(peer);
          this.stateSync.disconnected(peer);
        },
        penalised: (_peer, code) => this.counters?.penalised(code),
        wrongGenesis: (peer, theirs) => this.#otherGenesis(peer, theirs),
        duplicateKey: (peer) => {
          this.#duplicates.add(peer);
          log.warn("key.duplicate", { peer });
        },
        keyElsewhere: (peer) => {
          if (this.membership.keyElsewhere(peer)) this.#end({ exit: 10, code: "start.key_elsewhere", data: {} });
        },
        fault: (error) => this.bug(error),
      },
    });
  }

  #otherGenesis(peer: string, theirs: Bytes): void {
    const { log } = this.options;
    log.warn("genesis.other", { peer, theirs: hex(theirs).slice(0, 16), ours: hex(this.network).slice(0, 16) });
    const believed = this.membership.otherGenesis(peer, theirs, this.host?.connectedPeers() ?? []);
    if (believed !== undefined) this.#end(otherGenesis(believed, this.network, faults(this.membership.epoch.validators.length) + 1));
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────────────────────────────────────
  #committed(block: CommittedBlock): void {
    const { height, header, leaves, ids, governed, references, certificate } = block;
    const { time } = header.order;
    this.lastCommitAt = performance.now();
    // One walk over the leaves: at full speed each further one costs as much as handing a transaction in.
    const outcomes: [number, number, number] = [0, 0, 0];
    for (let i = 0; i < leaves.length; i++) outcomes[leaves[i]!.result.outcome]++;
    this.finality.committed({ height, time, ids, receipt: (leaf) => leaves[leaf]!.receipt });
    this.heads.committed(height);
    this.counters?.committed(time, outcomes);
    if (outcomes[2] > 0) sayFailures(block, this.options.log);
    if (governed) this.membership.update(this.host, this.membership.epoch, viewOf(this.chain.reader.state).members);
    // Observers are told at once: they ask for nothing.
    if (this.membership.observed)
      this.host?.broadcast("votes", encodeMessage({ kind: "block", header, references, certificate }), { to: "observer" });
  }

  /** Own keys that the chain has replaced: with these the node reaches nobody, or votes on nothing. */
  replacedKeys(): ("peer" | "consensus")[] {
    return this.membership.replaced(this.options.secrets.peer.publicKey, this.#consensusKey(), this.host?.connectedPeers().length ?? 0);
  }

  /** Consensus knows of the new head: its batches wait no more. */
  #headMoved(head: Head, epoch: EpochConfig): void {
    this.mempool.committed(
      head.time,
      head.references.map((r) => r.digest),
    );
    this.intake.poke();
    const turned = epoch.epoch !== this.membership.epoch.epoch;
    this.membership.update(this.host, epoch, undefined);
    if (turned) sayReplacedKeys(this.replacedKeys(), epoch.epoch, this.options.log);
    const { own } = this.membership;
    this.ownActs?.maybeReady(own, this.behind() > 0);
  }

  #notice(code: NoticeCode, data: NoticeData): void {
    const { log } = this.options;
    const { ms } = data;
    if (code === "clock.off") this.clockOffMs = typeof ms === "number" ? ms : 0;
    if (code === "clock.good") this.clockOffMs = null;
    if (code === "split") this.splitAt = Number(data["height"]);
    if (code === "diverged") {
      this.diverged = true;
      void completeCapsule(this, Number(data["height"])).catch((error: unknown) => this.bug(error));
    }
    if (code === "view.entered") this.dissemination.ackAll();
    log[levelOf(code)](code, data);
    this.counters?.notice(code, data);
  }

  /** An assertion failed: nothing more is signed. */
  bug(error: unknown): void {
    if (this.driver === undefined) return this.#end({ exit: 70, code: "bug.unexpected", data: {}, cause: error });
    this.driver.halt(error);
  }

  #end(reason: StopReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.options.fatal(reason);
  }

  /** Requests under way get their answers; whoever is still connected a moment later is cut off. */
  async #closeApi(): Promise<void> {
    if (this.app === undefined) return;
    const { server } = this.app;
    const cut = setTimeout(() => server.closeAllConnections(), API_CLOSE_MS);
    await this.app.close();
    clearTimeout(cut);
  }

  /** Takes nothing more, finishes what is begun, closes everything. Final receipts are on the disk before anybody hears of them: nothing is lost. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.intake?.stop();
    this.dissemination?.stop();
    this.heads?.stop();
    this.finality.stop();
    await this.#closeApi();
    await this.stateSync?.stop();
    await this.retention?.stop();
    await this.driver?.close();
    await this.host?.stop();
    await this.verifier?.stop();
    this.disk?.stop();
    if (this.chain !== undefined) await this.chain.close();
    else await this.database?.close();
  }
}
