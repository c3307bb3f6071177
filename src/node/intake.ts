// Clients' transactions on their way in: verified in a worker, counted against a quota, queued, cut into batches. docs/protocol.md §4.8.
// Owns who a sender is, what a full or stopping node says, when batches are cut; an observer's hand-over to a validator. Does not own: verdicts (verifier),
// the queue (ledger/mempool), who waits for what (api/finality).

import { type Bytes, concat, equalBytes, latin1, u32be } from "../base/bytes.ts";
import { decode, encode } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import {
  ALWAYS_PENDING,
  MAX_KNOWN_SENDERS,
  MAX_VERIFY_BACKLOG_BYTES,
  PENDING_SECONDS,
  PROOF_MS_PER_S,
  SENDER_KNOWN_MS,
} from "../base/limits.ts";
import type { Clock } from "../base/time.ts";
import type { VerifiedBatch } from "../ledger/batch.ts";
import type { Mempool, Sender } from "../ledger/mempool.ts";
import { Quotas } from "../ledger/quotas.ts";
import { readLayout, signerAt } from "../ledger/transaction.ts";
import type { IngressVerdict } from "../ledger/verify.ts";
import type { PeerHost } from "../p2p/types.ts";
import { isLoopback } from "./config.ts";
import type { Config } from "./settings.ts";
import type { Ingress } from "./ingressJoin.ts";
import type { Verifier } from "./verifier.ts";

export interface IntakePorts {
  readonly organisation: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly mempool: Mempool;
  readonly verifier: Pick<Verifier, "ingress" | "backlog">;
  /** Why nothing is taken at the moment: a code, or undefined. */
  readonly closed: () => string | undefined;
  /** The principal behind a key, as of the head. */
  readonly principalOf: (key: Bytes) => string | undefined;
  /** Has a receipt: from the table of those committed lately, for what is not expired; from the store, for whatever id. */
  readonly isCommitted: (id: Bytes) => boolean;
  readonly isStored: (id: Bytes) => boolean;
  readonly headTime: () => number;
  /** A batch of our own goes out. */
  readonly out: (batch: VerifiedBatch) => void;
  /** Validators to hand over to, for an observer; undefined for a validator. */
  readonly validators: () => readonly string[] | undefined;
  readonly host: () => Pick<PeerHost, "request"> | undefined;
  readonly refusedByQuota: (count: number) => void;
}

export class Intake {
  readonly #ports: IntakePorts;
  /** Key → principal, for a while: revocation counts at execution, this is about quotas only. */
  readonly #senders = new Map<string, { readonly principal: string | undefined; readonly until: number }>();
  /** By address or peer: what computing predicates has taken. */
  readonly #proofs = new Quotas();
  #cancelCut: (() => void) | undefined;
  /** Bytes of clients' lists that are being verified. */
  #verifying = 0;
  #stopped = false;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** Takes a client's transactions; `taken` hears one answer each before anything can become final. */
  async submit<T>(list: Bytes, address: string, taken: (verdict: IngressVerdict, answers: readonly string[]) => T): Promise<T> {
    this.#checkRoom();
    return this.#take(list, address, taken);
  }

