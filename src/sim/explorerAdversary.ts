// The Byzantine validators: they hear everything, run the protocol like anybody, and besides sign whatever may do harm with their own keys.
// Owns the attacks: equivocating proposals, votes for all sides, lying view changes, several new views, bodies shown to some. They cannot forge
// (verify is a keyed hash), so what they claim of others they have heard. docs/protocol.md §4.

import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import { type Certificate, makeCertificate, quorum, type VoteKind, voteFrame } from "../base/certificate.ts";
import { type BatchReference, batchesHash, orderDigest } from "../base/header.ts";
import { select } from "../consensus/newView.ts";
import type { Claim, EpochConfig, Message, NewView, Order, OrderCertificate, ViewChange, Vote } from "../consensus/types.ts";
import { claimFrame, newViewFrame, newViewHash } from "../consensus/wire.ts";
import type { ExplorerNode } from "./explorerNode.ts";
import { keyOf, NETWORK, type Random, sign } from "./explorerPorts.ts";

interface Heard extends Order {
  readonly digest: Bytes;
  readonly height: number;
  readonly epoch: number;
}

interface Slot {
  readonly kind: VoteKind;
  readonly epoch: number;
  readonly view: number;
  readonly height: number;
  readonly hash: Bytes;
  readonly votes: Map<string, Bytes>;
}

export interface Stage {
  readonly random: Random;
  readonly byzantine: readonly ExplorerNode[];
  readonly honest: readonly ExplorerNode[];
  /** References of batches whose bodies a Byzantine node may propose. */
  batches(): readonly BatchReference[];
  deliver(from: string, to: string, message: Message): void;
  blockHash(order: Order): Bytes | null;
  clock(): number;
}

export class Adversary {
  private readonly stage: Stage;
  private readonly orders = new Map<string, Heard>();
  private readonly slots = new Map<string, Slot>();
  private readonly changes = new Map<string, ViewChange>();

  constructor(stage: Stage) {
    this.stage = stage;
  }

  /** Whatever anybody sends is heard. */
  hear(message: Message): void {
    switch (message.kind) {
      case "prepare":
      case "commit":
        return this.hearVote(message);
      case "prePrepare":
        this.hearOrder(message);
        return this.hearVote(message.prepare);
      case "viewChange":
        this.changes.set(`${message.claim.view} ${message.claim.epoch} ${hex(message.claim.signature.subarray(0, 8))}`, message);
        return;
      case "newView":
        if (message.prepare !== null) this.hearVote(message.prepare);
        return;
      default:
        return;
    }
  }

  private hearOrder({ order, references }: Order): void {
    const digest = orderDigest(NETWORK, order);
    this.orders.set(hex(digest), { order, references, digest, height: order.height, epoch: order.epoch });
  }

  private hearVote({ kind, epoch, view, height, hash, signer, signature }: Vote): void {
    const name = `${kind} ${epoch} ${view} ${height} ${hex(hash)}`;
    let slot = this.slots.get(name);
    if (slot === undefined) {
      slot = { kind, epoch, view, height, hash, votes: new Map() };
      this.slots.set(name, slot);
    }
    slot.votes.set(signer, signature);
  }

  /** One Byzantine validator does one thing. */
  act(): void {
    const { random, byzantine, honest } = this.stage;
    const victim = random.pick(honest);
    const actor = random.pick(byzantine);
    const { config, view } = victim.replica;
    if (!config.validators.some(({ id }) => id === actor.id)) return;
    const roll = random.next();
    if (roll < 0.3 && this.isPrimary(actor, config, view)) this.propose(actor, victim, config);
    else if (roll < 0.6) this.support(actor, victim);
    else if (roll < 0.68) this.vote(actor, victim, config);
    else if (roll < 0.85) this.changeView(actor, victim, config);
    else this.newView(actor, config);
  }

