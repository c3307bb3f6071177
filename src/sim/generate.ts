// From a seed to a scenario. docs/testing.md. Owns the choice: how large the network is, what it suffers, and that no more than f of its validators
// misbehave, lose their disk, compute wrongly or stay away: beyond that nothing is promised. Does not own how a fault is brought about (faults.ts).

import { faults } from "../base/certificate.ts";
import { Random } from "./random.ts";
import { type Change, type Habit, habits, type Item, type Scenario } from "./scenario.ts";

/** n by frequency: the small ones are where quorums are odd, the large ones are dear. */
const SIZES: readonly (readonly [n: number, weight: number])[] = [
  [4, 740],
  [5, 100],
  [6, 60],
  [7, 80],
  [10, 14],
  [13, 5],
  [31, 1],
];

type Theme = "crashes" | "cuts" | "weather" | "disks" | "clocks" | "byzantine" | "loss of disks" | "epochs" | "members" | "calm";
const THEMES: readonly Theme[] = [
  "crashes",
  "cuts",
  "weather",
  "disks",
  "clocks",
  "byzantine",
  "byzantine",
  "byzantine",
  "loss of disks",
  "epochs",
  "members",
];

export function generate(seed: number): Scenario {
  return new Generator(seed).scenario();
}

class Generator {
  private readonly seed: number;
  private readonly random: Random;
  private readonly items: Item[] = [];
  private readonly seats: number;
  private readonly members: number;
  private readonly themes: ReadonlySet<Theme>;
  private readonly base: number;
  /** Length of the time of troubles. */
  private readonly span: number;
  /** Validators that may be faulty for good; so many more may join them. */
  private readonly faulty = new Set<number>();
  private readonly most: number;

  constructor(seed: number) {
    const random = new Random(seed);
    this.seed = seed;
    this.random = random;
    this.seats = weighted(random, SIZES);
    this.themes = new Set(Array.from({ length: random.between(2, 4) }, () => random.pick(THEMES)));
    const joining = this.themes.has("members") && this.seats < 13 ? random.between(0, 2) : 0;
    this.members = this.seats + joining;
    this.base = random.pick([200, 300, 500, 1_000]);
    this.span = Math.round(this.base * random.between(5, 12) * (this.seats > 10 ? 0.4 : this.seats > 6 ? 0.7 : 1));
    // Where the set may shrink to n − 1, f is that of n − 1.
    this.most = faults(this.themes.has("members") ? Math.max(4, this.seats - 1) : this.seats);
  }

  scenario(): Scenario {
    const { random, base, seed, members, seats, themes, span } = this;
    const short = themes.has("epochs") || themes.has("members") || themes.has("loss of disks");
    if (themes.has("byzantine")) this.byzantine();
    if (themes.has("loss of disks")) this.losses();
    if (random.chance(0.15)) this.dead();
    if (random.chance(0.04)) this.broken();
    if (random.chance(0.04)) this.misprint();
    if (themes.has("crashes")) this.crashes();
    if (themes.has("cuts")) this.cuts();
    if (themes.has("weather")) this.storms();
    if (themes.has("disks")) this.disks();
    if (themes.has("clocks")) this.clocks();
    if (themes.has("epochs") || themes.has("loss of disks")) this.epochEnds();
    if (themes.has("members")) this.changes();
    this.transactions();
    return {
      seed,
      members,
      seats,
      parameters: {
        timeout_base_ms: base,
        timeout_cap_ms: base * random.pick([2, 4, 8]),
        clock_drift_ms: Math.max(100, random.pick([base, 2 * base])),
        heartbeat_ms: Math.max(1_000, base * random.pick([4, 8])),
        proposal_interval_ms: random.pick([5, 10, 40]),
        window: random.pick([1, 2, 3, 4, 4, 4, 8]),
        epoch_length: short ? random.pick([16, 16, 20, 40]) : random.pick([16, 1_000]),
        block_target: random.pick([1, 3, 1_000]),
        origin_batches: random.pick([1, 2, 16]),
      },
      latencyMs: random.pick([0.2, 1, 3, base / 50, base / 20]),
      executeMs: random.pick([0.1, 1, base / 40]),
      segmentBytes: random.pick([4_096, 16_384, 1 << 20]),
      cachedRows: random.pick([1, 4, 64]),
      banMs: random.pick([1, base, 30_000]),
      // They take half a scenario's time: they go where evidence may become a record.
      realSignatures: themes.has("byzantine") && seats < 8 && random.chance(0.05),
      healAt: span,
      items: this.items,
    };
  }

