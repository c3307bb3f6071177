// Attesting a result without copying it: first each gives the hash of what he found, salted and in his own name, and when all have, each opens it. Pure.

import type { Bytes } from "../../base/bytes.ts";
import { encode } from "../../base/codec.ts";
import { bytes, hash, range } from "../engine/index.ts";

/** What was found: the result's SHA-256, and how many bytes it has. */
export const finding = (most: number) => ({ result: hash, size: range(0, most) });
export const salt = bytes(32, 32);

/** The bytes whose SHA-256 is given first. They name who and which run, so that nobody's can be handed in as another's, or again. */
export const attestation = (of: { query: string; round: number; holder: string; result: Bytes; size: number; salt: Bytes }): Bytes =>
  encode(["chancery/attestation/1", of.query, of.round, of.holder, of.result, of.size, of.salt]);
