// Twins: some validators run twice under one key, each half honest for itself and together Byzantine; the network falls into parts, round after round, and
// the round names the primary. After Bano et al., "Twins: BFT Systems Made Robust". docs/protocol.md §4; docs/testing.md.
// Owns one run: its parts, its rounds, the way to the next primary. Does not own which runs there are (twinsMany.ts) nor judgement (explorerChecks.ts).

import { latin1 } from "../base/bytes.ts";
import { isLedgerError } from "../base/errors.ts";
import { primaryOf } from "../consensus/replica.ts";
import { viewTimeout } from "../consensus/timers.ts";
import type { Effect, JournalRecord, Message } from "../consensus/types.ts";
import { Checks, Violation } from "./explorerChecks.ts";
import { ExplorerNode, type Surroundings } from "./explorerNode.ts";
import { ExplorerLedger, GENESIS_TIME, nameOf } from "./explorerPorts.ts";

export interface Round {
  /** Parts of the network: instances by number, the twins of validator `twins[i]` being `n + i`. Who is in none hears nobody. */
  readonly parts: readonly (readonly number[])[];
  /** Index of the validator that is to lead. */
  readonly primary: number;
  /** These instances hear no votes of this kind: what is prepared or certified at one is unknown to another. */
  readonly deaf?: { readonly kind: "prepare" | "commit"; readonly instances: readonly number[] };
}

export interface TwinsRun {
  readonly n: number;
  /** Validators that run twice. */
  readonly twins: readonly number[];
  readonly window: number;
  readonly epochLength: number;
  readonly rounds: readonly Round[];
}

export interface TwinsOutcome {
  readonly violation: string | null;
  readonly steps: number;
  readonly height: number;
  /** Evidence against the twins, views entered and epochs: what the run reached. */
  readonly reached: ReadonlyMap<string, number>;
}

interface Flight {
  readonly from: string;
  readonly to: ExplorerNode;
  readonly message: Message | null;
  readonly body: string;
}

const BATCHES = 2;
const MOST_LANDED = 4_000;
const TURNS = 3;

export function runTwins(run: TwinsRun, log: ((line: string) => void) | null = null): TwinsOutcome {
  const network = new TwinsNetwork(run, log);
  let violation: string | null = null;
  try {
    network.begin();
    for (const round of run.rounds) network.round(round);
  } catch (error) {
    if (error instanceof Violation) violation = `${error.what}: ${error.detail}`;
    else if (isLedgerError(error) || error instanceof Error) violation = `thrown: ${error.stack ?? error.message}`;
    else throw error;
  }
  const height = Math.max(0, ...network.nodes.map((node) => node.head.height));
  return { violation, steps: network.steps, height, reached: network.reached };
}

class TwinsNetwork implements Surroundings {
  readonly ledger: ExplorerLedger;
  readonly nodes: ExplorerNode[];
  readonly reached = new Map<string, number>();
  steps = 0;
  private readonly honest: ExplorerNode[];
  private readonly twins = new Set<string>();
  private readonly checks: Checks;
  private readonly log: ((line: string) => void) | null;
  private readonly n: number;
  private readonly part = new Map<ExplorerNode, number>();
  private flights: Flight[] = [];
  private wall = GENESIS_TIME;
  private rounds = 0;

  constructor({ n, twins, window, epochLength }: TwinsRun, log: ((line: string) => void) | null) {
    this.n = n;
    this.log = log;
    const parameters = {
      window,
      epoch_length: epochLength,
      timeout_base_ms: 1_000,
      timeout_cap_ms: 8_000,
      heartbeat_ms: 600_000,
      proposal_interval_ms: 5,
      block_target: 1,
    };
    const all = Array.from({ length: n }, (_, i) => i);
    this.ledger = new ExplorerLedger(parameters, all);
    this.nodes = [...all, ...twins].map((index) => new ExplorerNode(index, this));
    for (const index of twins) this.twins.add(nameOf(index));
    for (const node of this.nodes) node.shameless = this.twins.has(node.id);
    this.honest = this.nodes.filter(({ id }) => !this.twins.has(id));
    this.checks = new Checks(this.twins);
  }

  /** Everybody starts and is answered; nothing is ordered yet. */
  begin(): void {
    for (const node of this.nodes) this.part.set(node, 0);
    for (const node of this.nodes) {
      node.boot(true);
      this.settle(node);
    }
    for (const { id } of this.nodes) for (const node of this.nodes) if (node.id !== id) node.give({ kind: "connected", peer: id });
    for (const node of this.nodes) this.settle(node);
    while (this.flights.length > 0 && this.nodes.some((node) => !node.replica.ready)) this.land(this.flights.shift()!);
    this.flights = [];
  }

