// The light verifier: a proof file, a genesis file and, if there is one, an anchor file; nothing else, no network. docs/protocol.md §5.5.
// Owns the reading of what is trusted. Does not own the checks (ledger/proofVerify), the words (verifyText.ts). Browser-clean and small: it is bundled
// into pages by itself, so it reads of a genesis only what it needs.

import { type Anchor, readAnchor } from "../base/anchor.ts";
import type { Bytes } from "../base/bytes.ts";
import { sortedSet, type ValidatorSet } from "../base/certificate.ts";
import { decode } from "../base/codec.ts";
import { readDocument } from "../base/document.ts";
import { LedgerError } from "../base/errors.ts";
import { isHash, isList, isMap, isText, tuple } from "../base/shape.ts";
import * as tags from "../base/tagNames.ts";
import { noNetwork, taggedBytes } from "../base/tags.ts";
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
  const map = decode(body);
  if (!isMap(map) || !isText(map["name"]) || !isList(map["founders"])) return malformed();
  const names = new Map<string, string>();
  const seats: { id: string; key: Bytes }[] = [];
  for (const item of map["founders"]) {
    const [member, seat] = tuple(item, 2);
    const { id, name, keys } = isMap(member) ? member : malformed();
    const key = isMap(keys) ? keys["consensus"] : undefined;
    if (!isText(id) || !isText(name) || !isHash(key) || typeof seat !== "boolean") return malformed();
    names.set(id, name);
    if (seat) seats.push({ id, key });
  }
  if (seats.length === 0) malformed();
  return {
    network: taggedBytes(tags.genesis, noNetwork, body),
    name: map["name"],
    validators: sortedSet(seats),
    names,
    ...(anchor !== undefined && { anchor: readAnchor(anchor) }),
  };
}

/** The verdict on the text of a proof file. Pure; never throws for what the proof file holds, only for unreadable genesis and anchor files. */
export function verify(proof: string, trust: { readonly genesis: string; readonly anchor?: string } | Trusted): ProofVerdict {
  return verifyProof(proof, "genesis" in trust ? openTrust(trust.genesis, trust.anchor) : trust);
}

function malformed(): never {
  throw new LedgerError("genesis.malformed");
}
