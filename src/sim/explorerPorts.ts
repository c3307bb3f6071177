// What the explorer puts in place of the machine: a seeded generator, keyed-hash signatures, and a ledger whose results follow from the order alone.
// Owns determinism under one number. Does not own the nodes (explorerNode.ts) nor the schedule (explorer.ts). docs/protocol.md §4; docs/testing.md.

import { type Bytes, latin1 } from "../base/bytes.ts";
import { sortedSet, type ValidatorSet } from "../base/certificate.ts";
import { fail } from "../base/errors.ts";
import { type BatchReference, type BlockHeader, blockHash, type OrderHeader, orderDigest } from "../base/header.ts";
import { defaultParameters, type Parameters } from "../base/parameters.ts";
import type { BatchFacts, EpochConfig, Result } from "../consensus/types.ts";

/** mulberry32: 32 bits of state, good enough to choose schedules. */
export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed >>> 0;
  }
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  chance(p: number): boolean {
    return this.next() < p;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  /** Each item with the same chance, drawn once per subset. */
  subset<T>(items: readonly T[]): T[] {
    const p = this.next();
    return items.filter(() => this.next() < p);
  }
}

// ── signatures ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
// 64 bits of a keyed hash: nobody in the explorer tries to find collisions, and whoever has no key has no way to sign.

function mix(key: number, framed: Bytes): [number, number] {
  let a = 0x811c9dc5 ^ key;
  let b = 0x9e3779b9 + key;
  for (let i = 0; i < framed.length; i++) {
    a = Math.imul(a ^ framed[i]!, 0x01000193);
    b = Math.imul(b ^ a ^ (b >>> 13), 0x5bd1e995);
  }
  return [a >>> 0, (b ^ (b >>> 15)) >>> 0];
}

export function keyOf(index: number): Bytes {
  const key = new Uint8Array(32).fill(0xc5);
  key[0] = index;
  return key;
}

const secret = (key: Bytes): number => Math.imul(key[0]! + 1, 0x27d4eb2f);

export function sign(key: Bytes, framed: Bytes): Bytes {
  const out = new Uint8Array(64);
  const [a, b] = mix(secret(key), framed);
  const view = new DataView(out.buffer);
  view.setUint32(0, a);
  view.setUint32(4, b);
  return out;
}

export function verify(signature: Bytes, framed: Bytes, key: Bytes): boolean {
  const [a, b] = mix(secret(key), framed);
  const view = new DataView(signature.buffer, signature.byteOffset);
  return view.getUint32(0) === a && view.getUint32(4) === b;
}

// ── ledger ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const NETWORK: Bytes = new Uint8Array(32).fill(7);
export const GENESIS_TIME = 1_700_000_000_000;
export const nameOf = (index: number): string => `v${index}`;

/** What a batch does to the chain. */
export type Payload =
  | { readonly kind: "plain" }
  | { readonly kind: "end" }
  | { readonly kind: "members"; readonly members: readonly number[] };

/** The state after a block, as far as consensus depends on it. */
interface State {
  readonly config: EpochConfig;
  /** First change enacted in this epoch, 0 if none. */
  readonly changeHeight: number;
  readonly nextMembers: readonly number[];
  readonly hash: Bytes;
}

export class ExplorerLedger {
  readonly parameters: Parameters;
  readonly batches = new Map<string, { facts: BatchFacts; payload: Payload }>();
  /** By order digest and variant: the parent's digest is in it, so an order has one state. */
  private readonly states = new Map<string, State>();
  private readonly results = new Map<string, Result>();
  private sequence = 0;

  constructor(parameters: Partial<Parameters>, members: readonly number[]) {
    this.parameters = { ...defaultParameters, ...parameters };
    this.states.set(latin1(NETWORK), { config: this.config(0, 1, members), changeHeight: 0, nextMembers: members, hash: NETWORK });
  }

  get genesis(): EpochConfig {
    return this.states.get(latin1(NETWORK))!.config;
  }

  private config(epoch: number, start: number, members: readonly number[]): EpochConfig {
    const validators: ValidatorSet = sortedSet(members.map((i) => ({ id: nameOf(i), key: keyOf(i) })));
    return { epoch, start, end: start + this.parameters.epoch_length - 1, validators, parameters: this.parameters, protocol: 1 };
  }

  makeBatch(origin: string, payload: Payload, notAfter: number): BatchFacts {
    const digest = new Uint8Array(32).fill(0xba);
    new DataView(digest.buffer).setUint32(0, ++this.sequence);
    const facts: BatchFacts = {
      reference: { digest, count: 1, bytes: 100 },
      origin,
      sequence: this.sequence,
      work: 64,
      signatures: 1,
      notAfter,
    };
    this.batches.set(latin1(digest), { facts, payload });
    return facts;
  }

  /** The same for everybody, but for a node of another `variant`, whose results differ from the first order on that it executes so. */
  execute(order: OrderHeader, references: readonly BatchReference[], variant: number): Result {
    const digest = orderDigest(NETWORK, order);
    const key = latin1(digest);
    const name = `${key}${variant}`;
    const known = this.results.get(name);
    if (known !== undefined) return known;
    if (variant !== 0) this.execute(order, references, 0); // the state that others build on
    const parent = this.states.get(latin1(order.parent));
    if (parent === undefined) fail("executed before its parent", { height: order.height });
    const result = this.run(order, references, digest, parent, variant);
    this.results.set(name, result);
    return result;
  }

  private run(order: OrderHeader, references: readonly BatchReference[], digest: Bytes, parent: State, variant: number): Result {
    const { config } = parent;
    let { changeHeight, nextMembers } = parent;
    for (const reference of references) {
      const payload = this.batches.get(latin1(reference.digest))?.payload;
      if (payload === undefined || payload.kind === "plain") continue;
      if (payload.kind === "members") nextMembers = payload.members;
      if (changeHeight === 0) changeHeight = order.height;
    }
    const last = config.start + this.parameters.epoch_length - 1;
    const end = changeHeight === 0 ? last : Math.min(last, changeHeight + this.parameters.window);
    const root = new Uint8Array(32).fill(variant);
    const header: BlockHeader = {
      order,
      parentBlock: parent.hash,
      transactionsRoot: digest,
      leaves: references.length,
      stateRoot: root,
      validators: root,
      parameters: root,
      history: root,
    };
    const hash = blockHash(NETWORK, header);
    const next = order.height === end ? this.config(config.epoch + 1, end + 1, nextMembers) : null;
    const state = next === null ? { config, changeHeight, nextMembers, hash } : { config: next, changeHeight: 0, nextMembers, hash };
    if (variant === 0) this.states.set(latin1(digest), state);
    return { digest, header, hash, epochEnd: end, dueHead: null, next };
  }
}
