// One scenario, from its founding to its end: what befalls the network, then the healing, then everything handed in must become final. docs/testing.md.
// Owns the run and its outcome. Does not own: what happens (faults.ts, clients.ts, changes.ts, byzantine.ts) and what must hold (checks.ts).

import { isLedgerError } from "../base/errors.ts";
import { defaultParameters } from "../base/parameters.ts";
import type { CommittedBlock } from "../ledger/chain.ts";
import { Byzantine } from "./byzantine.ts";
import { Changes } from "./changes.ts";
import { Clients } from "./clients.ts";
import { Clockwork } from "./clockwork.ts";
import { Disk } from "./disk.ts";
import { Faults } from "./faults.ts";
import { foundNetwork } from "./founding.ts";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import { hashScheme, realScheme } from "./signatures.ts";
import { SimNode, type World } from "./simNode.ts";
import { Trees } from "./trees.ts";
import { type Violation, Watch } from "./watch.ts";

export interface RunOptions {
  /** Items (by index) that are left out. */
  readonly without?: ReadonlySet<number>;
  /** Where the trace goes. */
  readonly write?: (line: string) => void;
}

export interface Outcome {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** Of everything that was delivered and committed: equal runs have equal hashes. */
  readonly hash: string;
  readonly steps: number;
  readonly height: number;
  readonly epochs: number;
  readonly transactions: number;
  /** From the healing until everything was final and everybody had it, in ms and in longest view timers. */
  readonly recoveryMs: number;
  readonly recoveryTimers: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** After the healing everything handed in is final within so many of the longest view timers, and so many more for each validator that misbehaves. */
export const RECOVERY_TIMERS = 12;
export const RECOVERY_TIMERS_EACH = 6;
/** Handshakes, statuses and questions at start are paced by the second, whatever the timers are. */
const RECOVERY_MS = 20_000;

export async function simulate(scenario: Scenario, options: RunOptions = {}): Promise<Outcome> {
  const simulation = await Simulation.found(scenario, options);
  return simulation.run();
}

export class Simulation {
  readonly scenario: Scenario;
  readonly clock: Clockwork;
  readonly nodes: SimNode[] = [];
  readonly watch: Watch;
  readonly network: Network;
  readonly clients: Clients;
  readonly faults: Faults;
  private readonly trees = new Trees();
  private readonly capMs: number;
  private healedAt: number | undefined;
  private target = 0;

  private constructor(scenario: Scenario, founding: World["founding"], options: RunOptions) {
    const { seed, members, realSignatures, segmentBytes, cachedRows, executeMs, latencyMs, banMs } = scenario;
    const random = new Random(seed).fork("run");
    const clock = new Clockwork();
    this.scenario = scenario;
    this.clock = clock;
    this.watch = new Watch(clock, options.write);
    this.network = new Network(clock, this.nodes, members, random.fork("network"), latencyMs, (from, to, packet) =>
      this.watch.heard(from, to, packet),
    );
    const world: World = {
      clock,
      network: this.network,
      founding,
      scheme: realSignatures ? realScheme : hashScheme,
      watch: this.watch,
      trees: this.trees,
      segmentBytes,
      cachedRows,
      banMs,
      executeMs,
    };
    for (let i = 0; i < members; i++)
      this.nodes.push(new SimNode(i, world, new Disk(founding.rows, random.fork(`disk ${i}`)), random.fork(`node ${i}`)));
    const parameters = { ...defaultParameters, ...scenario.parameters };
    this.capMs = parameters.timeout_cap_ms;
    this.clients = new Clients(clock, this.nodes, founding, random.fork("clients"), 4 * parameters.timeout_base_ms, (name) =>
      this.watch.note(name),
    );
    this.faults = new Faults({ clock, network: this.network, nodes: this.nodes, watch: this.watch, scenario });
    const changes = new Changes({
      clock,
      nodes: this.nodes,
      clients: this.clients,
      founding,
      realSignatures,
      random: random.fork("changes"),
    });
    this.watch.checks.nodes = this.nodes;
    this.watch.checks.sets.set(
      0,
      founding.genesis.founders.filter((f) => f.seat).map(({ member }) => ({ id: member.id, key: member.keys.consensus })),
    );
    this.watch.listeners = {
      committed: (node, block) => this.committed(node, block),
      headMoved: (node) => changes.headMoved(node),
      evidence: (node, evidence) => changes.accuse(node, evidence),
      epochEndWanted: (node) => changes.endEpoch(node.index),
    };
    scenario.items.forEach((item, i) => {
      if (options.without?.has(i)) return;
      if (item.kind === "transaction") this.clients.schedule(item);
      else if (item.kind === "byzantine")
        this.nodes[item.node]!.corruption = new Byzantine(
          this.nodes[item.node]!,
          item.habits,
          random.fork(`byzantine ${i}`),
          parameters.timeout_base_ms / 4,
        );
      else if (item.kind === "change" || item.kind === "endEpoch") changes.schedule(item);
      else this.faults.schedule(item);
    });
  }

