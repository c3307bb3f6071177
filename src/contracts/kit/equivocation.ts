// Equivocation: two signatures of one consensus key, for one slot, over different hashes (docs/protocol.md §4.10). The fields of such
// evidence and its proof. Pure.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { voteFrame } from "../../base/certificate.ts";
import { encode } from "../../base/codec.ts";
import { verify } from "../../base/signature.ts";
import * as tags from "../../base/tagNames.ts";
import { frame } from "../../base/tags.ts";
import { agency, type Body, count, hash, object, oneOf } from "../engine/index.ts";
import { signature } from "./signatures.ts";

const vow = object({ hash, signature });
/** The slot that was signed twice: a Prepare or Commit of a height, or a NewView (its height is 0). */
export const slot = { key: hash, kind: oneOf("prepare", "commit", "newView"), epoch: count, view: count, height: count };
export const evidence = { signer: agency, ...slot, first: vow, second: vow };
type Evidence = Body<typeof evidence>;

/** Both signatures hold, and contradict each other. */
export function contradicts({ first, second, ...slotted }: Evidence, network: Bytes): boolean {
  const holds = (one: Evidence["first"]): boolean =>
    verify(one.signature, signedBytes(network, { ...slotted, hash: one.hash }), slotted.key);
  return !equalBytes(first.hash, second.hash) && holds(first) && holds(second);
}

/** What the signature of a vote, or of a NewView, covers (§4.2). */
function signedBytes(
  network: Bytes,
  { kind, epoch, view, height, hash: of, signer }: Omit<Evidence, "first" | "second" | "key"> & { hash: Bytes },
): Bytes {
  if (kind === "newView") return frame(tags.newView, network, encode([epoch, view, of, signer]));
  return voteFrame(network, kind, { epoch, view, height, hash: of, signer });
}
