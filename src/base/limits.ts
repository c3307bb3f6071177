// Every maximum of the system, with its reason. Owns numbers only. Limits of the protocol (docs/protocol.md) change with the protocol version;
// limits of a node may change with a release.

// ── canonical bytes (§1) ─────────────────────────────────────────────────────────────────────────────────────────────────────
/** Nesting of canonical values: deeper than any message needs (8 in arguments, plus envelopes), far from the stack's limit. */
export const MAX_CODEC_DEPTH = 16;

// ── transactions (§2) ────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Bytes of a transaction, signatures included: one record of the largest kind with its envelope. */
export const MAX_TRANSACTION_BYTES = 65_536;
/** Signers of one transaction: a transfer of land with all its parties. */
export const MAX_SIGNERS = 16;
export const MAX_OPERATIONS = 64;
export const NONCE_BYTES = 16;

// ── blocks and batches (§4.8, §4.11) ─────────────────────────────────────────────────────────────────────────────────────────
export const MAX_BLOCK_BYTES = 4 << 20;
export const MAX_BLOCK_TRANSACTIONS = 10_000;
export const MAX_BLOCK_SIGNATURES = 20_000;
export const MAX_BLOCK_BATCHES = 64;
/** Bytes of transactions in one batch: verified by a worker in about 40 ms. */
export const MAX_BATCH_BYTES = 262_144;
export const MAX_BATCH_TRANSACTIONS = 1_000;
/** A batch leaves after this long even if it is not full. */
export const BATCH_DELAY_MS = 5;

// ── consensus messages (§4.2) ────────────────────────────────────────────────────────────────────────────────────────────────
export const MAX_VALIDATORS = 128;
export const MIN_PRODUCTION_VALIDATORS = 4;
export const MAX_VIEW_CHANGE_BYTES = 65_536;
export const MAX_NEW_VIEW_BYTES = 262_144;
export const MAX_WINDOW = 8;

// ── state and contracts (engine.md §10) ──────────────────────────────────────────────────────────────────────────────────────
export const MAX_ROW_BYTES = 16_384;
export const MAX_ARGUMENT_DEPTH = 8;
export const MAX_SCAN_ROWS = 500;
/** Entries of a bucket of the state tree: proofs stay near 1.4 KB at ten million keys. */
export const TREE_BUCKET_ENTRIES = 16;

// ── members, documents ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const MAX_MEMBERS = 256;
export const MAX_DOCUMENT_BYTES = 4 << 20;
export const MAX_NAME_LENGTH = 200;

// ── ledger: transactions, batches, mempool, proofs (src/ledger) ──────────────────────────────────────────────────────────────
/** `contract.action@version`, three names of at most 40 and what joins them. */
export const MAX_ACTION_BYTES = 128;
/** Times stand in six bytes in front of an id: below 2^48 ms, the year 10889. */
export const TRANSACTION_TIME_LIMIT = 2 ** 48;
/** Origin, sequence, heads and signature around the transactions of a batch. */
export const BATCH_ENVELOPE_BYTES = 128;
/** One bulk request of transactions. */
export const MAX_BULK_BYTES = 1 << 20;
/** The hard bound of the parameter due_per_block. */
export const MAX_DUE_PER_BLOCK = 1_000;

// ── vote journal (src/consensus/journal.ts, §4.7) ────────────────────────────────────────────────────────────────────────────
/** A segment holds W full blocks several times over; preallocated, since appending to a growing file makes fdatasync 2–3 times as dear. */
export const JOURNAL_SEGMENT_BYTES = 64 << 20;
/** A record is at most a batch or a NewView with what surrounds it; a longer length is garbage. */
export const JOURNAL_RECORD_BYTES = 1 << 20;