  // ── when, who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private when(): number {
    return Math.round(this.random.next() * this.span);
  }
  private length(): number {
    return Math.round(this.base * this.random.longTailed(0.5));
  }
  private node(): number {
    return this.random.below(this.members);
  }
  /** A validator that may be faulty, as long as there may be one more; one that is faulty already may be so in another way as well. */
  private victim(): number | undefined {
    const { random, faulty, most, seats } = this;
    if (faulty.size > 0 && random.chance(0.3)) return random.pick([...faulty]);
    if (faulty.size >= most) return undefined;
    const sound = Array.from({ length: seats }, (_, i) => i).filter((i) => !faulty.has(i));
    const victim = random.pick(sound);
    faulty.add(victim);
    return victim;
  }
  private times(most: number): number {
    return this.random.between(1, most);
  }

  // ── faults ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private byzantine(): void {
    const { random, most } = this;
    const count = random.chance(0.7) ? most : random.between(1, most);
    for (let i = 0; i < count && this.faulty.size < most; i++) {
      const sound = Array.from({ length: this.seats }, (_, at) => at).filter((at) => !this.faulty.has(at));
      // The first primaries do the most harm.
      const node = random.chance(0.6) ? sound[0]! : random.pick(sound);
      this.faulty.add(node);
      const own: Habit[] = random.shuffle(habits).slice(0, random.pick([1, 1, 2, 3, 5]));
      this.items.push({ kind: "byzantine", node, habits: own });
    }
  }

  private losses(): void {
    const { random } = this;
    for (let i = this.times(2); i > 0; i--) {
      const node = this.victim();
      if (node === undefined || this.items.some((item) => item.kind === "byzantine" && item.node === node)) return;
      const at = this.when();
      const downMs = this.length();
      if (random.chance(0.4)) this.items.push({ kind: "image", node, takenAt: Math.round(at * random.next()), at, downMs });
      else this.items.push({ kind: "wipe", node, at, downMs, what: random.pick(["disk", "disk", "journal", "damage"]) });
    }
  }

  private dead(): void {
    const node = this.victim();
    if (node !== undefined) this.items.push({ kind: "dead", node, at: this.when() });
  }

  private broken(): void {
    const node = this.victim();
    if (node === undefined || this.items.some((item) => item.kind === "byzantine" && item.node === node)) return;
    const from = this.random.between(1, 12);
    this.items.push({ kind: "broken", node, from, until: this.random.chance(0.5) ? from : Number.MAX_SAFE_INTEGER });
  }

  /** It signs a wrong result, is started again in good health, and the order comes back to it: others were away, so that nothing was certified (§3 lock). */
  private misprint(): void {
    const { random, base, seats, items } = this;
    const node = this.victim();
    if (node === undefined || items.some((item) => item.kind === "byzantine" && item.node === node)) return;
    const at = this.when();
    items.push({ kind: "broken", at, node, from: 1, until: Number.MAX_SAFE_INTEGER, once: true });
    const others = random.shuffle(Array.from({ length: seats }, (_, i) => i).filter((other) => other !== node));
    for (const other of others.slice(0, faults(seats))) {
      const downMs = Math.round(base * random.between(1, 4));
      items.push({ kind: "crash", node: other, at: Math.max(0, at - 1), boundaries: 1, power: true, downMs });
    }
    items.push({
      kind: "crash",
      node,
      at: at + random.between(5, Math.round(base / 2)),
      boundaries: random.between(1, 20),
      power: true,
      downMs: random.between(0, 50),
    });
  }

  private crashes(): void {
    const { random } = this;
    for (let i = this.times(8); i > 0; i--)
      this.items.push({
        kind: "crash",
        node: this.node(),
        at: this.when(),
        // Soon, while something is under way: after 200 ms it is killed wherever it is.
        boundaries: random.chance(0.6) ? random.between(1, 12) : random.between(1, 80),
        power: random.chance(0.6),
        downMs: random.chance(0.5) ? random.between(0, 20) : this.length(),
      });
    // All at once: one power cut in one city.
    if (!random.chance(0.2)) return;
    const at = this.when();
    for (let node = 0; node < this.members; node++)
      this.items.push({ kind: "crash", node, at, boundaries: random.between(1, 6), power: true, downMs: random.between(0, this.base) });
  }

  private cuts(): void {
    const { random, members } = this;
    const all = Array.from({ length: members }, (_, i) => i);
    for (let i = this.times(4); i > 0; i--) {
      const at = this.when();
      const roll = random.next();
      if (roll < 0.3) {
        const [a, b] = random.shuffle(all);
        this.items.push({ kind: "flap", at, forMs: 4 * this.length(), a: a!, b: b!, everyMs: random.between(50, this.base) });
        continue;
      }
      const some = random.shuffle(all).slice(0, random.between(1, members - 1));
      const rest = all.filter((index) => !some.includes(index));
      const both = roll < 0.75;
      this.items.push({ kind: "cut", at, forMs: 2 * this.length(), from: some, to: rest, both });
    }
  }

  private storms(): void {
    const { random, members, base } = this;
    const all = Array.from({ length: members }, (_, i) => i);
    for (let i = this.times(3); i > 0; i--) {
      const some = random.chance(0.5) ? null : random.subset(all);
      this.items.push({
        kind: "weather",
        at: this.when(),
        forMs: 4 * this.length(),
        from: some,
        to: random.chance(0.5) ? null : random.subset(all),
        loss: random.pick([0, 0.05, 0.2, 0.5, 0.9]),
        duplication: random.pick([0, 0.1, 0.5]),
        reordering: random.pick([0, 0.2, 0.8]),
        tail: random.pick([0, 0.02, 0.2]),
        tailMs: base * random.pick([0.2, 1, 3]),
      });
    }
  }

  private disks(): void {
    const { random } = this;
    for (let i = this.times(3); i > 0; i--) {
      const at = this.when();
      const node = this.node();
      if (random.chance(0.7))
        this.items.push({ kind: "slowDisk", at, node, forMs: 3 * this.length(), factor: random.pick([10, 100, 1_000]) });
      else this.items.push({ kind: "diskFailure", at, node, forMs: this.length() });
    }
  }

  /** Up to f clocks may be anywhere; the others are off by less than they are allowed to be. */
  private clocks(): void {
    const { random, seats, base } = this;
    const wild = random.shuffle(Array.from({ length: seats }, (_, i) => i)).slice(0, faults(seats));
    for (let i = this.times(4); i > 0; i--) {
      const node = random.chance(0.7) ? random.pick(wild) : this.node();
      const far = wild.includes(node) ? random.pick([base, 10 * base, 3_600_000]) : base / 5;
      this.items.push({ kind: "clock", at: this.when(), node, jumpMs: Math.round(far * (random.chance(0.5) ? 1 : -1)) });
    }
    for (let i = random.below(3); i > 0; i--)
      this.items.push({ kind: "rate", at: this.when(), node: this.node(), rate: random.pick([0.9, 0.99, 1.01, 1.1]) });
  }

  // ── life ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private epochEnds(): void {
    for (let i = this.times(5); i > 0; i--) this.items.push({ kind: "endEpoch", at: this.when(), node: this.random.below(this.seats) });
  }

  private changes(): void {
    const { random, members, seats } = this;
    for (let member = seats; member < members; member++) this.change({ what: "seat", member });
    const roll = random.next();
    // Never below four: a seat may be won after another is lost, and three validators tolerate nobody.
    if (roll < 0.3 && seats > 4) this.change({ what: "unseat", member: random.below(seats) });
    else if (roll < 0.6) this.change({ what: "key", member: random.below(seats) });
    if (random.chance(0.5))
      this.change({
        what: "parameters",
        parameters: { window: random.between(1, 8), block_target: random.pick([1, 10, 1_000]), origin_batches: random.pick([1, 16]) },
      });
  }
  private change(change: Change): void {
    this.items.push({ kind: "change", at: Math.round(this.when() * 0.7), change });
  }

  private transactions(): void {
    const { random, seats } = this;
    const count = random.between(2, seats <= 5 ? 11 : seats <= 7 ? 8 : 5);
    const bursts = random.chance(0.3);
    let at = 0;
    for (let number = 0; number < count; number++) {
      if (!bursts || number % 6 === 0) at = this.when();
      this.items.push({
        kind: "transaction",
        at,
        node: this.node(),
        number,
        agency: this.node(),
        copies: random.chance(0.2) ? 2 : 1,
        shortMs: random.chance(0.1) ? random.between(100, this.span) : 0,
        rival: number > 0 && random.chance(0.1) ? random.below(number) : -1,
      });
    }
  }
}

function weighted(random: Random, table: readonly (readonly [value: number, weight: number])[]): number {
  let roll = random.next() * table.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [value, weight] of table) if ((roll -= weight) < 0) return value;
  return table[0]![0];
}
