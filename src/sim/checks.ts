// What must hold after every step of every scenario, whatever the network, the disks and f Byzantine validators do. docs/protocol.md §4; attacks, smaller
// decision 22. Owns the judgement. It looks at what nodes write, send, execute and commit, not at how the core came to it, so that it shares no bug with it.

import { type Bytes, equalBytes, hex, latin1 } from "../base/bytes.ts";
import { faults, type ValidatorSet, verifyCertificate } from "../base/certificate.ts";
import { BODY, RECORD } from "../consensus/driver.ts";
import type { StopReason } from "../consensus/driverPorts.ts";
import type { StoredRecord } from "../consensus/journalSegments.ts";
import { decodeRecord, recordKinds } from "../consensus/records.ts";
import type { Evidence, JournalRecord, Message, NewView, Result, Vote } from "../consensus/types.ts";
import { newViewHash } from "../consensus/wire.ts";
import { batchDigest, readBatch } from "../ledger/batch.ts";
import type { CommittedBlock } from "../ledger/chain.ts";
import { readLayout, transactionId } from "../ledger/transaction.ts";
import { excess } from "./bounds.ts";

import type { SimNode } from "./simNode.ts";

/** Why a node is not held to everything: by no fault of the code it may contradict itself, or compute wrongly. */
export interface Excuse {
  /** Put back to an old image of its disk: it forgot. */
  image: boolean;
  /** Its memory is broken. */
  broken: boolean;
}

/** What one consensus key has said and written, over all lives of its node. */
interface Account {
  readonly durable: Set<string>;
  readonly sent: Map<string, string>;
  /** By epoch: durable, and besides what this life has appended. */
  readonly promised: Map<number, number>;
  promising: Map<number, number>;
  readonly voted: Map<string, string>;
  voting: Map<string, string>;
  bodies: Set<string>;
}

const digests = new WeakMap<Bytes, string>();
/** A record is looked at when it is appended and again when it is durable. */
const records = new WeakMap<Bytes, JournalRecord>();
function recordOf(body: Bytes): JournalRecord {
  let record = records.get(body);
  if (record === undefined) records.set(body, (record = decodeRecord(body)));
  return record;
}
const LOOKED_AT = new Set(["vote", "promise", "newView"].map((kind) => recordKinds.indexOf(kind as JournalRecord["kind"])));

export class Checks {
  readonly excuses = new Map<number, Excuse>();
  /** Agreed blocks: what the first honest node committed at each height. */
  readonly blocks = new Map<number, { readonly hash: string; readonly digest: string; readonly epoch: number }>();
  /** Height of each transaction that has a receipt. */
  readonly heights = new Map<string, number>();
  readonly sets = new Map<number, ValidatorSet>();
  nodes: readonly SimNode[] = [];
  private readonly results = new Map<string, string>();
  private readonly accounts = new Map<string, Account>();
  private readonly violated: (rule: string, detail: string) => void;
  private lastTime = 0;

  constructor(violated: (rule: string, detail: string) => void) {
    this.violated = violated;
  }

  excuse(node: number): Excuse {
    let excuse = this.excuses.get(node);
    if (excuse === undefined) this.excuses.set(node, (excuse = { image: false, broken: false }));
    return excuse;
  }

  private account(node: SimNode): Account {
    const name = `${node.id} ${node.keyTurn}`;
    let account = this.accounts.get(name);
    if (account === undefined) {
      account = {
        durable: new Set(),
        sent: new Map(),
        promised: new Map(),
        promising: new Map(),
        voted: new Map(),
        voting: new Map(),
        bodies: new Set(),
      };
      this.accounts.set(name, account);
    }
    return account;
  }

  private bound(node: SimNode): boolean {
    return node.honest && this.excuses.get(node.index)?.image !== true;
  }

