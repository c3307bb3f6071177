// Who acts: keys, principals, roles. Owns the questions the engine asks of the registers of keys (eid) and of rights (governance), and the
// answers for one transaction. Does not own: the registers themselves; contracts/all.ts plugs them in. docs/protocol.md §8, engine.md §6.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import type { AnyContract, Reader } from "./define.ts";
import type { Party } from "./fields.ts";

/** Who stands behind a key at this moment. */
export interface Standing {
  readonly principal: Party;
  readonly kind: "agency" | "person" | "device" | "company";
  /** The post or system that the key belongs to; undefined for the principal's own key. */
  readonly post?: string;
  /** The key that signed; the engine puts it in. */
  readonly key?: Bytes;
}

/** Answers from state, at execution, so that a revocation ordered before holds. All are pure reads. */
export interface Resolver<S extends Standing = Standing> {
  /** Undefined for a key that is unknown, expired, suspended or revoked, or whose principal is not in good standing. */
  standing(tx: Reader, key: Bytes): S | undefined;
  /** May this signer sign as `party`: it is the party (and its post may sign for it), or its registered guardian or agent? */
  actsFor(tx: Reader, signer: S, party: Party): boolean;
  /**
   * Does the principal hold `contract.role`, unscoped or within `scope`? With a signer: does that key's post hold it too (delegated by the
   * principal, never more than it holds)?
   */
  holds(tx: Reader, principal: Party, role: string, scope: string | undefined, signer: S | undefined): boolean;
  /** Is the party registered and in good standing? */
  known(tx: Reader, party: Party): boolean;
  /** The contracts whose writes may change an answer within a transaction. */
  readonly contracts: readonly AnyContract[];
}

/** The signers of one transaction, resolved when first asked and again after a write to the registers. */
export class Signatures {
  readonly keys: readonly Bytes[];
  readonly #resolver: Resolver<any>;
  readonly #reader: Reader;
  #standings: readonly Standing[] | undefined;

  constructor(keys: readonly Bytes[], resolver: Resolver<any>, reader: Reader) {
    this.keys = keys;
    this.#resolver = resolver;
    this.#reader = reader;
  }

  /** Operations see each other: what was granted a moment ago holds, what was revoked does not. */
  forget(): void {
    this.#standings = undefined;
  }

  #all(): readonly Standing[] {
    if (this.#standings === undefined) {
      const found: Standing[] = [];
      for (const key of this.keys) {
        const standing = this.#resolver.standing(this.#reader, key);
        if (standing !== undefined) found.push({ ...standing, key });
      }
      this.#standings = found;
    }
    return this.#standings;
  }

  /** True if that very key signed, or somebody who may act for that party. */
  signed(who: Party | Bytes): boolean {
    if (typeof who !== "string") return this.keys.some((key) => equalBytes(key, who));
    for (const standing of this.#all()) if (this.#resolver.actsFor(this.#reader, standing, who)) return true;
    return false;
  }

  /** The distinct principals among the signers that hold the role by the key that signed, in the order of keys. */
  holders(role: string, scope: string | undefined, only: Party | undefined): Party[] {
    const found: Party[] = [];
    for (const standing of this.#all()) {
      const { principal } = standing;
      if (only !== undefined && principal !== only) continue;
      if (!found.includes(principal) && this.#resolver.holds(this.#reader, principal, role, scope, standing)) found.push(principal);
    }
    return found;
  }

  /** Does the party hold the role: by the key it signed with if it signed, by itself if it did not? */
  partyHolds(role: string, scope: string | undefined, party: Party): boolean {
    const own = this.#all().filter((standing) => standing.principal === party);
    if (own.length === 0) return this.#resolver.holds(this.#reader, party, role, scope, undefined);
    return own.some((standing) => this.#resolver.holds(this.#reader, party, role, scope, standing));
  }

  known(party: Party): boolean {
    return this.#resolver.known(this.#reader, party);
  }
}