  static async found(scenario: Scenario, options: RunOptions): Promise<Simulation> {
    const founding = await foundNetwork(scenario.members, scenario.seats, scenario.parameters);
    return new Simulation(scenario, founding, options);
  }

  private committed(node: SimNode, { height, leaves, header }: CommittedBlock): void {
    if (!node.honest) return;
    const before = this.clients.open.size;
    this.clients.committed(
      height,
      leaves.map((leaf) => leaf.id),
    );
    this.clients.passed(header.order.time);
    if (this.clients.open.size < before || height > this.target) this.target = Math.max(this.target, height);
  }

  async run(): Promise<Outcome> {
    const { clock, scenario, watch, nodes } = this;
    try {
      for (const node of nodes) clock.at(5 * node.random.next(), undefined, () => node.boot());
      clock.at(scenario.healAt, undefined, () => this.heal());
      const faulty = this.budget();
      const limit = RECOVERY_MS + this.capMs * (RECOVERY_TIMERS + RECOVERY_TIMERS_EACH * faulty);
      await clock.run(() => watch.violation !== undefined || this.recovered(), scenario.healAt + limit);
      if (watch.violation === undefined && !this.recovered()) watch.violated("everything handed in becomes final", this.describe());
      for (const node of this.standing()) watch.checks.kept(node, node.chain.head.height);
    } catch (error) {
      watch.violated(
        "no bug",
        error instanceof Error ? `${isLedgerError(error) ? error.code : error.name} ${error.stack ?? ""}` : String(error),
      );
    }
    const outcome = this.outcome();
    this.trees.giveBack();
    return outcome;
  }

  private heal(): void {
    this.watch.line(() => "HEALED");
    this.healedAt = this.clock.now;
    this.faults.heal();
  }

  private budget(): number {
    const kinds = ["byzantine", "dead", "image", "wipe", "broken"];
    return new Set(this.scenario.items.filter(({ kind }) => kinds.includes(kind)).map((item) => ("node" in item ? item.node : -1))).size;
  }

  /** Nodes that must have everything in the end. */
  private standing(): SimNode[] {
    const { excuses } = this.watch.checks;
    return this.nodes.filter((node) => node.honest && !this.faults.isDead(node) && excuses.get(node.index) === undefined && node.up);
  }

  private recovered(): boolean {
    if (this.healedAt === undefined || this.clients.open.size > 0) return false;
    return this.standing().every((node) => node.driver !== undefined && node.chain.head.height >= this.target);
  }

  private describe(): string {
    const open = this.clients.describeOpen();
    const each = this.nodes.map((node) => {
      const r = node.driver?.replica;
      if (r === undefined) return `${node.id} down`;
      return `${node.id}${node.honest ? "" : " (Byzantine)"} ${r.config.epoch}/${r.view}/${r.head.height} ${r.mode} promise ${r.promise} tip ${r.accepted.length} left ${r.left}${r.ready ? "" : " not ready"}${r.silentUntil > r.config.epoch ? " silent" : ""}`;
    });
    return `open: ${open || "none"}; target ${this.target}; ${each.join("; ")}`;
  }

  private outcome(): Outcome {
    const { watch, clock } = this;
    const recoveryMs = this.healedAt === undefined ? 0 : clock.now - this.healedAt;
    const { blocks, sets } = watch.checks;
    return {
      seed: this.scenario.seed,
      violation: watch.violation,
      hash: watch.hash,
      steps: clock.steps,
      height: blocks.size,
      epochs: sets.size,
      transactions: this.clients.requests.length,
      recoveryMs,
      recoveryTimers: recoveryMs / this.capMs,
      counts: watch.counts,
    };
  }
}
