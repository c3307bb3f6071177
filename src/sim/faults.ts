// What befalls the nodes of a scenario, set on the clock; and the day on which all of it ends. docs/testing.md.
// Owns how each kind of fault is brought about. Does not own which ones a scenario has (generate.ts), what Byzantine nodes do (byzantine.ts).

import type { Clockwork } from "./clockwork.ts";
import type { DiskImage } from "./disk.ts";
import type { Network, Weather } from "./network.ts";
import type { Item, Scenario } from "./scenario.ts";
import type { SimNode } from "./simNode.ts";
import type { Watch } from "./watch.ts";

type Of<K extends Item["kind"]> = Extract<Item, { kind: K }>;

export interface Stage {
  readonly clock: Clockwork;
  readonly network: Network;
  readonly nodes: readonly SimNode[];
  readonly watch: Watch;
  readonly scenario: Scenario;
}

/** What an item brings about, by the names that the report counts. */
function faultsOf(item: Item): readonly string[] {
  switch (item.kind) {
    case "crash":
      return [item.power ? "power cut" : "kill"];
    case "cut":
      return [item.both ? "partition" : "one-way partition"];
    case "weather": {
      const { loss, duplication, reordering, tail } = item;
      return Object.entries({ loss, duplication, reordering, tail }).flatMap(([name, chance]) => (chance > 0 ? [name] : []));
    }
    case "wipe":
      return [`wipe ${item.what}`];
    default:
      return [item.kind];
  }
}

export class Faults {
  private readonly stage: Stage;
  /** Stay away for good. */
  private readonly dead = new Set<number>();
  private healed = false;
  /** What is to be taken back when the network is healed. */
  private readonly standing = new Set<() => void>();

  constructor(stage: Stage) {
    this.stage = stage;
  }

  schedule(item: Item): void {
    const { clock, scenario } = this.stage;
    const begin = (at: number, run: () => void): void => {
      if (at >= scenario.healAt) return;
      clock.at(at, undefined, () => {
        for (const fault of faultsOf(item)) this.stage.watch.note(`fault ${fault}`);
        run();
      });
    };
    switch (item.kind) {
      case "crash":
        return begin(item.at, () => this.crash(item));
      case "dead":
        return begin(item.at, () => this.die(item));
      case "cut":
        return begin(item.at, () => this.cut(item));
      case "flap":
        return begin(item.at, () => this.flap(item, item.at + item.forMs));
      case "weather":
        return begin(item.at, () => this.weather(item));
      case "slowDisk":
        return begin(item.at, () => this.slow(item));
      case "diskFailure":
        return begin(item.at, () => this.failDisk(item));
      case "clock":
        return begin(item.at, () => this.jump(item));
      case "rate":
        return begin(item.at, () => this.node(item).setRate(item.rate));
      case "image":
        return this.image(item, begin);
      case "wipe":
        return begin(item.at, () => this.wipe(item));
      case "broken":
        return begin(item.at ?? 0, () => this.break(item));
      default:
        return;
    }
  }

  private node({ node }: { readonly node: number }): SimNode {
    return this.stage.nodes[node]!;
  }

  /** Ends after so long, or with the healing. */
  private last(forMs: number, end: () => void): void {
    const once = (): void => void (this.standing.delete(once) && end());
    this.standing.add(once);
    this.stage.clock.after(forMs, undefined, once);
  }

  /** Everything ends, everybody comes back: from here on there are only the dead and the Byzantine. */
  heal(): void {
    this.healed = true;
    for (const end of [...this.standing]) end();
    for (const node of this.stage.nodes) {
      node.skewMs = Math.round(node.skewMs % 50);
      node.setRate(1);
      node.crashSoon(Number.POSITIVE_INFINITY, false);
      if (!this.dead.has(node.index)) node.boot();
    }
  }

  isDead(node: SimNode): boolean {
    return this.dead.has(node.index);
  }