  async #take<T>(list: Bytes, address: string, taken: (verdict: IngressVerdict, answers: readonly string[]) => T): Promise<T> {
    this.#checkOpen();
    const { bytes, verdict } = await this.#verified(list, address);
    this.#checkOpen();
    const sender = this.#senderOf(bytes, verdict, address);
    const validators = this.#ports.validators();
    if (validators !== undefined) return taken(verdict, await this.#handOver(bytes, verdict, validators));
    return taken(verdict, this.#queue(bytes, verdict, sender));
  }

  /** An observer's clients' transactions, on the channel "transactions": its answer is one code each. */
  async fromPeer(peer: string, list: Bytes): Promise<Bytes> {
    this.#checkRoom();
    this.#checkOpen();
    const { bytes, verdict } = await this.#verified(list, peer);
    return encode(this.#queue(bytes, verdict, { name: peer, perSecond: this.#ports.config["api.quota_tx_per_s"] }));
  }

  /** One of this node's own acts. True if it is on its way. */
  async own(transaction: Bytes): Promise<boolean> {
    return this.#take(concat(u32be(transaction.length), transaction), "127.0.0.1", (_verdict, [answer]) => answer === "accepted");
  }

  /** Has a receipt, or is on its way. */
  isKnown(id: Bytes): boolean {
    return this.#ports.mempool.isPending(id) || this.#ports.isCommitted(id);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelCut?.();
  }

  /** Computes predicates for a dry run, at the cost of who asks. Throws `quota.exceeded` while he owes for earlier ones. */
  charged<T>(address: string, act: () => T): T {
    this.#checkCredit(address);
    const began = this.#ports.clock.monotonic();
    try {
      return act();
    } finally {
      this.#charge(address, this.#ports.clock.monotonic() - began);
    }
  }

  async #verified(list: Bytes, from: string): Promise<Ingress> {
    this.#checkCredit(from);
    const { length } = list; // its buffer is moved away
    this.#verifying += length;
    try {
      const verified = await this.#ports.verifier.ingress(list);
      this.#charge(from, verified.proofMs);
      return verified;
    } finally {
      this.#verifying -= length;
    }
  }

  // What predicates cost is known when they are computed: it is charged afterwards, and until it is earned back nothing more is looked at. This machine's
  // own clients are trusted with it.
  #checkCredit(from: string): void {
    if (this.#proofs.owesMs(from, PROOF_MS_PER_S, this.#ports.clock.monotonic()) === 0) return;
    this.#ports.refusedByQuota(1);
    throw new LedgerError("quota.exceeded", {
      detail: "checking the proofs in what was handed in from there has taken its share of this node",
    });
  }
  #charge(from: string, ms: number): void {
    if (ms > 0 && !isOwnMachine(from)) this.#proofs.charge(from, PROOF_MS_PER_S, ms, this.#ports.clock.monotonic());
  }

  #checkOpen(): void {
    const code = this.#stopped ? "node.stopping" : this.#ports.closed();
    if (code !== undefined) throw new LedgerError(code);
    if (this.#behind) throw new LedgerError("busy", { detail: BEHIND });
  }

