// The replicas of the exhaustive search: each state of one replica that was ever reached, what it becomes by each thing that may happen to it, and what of it
// the search over states of the network needs, worked out once. docs/testing.md. Owns that memory and what a replica hears. Does not own a replica's step
// (exhaustiveNode.ts), nor what happens (exhaustive.ts).

import { hex } from "../base/bytes.ts";
import type { VoteKind } from "../base/certificate.ts";
import type { Message, PrePrepare, ViewChange } from "../consensus/types.ts";
import type { Liar } from "./exhaustiveLiar.ts";
import { after, Broken, describeLocal, type Local, newLocal } from "./exhaustiveNode.ts";
import type { Given } from "./explorerNode.ts";
import { type ExplorerLedger, nameOf } from "./explorerPorts.ts";

/** A state of one replica. */
export interface Known {
  readonly local: Local;
  /** Its name, and its name once the interchangeable validators are exchanged. */
  readonly name: number;
  readonly mirrored: number;
  /** Of what it has said and committed. */
  readonly voice: number;
  /** What it claims of view 0; fresh proposals with which it may be lied to. */
  readonly changes: readonly ViewChange[];
  readonly fresh: readonly Lie[];
  /** Blocks that it has committed, and its Commits of the first epoch: place and hash, as numbers. */
  readonly blocks: readonly Fact[];
  readonly commits: readonly Fact[];
  /** What it became by hearing somebody (by index and voice), by a lie (by its number), and by giving up view 0. */
  readonly heard: Map<number, Known>;
  readonly told: Map<number, Known>;
  gaveUp: Known | undefined;
}

export interface Fact {
  readonly height: number;
  readonly hash: number;
  /** Of a Commit: its whole name. */
  readonly vote: number;
}

/**
 * Something that the Byzantine validator may say. Ones that differ only in who signed the certificates inside have one number, and to each replica one of them is
 * told; which one is of the state at hand, since in another somebody may have signed what he never did in this one.
 */
export interface Lie {
  readonly number: number;
  readonly label: string;
  readonly message: Message;
}

const VOICES = 4;

export class Replicas {
  private readonly ledger: ExplorerLedger;
  private readonly liar: Liar;
  private readonly names = new Map<string, number>();
  private readonly voices = new Map<string, number>();
  private readonly words = new Map<string, number>();
  private readonly lies = new Map<string, number>();
  private readonly known = new Map<number, Known>();

  constructor(ledger: ExplorerLedger, liar: Liar) {
    this.ledger = ledger;
    this.liar = liar;
  }

  get size(): number {
    return this.known.size;
  }

  // ── what may happen to one ────────────────────────────────────────────────────────────────────────────────────────────────

  /** It has started, everybody answered, and it holds these batches. */
  begin(index: number, everyone: readonly number[]): Known {
    const { ledger } = this;
    const local = newLocal(index, ledger);
    const empty = { epoch: 0, committed: 0, votes: [], claim: null, newView: null, elsewhere: false };
    const answers: Given[] = everyone
      .filter((i) => i !== index)
      .map((i) => ({ kind: "message", from: nameOf(i), message: { kind: "answer", nonce: local.replica.nonce, ...empty } }));
    const batches = [...ledger.batches.values()].map(({ facts }) => facts);
    const held: Given[] = batches.map((batch) => ({ kind: "batch", batch }));
    const acks: Given[] = everyone.map((i) => ({ kind: "acked", from: nameOf(i), digests: batches.map((b) => b.reference.digest) }));
    return this.find(this.supported(after(local, [...held, ...acks, { kind: "start" }, ...answers], ledger)));
  }

  /** Everything that `other`, validator `index`, has said so far. */
  hears(part: Known, other: Known, index: number): Known {
    const key = other.voice * VOICES + index;
    let next = part.heard.get(key);
    if (next === undefined) part.heard.set(key, (next = this.stepped(part, hearing(part.local, other.local, nameOf(index)))));
    return next;
  }

  isTold(part: Known, { number, message }: Lie): Known {
    let next = part.told.get(number);
    if (next === undefined) {
      const { view, pending } = part.local.replica; // behind another NewView of the view it would be evidence
      const forgeries = message.kind === "newView" && view === 0 && pending === null ? this.liar.forgedIn(message, part.local) : [];
      for (const forged of forgeries) this.disbelieves(part, forged);
      part.told.set(number, (next = this.stepped(part, [{ kind: "message", from: this.liar.id, message }])));
    }
    return next;
  }

