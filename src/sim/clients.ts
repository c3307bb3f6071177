// The clients of a scenario: each hands in its transaction, goes to another node when nothing comes of it, and ends with a receipt or with its expiry.
// docs/protocol.md §2; attacks, smaller decision 3. Owns the transactions and what became of them. Does not own whether that is right (checks.ts).

import { type Bytes, latin1, u32be, utf8 } from "../base/bytes.ts";
import type { Value } from "../base/codec.ts";
import { sha256 } from "../base/hash.ts";
import { signTransaction, transactionId } from "../ledger/transaction.ts";
import type { Clockwork } from "./clockwork.ts";
import { type Founding, GENESIS_TIME, secretsOf } from "./founding.ts";
import type { Random } from "./random.ts";
import type { Item } from "./scenario.ts";
import type { KeyPair } from "./signatures.ts";
import type { SimNode } from "./simNode.ts";

const LIFETIME_MS = 600_000;
const START_MS = 1_000;

export interface Request {
  readonly name: string;
  readonly id: string;
  readonly bytes: Bytes;
  readonly notAfter: number;
  readonly submittedAt: number;
  /** Height of its receipt, once some honest node has shown it. */
  height: number | undefined;
  finalAt: number;
  expired: boolean;
  readonly whenOver: ((height: number | undefined) => void) | undefined;
}

export class Clients {
  readonly requests: Request[] = [];
  /** Requests that are neither final nor expired. */
  readonly open = new Map<string, Request>();
  private readonly clock: Clockwork;
  private readonly nodes: readonly SimNode[];
  private readonly founding: Founding;
  private readonly random: Random;
  private readonly retryMs: number;
  private readonly note: (name: string) => void;
  private count = 0;

  constructor(
    clock: Clockwork,
    nodes: readonly SimNode[],
    founding: Founding,
    random: Random,
    retryMs: number,
    note: (name: string) => void,
  ) {
    this.clock = clock;
    this.nodes = nodes;
    this.founding = founding;
    this.random = random;
    this.retryMs = retryMs;
    this.note = note;
  }

  schedule(item: Extract<Item, { kind: "transaction" }>): void {
    this.clock.at(item.at, undefined, () => {
      const { organisation } = secretsOf(item.agency);
      const deposit = `d-${item.rival < 0 ? item.number : item.rival}`;
      const args = { deposit, kind: "contract", content: sha256(utf8(`content ${item.number}`)) };
      this.send(`deposit ${item.number}`, "evidence.deposit@1", args, organisation, {
        node: item.node,
        copies: item.copies,
        shortMs: item.shortMs,
      });
    });
  }

  /** Signs an act and sees it through. `whenOver` gets the height of the receipt, or undefined if the time is over without one. */
  send(
    name: string,
    action: string,
    args: { readonly [name: string]: Value },
    key: KeyPair,
    how: { readonly node: number; readonly copies?: number; readonly shortMs?: number },
    whenOver?: (height: number | undefined) => void,
  ): void {
    const { network } = this.founding;
    const notAfter = GENESIS_TIME + START_MS + Math.floor(this.clock.now) + (how.shortMs || LIFETIME_MS);
    const nonce = sha256(u32be(++this.count)).slice(0, 16);
    const bytes = signTransaction(network, { nonce, notAfter, operations: [{ action, args }] }, [key.seed]);
    const id = latin1(transactionId(network, bytes.subarray(0, bytes.length - 64)));
    const request: Request = {
      name,
      id,
      bytes,
      notAfter,
      submittedAt: this.clock.now,
      height: undefined,
      finalAt: 0,
      expired: false,
      whenOver,
    };
    this.requests.push(request);
    this.open.set(id, request);
    if ((how.copies ?? 1) > 1) this.note("§2 handed in twice");
    for (let copy = 0; copy < (how.copies ?? 1); copy++) this.submit(request, (how.node + copy) % this.nodes.length, copy === 0);
  }

  private submit(request: Request, index: number, again: boolean): void {
    if (!this.open.has(request.id)) return;
    const answer = this.nodes[index]!.submit(request.bytes);
    if (!again) return;
    // A node that refuses or is away: ask another at once; one that accepted has some time.
    const patient = answer === "accepted";
    const wait = patient ? this.retryMs * (0.8 + 0.4 * this.random.next()) : 20 + 60 * this.random.next();
    this.clock.after(wait, undefined, () => this.submit(request, (index + 1) % this.nodes.length, true));
  }

  /** An honest node shows a block with these ids. */
  committed(height: number, ids: Iterable<Bytes>): void {
    if (this.open.size === 0) return;
    for (const id of ids) {
      const request = this.open.get(latin1(id));
      if (request === undefined) continue;
      request.height = height;
      this.over(request);
    }
  }

  /** Committed time has come this far at the node of some honest validator. */
  passed(time: number): void {
    for (const request of this.open.values()) {
      if (request.notAfter >= time) continue;
      request.expired = true;
      this.note("§2 expired");
      this.over(request);
    }
  }

  private over(request: Request): void {
    this.open.delete(request.id);
    request.finalAt = this.clock.now;
    request.whenOver?.(request.height);
  }

  describeOpen(): string {
    return [...this.open.values()].map(({ name }) => name).join(", ");
  }
}
