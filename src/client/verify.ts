// The light verifier: a proof file, a genesis file and, if there is one, an anchor file; nothing else, no network. docs/protocol.md §5.5.
// Owns the reading of what is trusted. Does not own the checks (ledger/proofVerify), the words (verifyText.ts). Browser-clean and small: it is bundled
// into pages by itself, so it reads of a genesis only what it needs.

import { type Anchor, readAnchor } from "../base/anchor.ts";
import type { Bytes } from "../base/bytes.ts";
import { sortedSet, type ValidatorSet } from "../base/certificate.ts";
import { decode, type Value } from "../base/codec.ts";
import { readDocument } from "../base/document.ts";
import { LedgerError } from "../base/errors.ts";
import { noNetwork, taggedBytes, tags } from "../base/tags.ts";
import type { ProofVerdict } from "../ledger/proofVerdict.ts";
import { verifyProof } from "../ledger/proofVerify.ts";

export type { NotProved, Proved, ProofVerdict, Shown, ShownAct, ShownRow } from "../ledger/proofVerdict.ts";

/** What a verifier brings along, opened once for many proofs. */
export interface Trusted {
  /** Genesis hash. */
  readonly network: Bytes;
  /** The ledger's name. */
  readonly name: string;
  /** The set of genesis. */
  readonly validators: ValidatorSet;
  /** Names of the founders, by organisation id. */
  readonly names: ReadonlyMap<string, string>;
  readonly anchor?: Anchor;
}

/** Opens the texts of a genesis file and, if given, an anchor file. Throws `document.…`, `codec.…`, `genesis.malformed` or `anchor.malformed`. */
export function openTrust(genesis: string, anchor?: string): Trusted {
  const { body } = readDocument(genesis, "chancery-genesis/1");
  const founders: { id: string; name: string; key: Bytes; seat: boolean }[] = [];
  const map = decode(body);
  const list = isMap(map) ? map["founders"] : undefined;
  if (!isMap(map) || typeof map["name"] !== "string" || !Array.isArray(list)) return malformed();
  for (const item of list as Value[]) {
    const [member, seat] = Array.isArray(item) ? (item as Value[]) : [];
    const keys = isMap(member) ? member["keys"] : undefined;
    if (!isMap(member) || !isMap(keys) || typeof member["id"] !== "string" || typeof member["name"] !== "string") return malformed();
    const key = keys["consensus"];
    if (!(key instanceof Uint8Array) || key.length !== 32 || typeof seat !== "boolean") return malformed();
    founders.push({ id: member["id"], name: member["name"], key, seat });
  }
  const seats = founders.filter((f) => f.seat);
  if (seats.length === 0) return malformed();
  return {
    network: taggedBytes(tags.genesis, noNetwork, body),
    name: map["name"],
    validators: sortedSet(seats.map(({ id, key }) => ({ id, key }))),
    names: new Map(founders.map((f) => [f.id, f.name])),
    ...(anchor !== undefined && { anchor: readAnchor(anchor) }),
  };
}

/** The verdict on the text of a proof file. Pure; never throws for what the proof file holds, only for unreadable genesis and anchor files. */
export function verify(proof: string, trust: { readonly genesis: string; readonly anchor?: string } | Trusted): ProofVerdict {
  return verifyProof(proof, "genesis" in trust ? openTrust(trust.genesis, trust.anchor) : trust);
}

function isMap(value: Value | undefined): value is { readonly [name: string]: Value } {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function malformed(): never {
  throw new LedgerError("genesis.malformed", { what: "name or founders" });
}
