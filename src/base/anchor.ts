// An anchor: the last header of an epoch with its commit certificate and the set that signs what follows: a point of trust to print on a letterhead.
// docs/protocol.md §5.3, §6.1. Owns its form. Does not own: how it was obtained (a verified walk from genesis). Browser-clean.

import { type Bytes, equalBytes } from "./bytes.ts";
import { type Certificate, certificateFrom, certificateValue, decodeSet, encodeSet, setHash, type ValidatorSet } from "./certificate.ts";
import { decode, encode } from "./codec.ts";
import { readDocument, writeDocument } from "./document.ts";
import { LedgerError } from "./errors.ts";
import { type BlockHeader, blockHashOf, decodeBlock } from "./header.ts";
import { MAX_BLOCK_HEADER_BYTES, MAX_SET_BYTES } from "./limits.ts";
import { isBytes, isHash, tuple } from "./shape.ts";

export interface Anchor {
  /** Genesis hash. */
  readonly network: Bytes;
  readonly headerBytes: Bytes;
  readonly header: BlockHeader;
  /** Block hash of the header. */
  readonly hash: Bytes;
  readonly certificate: Certificate;
  /** The set that signs the next height; its hash stands in the header. */
  readonly next: ValidatorSet;
}

export function writeAnchor(anchor: Pick<Anchor, "network" | "headerBytes" | "certificate" | "next">): string {
  const body = encode([anchor.network, anchor.headerBytes, certificateValue(anchor.certificate), encodeSet(anchor.next)]);
  return writeDocument({ format: "chancery-anchor/1", body, signatures: [] });
}

/** Reads an anchor file. Its certificate is not checked against a set: who takes an anchor trusts whoever published it. Throws `anchor.malformed`. */
export function readAnchor(text: string): Anchor {
  const [network, headerBytes, certificate, set] = tuple(decode(readDocument(text, "chancery-anchor/1").body), 4);
  if (!isHash(network) || !isBytes(headerBytes, 1, MAX_BLOCK_HEADER_BYTES) || !isBytes(set, 1, MAX_SET_BYTES)) return malformed();
  const header = decodeBlock(headerBytes);
  const hash = blockHashOf(network, headerBytes);
  const decoded = certificateFrom(certificate);
  const next = decodeSet(set);
  if (decoded.kind !== "commit" || !equalBytes(decoded.hash, hash) || !equalBytes(setHash(network, next), header.validators)) malformed(); // header, certificate and set do not belong together
  return { network, headerBytes, header, hash, certificate: decoded, next };
}

function malformed(): never {
  throw new LedgerError("anchor.malformed");
}