  private bootAfter(node: SimNode, ms: number): void {
    this.stage.clock.after(ms, undefined, () => {
      if (!this.dead.has(node.index)) node.boot();
    });
  }

  // ── processes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private crash(item: Of<"crash">): void {
    const node = this.node(item);
    if (!node.up) return;
    node.crashSoon(item.boundaries, item.power);
    const { incarnation } = node;
    // Whenever it dies, it comes back that much later; if it does not by then, it is killed there.
    const look = (): void => {
      if (node.up && node.incarnation === incarnation && !this.healed) node.crash(item.power);
      if (!node.up) this.bootAfter(node, item.downMs);
    };
    this.stage.clock.after(200, undefined, look);
  }

  private die(item: Of<"dead">): void {
    this.dead.add(item.node);
    this.node(item).crash(true);
  }

  // ── wires ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private cut({ from, to, both, forMs }: Of<"cut">): void {
    const { network } = this.stage;
    const change = (by: 1 | -1): void => {
      for (const a of from)
        for (const b of to) {
          network.cut(a, b, by);
          if (both) network.cut(b, a, by);
          if (by < 0) network.connect(a, b);
        }
    };
    change(1);
    this.last(forMs, () => change(-1));
  }

  private flap(item: Of<"flap">, until: number): void {
    const { clock } = this.stage;
    if (this.healed || clock.now >= until) return;
    this.cut({ kind: "cut", at: clock.now, forMs: item.everyMs / 2, from: [item.a], to: [item.b], both: true });
    clock.after(item.everyMs, undefined, () => this.flap(item, until));
  }

  private weather({ from, to, forMs, loss, duplication, reordering, tail, tailMs }: Of<"weather">): void {
    const { network } = this.stage;
    const weather: Weather = {
      from: from === null ? undefined : new Set(from),
      to: to === null ? undefined : new Set(to),
      loss,
      duplication,
      reordering,
      tail,
      tailMs,
    };
    network.weather.add(weather);
    this.last(forMs, () => void network.weather.delete(weather));
  }

  // ── disks ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private slow(item: Of<"slowDisk">): void {
    const { disk } = this.node(item);
    disk.slowness *= item.factor;
    this.last(item.forMs, () => void (disk.slowness /= item.factor));
  }

  private failDisk(item: Of<"diskFailure">): void {
    const node = this.node(item);
    node.disk.failing = true;
    this.last(item.forMs, () => {
      node.crash(false);
      node.disk.failing = false;
      this.bootAfter(node, 1);
    });
  }

  private image(item: Of<"image">, begin: (at: number, run: () => void) => void): void {
    const node = this.node(item);
    let image: DiskImage | undefined;
    begin(item.takenAt, () => void (image = node.disk.image()));
    begin(item.at, () => {
      if (image === undefined) return;
      node.crash(true);
      node.disk.restore(image);
      this.stage.watch.note("image restored");
      this.stage.watch.checks.excuse(node.index).image = true;
      this.bootAfter(node, item.downMs);
    });
  }

  private wipe(item: Of<"wipe">): void {
    const { watch, nodes } = this.stage;
    const node = nodes[item.node]!;
    node.crash(true);
    watch.note(`wiped ${item.what}`);
    if (item.what === "disk") node.disk.rows = new Map(node.world.founding.rows);
    node.disk.journal.damage = item.what === "damage" ? "damaged" : "missing";
    watch.checks.wiped(node);
    this.bootAfter(node, item.downMs);
  }

  private break(item: Of<"broken">): void {
    const node = this.node(item);
    node.miscomputesFrom = item.from;
    node.miscomputesUntil = item.until;
    node.miscomputesOnce = item.once === true;
    this.stage.watch.checks.excuse(node.index).broken = true;
  }

  // ── clocks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private jump(item: Of<"clock">): void {
    const node = this.node(item);
    node.skewMs += item.jumpMs;
  }
}
