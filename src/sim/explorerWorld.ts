// The network of one schedule: its nodes, what is in flight, who is cut off, and everything that nodes ask of their surroundings.
// Owns delivery and loss. Does not own when things happen (explorerEvents.ts) nor judgement (explorerChecks.ts).

import { hex, latin1 } from "../base/bytes.ts";
import { faults } from "../base/certificate.ts";
import { isLedgerError } from "../base/errors.ts";
import type { BatchReference } from "../base/header.ts";
import type { Effect, JournalRecord, Message, Order } from "../consensus/types.ts";
import { Adversary, type Stage } from "./explorerAdversary.ts";
import { Checks } from "./explorerChecks.ts";
import { ExplorerNode, type Surroundings } from "./explorerNode.ts";
import { ExplorerLedger, GENESIS_TIME, Random } from "./explorerPorts.ts";

export interface Flight {
  readonly from: string;
  readonly to: ExplorerNode;
  /** A message, or the body of a batch. */
  readonly message: Message | null;
  readonly body: string;
}

export class World implements Surroundings, Stage {
  readonly random: Random;
  readonly ledger: ExplorerLedger;
  readonly nodes: ExplorerNode[] = [];
  readonly honest: ExplorerNode[];
  readonly byzantine: ExplorerNode[];
  readonly byId = new Map<string, ExplorerNode>();
  readonly adversary: Adversary;
  readonly reached = new Map<string, number>();
  /** Batches committed at each node. */
  readonly done = new Map<ExplorerNode, Set<string>>();
  /** Byzantine, or put back to an old image: not bound by what they signed. */
  readonly unbound = new Set<string>();
  /** Without the journal made with their key. */
  readonly wiped = new Set<ExplorerNode>();
  readonly log: ((line: string) => void) | null;
  /** Size of the first set; one more node may stand by as an observer. */
  readonly members: number;
  /** Nodes compute different results after a restart (another release): safety only. */
  readonly drifting: boolean;
  /** At the end the network heals, and everything must commit: it costs as much as all before it. */
  readonly heals: boolean;
  /** Honest nodes that may still lose their journal or be put back to an image, within f. */
  fragile: number;
  flights: Flight[] = [];
  isolated = new Set<string>();
  loss: ReadonlyMap<Message["kind"], number> = new Map();
  promptness = 1;
  /** How much of what the protocol demands the Byzantine leave out. */
  reluctance = 0.2;
  steps = 0;
  wall = GENESIS_TIME;
  /** Everything is delivered and written at once. */
  calm = true;
  /** The first to commit a height knows what others do not. */
  knower: ExplorerNode | null = null;
  private readonly checks: Checks;
  private readonly seen = new WeakSet<Message>();

  constructor(seed: number, log: ((line: string) => void) | null) {
    const random = new Random(seed);
    this.log = log;
    this.random = random;
    const n = random.pick([4, 4, 4, 4, 5, 6, 7]);
    const f = faults(n);
    this.members = n;
    this.drifting = random.chance(0.06);
    this.heals = !this.drifting && random.chance(0.35);
    const bad = this.drifting ? 0 : random.chance(0.85) ? f : random.below(f + 1);
    this.fragile = f - bad;
    const parameters = {
      window: random.pick([1, 2, 3, 4, 4, 8]),
      epoch_length: random.chance(0.4) ? 3 + random.below(6) : 60,
      timeout_base_ms: 1_000,
      timeout_cap_ms: 8_000,
      heartbeat_ms: 20_000,
      proposal_interval_ms: random.pick([5, 40]),
      block_target: random.pick([1, 1, 1_000]), // one batch a block: deep pipelines
    };
    this.ledger = new ExplorerLedger(
      parameters,
      Array.from({ length: n }, (_, i) => i),
    );
    const count = n + (random.chance(0.15) ? 1 : 0);
    for (let i = 0; i < count; i++) this.addNode(i);
    const order = this.nodes.slice(0, n);
    // Half the time the first primary is one of them.
    this.byzantine = Array.from(
      { length: bad },
      (_, i) => order.splice(i === 0 && random.chance(0.5) ? 0 : random.below(order.length), 1)[0]!,
    );
    this.honest = this.nodes.filter((node) => !this.byzantine.includes(node));
    for (const node of this.byzantine) {
      this.unbound.add(node.id);
      node.shameless = true;
    }
    this.checks = new Checks(this.unbound);
    this.adversary = new Adversary(this);
  }