  round({ parts, primary, deaf }: Round): void {
    this.log?.(`── round ${++this.rounds}: ${parts.map((part) => part.join(" ")).join(" | ")}, primary ${nameOf(primary)}`);
    this.part.clear();
    parts.forEach((part, i) => part.forEach((instance) => this.part.set(this.nodes[instance]!, i)));
    this.flights = [];
    for (const part of parts) this.submit(part.map((instance) => this.nodes[instance]!));
    this.lead(nameOf(primary));
    const passes = ({ to, message }: Flight): boolean =>
      deaf === undefined || message?.kind !== deaf.kind || !deaf.instances.includes(this.nodes.indexOf(to));
    for (let turn = 0; turn < TURNS; turn++) {
      this.landAll(passes);
      this.pass(turn === TURNS - 2 ? 1_000 : 50);
    }
    this.landAll(passes);
  }

  /** Each part has batches of its own, so that twins in two of them propose different blocks. */
  private submit(part: readonly ExplorerNode[]): void {
    for (let i = 0; i < BATCHES; i++) {
      const origin = part[i % part.length]!;
      const { digest } = this.ledger.makeBatch(origin.id, { kind: "plain" }, this.wall + 86_400_000).reference;
      for (const node of part) node.hold(latin1(digest));
      for (const node of part)
        for (const other of part) if (node !== other) node.give({ kind: "acked", from: other.id, digests: [digest] });
    }
    for (const node of part) this.settle(node);
  }

  /** Views are left until the one that this validator leads is asked for, wherever a quorum can ask for it. */
  private lead(primary: string): void {
    const leads = ({ replica }: ExplorerNode): boolean =>
      primaryOf(replica, replica.mode === "active" ? replica.view : replica.promise) === primary;
    const mayPass = ({ message }: Flight): boolean => {
      switch (message?.kind) {
        case "prepare":
        case "commit":
        case "prePrepare":
          return false;
        case "newView":
          return message.signer === primary;
        default:
          return true;
      }
    };
    for (let i = 0; i <= this.n && !this.nodes.every(leads); i++) {
      for (const node of this.nodes) if (!leads(node)) this.timeout(node);
      this.landAll(mayPass);
    }
  }

  /** Its patience is over: its own clock runs ahead. */
  private timeout(node: ExplorerNode): void {
    const { replica } = node;
    const since = replica.mode === "active" ? replica.silenceSince : replica.newViewSince;
    if (since === null) return;
    node.at = Math.max(node.at + 1, since + viewTimeout(replica));
    node.give({ kind: "tick" });
    this.settle(node);
  }

  private pass(ms: number): void {
    this.wall += ms;
    for (const node of this.nodes) {
      node.at += ms;
      node.give({ kind: "tick" });
      this.settle(node);
    }
  }

  private landAll(passes: (flight: Flight) => boolean): void {
    for (let landed = 0; this.flights.length > 0; landed++) {
      if (landed > MOST_LANDED) throw new Violation("storm", "messages without end while no time passes");
      const { flights } = this;
      this.flights = [];
      for (const flight of flights) if (passes(flight)) this.land(flight);
    }
  }

  private land({ from, to, message, body }: Flight): void {
    this.steps++;
    if (message === null) to.hold(body);
    else {
      this.log?.(`${from} → ${to.id}${this.nodes.indexOf(to) >= this.n ? "′" : ""} ${message.kind}`);
      to.give({ kind: "message", from, message });
    }
    this.settle(to);
  }

  private settle(node: ExplorerNode): void {
    node.flush();
    while (node.jobs.length > 0) {
      node.work();
      node.flush();
    }
  }

  private together(a: ExplorerNode, b: ExplorerNode): boolean {
    const part = this.part.get(a);
    return a !== b && part !== undefined && part === this.part.get(b);
  }

  // ── what nodes ask of their surroundings ─────────────────────────────────────────────────────────────────────────────────────

  now(): number {
    return this.wall;
  }

  send(node: ExplorerNode, to: string, message: Message): void {
    this.checks.sent(node, message);
    for (const other of this.nodes)
      if (other.id === to && this.together(node, other)) this.flights.push({ from: node.id, to: other, message, body: "" });
  }

  fetch(node: ExplorerNode, key: string): void {
    const source = this.nodes.find((other) => this.together(node, other) && (other.held.has(key) || other.bodies.has(key)));
    if (source !== undefined) this.flights.push({ from: source.id, to: node, message: null, body: key });
  }

  sync(node: ExplorerNode, from: readonly string[]): void {
    const source = this.nodes.find(
      (other) => from.includes(other.id) && this.together(node, other) && other.head.height > node.head.height,
    );
    for (const block of source?.chain.slice(node.head.height, node.head.height + 8) ?? [])
      this.flights.push({ from: source!.id, to: node, message: block, body: "" });
  }

  durable(node: ExplorerNode, record: JournalRecord): void {
    this.checks.durable(node, record);
  }

  committed(node: ExplorerNode, effect: Extract<Effect, { kind: "commit" }>): void {
    if (this.twins.has(node.id)) return;
    this.log?.(`    ${node.id} commits ${effect.height} in view ${effect.certificate.view}`);
    this.checks.commit(node, effect, this.honest);
  }

  noticed(node: ExplorerNode, effect: Effect): void {
    const name = effect.kind === "notice" ? effect.code : effect.kind;
    this.reached.set(name, (this.reached.get(name) ?? 0) + 1);
    this.checks.noticed(node, effect, false);
  }
}
