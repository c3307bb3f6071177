// The world of a golden script: real replicas over the real `step`, and puppets that the script speaks for with their own keys, Byzantine or absent.
// Owns delivery, clocks, execution by rule, the durable records of each replica. Does not own the language (language.ts) nor its words (words.ts).

import { type Bytes, concat, equalBytes, latin1, unlatin1, utf8 } from "../../src/base/bytes.ts";
import {
  type Certificate,
  makeCertificate,
  quorum,
  setHash,
  sortedSet,
  type ValidatorSet,
  type VoteKind,
  voteFrame,
} from "../../src/base/certificate.ts";
import { LedgerError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { type BatchReference, type BlockHeader, batchesHash, blockHash, type OrderHeader, orderDigest } from "../../src/base/header.ts";
import { defaultParameters, type Parameters, parametersHash } from "../../src/base/parameters.ts";
import { decodeMessage, encodeMessage } from "../../src/consensus/messages.ts";
import { decodeRecord, encodeRecord } from "../../src/consensus/records.ts";
import { restore } from "../../src/consensus/restore.ts";
import { step } from "../../src/consensus/step.ts";
import { wakeAt } from "../../src/consensus/timers.ts";
import type {
  BatchFacts,
  Effect,
  EpochConfig,
  Head,
  Input,
  Message,
  Order,
  Replica,
  Result,
  Setup,
  ViewChange,
  Vote,
} from "../../src/consensus/types.ts";

export const EPOCH_TIME = 1_700_000_000_000;
type Timeless<T> = T extends unknown ? Omit<T, "now" | "at"> : never;

export const keyOf = (id: string, generation = ""): Bytes => sha256(utf8(`key ${id}${generation}`));
/** A keyed hash in place of a signature: who has the key can sign, the same bytes again. */
export function signature(key: Bytes, framed: Bytes): Bytes {
  const first = sha256(concat(key, framed));
  return concat(first, sha256(first));
}
export const verify = (given: Bytes, framed: Bytes, key: Bytes): boolean => equalBytes(given, signature(key, framed));

/** An order that the script knows by name, and what executing it does. */
export interface NamedOrder extends Order {
  readonly name: string;
  readonly digest: Bytes;
  /** Enacts a change: the epoch ends W heights on (§4.3), and `set` follows it. */
  readonly enacts: boolean;
  readonly set: readonly string[] | null;
}

export interface Sent {
  readonly from: string;
  readonly to: string;
  readonly message: Message;
}

export interface Node {
  readonly id: string;
  replica: Replica;
  /** What its journal holds, in the bytes it would read back. */
  records: Bytes[];
  head: Head;
  config: EpochConfig;
  readonly batches: Map<string, BatchFacts>;
  readonly results: Map<string, Result>;
  /** Orders that this node computes differently (another binary, a damaged cache): order name → variant. */
  readonly variants: Map<string, number>;
  /** Executions, and the word that a block is durable, wait for the script. */
  manual: boolean;
  readonly written: number[];
  readonly waiting: Extract<Effect, { kind: "execute" }>[];
  stopped: boolean;
  skew: number;
}

export class World {
  readonly network: Bytes = sha256(utf8("network"));
  readonly ids: string[];
  readonly set: ValidatorSet;
  readonly parameters: Parameters;
  readonly nodes = new Map<string, Node>();
  readonly orders = new Map<string, NamedOrder>();
  readonly batches = new Map<string, BatchFacts>();
  /** Names of digests and block hashes, by their bytes. */
  readonly names = new Map<string, string>();
  /** Heights whose orders, proposed by real replicas, enact a change: the set that follows the epoch, or null for the same. */
  readonly changes = new Map<number, readonly string[] | null>();
  /** Protocol version of the epochs to come. */
  protocol = 1;
  private readonly images = new Map<string, Pick<Node, "records" | "head" | "config">>();
  at = 0;
  queue: Sent[] = [];
  /** Everything ever sent: votes and claims of real replicas cannot be made up by the script. */
  readonly votes: Vote[] = [];
  readonly viewChanges: ViewChange[] = [];
  private readonly report: (id: string, effect: Effect) => void;
  private sequence = 0;

  constructor(ids: string[], parameters: Partial<Parameters>, report: (id: string, effect: Effect) => void) {
    this.ids = ids;
    this.set = this.setOf(ids);
    this.parameters = { ...defaultParameters, ...parameters };
    this.report = report;
    this.names.set(latin1(this.network), "genesis");
  }

  setOf(ids: readonly string[]): ValidatorSet {
    return sortedSet(ids.map((id) => ({ id, key: keyOf(id) })));
  }

  // ── replicas ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  start(id: string): Node {
    const head: Head = {
      height: 0,
      digest: this.network,
      hash: this.network,
      time: EPOCH_TIME,
      header: null,
      references: [],
      certificate: null,
      dueHead: null,
    };
    const config = {
      epoch: 0,
      start: 1,
      end: this.parameters.epoch_length,
      validators: this.set,
      parameters: this.parameters,
      protocol: 1,
    };
    const maps = { batches: new Map(), results: new Map(), variants: new Map(), records: [], waiting: [], written: [] };
    const node: Node = { id, head, config, ...maps, manual: false, stopped: false, skew: 0, replica: undefined as unknown as Replica };
    this.nodes.set(id, node);
    this.boot(node, true);
    return node;
  }

  /** A process begins: from its journal and its database. Whoever does not want it answered at once answers by script. */
  boot(node: Node, answered: boolean, intact = true): void {
    const { network } = this;
    node.stopped = false;
    node.waiting.length = 0;
    node.written.length = 0;
    node.results.clear();
    if (!intact) node.records = [];
    const setup: Setup = {
      network,
      organisation: node.id,
      key: keyOf(node.id),
      ports: { verify, sign: (framed) => signature(keyOf(node.id), framed) },
      supported: 1,
      head: node.head,
      config: node.config,
      intact,
      ...this.time(node),
    };
    if (node.replica !== undefined) this.queue = this.queue.filter((sent) => sent.from !== node.id && sent.to !== node.id);
    node.replica = restore(setup, node.records.map(decodeRecord));
    this.give(node.id, { kind: "start" });
    for (const batch of node.batches.values()) this.give(node.id, { kind: "batch", batch });
    if (answered) for (const id of this.ids) if (id !== node.id) this.answer(id, node.id);
  }

  /** Disk and journal as they are now; `putBack` restores them under a new process. */
  image(id: string): void {
    const { records, head, config } = this.node(id);
    this.images.set(id, { records: [...records], head, config });
  }

  putBack(id: string, answered: boolean): void {
    const node = this.node(id);
    const image = this.images.get(id) ?? stop(`no image of ${id}`);
    Object.assign(node, { ...image, records: [...image.records] });
    this.boot(node, answered);
  }

  /** `from` answers the start question of `to` as one who knows of no vote. */
  answer(from: string, to: string, votes: readonly Vote[] = []): void {
    const { nonce } = this.node(to).replica;
    const { head, config } = this.nodes.get(from) ?? this.node(to);
    const answer = { nonce, epoch: config.epoch, committed: head.height, votes, claim: null, newView: null, elsewhere: false };
    this.give(to, { kind: "message", from, message: { kind: "answer", ...answer } });
  }

  node(id: string): Node {
    return this.nodes.get(id) ?? stop(`${id} is no real replica`);
  }

  time(node: Node): { now: number; at: number } {
    return { now: EPOCH_TIME + this.at + node.skew, at: this.at };
  }

  /** One input, and whatever follows from it at this node alone. */
  give(id: string, input: Timeless<Input>): void {
    const node = this.node(id);
    if (node.stopped) return;
    const effects = step(node.replica, { ...input, ...this.time(node) });
    const next: Timeless<Input>[] = [];
    for (const effect of effects) {
      this.name(effect);
      this.report(id, effect);
      this.perform(node, effect, next);
    }
    for (const follow of next) this.give(id, follow);
  }

  private perform(node: Node, effect: Effect, next: Timeless<Input>[]): void {
    switch (effect.kind) {
      case "persist":
        node.records.push(...effect.records.map(encodeRecord));
        for (const { to, message } of effect.then) this.send(node.id, to, message);
        return;
      case "send":
        return this.send(node.id, effect.to, effect.message);
      case "execute":
        if (node.manual) node.waiting.push(effect);
        else next.push({ kind: "executed", result: this.result(node, effect) });
        return;
      case "commit":
        this.commit(node, effect);
        if (node.manual) node.written.push(effect.height);
        else next.push({ kind: "committed", height: effect.height });
        return;
      case "divergence":
        next.push({ kind: "executed", result: effect.own, again: true });
        return;
      case "stop":
        node.stopped = true;
        return;
      default:
    }
  }

  /** What executing an order gives at this node: a function of the order, its parent's result there, and the node's variant. */
  result(node: Node, { digest, order, references }: { digest: Bytes; order: OrderHeader; references: readonly BatchReference[] }): Result {
    const parent = node.results.get(latin1(order.parent));
    const parentBlock = parent?.hash ?? node.head.hash;
    const name = this.names.get(latin1(digest)) ?? "";
    const named = this.orders.get(name);
    const variant = node.variants.get(name) ?? 0;
    const before = parent?.next?.end ?? parent?.epochEnd ?? node.config.end;
    const epochEnd = named?.enacts ? Math.min(before, order.height + this.parameters.window) : before;
    const set = this.setAfter(node, order, digest);
    const next =
      order.height === epochEnd
        ? {
            epoch: order.epoch + 1,
            start: order.height + 1,
            end: order.height + this.parameters.epoch_length,
            validators: set,
            parameters: this.parameters,
            protocol: this.protocol,
          }
        : null;
    const header: BlockHeader = {
      order,
      parentBlock,
      transactionsRoot: sha256(concat(digest, Uint8Array.of(1))),
      leaves: references.length,
      stateRoot: sha256(concat(digest, Uint8Array.of(2, variant))),
      validators: setHash(this.network, next?.validators ?? node.config.validators),
      parameters: parametersHash(this.network, this.parameters),
      history: sha256(utf8("history")),
    };
    const hash = blockHash(this.network, header);
    this.names.set(latin1(hash), `[${name}${variant === 0 ? "" : `~${variant}`}]`);
    const result: Result = { digest, header, hash, epochEnd, dueHead: null, next };
    node.results.set(latin1(digest), result);
    return result;
  }

  /** The set after this order: what the last change on its chain enacted. */
  private setAfter(node: Node, order: OrderHeader, digest: Bytes): ValidatorSet {
    const chain: string[] = [];
    for (
      let at: NamedOrder | undefined = this.orders.get(this.names.get(latin1(digest)) ?? "");
      at !== undefined;
      at = this.orders.get(this.names.get(latin1(at.order.parent)) ?? "")
    ) {
      if (at.order.epoch === order.epoch && at.set !== null) return this.setOf(at.set);
      chain.push(at.name);
    }
    return node.config.validators;
  }

  private commit(node: Node, effect: Extract<Effect, { kind: "commit" }>): void {
    const { height, digest, hash, header, references, certificate } = effect;
    if (height !== node.head.height + 1) stop(`${node.id} commits ${height} on ${node.head.height}`);
    const result = node.results.get(latin1(digest)) ?? stop(`${node.id} commits what it never executed`);
    node.head = { height, digest, hash, time: header.order.time, header, references, certificate, dueHead: null };
    node.config = result.next ?? { ...node.config, end: result.epochEnd };
  }

  // ── messages ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  send(from: string, to: string, message: Message): void {
    this.overhear(message);
    const targets = to === "validators" ? (this.nodes.get(from)?.config.validators.map((v) => v.id) ?? this.ids) : [to];
    for (const target of targets) if (target !== from) this.queue.push({ from, to: target, message });
  }

  private overhear(message: Message): void {
    if (message.kind === "prepare" || message.kind === "commit") this.votes.push(message);
    if (message.kind === "prePrepare") this.votes.push(message.prepare);
    if (message.kind === "newView" && message.prepare !== null) this.votes.push(message.prepare);
    if (message.kind === "viewChange") this.viewChanges.push(message);
  }

  /** Hands a message over as it would arrive: through its bytes. */
  deliver({ from, to, message }: Sent): void {
    if (!this.nodes.has(to)) return;
    const decoded = decodeMessage(encodeMessage(message));
    if (decoded.message === undefined) stop(`own message refused: ${decoded.reject}`);
    this.give(to, { kind: "message", from, message: decoded.message });
  }

  /** Lets time pass: ticks when the replicas ask for them. With `deliveries`, the network works meanwhile. */
  advance(ms: number, ids: readonly string[], deliveries: (() => void) | null): void {
    const end = this.at + ms;
    const ticked = new Map<string, number>();
    for (;;) {
      // a replica that asks for the same moment again gets the next one: time goes on
      const due = ids
        .filter((id) => !this.node(id).stopped)
        .map((id) => ({ id, at: Math.max(this.at, wakeAt(this.node(id).replica), (ticked.get(id) ?? -1) + 1) }));
      const first = due.toSorted((a, b) => a.at - b.at)[0];
      if (first === undefined || first.at > end) break;
      this.at = first.at;
      ticked.set(first.id, first.at);
      this.give(first.id, { kind: "tick" });
      deliveries?.();
    }
    this.at = end;
    deliveries?.();
  }

  // ── what the script makes ──────────────────────────────────────────────────────────────────────────────────────────────────

  batch(name: string, origin: string, options: Partial<BatchFacts> = {}): BatchFacts {
    const reference = { digest: sha256(utf8(`batch ${name}`)), count: 1, bytes: 100 };
    const facts = {
      reference,
      origin,
      sequence: ++this.sequence,
      work: 64,
      signatures: 1,
      notAfter: EPOCH_TIME + this.at + 3_600_000,
      ...options,
    };
    this.names.set(latin1(reference.digest), name);
    this.batches.set(name, facts);
    return facts;
  }

  order(
    name: string,
    fields: { parent: string; batches: string[]; time: number; epoch: number; enacts: boolean; set: string[] | null; protocol: number },
  ): NamedOrder {
    const parent = this.orders.get(fields.parent);
    if (parent === undefined && fields.parent !== "genesis") stop(`no order ${fields.parent}`);
    const references = fields.batches.map((b) => (this.batches.get(b) ?? stop(`no batch ${b}`)).reference);
    const order: OrderHeader = {
      protocol: fields.protocol,
      epoch: fields.epoch,
      height: (parent?.order.height ?? 0) + 1,
      parent: parent?.digest ?? this.network,
      time: fields.time,
      batches: batchesHash(this.network, references),
    };
    return this.remember(name, { order, references }, fields.enacts, fields.set);
  }

  private remember(name: string, order: Order, enacts = false, set: readonly string[] | null = null): NamedOrder {
    const digest = orderDigest(this.network, order.order);
    const named = { ...order, name, digest, enacts, set };
    this.orders.set(name, named);
    this.names.set(latin1(digest), name);
    return named;
  }

  /** A proposal of a real primary gets a name by its height. */
  private name(effect: Effect): void {
    const messages = effect.kind === "persist" ? effect.then.map((o) => o.message) : effect.kind === "send" ? [effect.message] : [];
    for (const message of messages) {
      if (message.kind !== "prePrepare" || this.names.has(latin1(orderDigest(this.network, message.order)))) continue;
      let name = `o${message.order.height}`;
      for (let i = 0; this.orders.has(name); i++) name = `o${message.order.height}${"bcdefgh"[i]}`;
      const { height } = message.order;
      this.remember(name, message, this.changes.has(height), this.changes.get(height) ?? null);
    }
  }

  vote(kind: VoteKind, signer: string, fields: { epoch: number; view: number; height: number; hash: Bytes }): Vote {
    if (this.nodes.has(signer)) {
      const { epoch, view, height, hash } = fields;
      const same = (v: Vote): boolean =>
        v.kind === kind && v.signer === signer && v.epoch === epoch && v.view === view && v.height === height && equalBytes(v.hash, hash);
      return this.votes.find(same) ?? stop(`${signer} never sent ${kind} v${view} h${height} ${this.names.get(latin1(hash))}`);
    }
    const vote = { kind, signer, ...fields };
    return { ...vote, signature: signature(keyOf(signer), voteFrame(this.network, kind, vote)) };
  }

  /** A certificate of votes that were really cast, or are puppets'. */
  certificate(
    kind: VoteKind,
    signers: readonly string[],
    fields: { epoch: number; view: number; height: number; hash: Bytes },
    ids: readonly string[] = this.ids,
  ): Certificate {
    const set = this.setOf(ids);
    const signatures = new Map(signers.map((id) => [set.findIndex((v) => v.id === id), this.vote(kind, id, fields).signature]));
    if (signatures.size < quorum(set.length)) stop(`a certificate needs ${quorum(set.length)} signers`);
    return makeCertificate(kind, fields, signatures, set.length);
  }

  /** The bytes that are shown under this name. */
  hashNamed(name: string): Bytes {
    for (const [bytes, known] of this.names) if (known === name) return unlatin1(bytes);
    return stop(`nothing is called ${name}`);
  }

  /** The block of an order as any node that executed it knows it. */
  block(name: string): Result {
    const order = this.orders.get(name) ?? stop(`no order ${name}`);
    for (const node of this.nodes.values()) {
      const result = node.results.get(latin1(order.digest));
      if (result !== undefined && !node.variants.has(name)) return result;
    }
    return stop(`nobody executed ${name}`);
  }
}

export function stop(message: string): never {
  throw new LedgerError("script", { message });
}
