// Breadth-first search over the real `step` where the network is small: three honest validators and one Byzantine, two views, a window of two. Every order
// in which validators hear each other, give up a view and are lied to, up to a stated number of states. docs/testing.md.
// Owns the steps of the network, the symmetry, what must hold. Does not own the states of one replica (exhaustiveReplicas.ts) nor what the Byzantine one may
// say (exhaustiveLiar.ts).

import { quorum } from "../base/certificate.ts";
import type { ViewChange } from "../consensus/types.ts";
import { Liar } from "./exhaustiveLiar.ts";
import { Broken, NOW } from "./exhaustiveNode.ts";
import { type Known, type Lie, Replicas } from "./exhaustiveReplicas.ts";
import { ExplorerLedger, nameOf, NETWORK, type Payload } from "./explorerPorts.ts";
import { inPieces } from "./pieces.ts";

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

/** A state of the network, and the step that led there: what happened to which of its replicas. */
interface Node {
  readonly parts: readonly [Known, Known, Known];
  readonly from: Node | null;
  readonly who: number;
  readonly what: string;
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
  private readonly honest: readonly number[];
  private readonly liar: Liar;
  private readonly replicas: Replicas;
  /** The Byzantine primary's proposals in view 0, and its claim that nothing is prepared. */
  private readonly menu: readonly Lie[];
  /** What claims of others make it say: copies of each, and the NewViews of those heard together. */
  private readonly copies = new Map<ViewChange, Lie>();
  private readonly newViews = new Map<string, readonly Lie[]>();
  private readonly claims = new Map<ViewChange, number>();
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
    const ledger = new ExplorerLedger({ ...parameters, timeout_base_ms: 1_000, timeout_cap_ms: 8_000 }, EVERYONE);
    this.honest = EVERYONE.filter((i) => i !== model.byzantine);
    this.liar = new Liar(model.byzantine);
    this.replicas = new Replicas(ledger, this.liar);
    const first = ledger.makeBatch("v2", model.first, NOW + 1_000_000);
    const second = ledger.makeBatch("v3", { kind: "plain" }, NOW + 1_000_000);
    const [one, two] = [first.reference, second.reference];
    const x = this.liar.order(1, NETWORK, 1, [one]);
    const y = this.liar.order(1, NETWORK, 2, [two]);
    const proposals = model.byzantine === 0 ? [x, y, this.liar.on(x, [two]), this.liar.on(y, [one])] : [];
    this.menu = [...proposals.map((order) => this.liar.proposal(order, 0)), this.liar.empty].map((message) => this.replicas.lie(message));
  }

  // ── the network ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private begin(): Node {
    const [a, b, c] = this.honest.map((index) => this.replicas.begin(index, EVERYONE));
    return { parts: [a!, b!, c!], from: null, who: 0, what: "" };
  }

  /** What the Byzantine validator may say to anybody in this state. */
  private lies(parts: Node["parts"]): readonly Lie[] {
    const changes = parts.flatMap((part) => part.changes);
    if (changes.length === 0) return this.menu;
    const lies = [...this.menu];
    for (const change of changes) if (change.claim.best !== null) lies.push(this.copied(change));
    if (this.model.byzantine === 1) lies.push(...this.made(changes));
    return lies;
  }

  private copied(change: ViewChange): Lie {
    let lie = this.copies.get(change);
    if (lie === undefined) this.copies.set(change, (lie = this.replicas.lie(this.liar.viewChange(change, change.committed))));
    return lie;
  }

  private made(changes: readonly ViewChange[]): readonly Lie[] {
    let key = "";
    for (const change of changes) {
      let number = this.claims.get(change);
      if (number === undefined) this.claims.set(change, (number = this.claims.size));
      key += ` ${number}`;
    }
    let lies = this.newViews.get(key);
    if (lies === undefined) this.newViews.set(key, (lies = this.liar.newViews(changes).map((message) => this.replicas.lie(message))));
    return lies;
  }

  /** Each state that follows, unless it is this one. */
  private next(node: Node, take: (node: Node) => void): void {
    const { parts } = node;
    const lies = this.lies(parts);
    parts.forEach((part, i) => {
      if (part.local.chain.length >= HIGHEST) return;
      const to = (next: Known, what: string): void => {
        this.transitions++;
        if (next === part) return;
        const [a, b, c] = parts;
        take({ parts: i === 0 ? [next, b, c] : i === 1 ? [a, next, c] : [a, b, next], from: node, who: i, what });
      };
      parts.forEach((other, j) => {
        if (j !== i) to(this.replicas.hears(part, other, this.honest[j]!), HEARS[this.honest[j]!]!);
      });
      for (const lie of lies) to(this.replicas.isTold(part, lie), lie.label);
      for (const lie of part.fresh) to(this.replicas.isTold(part, lie), lie.label);
      const { promise, config } = part.local.replica;
      if (promise === 0 && config.epoch === 0) to(this.replicas.givesUp(part), "gives up view 0");
    });
  }

  run(mostStates: number, mostSeconds: number): Explored {
    const started = performance.now();
    const seen = new States();
    let layer: Node[] = [];
    let [committed, changed, height, epochs, depth] = [0, 0, 0, 0, 0];
    let violation: string | null = null;
    let node: Node | null = null;
    const visit = (candidate: Node): boolean => {
      if (!seen.add(candidate.parts)) return false;
      node = candidate;
      let [top, inChange] = [0, false];
      for (const { local } of candidate.parts) {
        const { head, view, promise, config } = local.replica;
        top = Math.max(top, head.height);
        inChange ||= view > 0 || promise > 0;
        epochs = Math.max(epochs, config.epoch);
      }
      if (top > 0) committed++;
      if (inChange) changed++;
      height = Math.max(height, top);
      holds(candidate.parts);
      return true;
    };
    let complete = false;
    try {
      const first = this.begin();
      visit(first);
      layer = [first];
      const within = (): boolean => seen.size < mostStates && performance.now() - started < 1_000 * mostSeconds;
      while (layer.length > 0 && within()) {
        const following: Node[] = [];
        const take = (candidate: Node): void => {
          if (visit(candidate)) following.push(candidate);
        };
        for (const at of layer) {
          if (!within()) break;
          node = at;
          this.next(at, take);
        }
        if (within()) depth++;
        layer = following;
      }
      complete = layer.length === 0;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      violation = error.what;
    }
    const seconds = (performance.now() - started) / 1_000;
    const { transitions, replicas, model } = this;
    const path = violation === null ? [] : this.path(node);
    const { name } = model;
    const found = { states: seen.size, transitions, locals: replicas.size, depth, complete, committed, changed, height, epochs };
    return { name, ...found, seconds, violation, path };
  }

  private path(last: Node | null): string[] {
    const steps: string[] = [];
    for (let at = last; at !== null && at.from !== null; at = at.from) steps.unshift(`${nameOf(this.honest[at.who]!)} ${at.what}`);
    return steps;
  }
}

