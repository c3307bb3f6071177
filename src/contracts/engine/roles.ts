// Who acts: keys, principals, roles. Owns the questions the engine asks of the registers of keys (eid) and of rights (governance), and the
// answers for one transaction. Does not own: the registers themselves; contracts/all.ts plugs them in. docs/protocol.md §8, engine.md §6.

import { type Bytes, equalBytes, latin1 } from "../../base/bytes.ts";
import type { AnyContract, Reader } from "./define.ts";
import type { Party } from "./fields.ts";

/** Who stands behind a key at this moment. */
export interface Standing {
  readonly principal: Party;
  readonly kind: "agency" | "person" | "device" | "company";
  /** Of a person's pseudonym; undefined for all others. */
  readonly sector?: string | undefined;
  /** The post or system that the key belongs to; undefined for the principal's own key. */
  readonly post?: string;
  /** The key that signed; the engine puts it in. */
  readonly key?: Bytes;
}

/** Answers from state, at execution, so that a revocation ordered before holds. All are pure reads. */
export interface Resolver<S extends Standing = Standing> {
  /** Undefined for a key that is unknown, expired, suspended or revoked, or whose principal is not in good standing. */
  standing(tx: Reader, key: Bytes): S | undefined;
  /** Who reads by this key, which is for nothing else; undefined as above. */
  access(tx: Reader, key: Bytes): S | undefined;
  /** May this signer sign as `party`: it is the party (and its post may sign for it), or its registered guardian or agent? */
  actsFor(tx: Reader, signer: S, party: Party): boolean;
  /**
   * Does the principal hold `contract.role`, unscoped or within `scope`? With a signer: does that key's post hold it too (delegated by the
   * principal, never more than it holds)?
   */
  holds(tx: Reader, principal: Party, role: string, scope: string | undefined, signer: S | undefined): boolean;
  /** Is the party registered and in good standing? */
  known(tx: Reader, party: Party): boolean;
  /** The sector of a person's pseudonym; undefined for all others, and for who is not registered. */
  sectorOf(tx: Reader, party: Party): string | undefined;
  /** The contracts whose writes may change an answer within a transaction. */
  readonly contracts: readonly AnyContract[];
}

/** A signer, and which roles it turned out to hold without a scope. */
interface Resolved {
  readonly standing: Standing;
  readonly roles: Map<string, boolean>;
}

/**
 * What the registers said in one block so far. A pure function of the state and the block's time, asked for by every transaction and seldom changed: so it
 * stands until a transaction that wrote to the registers is applied. Of no consequence for any result.
 */
export class Answers {
  /** By key; undefined for one that may not act. */
  readonly signers = new Map<string, Resolved | undefined>();

  clear(): void {
    this.signers.clear();
  }
}

/** `list` with `item` behind it. Most lists of signers have one item, and `push` onto an empty array makes room for seventeen. */
function added<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}

/** The signers of one transaction, resolved when first asked and again after a write to the registers. */
export class Signatures {
  readonly keys: readonly Bytes[];
  readonly #resolver: Resolver<any>;
  readonly #reader: Reader;
  /** The block's, until this transaction writes to the registers itself. */
  #answers: Answers | undefined;
  #resolved: readonly Resolved[] | undefined;

  constructor(keys: readonly Bytes[], resolver: Resolver<any>, reader: Reader, answers: Answers | undefined) {
    this.keys = keys;
    this.#resolver = resolver;
    this.#reader = reader;
    this.#answers = answers;
  }

  /** Operations see each other: what was granted a moment ago holds, what was revoked does not. */
  forget(): void {
    this.#resolved = undefined;
    this.#answers = undefined;
  }

  #all(): readonly Resolved[] {
    if (this.#resolved === undefined) {
      let found: Resolved[] = [];
      for (const key of this.keys) {
        const resolved = this.#resolve(key);
        if (resolved !== undefined) found = added(found, resolved);
      }
      this.#resolved = found;
    }
    return this.#resolved;
  }

  #resolve(key: Bytes): Resolved | undefined {
    const text = latin1(key);
    const known = this.#answers?.signers.get(text);
    if (known !== undefined) return known;
    if (this.#answers?.signers.has(text) === true) return undefined;
    const standing = this.#resolver.standing(this.#reader, key);
    const resolved = standing === undefined ? undefined : { standing: { ...standing, key }, roles: new Map<string, boolean>() };
    this.#answers?.signers.set(text, resolved);
    return resolved;
  }

  #holds({ standing, roles }: Resolved, role: string, scope: string | undefined): boolean {
    if (scope !== undefined) return this.#resolver.holds(this.#reader, standing.principal, role, scope, standing);
    let holds = roles.get(role);
    if (holds === undefined) {
      holds = this.#resolver.holds(this.#reader, standing.principal, role, undefined, standing);
      roles.set(role, holds);
    }
    return holds;
  }

  /** True if that very key signed, or somebody who may act for that party. */
  signed(who: Party | Bytes): boolean {
    if (typeof who !== "string") return this.keys.some((key) => equalBytes(key, who));
    for (const { standing } of this.#all()) if (this.#resolver.actsFor(this.#reader, standing, who)) return true;
    return false;
  }

  /** The distinct principals among the signers that hold the role by the key that signed, in the order of keys. */
  holders(role: string, scope: string | undefined, only: Party | undefined): Party[] {
    let found: Party[] = [];
    for (const signer of this.#all()) {
      const { principal } = signer.standing;
      if (only !== undefined && principal !== only) continue;
      if (!found.includes(principal) && this.#holds(signer, role, scope)) found = added(found, principal);
    }
    return found;
  }

  /** Does the party hold the role: by the key it signed with if it signed, by itself if it did not? */
  partyHolds(role: string, scope: string | undefined, party: Party): boolean {
    const own = this.#all().filter(({ standing }) => standing.principal === party);
    if (own.length === 0) return this.#resolver.holds(this.#reader, party, role, scope, undefined);
    return own.some((signer) => this.#holds(signer, role, scope));
  }

  known(party: Party): boolean {
    return this.#resolver.known(this.#reader, party);
  }

  /** A person by a pseudonym of another sector than the contract's: to the contract, the same person would be two. */
  foreign(party: Party | Bytes, { options: { sector } }: AnyContract): boolean {
    if (sector === undefined || typeof party !== "string") return false;
    const own = this.#all().find(({ standing }) => standing.principal === party);
    const of = own?.standing.sector ?? this.#resolver.sectorOf(this.#reader, party);
    return of !== undefined && of !== sector;
  }
}