  // ── processes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  booted(node: SimNode): void {
    const account = this.account(node);
    account.promising = new Map(account.promised);
    account.voting = new Map(account.voted);
  }

  /** The disk lost its bodies. */
  wiped(node: SimNode): void {
    this.account(node).bodies = new Set();
  }

  stopped(node: SimNode, { code, data }: StopReason, cause: string): void {
    if (!node.honest || (code === "store.write" && node.disk.failing)) return;
    if (code === "start.key_elsewhere" && !this.bound(node)) return;
    this.violated("no honest node stops", `${node.id} ${code} ${JSON.stringify(data)}${cause}`);
  }

  rejected(node: SimNode, from: number, code: string): void {
    const peer = this.nodes[from]!;
    if (node.honest && peer.honest && !this.excuses.has(from))
      this.violated("honest peers are not scored", `${node.id} rejects ${peer.id}: ${code}`);
  }

  diverged(node: SimNode, what: string): void {
    if (node.honest && ![...this.excuses.values()].some(({ broken }) => broken))
      this.violated("§3 one result per order", `${node.id} ${what}`);
  }

  // ── journal ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  appended(node: SimNode, record: StoredRecord): void {
    if (!this.bound(node) || record.kind !== RECORD || !LOOKED_AT.has(record.body[1]!)) return;
    const { promising, voting } = this.account(node);
    const written = recordOf(record.body);
    if (written.kind === "vote") this.casts(node, written.vote, promising, voting);
    else this.promises(written, promising);
  }

  /** §4.5 no vote below a promise; §4.4 one vote a slot. */
  private casts(node: SimNode, vote: Vote, promising: ReadonlyMap<number, number>, voting: Map<string, string>): void {
    const { epoch, view } = vote;
    const slot = slotOf(vote);
    const promise = promising.get(epoch) ?? 0;
    if (view < promise) this.violated("§4.5 no vote below a promise", `${node.id} ${slot}, promised ${promise}`);
    // The tip of a new view may be committed here already; nothing above the window is ever voted on (§4.1, §4.3).
    const { replica } = node.driver ?? {};
    if (
      replica !== undefined &&
      epoch === replica.config.epoch &&
      vote.height > Math.min(replica.head.height + replica.config.parameters.window, replica.end)
    )
      this.violated("§4.1 votes are within window and epoch", `${node.id} ${slot}, committed ${replica.head.height}, end ${replica.end}`);
    const hash = latin1(vote.hash);
    const former = voting.get(slot);
    if (former !== undefined && former !== hash) this.violated("§4.4 one vote a slot", `${node.id} ${slot}`);
    voting.set(slot, hash);
  }

  private promises(record: JournalRecord, into: Map<number, number>): void {
    const view = record.kind === "promise" ? record.viewChange.claim.view : record.kind === "newView" ? record.newView.view : 0;
    into.set(record.epoch, Math.max(view, into.get(record.epoch) ?? 0));
  }

  durable(node: SimNode, record: StoredRecord): void {
    if (!node.honest) return;
    const account = this.account(node);
    if (record.kind === BODY) return void account.bodies.add(this.digestOf(node, record.body));
    if (record.kind !== RECORD || !LOOKED_AT.has(record.body[1]!)) return;
    const written = recordOf(record.body);
    // The tip's Prepare is in the NewView of its signer.
    const vote = written.kind === "vote" ? written.vote : written.kind === "newView" ? written.newView.prepare : null;
    if (vote !== null && vote.signer === node.id) {
      const slot = slotOf(vote);
      const hash = latin1(vote.hash);
      account.durable.add(`${slot} ${hash}`);
      account.voted.set(slot, hash);
    }
    if (written.kind === "newView") account.durable.add(newViewName(written.newView));
    if (written.kind !== "vote") this.promises(written, account.promised);
  }

  private digestOf(node: SimNode, body: Bytes): string {
    let digest = digests.get(body);
    if (digest === undefined) digests.set(body, (digest = latin1(batchDigest(node.world.founding.network, body, readBatch(body)))));
    return digest;
  }

  // ── what leaves a node ─────────────────────────────────────────────────────────────────────────────────────────────────────

  sent(node: SimNode, message: Message): void {
    switch (message.kind) {
      case "prepare":
      case "commit":
        return this.votes(node, message);
      case "prePrepare":
        return this.votes(node, message.prepare);
      case "viewChange": {
        const { epoch, view, signer } = message.claim;
        if (signer === node.id && (this.account(node).promised.get(epoch) ?? 0) < view)
          this.violated("§4.7 durable before it is sent", `${node.id} view change ${epoch}/${view}`);
        return;
      }
      case "newView":
        if (message.signer !== node.id) return; // brought to somebody behind
        if (message.prepare !== null && !this.account(node).sent.has(slotOf(message.prepare))) this.votes(node, message.prepare);
        if (!this.account(node).durable.has(newViewName(message)))
          this.violated("§4.7 durable before it is sent", `${node.id} ${newViewName(message)}`);
        return this.says(node, `newView ${message.epoch} ${message.view}`, hex(newViewHash(message)));
      default:
        return;
    }
  }

  private votes(node: SimNode, vote: Vote): void {
    const slot = slotOf(vote);
    if (vote.signer !== node.id) return this.violated("each sends its own votes", `${node.id} sends one of ${vote.signer}`);
    const hash = latin1(vote.hash);
    if (!this.account(node).durable.has(`${slot} ${hash}`)) this.violated("§4.7 durable before it is sent", `${node.id} ${slot}`);
    if (vote.kind === "prepare") this.holds(node, vote);
    this.says(node, slot, hash);
  }

  private says(node: SimNode, slot: string, what: string): void {
    const { sent } = this.account(node);
    const former = sent.get(slot);
    if (former !== undefined && former !== what && this.bound(node))
      this.violated("no honest node contradicts itself", `${node.id} ${slot}`);
    sent.set(slot, what);
  }

  /** §4.4 every batch of what is prepared, and of its uncommitted ancestors, is held and durable. */
  private holds(node: SimNode, { hash, height }: Vote): void {
    const replica = node.driver?.replica;
    if (replica === undefined) return;
    const { bodies } = this.account(node);
    let entry = replica.known.get(latin1(hash));
    for (let h = height; entry !== undefined && h > replica.head.height; h--) {
      for (const batch of entry.batches)
        if (!bodies.has(batch))
          return this.violated("§4.7 bodies are durable with the Prepare", `${node.id} prepares ${height} without a body of ${h}`);
      entry = replica.known.get(latin1(entry.order.parent));
    }
  }

  // ── results and blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  executed(node: SimNode, { digest, hash, header }: Result): void {
    if (!node.honest || this.excuses.get(node.index)?.broken === true) return;
    const order = latin1(digest);
    const former = this.results.get(order);
    if (former !== undefined && former !== latin1(hash)) this.violated("§3 one result per order", `${node.id} at ${header.order.height}`);
    this.results.set(order, latin1(hash));
  }

  committed(node: SimNode, block: CommittedBlock): void {
    const { references } = block;
    const { bodies } = this.account(node);
    for (const { digest } of references) bodies.add(latin1(digest)); // they are in its database now
    if (!node.honest) return;
    const { height, certificate, header } = block;
    const agreed = this.blocks.get(height);
    const hash = hex(block.hash);
    if (agreed !== undefined && agreed.hash !== hash)
      return this.violated(
        "one block per height",
        `${node.id} commits ${hash.slice(0, 8)} at ${height}, others ${agreed.hash.slice(0, 8)}`,
      );
    const set = this.sets.get(header.order.epoch);
    const { network } = node.world.founding;
    if (
      set === undefined ||
      certificate.height !== height ||
      certificate.epoch !== header.order.epoch ||
      !equalBytes(certificate.hash, block.hash) ||
      !verifyCertificate(network, certificate, set, (...given) => node.world.scheme.verify(...given))
    )
      this.violated("a block has a certificate of its epoch's set", `${node.id} at ${height}`);
    if (agreed === undefined) this.first(node, block, hash);
  }

  private first(node: SimNode, { height, header, leaves, references, epoch }: CommittedBlock, hash: string): void {
    // Its parent may have become durable just before a crash, and so was never shown.
    if (height > 1 && !this.blocks.has(height - 1)) this.found(node, height - 1);
    const parent = this.blocks.get(height - 1)?.hash ?? hex(node.world.founding.network);
    if (hex(header.parentBlock) !== parent) this.violated("blocks are a chain", `height ${height}`);
    if (header.order.time <= this.lastTime) this.violated("§3 time is greater than the parent's", `height ${height}`);
    this.lastTime = header.order.time;
    this.blocks.set(height, { hash, digest: "", epoch: header.order.epoch });
    this.sets.set(epoch.epoch, epoch.validators);
    for (const { id } of leaves) {
      const name = latin1(id);
      const before = this.heights.get(name);
      if (before !== undefined) this.violated("§2 no transaction twice", `heights ${before} and ${height}`);
      this.heights.set(name, height);
    }
    const needed = faults(this.sets.get(header.order.epoch)!.length) + 1;
    for (const { digest } of references) {
      const holders = this.nodes.filter((other) => other.honest && this.account(other).bodies.has(latin1(digest))).length;
      if (holders < needed) this.violated("§4.8 certified bodies are held by f + 1 honest", `height ${height}: ${holders} of ${needed}`);
    }
  }

  /** A block that a node's disk holds and that nobody has shown. */
  private found(node: SimNode, height: number): void {
    const { reader } = node.chain;
    const { header } = reader.block(height)!;
    this.blocks.set(height, { hash: hex(reader.hashAt(height)), digest: "", epoch: header.order.epoch });
    this.lastTime = header.order.time;
    const { network } = node.world.founding;
    const { due, receipts } = reader.results(height)!;
    for (let leaf = due.length; leaf < receipts.length; leaf++) {
      const bytes = reader.transaction(height, leaf)!;
      this.heights.set(latin1(transactionId(network, bytes.subarray(0, readLayout(bytes, 0, bytes.length).bodyEnd))), height);
    }
  }

  evidence(node: SimNode, { signer, kind, epoch, view, height }: Evidence): void {
    const accused = this.nodes.find(({ id }) => id === signer)!;
    if (this.bound(accused))
      this.violated("no honest node in evidence", `${node.id} accuses ${signer}: ${kind} ${epoch}/${view}/${height}`);
  }

  /** §4.11 what a node holds in memory has a bound. */
  bounded(node: SimNode): void {
    if (!node.honest || node.driver === undefined) return;
    const over = excess(node, this.nodes.length);
    if (over !== undefined) this.violated("§4.11 memory is bounded", `${node.id}: ${over}`);
  }

  /** At the end: whoever runs has every receipt that anybody was ever shown. */
  kept(node: SimNode, height: number): void {
    for (const [h, { hash }] of this.blocks)
      if (h <= height && hex(node.chain.reader.hashAt(h)) !== hash) this.violated("no acknowledged receipt is lost", `${node.id} at ${h}`);
  }
}

const slotOf = ({ kind, epoch, view, height }: Vote): string => `${kind} ${epoch}/${view}/${height}`;
const newViewName = (m: NewView): string => `newView ${m.epoch}/${m.view} ${hex(newViewHash(m))}`;