  /** It knows what its victim lacks: the votes for whatever the victim has accepted, however they contradict what others were told. */
  private support(actor: ExplorerNode, victim: ExplorerNode): void {
    const { replica } = victim;
    const { epoch } = replica.config;
    const send = (kind: VoteKind, height: number, hash: Bytes) => {
      const vote = this.signVote(actor, kind, epoch, replica.view, height, hash);
      this.hear(vote);
      this.stage.deliver(actor.id, victim.id, vote);
    };
    for (const entry of replica.accepted) {
      if (this.stage.random.chance(0.8)) send("prepare", entry.height, entry.digest);
      const result = replica.results.get(entry.key);
      if (result !== undefined && this.stage.random.chance(0.6)) send("commit", entry.height, result.hash);
    }
  }

  private scatter(actor: ExplorerNode, message: Message): void {
    const { random, honest } = this.stage;
    this.hear(message);
    for (const { id } of random.chance(0.4) ? honest : random.subset(honest)) this.stage.deliver(actor.id, id, message);
  }

  private signVote(actor: ExplorerNode, kind: VoteKind, epoch: number, view: number, height: number, hash: Bytes): Vote {
    const vote = { kind, epoch, view, height, hash, signer: actor.id };
    return { ...vote, signature: sign(keyOf(actor.index), voteFrame(NETWORK, kind, vote)) };
  }

  private readonly isPrimary = (actor: ExplorerNode, { validators, epoch }: EpochConfig, view: number): boolean =>
    validators[(epoch + view) % validators.length]!.id === actor.id;

  /** A proposal on any order ever seen, or on the committed head, to some. */
  private propose(actor: ExplorerNode, victim: ExplorerNode, config: EpochConfig): void {
    const { random } = this.stage;
    const { view, head } = victim.replica;
    if (!this.isPrimary(actor, config, view)) return;
    const parents: { digest: Bytes; height: number; time: number }[] = [head];
    for (const heard of this.orders.values())
      if (heard.epoch === config.epoch && heard.height > head.height)
        parents.push({ digest: heard.digest, height: heard.height, time: heard.order.time });
    const parent = random.pick(parents);
    const references = random.chance(0.5) ? [] : random.subset(this.stage.batches()).slice(0, 3);
    const time = random.chance(0.05) ? parent.time - 1 : Math.max(parent.time + 1, this.stage.clock() + random.below(100) - 50);
    const height = parent.height + 1;
    const order = { protocol: 1, epoch: config.epoch, height, parent: parent.digest, time, batches: batchesHash(NETWORK, references) };
    this.hearOrder({ order, references });
    const prepare = this.signVote(actor, "prepare", config.epoch, view, height, orderDigest(NETWORK, order));
    this.scatter(actor, { kind: "prePrepare", view, order, references, prepare });
  }

  /** Votes for any order in any recent view, to some; a Commit names the true result of its order. */
  private vote(actor: ExplorerNode, victim: ExplorerNode, config: EpochConfig): void {
    const { random } = this.stage;
    const orders = [...this.orders.values()].filter((o) => o.epoch === config.epoch && o.height > victim.replica.head.height);
    if (orders.length === 0) return;
    const heard = random.pick(orders);
    const view = random.chance(0.8) ? victim.replica.view : random.below(victim.replica.view + 2);
    const kind = random.chance(0.5) ? "prepare" : "commit";
    const hash = kind === "prepare" ? heard.digest : this.stage.blockHash(heard);
    if (hash !== null) this.scatter(actor, this.signVote(actor, kind, config.epoch, view, heard.height, hash));
  }

  /** A claim that names any certificate heard of, or none; it may conceal what is committed. */
  private changeView(actor: ExplorerNode, victim: ExplorerNode, config: EpochConfig): void {
    const { random, honest } = this.stage;
    const view = Math.max(1, victim.replica.promise + random.below(2));
    const source = random.pick([...honest, actor]);
    const committed = random.pick([null, ...source.chain.filter((block) => block.header.order.epoch === config.epoch)]);
    const bests = random.chance(0.6) ? [] : this.certificates("prepare", config).filter((c) => c.view < view);
    const best = bests.length === 0 ? null : random.pick(bests);
    const start = config.start - 1;
    const height = committed?.header.order.height ?? start;
    const startHash =
      start === 0 ? NETWORK : (source.chain.find((block) => block.header.order.height === start)?.certificate?.hash ?? NETWORK);
    const orders = best === null ? [] : this.path(best.hash, best.height, height);
    if (orders === null) return;
    const fields = {
      epoch: config.epoch,
      view,
      committedHeight: height,
      committedHash: committed?.certificate?.hash ?? startHash,
      best: best && { view: best.view, height: best.height, digest: best.hash },
      signer: actor.id,
    };
    const claim: Claim = { ...fields, signature: sign(keyOf(actor.index), claimFrame(NETWORK, fields)) };
    const proof: OrderCertificate | null = best && { certificate: best, header: null };
    this.scatter(actor, { kind: "viewChange", claim, committed: committed?.certificate ?? null, best: proof, orders });
  }