  /** What bears no good signature changes nothing, whatever it says. */
  private disbelieves({ local, name }: Known, message: Message): void {
    const then = after(local, [{ kind: "message", from: this.liar.id, message }], this.ledger);
    if (intern(this.names, describeLocal(then, itself)) !== name)
      throw new Broken(`${local.replica.organisation} believes a forged ${message.kind}`);
  }

  givesUp(part: Known): Known {
    part.gaveUp ??= this.stepped(part, [{ kind: "tick" }], 10_000);
    return part.gaveUp;
  }

  lie(message: Message): Lie {
    const label = nameOfSaid(message);
    return { number: intern(this.lies, label), label, message };
  }

  private stepped(part: Known, inputs: readonly Given[], passed = 0): Known {
    return inputs.length === 0 ? part : this.find(this.supported(after(part.local, inputs, this.ledger, passed)));
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
      const given = messages.map((message) => ({ kind: "message", from: this.liar.id, message }) as const);
      at = after(at, given, this.ledger);
    }
  }

  // ── what it is ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private find(local: Local): Known {
    const name = intern(this.names, describeLocal(local, itself));
    let known = this.known.get(name);
    if (known !== undefined) return known;
    this.known.set(name, (known = this.workedOut(local, name)));
    for (const forged of local.replica.config.validators.length === 4 ? this.liar.forgeries(local) : []) this.disbelieves(known, forged);
    return known;
  }

  private workedOut(local: Local, name: number): Known {
    consistent(local);
    const { said, chain, replica } = local;
    const told = said.map(({ message }) => ("signature" in message ? hex(message.signature.subarray(0, 8)) : nameOfSaid(message)));
    const accepted = replica.accepted.map(({ digest }) => hex(digest.subarray(0, 8)));
    const commits = new Map<number, Fact>();
    for (const { message: m } of said) {
      if (m.kind !== "commit" || m.epoch !== 0) continue;
      const vote = intern(this.words, `${m.view} ${m.height} ${hex(m.hash)}`);
      commits.set(vote, { height: m.height, hash: intern(this.words, hex(m.hash)), vote });
    }
    return {
      local,
      name,
      mirrored: intern(this.names, describeLocal(local, mirror)),
      voice: intern(this.voices, `${hex(replica.head.hash)} ${accepted.join(" ")} ${told.join(" ")}`),
      changes: said.flatMap(({ message }) => (message.kind === "viewChange" && message.claim.epoch === 0 ? [message] : [])),
      fresh: this.liar.fresh(local).map((proposal: PrePrepare) => this.lie(proposal)),
      blocks: chain.map(({ header, certificate }) => ({
        height: header.order.height,
        hash: intern(this.words, hex(certificate!.hash)),
        vote: -1,
      })),
      commits: [...commits.values()],
      heard: new Map(),
      told: new Map(),
      gaveUp: undefined,
    };
  }
}

const itself = (id: string): string => id;
/** Validators 2 and 3 lead no view of the search. */
const mirror = (id: string): string => (id === "v2" ? "v3" : id === "v3" ? "v2" : id);

/** Everything that `from` has said so far, and the blocks and orders that `to` lacks of it, as Status would bring them. */
function hearing(to: Local, from: Local, id: string): Given[] {
  const messages: Message[] = [...from.chain.slice(to.chain.length)];
  for (const { to: receiver, message } of from.said)
    if (receiver !== "" && (receiver === "validators" || receiver === to.replica.organisation)) messages.push(message);
  for (const { order, references } of from.replica.accepted) messages.push({ kind: "order", order, references });
  return messages.map((message) => ({ kind: "message", from: id, message }));
}

/** Whatever it has said, it never contradicts itself, and says nothing below a promise. */
function consistent({ said, replica }: Local): void {
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

function intern(table: Map<string, number>, name: string): number {
  let number = table.get(name);
  if (number === undefined) table.set(name, (number = table.size));
  return number;
}

export function nameOfSaid(message: Message): string {
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
