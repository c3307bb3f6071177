// What convicts a Byzantine validator, and what does not. docs/protocol.md §4.2, §4.11; docs/testing.md.
// Owns two tables: the breaches that bytes alone prove, each with the codes under which it is scored, and of each habit the codes under which its bearer may
// be scored at all. A habit without any proves nothing: it must do no harm (checks.ts), and nobody may be scored for it. Does not own the judgement (breaches.ts).

import type { Bytes } from "../base/bytes.ts";
import type { Message } from "../consensus/types.ts";
import type { Habit } from "./scenario.ts";

/** A code, or all that begin so. */
const UNREADABLE = ["codec.…", "message.…", "header.…", "certificate.…"];
const BATCH_UNREADABLE = ["codec.…", "batch.…", "transaction.…"];

export const provable = {
  "a message that cannot be read": UNREADABLE,
  "a vote in another's name": ["vote.signer"],
  "a proposal of another protocol or epoch": ["proposal.fields"],
  "a proposal without the references of its order": ["proposal.references"],
  "a proposal beyond the bounds of a block": ["proposal.size"],
  "a proposal by who is not the primary": ["proposal.not_primary"],
  "a claim with a forged certificate": ["view_change.unproven"],
  "a NewView of too few claims": ["new_view.invalid"],
  "a NewView with a forged certificate": ["new_view.invalid"],
  "a NewView with an altered claim": ["new_view.invalid"],
  "a block with a forged certificate": ["block.certificate"],
  "a block that its certificate does not name": ["block.certificate"],
  "a block without its references": ["block.references"],
  "another's vote in an answer": ["answer.signer"],
  "a batch that cannot be read": BATCH_UNREADABLE,
  "a batch under another signature": ["batch.signature"],
  "a batch with an ill-formed transaction": ["transaction.signature"],
} as const satisfies { readonly [breach: string]: readonly string[] };
export type Breach = keyof typeof provable;

/** What was said on purpose, by message or bytes. */
const committed = new WeakMap<object, Breach>();

/** `what` is this breach. */
export function breaks<T extends Message | Bytes>(breach: Breach, what: T): T {
  committed.set(what, breach);
  return what;
}
export const breachOf = (what: Message | Bytes): Breach | undefined => committed.get(what);

/** Bytes that carry a message are the breach that it is. */
export function inherit(bytes: Bytes, from: Message): Bytes {
  const breach = committed.get(from);
  if (breach !== undefined) committed.set(bytes, breach);
  return bytes;
}

export function isScoredAs(code: string, codes: readonly string[]): boolean {
  return codes.some((known) => (known.endsWith("…") ? code.startsWith(known.slice(0, -1)) : code === known));
}

/** The codes under which a validator of this habit may be scored; none where what it does could be an honest one's, or is evidence instead (§4.10). */
export const convictions: { readonly [habit in Habit]: readonly string[] } = {
  "equivocates-proposals": [],
  "equivocates-prepares": [],
  "equivocates-commits": [],
  "withholds-bodies": [],
  "withholds-votes": [],
  "two-bodies": ["batch.signature", "transaction.signature"],
  /** With references beyond what a header may have it cannot be read at all. */
  "garbage-proposals": ["proposal.fields", "proposal.references", "proposal.size", "header.malformed"],
  "bad-times": [],
  censors: [],
  drips: [],
  "stale-views": [],
  "future-views": ["proposal.not_primary"],
  "forges-certificates": ["block.certificate", "view_change.unproven", "vote.signature"],
  /** An answer to one that started is none to another, which may have started in the same moment and asks with the same number. */
  replays: ["vote.signer", "answer.signer"],
  "splits-view-changes": [],
  "splits-new-views": ["new_view.invalid"],
  "lies-in-status": [],
  "lies-in-sync": ["block.certificate", "block.references"],
  "lies-in-answers": ["answer.signer"],
  "drags-epochs": [],
  silent: [],
  /** One bit turned in what another said may leave it readable, and the name of m00 is one bit from that of m08; said again, it may be its signer's own vote. */
  "garbage-bytes": [
    ...UNREADABLE,
    ...BATCH_UNREADABLE,
    "vote.signer",
    "vote.signature",
    "proposal.…",
    "block.…",
    "view_change.unproven",
    "new_view.invalid",
    "answer.signer",
  ],
};

/** These say again what others have said. */
export const echoes: ReadonlySet<Habit> = new Set(["replays", "garbage-bytes"]);
