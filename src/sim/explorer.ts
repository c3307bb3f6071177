// A random schedule explorer over the real `step`: one seed, one network, one schedule of deliveries, losses, crashes, timeouts and Byzantine acts, then a
// healed network in which everything submitted must commit. Pure: the same seed gives the same run. docs/protocol.md §4; docs/testing.md.
// Owns the schedule. Nodes, adversary, ledger and checks are the files beside it.

import { hex, latin1 } from "../base/bytes.ts";
import { faults } from "../base/certificate.ts";
import { isLedgerError } from "../base/errors.ts";
import type { Block, Effect, JournalRecord, Message } from "../consensus/types.ts";
import { viewTimeout, wakeAt } from "../consensus/timers.ts";
import { Adversary } from "./explorerAdversary.ts";
import { Checks, Violation } from "./explorerChecks.ts";
import { ExplorerNode, type Image, type Surroundings } from "./explorerNode.ts";
import { ExplorerLedger, GENESIS_TIME, type Payload, Random } from "./explorerPorts.ts";

export interface Outcome {
  readonly seed: number;
  /** What was broken, and how; null if all held. */
  readonly violation: string | null;
  readonly steps: number;
  readonly height: number;
  readonly epoch: number;
  readonly views: number;
  /** Effects and notices seen, by name: what the schedule reached. */
  readonly reached: ReadonlyMap<string, number>;
  /** Simulated ms from healing until all was committed. */
  readonly healed: number;
}

interface Flight {
  readonly from: string;
  readonly to: ExplorerNode;
  readonly message: Message | null;
  readonly body: string;
}

/** Runs the schedule of a seed. `log` is told every event. */
export function explore(seed: number, log: ((line: string) => void) | null = null): Outcome {
  const schedule = new Schedule(seed, log);
  let violation: string | null = null;
  try {
    schedule.run();
  } catch (error) {
    if (error instanceof Violation) violation = `${error.what}: ${error.detail}`;
    else if (isLedgerError(error) || error instanceof Error) violation = `thrown: ${error.stack ?? error.message}`;
    else throw error;
  }
  return schedule.outcome(violation);
}

class Schedule implements Surroundings {
  readonly random: Random;
  readonly ledger: ExplorerLedger;
  readonly nodes: ExplorerNode[] = [];
  readonly honest: ExplorerNode[];
  readonly byzantine: ExplorerNode[];
  private readonly seed: number;
  private readonly log: ((line: string) => void) | null;
  private readonly checks: Checks;
  private readonly adversary: Adversary;
  private readonly reached = new Map<string, number>();
  private readonly done = new Map<ExplorerNode, Set<string>>();
  private readonly images: { node: ExplorerNode; image: Image }[] = [];
  private flights: Flight[] = [];
  private isolated = new Set<string>();
  private steps = 0;
  private wall = GENESIS_TIME;
  private healing = false;
  private healedAfter = 0;
  // ── how this schedule is biased
  private readonly length: number;
  private readonly loss: number;
  private readonly promptness: number;
  private readonly crashes: number;
  private readonly timeouts: number;
  private readonly drifting: boolean;
  private readonly members: number;
  /** Honest nodes that may lose their journal or be restored from an image, within f. */
  private fragile: number;

