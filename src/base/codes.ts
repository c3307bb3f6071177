// The registry of codes that reach people: what each means, whether trying again helps, which HTTP status and exit code it has. Append-only.
// Rules of contracts (`contract.rule`) are declared in their contracts, not here. A test makes each refusal of the API happen (docs/reference/http.md).

import type { CodeEntry } from "./errors.ts";

export const codes: { readonly [code: string]: CodeEntry } = {
  // ── what a client sent ───────────────────────────────────────────────────────────────────────────────────────────────────
  "args.invalid": { title: "The arguments do not fit the action.", status: 400, retry: "never" },
  "request.invalid": { title: "The request is not understood.", status: 400, retry: "never" },
  "request.too_large": { title: "The request is larger than this node takes.", status: 413, retry: "never" },
  "request.media_type": { title: "The node does not read this media type here.", status: 415, retry: "never" },
  "request.not_acceptable": { title: "The node cannot answer in the form asked for.", status: 406, retry: "never" },
  "route.unknown": { title: "There is nothing at this address.", status: 404, retry: "never" },
  "action.unknown": { title: "No contract declares this action.", status: 404, retry: "never" },
  "collection.unknown": { title: "No contract keeps this collection.", status: 404, retry: "never" },
  "record.unknown": { title: "No record stands under this key.", status: 404, retry: "never" },
  "block.unknown": { title: "The chain has no block at this height yet.", status: 404, retry: "same" },
  "height.pruned": { title: "This node no longer keeps what was asked for.", status: 410, retry: "never" },
  "cursor.invalid": { title: "The cursor was not made by this node for this list.", status: 400, retry: "never" },
  "transaction.malformed": { title: "The bytes are not a transaction.", status: 400, retry: "never" },
  "transaction.signature": { title: "A signature does not fit the transaction and its signer.", status: 400, retry: "never" },
  "transaction.expired": { title: "The transaction's time was over before it was committed.", status: 400, retry: "rebuild" },
  "transaction.too_far": { title: "The transaction would live longer than the network allows.", status: 400, retry: "rebuild" },
  "transaction.unknown": { title: "This node knows no transaction under this id.", status: 404, retry: "same" },
  "transaction.rejected": { title: "The ledger refused the transaction under a rule of its contract.", status: 422, retry: "rebuild" },
  "network.mismatch": { title: "The request is meant for another network.", status: 409, retry: "never" },
  "access.token": { title: "The bearer token is missing, expired or not of a registered key.", status: 401, retry: "never" },
  "access.denied": { title: "The reader is not entitled to this collection.", status: 403, retry: "never" },
  "quota.exceeded": { title: "The sender's quota at this node is used up for now.", status: 429, retry: "same" },
  // ── how the node and the network are ─────────────────────────────────────────────────────────────────────────────────────
  busy: { title: "The node holds as many unordered transactions as it may.", status: 503, retry: "same" },
  "node.behind": { title: "The node has not reached the height asked for.", status: 503, retry: "same" },
  "node.syncing": { title: "The node is catching up with the network.", status: 503, retry: "same" },
  "node.stopping": { title: "The node is stopping.", status: 503, retry: "same" },
  "node.observer": { title: "The node could not hand the transaction to a validator.", status: 503, retry: "same" },
  "network.stalled": { title: "The network commits no blocks at the moment.", status: 503, retry: "same" },
  // ── why a daemon stops (docs/operations.md names each) ───────────────────────────────────────────────────────────────────
  "start.locked": { title: "Another process runs in this home.", exit: 10 },
  "start.key_elsewhere": { title: "Somebody else signs with this node's key.", exit: 10 },
  "store.damaged": { title: "Stored data is damaged.", exit: 11 },
  "journal.damaged": { title: "The vote journal is damaged.", exit: 11 },
  "store.write": { title: "The disk did not take a write.", exit: 12 },
  "chain.diverged": { title: "This node computed another result than the network.", exit: 13 },
  "release.needed": { title: "The network needs a newer release of this software.", exit: 14 },
  "genesis.mismatch": { title: "The genesis is not that of the data or of the peers.", exit: 15 },
  "bug.assertion": { title: "A rule that always holds did not: a bug of ours.", status: 500, retry: "same", exit: 70 },
  "bug.unexpected": { title: "Something went wrong that should not: a bug of ours.", status: 500, retry: "same", exit: 70 },
  // ── files and keys ───────────────────────────────────────────────────────────────────────────────────────────────────────
  "config.invalid": { title: "The configuration is not valid.", exit: 2 },
  "document.malformed": { title: "The file is not a document of the ledger.", exit: 2 },
  "document.format": { title: "The file is a document of another kind.", exit: 2 },
  "genesis.malformed": { title: "The genesis file is malformed.", exit: 2 },
  "genesis.incomplete": { title: "The genesis may not found a network yet.", exit: 2 },
  "member.malformed": { title: "The member file is malformed.", exit: 2 },
  "anchor.malformed": { title: "The anchor file is malformed.", exit: 2 },
  "key.unreadable": { title: "The key file cannot be read.", exit: 2 },
  "key.malformed": { title: "The file is not a key file.", exit: 2 },
  "key.passphrase_needed": { title: "The key file needs its passphrase.", exit: 2 },
  "key.passphrase_wrong": { title: "The passphrase does not open the key file.", exit: 2 },
  "key.public_mismatch": { title: "The key file's public key is not that of its secret.", exit: 2 },
  "key.seed_length": { title: "A secret has another length than it must.", exit: 2 },
  "key.purpose": { title: "The key is made for another purpose.", exit: 2 },
  "file.exists": { title: "The file exists already.", exit: 2 },
  // ── the command line ─────────────────────────────────────────────────────────────────────────────────────────────────────
  "usage.invalid": { title: "The command is not understood.", exit: 2 },
  "file.unusable": { title: "A file cannot be used.", exit: 2 },
  "home.invalid": { title: "The directory is not the home of a node.", exit: 2 },
  "node.unreachable": { title: "No node answered; nothing was sent.", exit: 3 },
  "transaction.pending": { title: "Sent; the outcome is not known yet.", status: 202, retry: "same", exit: 5 },
  "prepare.altered": { title: "The node prepared something else than was asked for; nothing was signed.", exit: 4 },
  "devnet.failed": { title: "The development network did not start.", exit: 1 },
  "check.failed": { title: "The check found something wrong.", exit: 1 },
};

/** The entry of a code; codes of contracts and unlisted ones get a general one. */
export function codeEntry(code: string): CodeEntry {
  return codes[code] ?? { title: code };
}