const HEARS = EVERYONE.map((index) => `hears ${nameOf(index)}`);

/** One block a height among those committed and those that Byzantine Commits would certify. */
function holds(parts: Node["parts"]): void {
  const at = new Map<number, number>();
  const one = (place: number, hash: number): void => {
    const former = at.get(place);
    if (former !== undefined && former !== hash) throw new Broken(`two blocks can be certified at height ${place}`);
    at.set(place, hash);
  };
  for (const { blocks } of parts) for (const { height, hash } of blocks) one(height, hash);
  parts.forEach((part, i) => {
    for (const { height, hash, vote } of part.commits) {
      let count = 1;
      parts.forEach((other, j) => {
        if (j !== i && other.commits.some((commit) => commit.vote === vote)) count++;
      });
      if (count + 1 >= quorum(4)) one(height, hash);
    }
  });
}

/** Which states were visited. Validators 2 and 3 lead no view of the search: states that differ by their exchange are one. They are the last two parts. */
class States {
  size = 0;
  private readonly seen = new Map<number, Set<number>>();

  /** False if it was there. */
  add([a, b, c]: Node["parts"]): boolean {
    const one = a.name * PLACES + b.name;
    const other = a.mirrored * PLACES + c.mirrored;
    const straight = one < other || (one === other && c.name <= b.mirrored);
    const [first, second] = straight ? [one, c.name] : [other, b.mirrored];
    let of = this.seen.get(first);
    if (of === undefined) this.seen.set(first, (of = new Set()));
    const before = of.size;
    of.add(second);
    if (of.size === before) return false;
    this.size++;
    return true;
  }
}
/** More states of one replica than these no search has met. */
const PLACES = 2 ** 26;