  /** Certificates that the votes heard so far make, with the adversary's own added where they help. */
  private certificates(kind: VoteKind, config: EpochConfig): Certificate[] {
    const found: Certificate[] = [];
    const index = new Map(config.validators.map(({ id }, i) => [id, i]));
    for (const slot of this.slots.values()) {
      if (slot.kind !== kind || slot.epoch !== config.epoch) continue;
      const signatures = new Map<number, Bytes>();
      for (const [id, signature] of slot.votes) if (index.has(id)) signatures.set(index.get(id)!, signature);
      for (const actor of this.stage.byzantine) {
        const i = index.get(actor.id);
        if (i !== undefined) signatures.set(i, this.signVote(actor, kind, slot.epoch, slot.view, slot.height, slot.hash).signature);
      }
      if (signatures.size >= quorum(config.validators.length))
        found.push(makeCertificate(kind, slot, signatures, config.validators.length));
    }
    return found;
  }

  private path(digest: Bytes, height: number, from: number): Order[] | null {
    const orders: Order[] = [];
    let at = digest;
    for (let h = height; h > from; h--) {
      const heard = this.orders.get(hex(at));
      if (heard === undefined) return null;
      orders.unshift({ order: heard.order, references: heard.references });
      at = heard.order.parent;
    }
    return orders;
  }

  /** A correct NewView from q claims of its choice; to some. Another one, of other claims, may follow. */
  private newView(actor: ExplorerNode, config: EpochConfig): void {
    const { random } = this.stage;
    const views = new Set([...this.changes.values()].filter(({ claim }) => claim.epoch === config.epoch).map(({ claim }) => claim.view));
    const mine = [...views].filter((v) => this.isPrimary(actor, config, v));
    if (mine.length === 0) return;
    const view = random.pick(mine);
    const bySigner = new Map<string, ViewChange>();
    for (const change of this.changes.values())
      if (change.claim.view === view && change.claim.epoch === config.epoch && (!bySigner.has(change.claim.signer) || random.chance(0.5)))
        bySigner.set(change.claim.signer, change);
    const q = quorum(config.validators.length);
    const pool = [...bySigner.values()].filter(({ claim }) => config.validators.some(({ id }) => id === claim.signer));
    if (pool.length < q) return;
    const chosen: ViewChange[] = [];
    while (chosen.length < q) chosen.push(...pool.splice(random.below(pool.length), 1));
    this.scatter(actor, this.makeNewView(actor, config, view, chosen));
  }

  private makeNewView(actor: ExplorerNode, config: EpochConfig, view: number, chosen: readonly ViewChange[]): NewView {
    const { committed, best, tip } = select(chosen.map(({ claim }) => claim));
    const proof =
      best &&
      chosen.find(
        ({ claim }) =>
          claim.best !== null &&
          claim.best.view === best.view &&
          claim.best.height === best.height &&
          equalBytes(claim.best.digest, best.digest),
      )!;
    const body = {
      epoch: config.epoch,
      view,
      claims: chosen.map(({ claim }) => claim),
      committed: chosen.find(({ claim }) => claim === committed)!.committed,
      best: proof?.best ?? null,
      orders: tip === null ? [] : proof!.orders.filter(({ order }) => order.height > committed.committedHeight),
      prepare: tip === null ? null : this.signVote(actor, "prepare", config.epoch, view, tip.height, tip.digest),
    };
    const fields = { epoch: config.epoch, view, hash: newViewHash(body), signer: actor.id };
    return { kind: "newView", ...body, signer: actor.id, signature: sign(keyOf(actor.index), newViewFrame(NETWORK, fields)) };
  }
}
