// Breadth-first search over the real `step` where the network is small: three honest validators and one Byzantine, two views, a window of two. Every order
// in which validators hear each other, give up a view and are lied to, up to a stated number of states. docs/testing.md.
// Owns the steps of the network, the symmetry, what must hold. Does not own a replica's step (exhaustiveNode.ts) nor what the Byzantine one may say
// (exhaustiveLiar.ts).

import { hex } from "../base/bytes.ts";
import { quorum, type VoteKind } from "../base/certificate.ts";
import type { Message, PrePrepare } from "../consensus/types.ts";
import { Liar } from "./exhaustiveLiar.ts";
import { after, Broken, describeLocal, type Local, newLocal, NOW } from "./exhaustiveNode.ts";
import type { Given } from "./explorerNode.ts";
import { inPieces } from "./pieces.ts";
import { ExplorerLedger, nameOf, NETWORK, type Payload } from "./explorerPorts.ts";

export interface Model {
  readonly name: string;
  /** Validator 0 leads view 0, validator 1 view 1. */
  readonly byzantine: 0 | 1;
  readonly window: number;
  readonly epochLength: number;
  /** What the first batch does. */
  readonly first: Payload;
}

export const models: readonly Model[] = [
  { name: "an equivocating primary", byzantine: 0, window: 2, epochLength: 60, first: { kind: "plain" } },
  { name: "a lying new primary", byzantine: 1, window: 2, epochLength: 60, first: { kind: "plain" } },
  { name: "an epoch that ends", byzantine: 0, window: 2, epochLength: 1, first: { kind: "plain" } },
  { name: "a change of the set", byzantine: 0, window: 1, epochLength: 60, first: { kind: "members", members: [0, 1, 2, 3, 4] } },
  {
    name: "a change of the set, the new primary lies",
    byzantine: 1,
    window: 1,
    epochLength: 60,
    first: { kind: "members", members: [0, 1, 2, 3, 4] },
  },
];

export interface Explored {
  readonly name: string;
  /** Global states, up to exchanging the two validators that lead no view. */
  readonly states: number;
  readonly transitions: number;
  /** States of single replicas. */
  readonly locals: number;
  /** All states within so many steps of the beginning were visited. */
  readonly depth: number;
  /** Nothing was left to visit. */
  readonly complete: boolean;
  /** States in which some validator has committed, and the highest height; states in view 1. */
  readonly committed: number;
  readonly changed: number;
  readonly height: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly violation: string | null;
  /** The steps that lead there. */
  readonly path: readonly string[];
}

interface Known {
  readonly local: Local;
  /** Its name, and its name once the interchangeable validators are exchanged. */
  readonly name: number;
  readonly mirrored: number;
  /** Of what it has said and committed. */
  readonly voice: number;
}

interface Node {
  readonly parts: readonly Known[];
  readonly from: Node | null;
  readonly by: string;
  readonly depth: number;
}

const EVERYONE = [0, 1, 2, 3];
const HIGHEST = 3;

/** All models, on all cores. */
export async function exhaustAll(mostStates: number): Promise<Explored[]> {
  const found: Explored[] = [];
  const take = (explored: Explored): boolean => found.push(explored) > 0;
  // A piece is a model; its count is how many states it may have.
  await inPieces({ kind: "models", from: 0, count: models.length, size: 1, weight: mostStates, take });
  return found.sort((a, b) => nameIndex(a) - nameIndex(b));
}
const nameIndex = ({ name }: Explored): number => models.findIndex((model) => model.name === name);

export function exhaust(model: Model, mostStates: number, mostSeconds: number): Explored {
  return new Search(model).run(mostStates, mostSeconds);
}

class Search {
  private readonly model: Model;
  private readonly ledger: ExplorerLedger;
  private readonly honest: readonly number[];
  private readonly liar: Liar;
  private readonly names = new Map<string, number>();
  private readonly voices = new Map<string, number>();
  private readonly locals = new Map<number, Known>();
  private readonly steps = new Map<string, Known>();
  private readonly menu: readonly PrePrepare[];
  private transitions = 0;