  private addNode(index: number): void {
    const node = new ExplorerNode(index, this);
    node.skew = this.random.chance(0.1) ? this.random.below(3_000) - 1_500 : this.random.below(50);
    this.nodes.push(node);
    this.byId.set(node.id, node);
    this.done.set(node, new Set());
  }

  // ── what nodes ask of their surroundings ─────────────────────────────────────────────────────────────────────────────────────

  now(node: ExplorerNode): number {
    return this.wall + node.skew;
  }

  send(node: ExplorerNode, to: string, message: Message): void {
    if (!this.seen.has(message)) {
      this.seen.add(message);
      this.checks.sent(node, message);
      if (this.byzantine.length > 0) this.adversary.hear(message);
    }
    if (!this.calm && this.unbound.has(node.id) && this.random.chance(this.reluctance)) return; // the Byzantine run the protocol, but not for everybody
    this.deliver(node.id, to, message);
  }

  deliver(from: string, to: string, message: Message): void {
    const target = this.byId.get(to);
    if (target === undefined) return;
    const flight = { from, to: target, message, body: "" };
    if (this.calm) return void this.flights.push(flight);
    if (this.isolated.has(from) || this.isolated.has(to) || this.random.chance(this.loss.get(message.kind) ?? 0)) return;
    this.flights.push(flight);
    if (this.random.chance(0.02)) this.flights.push(flight);
  }

  fetch(node: ExplorerNode, key: string, from: readonly string[]): void {
    const own = node.held.has(key) || node.bodies.has(key);
    for (const id of own ? [node.id] : from) {
      const source = this.byId.get(id);
      if (source === undefined || !source.up || !(source.held.has(key) || source.bodies.has(key))) continue;
      if (this.byzantine.includes(source) && (this.calm || this.random.chance(0.5))) continue;
      this.flights.push({ from: id, to: node, message: null, body: key });
      return;
    }
  }

  sync(node: ExplorerNode, from: readonly string[]): void {
    for (const id of from) {
      const source = this.byId.get(id);
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
    if (!this.checks.committed.has(effect.height)) this.knower = node;
    this.checks.commit(node, effect, this.honest);
  }

  noticed(node: ExplorerNode, effect: Effect): void {
    const name = effect.kind === "notice" ? effect.code + (effect.code === "view.left" ? ` ${effect.data["reason"]}` : "") : effect.kind;
    this.reached.set(name, (this.reached.get(name) ?? 0) + 1);
    if (this.log !== null && effect.kind !== "execute" && effect.kind !== "commit")
      this.log(`    ${node.id} ${effect.kind === "notice" ? `${effect.code} ${JSON.stringify(effect.data)}` : name}`);
    this.checks.noticed(node, effect, this.drifting);
  }

  // ── what the adversary may use (Stage) ───────────────────────────────────────────────────────────────────────────────────────

  clock(): number {
    return this.wall;
  }

  batches(): BatchReference[] {
    return [...this.ledger.batches.values()].map(({ facts }) => facts.reference);
  }

  blockHash({ order, references }: Order): Uint8Array | null {
    try {
      return this.ledger.execute(order, references, 0).hash;
    } catch (error) {
      if (isLedgerError(error)) return null; // built on an order that nobody can execute
      throw error;
    }
  }

  // ── moving things ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  land({ from, to, message, body }: Flight): void {
    if (!to.up) return;
    if (message === null) to.hold(body);
    else {
      this.log?.(`${from} → ${to.id} ${describe(message)}`);
      to.give({ kind: "message", from, message });
    }
    this.settle(to);
  }

  /** The disk and the queue of executions keep up, more or less. */
  settle(node: ExplorerNode): void {
    const prompt = () => this.calm || this.random.chance(this.promptness);
    if (prompt()) node.flush();
    while (node.jobs.length > 0 && prompt()) {
      node.work();
      if (prompt()) node.flush();
    }
  }

  boot(node: ExplorerNode): void {
    const intact = !this.wiped.has(node);
    this.log?.(`${node.id} starts${intact ? "" : " without a journal"}`);
    node.boot(intact);
    this.settle(node);
  }
}

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
