// Acts of the demo: each is signed, handed in, waited for, and must end as the story says: applied, or refused under the code named.
// Owns keys, submission and counting. Does not own: what is done in which order (demoDay.ts).

import { type Bytes, concat, u32be } from "../src/base/bytes.ts";
import type { Value } from "../src/base/codec.ts";
import { sha256 } from "../src/base/hash.ts";
import { loadKey } from "../src/base/keyFile.ts";
import { publicKeyOf } from "../src/base/signature.ts";
import { draft } from "../src/client/build.ts";
import { type Ledger, type Outcome, type SignedTransaction, type Signer, signer } from "../src/client/index.ts";
import { utf8 } from "../src/base/bytes.ts";

const LIFETIME_MS = 600_000;

export type Args = { readonly [name: string]: Value };
export interface Operation {
  readonly action: string;
  readonly args: Args;
}
/** Somebody who acts: a pseudonym or organisation, and its key. */
export interface Actor {
  readonly id: string;
  readonly seed: Bytes;
  readonly key: Bytes;
  readonly signer: Signer;
}

export class Agency {
  readonly network: Bytes;
  readonly actors: ReadonlyMap<string, Actor>;
  readonly say: (text: string) => void;
  applied = 0;
  readonly refused = new Map<string, number>();
  /** Records to be proved at the end: collection, key, remark. */
  readonly worthProving: [collection: string, key: string[], what: string][] = [];
  #deposits = 0;

  constructor(network: Bytes, keys: { readonly [name: string]: string }, say: (text: string) => void) {
    this.network = network;
    this.say = say;
    this.actors = new Map(Object.entries(keys).map(([id, file]) => [id, actorOf(id, loadKey(file).secret.subarray(0, 32))]));
  }

  of(id: string): Actor {
    const actor = this.actors.get(id);
    if (actor === undefined) throw new Error(`no key of ${id}`);
    return actor;
  }

  async sign(operations: readonly Operation[], actors: readonly Actor[]): Promise<SignedTransaction> {
    const unsigned = draft(this.network, { operations, signers: actors.map((a) => a.key), notAfter: Date.now() + LIFETIME_MS });
    for (const actor of actors) await unsigned.sign(actor.signer);
    return unsigned.finish();
  }

  /** Hands in one act and checks its end: applied, or refused under `code`. */
  async act(ledger: Ledger, action: string, args: Args, by: readonly (Actor | string)[], code?: string): Promise<Outcome> {
    return this.acts(ledger, [{ action: `${action}@1`, args }], by, code);
  }

  async acts(ledger: Ledger, operations: readonly Operation[], by: readonly (Actor | string)[], code?: string): Promise<Outcome> {
    const actors = by.map((a) => (typeof a === "string" ? this.of(a) : a));
    const outcome = await ledger.submit(await this.sign(operations, actors));
    const got = outcome.status === "rejected" ? outcome.code : outcome.status;
    if (got !== (code ?? "applied")) throw new Error(`${operations[0]!.action}: ${JSON.stringify(outcome)}, expected ${code ?? "applied"}`);
    if (code === undefined) this.applied += operations.length;
    else {
      this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
      this.say(`refused  ${code.padEnd(28)} ${operations[0]!.action}`);
    }
    return outcome;
  }

  /** Hands in `count` deposits in one bulk request and waits until each is final. */
  async deposits(ledger: Ledger, count: number): Promise<void> {
    const courts = this.of("tax");
    const signed = await Promise.all(
      Array.from({ length: count }, async () => {
        const deposit = `item-${this.#deposits++}`;
        return this.sign([{ action: "evidence.deposit@1", args: { deposit, kind: "document", content: sha256(utf8(deposit)) } }], [courts]);
      }),
    );
    let pending: SignedTransaction[] = signed;
    for (let tries = 0; pending.length > 0; tries++) {
      if (tries > 60) throw new Error(`${pending.length} deposits did not become final`);
      const done = new Set<string>();
      try {
        for await (const line of ledger.submitMany(pending, { wait: "final" })) if (line.outcome === "applied") done.add(line.id);
      } catch {
        // a node that dies while it answers: the same bytes go to another, and count once
      }
      this.applied += done.size;
      pending = pending.filter((t) => !done.has(t.id));
      if (pending.length > 0) await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  refusals(): number {
    return [...this.refused.values()].reduce((a, b) => a + b, 0);
  }
}

/** An actor with a key of its own, made from a name: a demo has no secrets. */
export function actorOf(id: string, seed: Bytes = sha256(concat(u32be(id.length), utf8(`chancery demo ${id}`)))): Actor {
  return { id, seed, key: publicKeyOf(seed), signer: signer.fromSeed(seed) };
}