  constructor(model: Model) {
    this.model = model;
    const parameters = {
      window: model.window,
      epoch_length: model.epochLength,
      block_target: 1,
      proposal_interval_ms: 5,
      heartbeat_ms: 600_000,
    };
    this.ledger = new ExplorerLedger({ ...parameters, timeout_base_ms: 1_000, timeout_cap_ms: 8_000 }, EVERYONE);
    this.honest = EVERYONE.filter((i) => i !== model.byzantine);
    this.liar = new Liar(model.byzantine);
    const first = this.ledger.makeBatch("v2", model.first, NOW + 1_000_000);
    const second = this.ledger.makeBatch("v3", { kind: "plain" }, NOW + 1_000_000);
    const [one, two] = [first.reference, second.reference];
    const x = this.liar.order(1, NETWORK, 1, [one]);
    const y = this.liar.order(1, NETWORK, 2, [two]);
    const proposals = model.byzantine === 0 ? [x, y, this.liar.on(x, [two]), this.liar.on(y, [one])] : [];
    this.menu = proposals.map((order) => this.liar.proposal(order, 0));
  }

  // ── one replica ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private known(local: Local): Known {
    const swap = (id: string): string => (id === "v2" ? "v3" : id === "v3" ? "v2" : id);
    const name = intern(
      this.names,
      describeLocal(local, (id) => id),
    );
    let known = this.locals.get(name);
    if (known !== undefined) return known;
    this.consistent(local);
    const told = local.said.map(({ message }) => ("signature" in message ? hex(message.signature.subarray(0, 8)) : nameOfSaid(message)));
    const accepted = local.replica.accepted.map(({ digest }) => hex(digest.subarray(0, 8)));
    known = {
      local,
      name,
      mirrored: intern(this.names, describeLocal(local, swap)),
      voice: intern(this.voices, `${hex(local.replica.head.hash)} ${accepted.join(" ")} ${told.join(" ")}`),
    };
    this.locals.set(name, known);
    return known;
  }

  /** Whatever it has said, it never contradicts itself, and says nothing below a promise. */
  private consistent({ said, replica }: Local): void {
    const slots = new Map<string, string>();
    const promises = new Map<number, number>();
    for (const { message } of said) {
      if (message.kind === "viewChange") promises.set(message.claim.epoch, message.claim.view);
      const vote = message.kind === "prePrepare" || message.kind === "newView" ? message.prepare : message;
      if (vote === null || (vote.kind !== "prepare" && vote.kind !== "commit")) continue;
      const slot = `${vote.kind} ${vote.epoch}/${vote.view}/${vote.height}`;
      if ((slots.get(slot) ?? hex(vote.hash)) !== hex(vote.hash)) throw new Broken(`${replica.organisation} contradicts itself: ${slot}`);
      slots.set(slot, hex(vote.hash));
      if (vote.view < (promises.get(vote.epoch) ?? 0)) throw new Broken(`${replica.organisation} votes below its promise: ${slot}`);
    }
  }

  private step(part: Known, what: string, inputs: () => readonly Given[], passed = 0): Known {
    const key = `${part.name} ${what}`;
    let next = this.steps.get(key);
    if (next === undefined) {
      const given = inputs();
      next = given.length === 0 ? part : this.known(this.supported(after(part.local, given, this.ledger, passed)));
      this.steps.set(key, next);
    }
    return next;
  }

  /** The Byzantine validator votes for whatever this replica accepts: it can only help those that it wants to contradict others. */
  private supported(local: Local): Local {
    let at = local;
    const done = new Set<string>();
    for (;;) {
      const { replica: r } = at;
      const messages: Message[] = [];
      for (const { height, digest, key } of r.accepted) {
        const result = r.results.get(key);
        const give = (kind: VoteKind, hash: Uint8Array): void => {
          const slot = `${kind} ${r.config.epoch} ${r.view} ${height} ${hex(hash)}`;
          if (done.has(slot)) return;
          done.add(slot);
          messages.push(this.liar.vote(kind, r.config.epoch, r.view, height, hash));
        };
        give("prepare", digest);
        if (result !== undefined) give("commit", result.hash);
      }
      if (messages.length === 0) return at;
      at = after(
        at,
        messages.map((message) => ({ kind: "message", from: this.liar.id, message })),
        this.ledger,
      );
    }
  }

  /** Everything that `from` has said so far, and the blocks and orders that `to` lacks of it, as Status would bring them. */
  private hearing(to: Local, from: Local, id: string): Given[] {
    const messages: Message[] = [...from.chain.slice(to.chain.length)];
    for (const { to: receiver, message } of from.said)
      if (receiver !== "" && (receiver === "validators" || receiver === to.replica.organisation)) messages.push(message);
    for (const { order, references } of from.replica.accepted) messages.push({ kind: "order", order, references });
    return messages.map((message) => ({ kind: "message", from: id, message }));
  }

  // ── the network ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private begin(): Node {
    const parts = this.honest.map((index) => {
      const local = newLocal(index, this.ledger);
      const answers: Given[] = EVERYONE.filter((i) => i !== index).map((i) => ({
        kind: "message",
        from: nameOf(i),
        message: {
          kind: "answer",
          nonce: local.replica.nonce,
          epoch: 0,
          committed: 0,
          votes: [],
          claim: null,
          newView: null,
          elsewhere: false,
        },
      }));
      const batches = [...this.ledger.batches.values()].map(({ facts }) => facts);
      const held: Given[] = batches.map((batch) => ({ kind: "batch", batch }));
      const acks: Given[] = EVERYONE.map((i) => ({ kind: "acked", from: nameOf(i), digests: batches.map((b) => b.reference.digest) }));
      return this.known(this.supported(after(local, [...held, ...acks, { kind: "start" }, ...answers], this.ledger)));
    });
    return { parts, from: null, by: "", depth: 0 };
  }

  private *next(node: Node): Generator<Node> {
    const { parts } = node;
    const changes = parts.flatMap(({ local }) =>
      local.said.flatMap(({ message }) => (message.kind === "viewChange" && message.claim.epoch === 0 ? [message] : [])),
    );
    const lies: Message[] = [
      ...this.menu,
      this.liar.empty,
      ...changes.filter(({ claim }) => claim.best !== null).map((c) => this.liar.viewChange(c, c.committed)),
    ];
    if (this.model.byzantine === 1) lies.push(...this.liar.newViews(changes));
    for (const [i, part] of parts.entries()) {
      const id = nameOf(this.honest[i]!);
      const to = (by: string, next: Known): Node => ({
        parts: parts.map((other, j) => (j === i ? next : other)),
        from: node,
        by: `${id} ${by}`,
        depth: node.depth + 1,
      });
      if (part.local.chain.length >= HIGHEST) continue;
      for (const [j, other] of parts.entries())
        if (j !== i) {
          const from = nameOf(this.honest[j]!);
          yield to(
            `hears ${from}`,
            this.step(part, `hears ${j} ${other.voice}`, () => this.hearing(part.local, other.local, from)),
          );
        }
      for (const lie of [...lies, ...this.liar.fresh(part.local)])
        yield to(
          `is told ${nameOfSaid(lie)}`,
          this.step(part, `told ${nameOfSaid(lie)}`, () => this.telling(lie)),
        );
      const { promise, config } = part.local.replica;
      if (promise === 0 && config.epoch === 0)
        yield to(
          "gives up view 0",
          this.step(part, "gives up", () => [{ kind: "tick" }], 10_000),
        );
    }
  }

  private telling(message: Message): Given[] {
    return [{ kind: "message", from: this.liar.id, message }];
  }

  run(mostStates: number, mostSeconds: number): Explored {
    const started = performance.now();
    const seen = new Set<string>();
    let layer: Node[] = [];
    let [committed, changed, height, epochs, depth] = [0, 0, 0, 0, 0];
    let violation: string | null = null;
    let path: string[] = [];
    let node: Node | undefined;
    const visit = (candidate: Node): boolean => {
      const key = canonical(candidate.parts);
      if (seen.has(key)) return false;
      seen.add(key);
      const replicas = candidate.parts.map(({ local }) => local.replica);
      const top = Math.max(...replicas.map((r) => r.head.height));
      if (top > 0) committed++;
      if (replicas.some((r) => r.view > 0 || r.promise > 0)) changed++;
      height = Math.max(height, top);
      epochs = Math.max(epochs, ...replicas.map((r) => r.config.epoch));
      this.holds(candidate.parts);
      return true;
    };
    let complete = false;
    try {
      node = this.begin();
      visit(node);
      layer = [node];
      const within = (): boolean => seen.size < mostStates && performance.now() - started < 1_000 * mostSeconds;
      while (layer.length > 0 && within()) {
        const following: Node[] = [];
        for (node of layer) {
          if (!within()) break;
          for (const candidate of this.next(node)) {
            this.transitions++;
            node = candidate;
            if (visit(candidate)) following.push(candidate);
          }
        }
        if (within()) depth++;
        layer = following;
      }
      complete = layer.length === 0;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      violation = error.what;
      for (let at: Node | null = node ?? null; at !== null; at = at.from) path = at.by === "" ? path : [at.by, ...path];
    }
    const seconds = (performance.now() - started) / 1_000;
    const { transitions, locals } = this;
    const { name } = this.model;
    return {
      name,
      states: seen.size,
      transitions,
      locals: locals.size,
      depth,
      complete,
      committed,
      changed,
      height,
      epochs,
      seconds,
      violation,
      path,
    };
  }

  /** One block a height among those committed and those that Byzantine Commits would certify. */
  private holds(parts: readonly Known[]): void {
    const at = new Map<string, string>();
    const one = (place: string, hash: string): void => {
      if ((at.get(place) ?? hash) !== hash)
        throw new Broken(`two blocks can be certified at ${place}: ${at.get(place)!.slice(0, 8)} and ${hash.slice(0, 8)}`);
      at.set(place, hash);
    };
    const commits = new Map<string, number>();
    for (const { local } of parts) {
      for (const { header, certificate } of local.chain) one(`height ${header.order.height}`, hex(certificate!.hash));
      const own = new Set<string>();
      for (const { message: m } of local.said) if (m.kind === "commit") own.add(`${m.epoch}/${m.view} ${m.height} ${hex(m.hash)}`);
      for (const vote of own) commits.set(vote, (commits.get(vote) ?? 0) + 1);
    }
    for (const [vote, count] of commits) {
      const [view, height, hash] = vote.split(" ");
      if (view!.startsWith("0/") && count + 1 >= quorum(4)) one(`height ${height}`, hash!);
    }
  }
}

function intern(table: Map<string, number>, name: string): number {
  let number = table.get(name);
  if (number === undefined) table.set(name, (number = table.size));
  return number;
}

/** Validators 2 and 3 lead no view of the search: states that differ by their exchange are one. They are the last two parts. */
function canonical([a, b, c]: readonly Known[]): string {
  const one = `${a!.name} ${b!.name} ${c!.name}`;
  const other = `${a!.mirrored} ${c!.mirrored} ${b!.mirrored}`;
  return one < other ? one : other;
}

function nameOfSaid(message: Message): string {
  switch (message.kind) {
    case "prePrepare":
      return `proposal ${message.view}/${message.order.height} ${hex(message.prepare.hash.subarray(0, 4))}`;
    case "viewChange":
      return `view change, best ${message.claim.best?.height ?? "none"}, ${hex(message.claim.signature.subarray(0, 8))}`;
    case "newView":
      return `new view ${hex(message.signature.subarray(0, 8))}`;
    default:
      return message.kind;
  }
}
