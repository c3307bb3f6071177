// The simulator's only source of chance: every decision of a scenario comes from its seed, through streams that do not disturb each other. docs/testing.md.
// Owns the generator and its forks. Does not own what is drawn (scenario.ts, faults.ts, network.ts).

/** sfc32, seeded by splitmix: fast, and good enough to choose schedules. Not for keys. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.a = splitmix(this.seed);
    this.b = splitmix(this.a);
    this.c = splitmix(this.b);
    for (let i = 0; i < 8; i++) this.word();
  }

  /** A stream of its own: what is drawn from it changes nothing that is drawn from here, whatever else a scenario leaves out. */
  fork(name: string | number): Random {
    let h = this.seed;
    for (const c of String(name)) h = splitmix(h ^ c.charCodeAt(0));
    return new Random(h);
  }

  /** 32 bits. */
  word(): number {
    const t = (this.a + this.b + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    return t >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    return this.word() / 4_294_967_296;
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  /** A whole number, both ends possible. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }
  chance(p: number): boolean {
    return this.next() < p;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  /** Some of the items, from none to all, in their order. */
  subset<T>(items: readonly T[]): T[] {
    const p = this.next();
    return items.filter(() => this.next() < p);
  }
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }
  /** Mostly near `scale`, now and then many times it. */
  longTailed(scale: number): number {
    return scale * (1 / (1 - this.next() * 0.999) ** 0.5);
  }
  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.word() & 0xff;
    return out;
  }
}

function splitmix(x: number): number {
  let z = (x + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