  constructor(seed: number, log: ((line: string) => void) | null) {
    const random = new Random(seed);
    this.seed = seed;
    this.log = log;
    this.random = random;
    const n = random.pick([4, 4, 4, 4, 5, 6, 7]);
    const f = faults(n);
    this.drifting = random.chance(0.05);
    const byzantine = this.drifting ? 0 : random.chance(0.85) ? f : random.below(f + 1);
    this.fragile = f - byzantine;
    this.members = n;
    const spare = random.chance(0.15) ? 1 : 0;
    const parameters = {
      window: random.pick([1, 2, 3, 4, 4, 8]),
      epoch_length: random.chance(0.5) ? 3 + random.below(6) : 60,
      timeout_base_ms: 1_000,
      timeout_cap_ms: 8_000,
      heartbeat_ms: 20_000,
      proposal_interval_ms: random.pick([5, 40, 40]),
      clock_drift_ms: 2_000,
    };
    this.ledger = new ExplorerLedger(parameters, Array.from({ length: n }, (_, i) => i));
    for (let i = 0; i < n + spare; i++) this.nodes.push(new ExplorerNode(i, this));
    const order = [...this.nodes.slice(0, n)];
    const picked = Array.from({ length: byzantine }, () => order.splice(random.below(order.length), 1)[0]!);
    this.byzantine = picked;
    this.honest = this.nodes.filter((node) => !picked.includes(node));
    this.checks = new Checks(this.unbound);
    for (const node of picked) this.unbound.add(node.id);
    this.adversary = new Adversary(this);
    this.length = 120 + random.below(200);
    this.loss = random.pick([0, 0, 0.05, 0.2, 0.4]);
    this.promptness = random.pick([1, 1, 0.8, 0.5]);
    this.crashes = random.pick([0, 0, 0.01, 0.03]);
    this.timeouts = random.pick([0, 0.01, 0.03, 0.06]);
    for (const node of this.nodes) {
      node.skew = random.chance(0.1) ? random.below(3_000) - 1_500 : random.below(50);
      this.done.set(node, new Set());
    }
  }

  /** Byzantine, or put back to an old image. */
  private readonly unbound = new Set<string>();

  // ── what nodes do (Surroundings) ─────────────────────────────────────────────────────────────────────────────────────────────

  now(node: ExplorerNode): number {
    return this.wall + node.skew;
  }

  send(node: ExplorerNode, to: string, message: Message): void {
    this.checks.sent(node, message);
    if (this.byzantine.length > 0) this.adversary.hear(message);
    if (this.byzantine.includes(node) && !this.healing && this.random.chance(0.2)) return;
    this.deliver(node.id, to, message);
  }

  deliver(from: string, to: string, message: Message): void {
    const target = this.nodes.find((node) => node.id === to);
    if (target === undefined) return;
    if (!this.healing && (this.isolated.has(from) || this.isolated.has(to) || this.random.chance(this.loss))) return;
    this.flights.push({ from, to: target, message, body: "" });
    if (!this.healing && this.random.chance(0.02)) this.flights.push({ from, to: target, message, body: "" });
  }

  fetch(node: ExplorerNode, key: string, from: readonly string[]): void {
    if (node.held.has(key) || node.bodies.has(key)) {
      this.flights.push({ from: node.id, to: node, message: null, body: key });
      return;
    }
    for (const id of from) {
      const source = this.nodes.find((other) => other.id === id);
      if (source === undefined || !source.up || !(source.held.has(key) || source.bodies.has(key))) continue;
      if (this.byzantine.includes(source) && (this.healing || this.random.chance(0.5))) continue;
      if (!this.healing && this.random.chance(this.loss)) continue;
      this.flights.push({ from: id, to: node, message: null, body: key });
      return;
    }
  }

  sync(node: ExplorerNode, from: readonly string[]): void {
    for (const id of from) {
      const source = this.nodes.find((other) => other.id === id);
      if (source === undefined || !source.up) continue;
      for (const block of source.chain.slice(node.head.height, node.head.height + 8)) this.deliver(id, node.id, block);
    }
  }

  durable(node: ExplorerNode, record: JournalRecord): void {
    this.checks.durable(node, record);
  }

  committed(node: ExplorerNode, effect: Extract<Effect, { kind: "commit" }>): void {
    for (const reference of effect.references) this.done.get(node)!.add(latin1(reference.digest));
    if (this.unbound.has(node.id)) return;
    this.log?.(`    ${node.id} commits ${effect.height} ${hex(effect.hash).slice(0, 8)} view ${effect.certificate.view}`);
    this.checks.commit(node, effect, this.honest);
  }