  /**
   * Why no more is taken of clients, in words that are always the same; undefined while there is room. Asked before a request is read, and again before
   * anything of it is verified: a refusal must cost nearly nothing. This node's own acts are not asked.
   */
  get full(): string | undefined {
    if (this.#behind) return BEHIND;
    const { pending, ratePerSecond } = this.#ports.mempool;
    const underWay = pending + this.#verifying / SMALL_TRANSACTION_BYTES;
    return underWay < Math.max(ALWAYS_PENDING, ratePerSecond * PENDING_SECONDS) ? undefined : FULL;
  }
  #checkRoom(): void {
    const { full } = this;
    if (full !== undefined) throw new LedgerError("busy", { detail: full });
  }
  get #behind(): boolean {
    return this.#ports.verifier.backlog > MAX_VERIFY_BACKLOG_BYTES;
  }

  #queue(bytes: Bytes, verdict: IngressVerdict, sender: Sender): string[] {
    const { mempool, clock, refusedByQuota, headTime } = this.#ports;
    const final = this.#finals(verdict, headTime());
    // What has a receipt already is not queued again: the same bytes give the same receipt.
    const fresh = final.size === 0 ? verdict : { ...verdict, codes: verdict.codes.map((code, i) => (final.has(i) ? "final" : code)) };
    const answers = mempool.submit(bytes, fresh, sender, { now: clock.now(), at: clock.monotonic() });
    const refused = answers.reduce((n, a) => (a === "quota.exceeded" ? n + 1 : n), 0);
    if (refused > 0) refusedByQuota(refused);
    this.poke();
    return answers;
  }

  #finals(verdict: IngressVerdict, headTime: number): ReadonlySet<number> {
    let found: Set<number> | undefined;
    for (let i = 0; i < verdict.count; i++) {
      if (verdict.codes[i] !== null) continue;
      const id = verdict.ids.subarray(32 * i, 32 * i + 32);
      // The table knows live ones; the expired are looked up: a retry may come late.
      const known = verdict.notAfter[i]! < headTime ? this.#ports.isStored(id) : this.#ports.isCommitted(id);
      if (known) (found ??= new Set()).add(i);
    }
    return found ?? NONE;
  }

  // ── who ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  /** The organisation whose key signs all of them; this node's own where the request comes from its own machine; else the address. */
  #senderOf(bytes: Bytes, verdict: IngressVerdict, address: string): Sender {
    const { config, organisation } = this.#ports;
    const perSecond = config["api.quota_tx_per_s"];
    if (isOwnMachine(address)) return { name: organisation, perSecond };
    const principal = this.#commonSigner(bytes, verdict);
    if (principal !== undefined && !principal.includes(":")) return { name: principal, perSecond };
    return { name: `address ${address}`, perSecond: config["api.quota_anonymous_per_s"] };
  }

  #commonSigner(bytes: Bytes, verdict: IngressVerdict): string | undefined {
    let key: Bytes | undefined;
    for (let i = 0; i < verdict.count; i++) {
      if (verdict.codes[i] !== null) continue;
      const start = verdict.offsets[2 * i]!;
      const first = signerAt(bytes, readLayout(bytes, start, start + verdict.offsets[2 * i + 1]!), 0);
      if (key === undefined) key = first;
      else if (!equalBytes(key, first)) return undefined;
    }
    return key === undefined ? undefined : this.#principal(key);
  }

  #principal(key: Bytes): string | undefined {
    const name = latin1(key);
    const now = this.#ports.clock.monotonic();
    let known = this.#senders.get(name);
    if (known === undefined || known.until < now) {
      if (this.#senders.size >= MAX_KNOWN_SENDERS) this.#senders.clear();
      known = { principal: this.#ports.principalOf(key.slice()), until: now + SENDER_KNOWN_MS };
      this.#senders.set(name, known);
    }
    return known.principal;
  }

  // ── batches ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Cuts what is due now, and comes back when the next is. */
  poke(): void {
    if (this.#stopped || this.#ports.validators() !== undefined) return;
    const { mempool, clock, out } = this.#ports;
    this.#cancelCut?.();
    this.#cancelCut = undefined;
    for (let batch = mempool.cut({ at: clock.monotonic() }); batch !== undefined; batch = mempool.cut({ at: clock.monotonic() }))
      out(batch);
    const at = mempool.cutAt();
    if (at === undefined) return;
    const timer = setTimeout(() => this.poke(), Math.max(0, at - clock.monotonic()));
    this.#cancelCut = () => clearTimeout(timer);
  }

  // ── an observer ────────────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Hands what is well-formed to one validator, then to another. */
  async #handOver(bytes: Bytes, verdict: IngressVerdict, validators: readonly string[]): Promise<string[]> {
    const final = this.#finals(verdict, this.#ports.headTime());
    const answers: string[] = verdict.codes.map((code, i) => (final.has(i) ? "final" : (code ?? "")));
    const parts: Bytes[] = [];
    const open: number[] = [];
    answers.forEach((answer, i) => {
      if (answer !== "") return;
      const start = verdict.offsets[2 * i]!;
      parts.push(bytes.subarray(start - 4, start + verdict.offsets[2 * i + 1]!));
      open.push(i);
    });
    if (open.length === 0) return answers;
    const said = await this.#ask(concat(...parts), open.length, validators);
    open.forEach((item, i) => {
      answers[item] = this.#ports.isStored(verdict.ids.subarray(32 * item, 32 * item + 32)) ? "final" : said[i]!;
    });
    return answers;
  }

  async #ask(list: Bytes, count: number, validators: readonly string[]): Promise<string[]> {
    const host = this.#ports.host();
    const start = Math.floor(this.#ports.clock.monotonic());
    for (let i = 0; host !== undefined && i < validators.length; i++) {
      try {
        const said = decode(await host.request(validators[(start + i) % validators.length]!, "transactions", list));
        if (Array.isArray(said) && said.length === count && said.every((s) => typeof s === "string")) return said;
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error; // the next one, then
      }
    }
    throw new LedgerError("node.observer");
  }
}
/** What a transaction in a list that is not yet split may take at least. */
const SMALL_TRANSACTION_BYTES = 250;
const BEHIND = "verification is behind";
const FULL = `as many transactions handed in here wait already as are committed in ${PENDING_SECONDS} s`;
const NONE: ReadonlySet<number> = new Set();
const isOwnMachine = (address: string): boolean => isLoopback(address.replace(/^::ffff:/, ""));