  noticed(node: ExplorerNode, effect: Effect): void {
    const name = effect.kind === "notice" ? effect.code + (effect.code === "view.left" ? ` ${effect.data["reason"]}` : "") : effect.kind;
    this.reached.set(name, (this.reached.get(name) ?? 0) + 1);
    if (this.log !== null && effect.kind !== "execute" && effect.kind !== "commit")
      this.log(`    ${node.id} ${effect.kind === "notice" ? `${effect.code} ${JSON.stringify(effect.data)}` : name}`);
    this.checks.noticed(node, effect, this.drifting);
  }

  clock(): number {
    return this.wall;
  }

  batches() {
    return [...this.ledger.batches.values()].map(({ facts }) => facts.reference);
  }

  blockHash(order: { order: Block["header"]["order"]; references: Block["references"] }) {
    try {
      return this.ledger.execute(order.order, order.references, 0).hash;
    } catch {
      return null; // built on an order that nobody can execute
    }
  }

  // ── the schedule ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  run(): void {
    for (const node of this.nodes) node.boot(true);
    for (const node of this.nodes) this.settle(node);
    for (let i = this.random.below(2); i >= 0; i--) this.submit();
    while (this.steps < this.length) this.event();
    if (!this.drifting) this.heal();
  }

  private event(): void {
    this.steps++;
    this.wall += this.random.below(8);
    const { random } = this;
    const roll = random.next();
    if (roll < this.timeouts) return this.timeout(random.pick(this.honest));
    if (roll < this.timeouts + this.crashes) return this.crashOrReturn(random.pick(this.honest));
    if (roll > 0.97) return this.submit();
    if (roll > 0.94) return this.tick(random.pick(this.nodes));
    if (roll > 0.93) return this.isolate();
    if (this.byzantine.length > 0 && roll > 0.83) return this.adversary.act();
    if (roll > 0.78) {
      const node = random.pick(this.nodes);
      node.flush();
      return node.work();
    }
    if (this.flights.length === 0) return this.timeout(random.pick(this.honest));
    this.land(this.take());
  }

  /** Mostly the oldest, sometimes any: reordering. */
  private take(): Flight {
    const { flights } = this;
    const most = this.random.chance(0.6) ? Math.min(4, flights.length) : flights.length;
    const at = this.random.below(most);
    const flight = flights[at]!;
    if (at < 4) flights.splice(at, 1);
    else {
      flights[at] = flights[flights.length - 1]!;
      flights.pop();
    }
    return flight;
  }

  private land({ from, to, message, body }: Flight): void {
    if (!to.up) return;
    if (message === null) to.hold(body);
    else {
      this.log?.(`${from} → ${to.id} ${describe(message)}`);
      to.give({ kind: "message", from, message });
    }
    this.settle(to);
  }

  private settle(node: ExplorerNode): void {
    if (this.healing || this.random.chance(this.promptness)) node.flush();
    while (node.jobs.length > 0 && (this.healing || this.random.chance(this.promptness))) {
      node.work();
      if (this.healing || this.random.chance(this.promptness)) node.flush();
    }
  }

  private tick(node: ExplorerNode): void {
    if (!node.up) return;
    node.at = Math.max(node.at, Math.min(wakeAt(node.replica), node.at + 1_000));
    node.give({ kind: "tick" });
    this.settle(node);
  }

  /** Its patience is over: its own clock runs ahead. */
  private timeout(node: ExplorerNode): void {
    if (!node.up) return;
    const { replica } = node;
    const since = replica.mode === "active" ? replica.silenceSince : replica.newViewSince;
    node.at = Math.max(node.at + 1, (since ?? node.at) + viewTimeout(replica));
    this.log?.(`${node.id} timeout (view ${replica.view}, promise ${replica.promise})`);
    node.give({ kind: "tick" });
    this.settle(node);
  }

  private crashOrReturn(node: ExplorerNode): void {
    const { random } = this;
    if (!node.up) return this.bootAgain(node);
    if (this.fragile > 0 && random.chance(0.3)) this.images.push({ node, image: node.image() });
    if (node.jobs[0]?.kind === "commit" && random.chance(0.5)) node.work(true); // between the database and the core
    node.crash();
    this.log?.(`${node.id} crashes`);
    if (random.chance(0.7)) this.bootAgain(node);
  }

  private bootAgain(node: ExplorerNode): void {
    const { random } = this;
    let intact = !this.wiped.has(node);
    if (this.drifting && random.chance(0.5)) node.variant = 1 - node.variant;
    if (this.fragile > 0 && random.chance(0.2)) {
      this.fragile--;
      const old = this.images.find((entry) => entry.node === node && random.chance(0.5));
      if (old !== undefined) this.restoreImage(node, old.image);
      else {
        node.journal = [];
        this.wiped.add(node);
        intact = false;
      }
    }
    this.log?.(`${node.id} starts ${intact ? "" : "without a journal"}`);
    node.boot(intact);
    this.settle(node);
  }
  private readonly wiped = new Set<ExplorerNode>();

  /** An old image: connections are gone with the process, so nothing of it is in flight any more. */
  private restoreImage(node: ExplorerNode, image: Image): void {
    this.log?.(`${node.id} is put back to height ${image.head.height}`);
    this.unbound.add(node.id);
    node.journal = [...image.journal];
    node.chain = [...image.chain];
    node.head = image.head;
    node.config = image.config;
    node.bodies = new Set(image.bodies);
    this.flights = this.flights.filter(({ from }) => from !== node.id);
  }

  private isolate(): void {
    if (this.isolated.size > 0) this.isolated.clear();
    else for (const node of this.random.subset(this.nodes).slice(0, 2)) this.isolated.add(node.id);
  }

  // ── batches ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private submit(): void {
    const { random } = this;
    const origin = random.pick(this.nodes);
    if (!origin.up) return;
    const facts = this.ledger.makeBatch(origin.id, this.payload(), this.wall + 86_400_000);
    const key = latin1(facts.reference.digest);
    const honestOrigin = this.honest.includes(origin);
    const holders = this.nodes.filter((node) => node === origin || this.byzantine.includes(node) || random.chance(honestOrigin ? 0.9 : 0.5));
    this.log?.(`batch ${hex(facts.reference.digest).slice(0, 8)} of ${origin.id} to ${holders.map((node) => node.id).join(" ")}`);
    for (const node of holders) if (node.up) node.hold(key);
    for (const node of holders) for (const other of holders) if (node !== other && random.chance(0.9)) node.give({ kind: "acked", from: other.id, digests: [facts.reference.digest] });
    for (const node of holders) this.settle(node);
  }

  private payload(): Payload {
    const { random } = this;
    const roll = random.next();
    if (roll < 0.8) return { kind: "plain" };
    if (roll < 0.9) return { kind: "end" };
    // One member comes, goes or is replaced: at most f change, and f' still covers the Byzantine.
    const all = Array.from({ length: this.members }, (_, i) => i);
    const spare = this.nodes.length > this.members ? this.members : -1;
    const options = [all];
    if (spare >= 0) options.push([...all, spare]);
    const out = random.below(this.members);
    if (this.members > 4) options.push(all.filter((i) => i !== out));
    if (spare >= 0 && this.members > 3) options.push([...all.filter((i) => i !== out), spare]);
    const members = random.pick(options);
    const bad = members.filter((i) => this.byzantine.some((node) => node.index === i)).length + (this.wiped.size > 0 || this.fragile > 0 ? faults(this.members) - this.byzantine.length : 0);
    return bad <= faults(members.length) ? { kind: "members", members } : { kind: "end" };
  }

  // ── healing ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The network heals, the Byzantine fall silent: whatever an honest node holds must be committed everywhere within a bounded time. */
  private heal(): void {
    this.healing = true;
    this.isolated.clear();
    this.log?.("── healed ──");
    for (const node of this.byzantine) node.crash();
    for (const node of this.honest) if (!node.up) this.bootAgainPlainly(node);
    for (const node of this.honest) this.settle(node);
    const held = new Set(this.honest.flatMap((node) => [...node.held]));
    const digests = [...held].map((key) => this.ledger.batches.get(key)!.facts.reference.digest);
    for (const node of this.honest) {
      for (const key of held) node.hold(key);
      for (const other of this.honest) if (other !== node) node.give({ kind: "acked", from: other.id, digests });
      this.settle(node);
    }
    const start = this.wall;
    while (!this.complete(held)) {
      this.landAll();
      if (this.complete(held)) break;
      if (this.wall - start > HEAL_LIMIT_MS) throw new Violation("liveness", this.stuck(held));
      this.pass();
    }
    this.healedAfter = this.wall - start;
  }

  private bootAgainPlainly(node: ExplorerNode): void {
    node.boot(!this.wiped.has(node));
    this.settle(node);
  }

  private landAll(): void {
    for (let i = 0; this.flights.length > 0; i++) {
      if (i > MOST_IN_A_MOMENT) throw new Violation("storm", "messages without end while no time passes");
      this.land(this.flights.shift()!);
      this.steps++;
    }
  }

  /** Time passes until somebody has something to do. */
  private pass(): void {
    let wait = 1_000;
    for (const node of this.honest) wait = Math.min(wait, wakeAt(node.replica) - node.at);
    if (wait <= 0) {
      if (++this.idle > 1_000) throw new Violation("busy", "woken without end while no time passes");
    } else this.idle = 0;
    this.wall += wait;
    for (const node of this.honest) node.at += wait;
    for (const node of this.honest) {
      if (wakeAt(node.replica) > node.at) continue;
      node.give({ kind: "tick" });
      this.steps++;
      this.settle(node);
    }
  }
  private idle = 0;

  private complete(held: ReadonlySet<string>): boolean {
    return this.honest.every((node) => [...held].every((key) => this.done.get(node)!.has(key)));
  }

  private stuck(held: ReadonlySet<string>): string {
    const states = this.honest.map((node) => {
      const { replica: r } = node;
      const missing = [...held].filter((key) => !this.done.get(node)!.has(key)).length;
      return `${node.id}: c ${r.head.height} epoch ${r.config.epoch} view ${r.view} ${r.mode} promise ${r.promise} tip ${r.head.height + r.accepted.length} lacks ${missing}${r.ready ? "" : " unready"}${r.silentUntil > 0 ? ` silent<${r.silentUntil}` : ""}`;
    });
    return states.join("; ");
  }

  outcome(violation: string | null): Outcome {
    const replicas = this.honest.map((node) => node.replica).filter((replica) => replica !== undefined);
    return {
      seed: this.seed,
      violation,
      steps: this.steps,
      height: Math.max(0, ...replicas.map((r) => r.head.height)),
      epoch: Math.max(0, ...replicas.map((r) => r.config.epoch)),
      views: Math.max(0, ...replicas.map((r) => r.promise)),
      reached: this.reached,
      healed: this.healedAfter,
    };
  }
}

/** Within 40 of the longest timers. */
const HEAL_LIMIT_MS = 40 * 8_000;
const MOST_IN_A_MOMENT = 200_000;

function describe(message: Message): string {
  switch (message.kind) {
    case "prepare":
    case "commit":
      return `${message.kind} e${message.epoch} v${message.view} h${message.height} ${hex(message.hash).slice(0, 8)}`;
    case "prePrepare":
      return `prePrepare v${message.view} h${message.order.height} ${hex(message.prepare.hash).slice(0, 8)} on ${hex(message.order.parent).slice(0, 8)}`;
    case "viewChange": {
      const { view, committedHeight, best } = message.claim;
      return `viewChange w${view} c${committedHeight} best ${best === null ? "none" : `v${best.view} h${best.height} ${hex(best.digest).slice(0, 8)}`}`;
    }
    case "newView":
      return `newView w${message.view} of ${message.claims.map((c) => c.signer).join(" ")} tip ${message.prepare === null ? "committed" : `h${message.prepare.height} ${hex(message.prepare.hash).slice(0, 8)}`}`;
    case "status":
      return `status e${message.epoch} v${message.view} c${message.committed} tip ${message.tip}`;
    default:
      return message.kind;
  }
}

