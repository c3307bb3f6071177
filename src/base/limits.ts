// Every maximum of the system, with its reason. Owns numbers only. Limits of the protocol (docs/protocol.md) change with the protocol version;
// limits of a node may change with a release.

// ── canonical bytes (§1) ─────────────────────────────────────────────────────────────────────────────────────────────────────
/** Nesting of canonical values: deeper than any message needs (8 in arguments, plus envelopes), far from the stack's limit. */
export const MAX_CODEC_DEPTH = 16;
/** Bytes of a map's key. */
export const MAX_CODEC_KEY_BYTES = 255;

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
/** A batch leaves after this long even if it is not full; after as much more for each batch of its origin that is not ordered yet. */
export const BATCH_DELAY_MS = 5;
/** Acks to validators that do not propose are gathered for this long: what is ordered by then, which is nearly all, is not said to them. */
export const ACKS_EVERY_MS = 100;

// ── consensus messages (§4.2) ────────────────────────────────────────────────────────────────────────────────────────────────
export const MAX_VALIDATORS = 128;
/** A block header has 300 bytes; what stands for one in a file is refused above this. */
export const MAX_BLOCK_HEADER_BYTES = 1_024;
/** 128 validators with ids of 200 bytes fit. */
export const MAX_SET_BYTES = 32_768;
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
/** FIPS 204, table 2. */
export const ML_DSA_44_PUBLIC_BYTES = 1_312;
export const ML_DSA_44_SIGNATURE_BYTES = 2_420;

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
/** Batches held per origin, in multiples of M: a receiver may learn of commits later than their origin. */
export const MAX_BATCH_HOLD_FACTOR = 2;
/** Blocks committed last whose bodies are kept in memory for peers that are a little behind, twice the largest window; and how many bytes of them. */
export const MAX_RECENT_BLOCKS = 16;
export const MAX_RECENT_BODY_BYTES = 32 << 20;
/** Transactions that wait for a batch at one node, of all senders (some seconds of the fastest network) and of one. */
export const MAX_PENDING_TRANSACTIONS = 20_000;
/** A node takes no more than it has seen committed in so many seconds, but always so many transactions: whoever is taken in is not kept waiting for long. */
export const PENDING_SECONDS = 1;
export const ALWAYS_PENDING = 2_000;
/** Over how long what is committed is counted for that. */
export const RATE_OVER_MS = 1_000;
export const MAX_PENDING_PER_SENDER = 10_000;
export const MAX_PENDING_BYTES = 16 << 20;
/** Transactions of one sender taken into a batch before the next sender's turn. */
export const QUEUE_TURN = 16;
/** Senders whose quota is remembered: 100 bytes each. */
export const MAX_QUOTA_SENDERS = 10_000;
/** How many seconds' worth of its quota a sender may use at once. */
export const QUOTA_BURST_SECONDS = 2;
/** Milliseconds a second of one core that computing the predicates of one address' transactions may take, in the long run. */
export const PROOF_MS_PER_S = 100;
/** Text of a proof file: a thousand changes of a set of 31 and the largest rows; an ordinary one has 5 KB. */
export const MAX_PROOF_FILE_LENGTH = 16 << 20;
export const MAX_PROOF_STEPS = 1_024;
/** How often a proof is taken again because another order than the tip's committed: each time a view was lost. */
export const MAX_PROOF_ATTEMPTS = 8;

// ── vote journal (src/consensus/journal.ts, §4.7) ────────────────────────────────────────────────────────────────────────────
/** A segment holds W full blocks several times over; preallocated, since appending to a growing file makes fdatasync 2–3 times as dear. */
export const JOURNAL_SEGMENT_BYTES = 64 << 20;
/** A record is at most a batch or a NewView with what surrounds it; a longer length is garbage. */
export const JOURNAL_RECORD_BYTES = 1 << 20;

// ── consensus driver (src/consensus/driver.ts) ───────────────────────────────────────────────────────────────────────────────
/** Inputs worked off before the event loop gets its turn again: some 10 ms if each were a vote to be verified. */
export const MAX_INPUTS_PER_TURN = 128;
/** Bodies that sync holds until the core asks for them; a new range is asked for below it. */
export const SYNC_STAGED_BYTES = 32 << 20;
/** A peer that has not sent a range by then is passed over. */
export const SYNC_TIMEOUT_MS = 10_000;

// ── contract engine (src/contracts/engine, engine.md §10) ────────────────────────────────────────────────────────────────────
/** An encoded key: every level of the tree and every index entry repeats it. */
export const MAX_KEY_BYTES = 512;
/** The most a record may declare for a row: it must fit a transaction that replaces it. */
export const MAX_DECLARED_ROW_BYTES = 65_536;
/** Work of an operation that declares nothing else. */
export const DEFAULT_WORK = 64;
/** The most an action may declare: the smallest block budget that parameters allow. */
export const MAX_ACTION_WORK = 10_000;
/** The most due work may declare: the quarter that due work has of that budget. */
export const MAX_DUE_WORK = 2_500;
/** Due entries of one contract in a block while entries of others wait. */
export const MAX_DUE_PER_CONTRACT = 16;
/** Work of a view: read-only, on one node, for one reader. */
export const MAX_VIEW_WORK = 10_000;
/** Flags on one receipt. */
export const MAX_FLAGS = 16;
/** Schema nodes and bytes that cost one unit of work. */
export const NODES_PER_WORK = 64;
export const BYTES_PER_WORK = 1_024;

// ── ledger: state, store, chain (src/ledger) ─────────────────────────────────────────────────────────────────────────────────
/** Levels at the top of the state tree that always stand: 4 MB, and no bucket above them (§5). */
export const TREE_TOP_BITS = 16;

// ── node and HTTP API (src/node) ─────────────────────────────────────────────────────────────────────────────────────────────
/** Text of one setting: a path or an address. */
export const MAX_SETTING_LENGTH = 4_096;
/** Transactions for which requests wait at this node: 10,000 people, or forty bulk requests of a system. */
export const MAX_WAITING_TRANSACTIONS = 40_000;
/** A JSON request: a transaction in hex with its signatures, and room. */
export const MAX_JSON_BYTES = 262_144;
export const MAX_JSON_DEPTH = 8;
export const MAX_URL_LENGTH = 4_096;
export const MAX_HEADER_BYTES = 16_384;
export const MAX_CONNECTIONS = 1_024;
/** How often the API's certificate is looked at, and how long before its end a warning is given each day. */
export const TLS_LOOK_MS = 60_000;
export const TLS_WARN_MS = 14 * 24 * 3_600_000;
/** Bearer tokens: their size; how long from now they may last, and how far clocks may be apart (seconds). */
export const MAX_TOKEN_BYTES = 2_048;
export const TOKEN_LIFETIME_S = 600;
export const TOKEN_SKEW_S = 30;
/** Requests of one address that are being answered at the same time. */
export const MAX_REQUESTS_IN_FLIGHT = 64;
export const HEADER_TIMEOUT_MS = 10_000;
export const BODY_TIMEOUT_MS = 30_000;
/** Rows of a page of a list, events of a page. */
export const MAX_PAGE = 500;
export const DEFAULT_PAGE = 50;
/** Keys whose principal is remembered for quotas, and how long. */
export const MAX_KNOWN_SENDERS = 10_000;
export const SENDER_KNOWN_MS = 10_000;
/** A node without a seat says again that it is ready if the chain has not heard it. */
export const READY_AGAIN_MS = 60_000;
/** A stopping node lets answers leave for this long. */
export const API_CLOSE_MS = 1_000;
/** How long a stop may take before the process ends anyway. */
export const STOP_LIMIT_MS = 4_500;
/** Free space and journal are looked at this often. */
export const DISK_CHECK_MS = 5_000;
/** How long a bulk request waits for its last transaction, unless it says otherwise, and at most. */
export const BULK_WAIT_MS = 120_000;
export const MAX_BULK_WAIT_MS = 600_000;
/** Blocks looked through for one page of events; the page says how far it came. */
export const EVENT_BLOCKS_PER_PAGE = 256;
/** Every so often a stream of events says where the head is: silence and death look different. */
export const EVENT_HEAD_MS = 15_000;
/** Digests in one ack or pull: twice what all origins of a large network may have out. */
export const MAX_ACKS_PER_MESSAGE = 4_096;
/** Digests of one peer's acks and pulls that are looked at: three times what 31 members ack that each cut a batch every 5 ms. */
export const PEER_DIGESTS_PER_S = 20_000;
/** Bytes of batches and requests that wait for verification: about a second's work; more is dropped and pulled later. */
export const MAX_VERIFY_BACKLOG_BYTES = 8 << 20;
/** Clients' requests below this are verified together, up to so many transactions: a few milliseconds of a worker. */
export const MAX_JOINED_BYTES = 65_536;
export const MAX_JOINED_TRANSACTIONS = 256;
/** A job of so few bytes, four signatures or so and eleven at most, is verified at once: waking a worker and hearing of it costs as much. */
export const SMALL_JOB_BYTES = 1_280;
/** Blocks sent in one answer to a node that catches up. */
export const MAX_SYNC_ANSWER_BYTES = 2 << 20;

// ── state sync, blocks of the past, retention (§4.9) ─────────────────────────────────────────────────────────────────────────
/** Borders of epochs in one answer: 20 KB each with 128 validators. */
export const MAX_STATE_BORDERS = 128;
/** Entries of a range of the tree in one answer; a larger range is asked for in halves. */
export const MAX_STATE_RANGE_BYTES = 2 << 20;
/** Rows in one answer: read a thousand at a time, so that votes do not wait. */
export const MAX_STATE_ROWS_BYTES = 1 << 20;
/** How long a range taken at the tip waits for its block before it is taken at the head. */
export const RANGE_WAIT_MS = 1_000;
/** Nodes of the tree of block hashes in one answer, of a million blocks: each is a reading of the database on the thread that votes. */
export const MAX_STATE_NODES = 4_096;
/** A whole block that is sent in one answer; a larger one goes by parts. */
export const MAX_BLOCK_ANSWER_BYTES = 4 << 20;
/** Blocks of the past asked for in one question; as many as fit are sent. */
export const HISTORY_AHEAD = 64;
/** What is kept of blocks begins at a multiple of this: the group of leaves under one kept node of the tree of block hashes. */
export const HISTORY_GROUP = 256;
/** A peer that could not answer is asked again after this long. */
export const STATE_PEER_REST_MS = 1_000;
/** How often a node asks a peer for its head, to learn that it is far behind. */
export const STATE_CLAIM_MS = 5_000;
/** Blocks behind from which on a node takes the state instead of executing (`sync.state_behind`). */
export const STATE_SYNC_BLOCKS = 20_000;
/** Groups of blocks that retention leaves below the head, whatever their age. */
export const KEPT_GROUPS = 2;
/** How often retention looks. */
export const RETENTION_CHECK_MS = 60_000;

// ── consensus core (src/consensus, §4.2, §4.9, §4.11) ────────────────────────────────────────────────────────────────────────
/** Epochs, views, heights and times in messages: sums of a few of them stay exact. */
export const MAX_COUNTER = 2 ** 48;
/** A vote, status, question or get: a few fields and one signature. */
export const MAX_SMALL_MESSAGE_BYTES = 1_024;
/** A PrePrepare, order or block without bodies: 64 references and one certificate of 128 validators. */
export const MAX_ORDER_MESSAGE_BYTES = 32_768;
/** Committed blocks without bodies kept at hand for peers a little behind. */
export const RECENT_BLOCKS = 16;
/** Certified blocks kept above the committed height while they wait for their turn; sync hands in no more. */
export const SYNC_AHEAD = 32;
/** Contradictions of one signer that a validator takes to the chain in one epoch. */
export const MAX_ACCUSATIONS = 8;
/** Digests of batches committed last, so that a late copy does not wait a second time; and of those that were refused. */
export const ORDERED_DIGESTS = 4_096;
/** Batches that others acked and I lack, over all peers. */
export const MAX_WANTED = 1_024;
/** An acked batch is pulled after this long (§4.8). */
export const PULL_AFTER_MS = 50;
/** What was asked of peers is asked again after this long. */
export const ASK_AGAIN_MS = 250;
/** Status to every peer, and the own view change again (§4.5, §4.9). */
export const STATUS_MS = 1_000;

// ── peers (src/p2p, §4.11, §6) ───────────────────────────────────────────────────────────────────────────────────────────────
/** Greeting, pings and notices of one peer. */
export const MAX_CONTROL_FRAME_BYTES = 1_024;
/** The largest consensus message is a new view; room for what carries it. */
export const MAX_VOTES_FRAME_BYTES = MAX_NEW_VIEW_BYTES + 65_536;
/** A batch with its length prefixes and envelope. */
export const MAX_BATCHES_FRAME_BYTES = MAX_BATCH_BYTES + 65_536;
/** A block of the largest size with certificate, headers and envelope. */
export const MAX_BLOCKS_FRAME_BYTES = MAX_BLOCK_BYTES + (1 << 20);
/** Transactions that an observer hands over in one go. */
export const MAX_TRANSACTIONS_FRAME_BYTES = MAX_BULK_BYTES + 65_536;
/** Bytes that wait for one peer in one channel: some seconds of votes; all batches an origin may have unordered, twice; answers under way. */
export const MAX_VOTES_QUEUE_BYTES = 4 << 20;
export const MAX_BATCHES_QUEUE_BYTES = 16 << 20;
export const MAX_BLOCKS_QUEUE_BYTES = 32 << 20;
export const MAX_TRANSACTIONS_QUEUE_BYTES = 8 << 20;
/** Window of a yamux stream: a batch of the largest size never waits for a round trip (performance.md §7). */
export const STREAM_WINDOW_BYTES = 4 << 20;
/** Streams a peer may have open: five of its own, and as many that are being replaced. */
export const MAX_PEER_STREAMS = 12;
/** Frames below this are joined into one write; larger ones go as they are. */
export const JOINED_FRAME_BYTES = 16_384;
export const JOINED_WRITE_BYTES = 262_144;
/** Own questions to one peer that wait for answers; more wait in line, up to the second number. */
export const MAX_PEER_REQUESTS = 4;
export const MAX_PEER_REQUEST_LINE = 64;
/** What one peer gets in answers on the channel "blocks": eight of the largest a second. */
export const PEER_ANSWER_BYTES_PER_S = 16 << 20;
export const PEER_ANSWERS_PER_S = 100;
/** Questions of one peer that are being answered; twice what an honest one asks, since it may have given up on some. */
export const MAX_PEER_ANSWERS = 8;
export const REQUEST_TIMEOUT_MS = 10_000;
export const HELLO_TIMEOUT_MS = 5_000;
export const PING_INTERVAL_MS = 5_000;
/** Nothing at all heard for this long, three pings in it: the connection is dead. */
export const PEER_SILENT_MS = 16_000;
/** A peer that takes nothing of what waits for it for this long is cut off. */
export const PEER_STALLED_MS = 30_000;
/** How long an older connection of the same key has to answer before a newer one replaces it. */
export const DUPLICATE_PROBE_MS = 1_000;
export const DIAL_TIMEOUT_MS = 5_000;
export const RECONNECT_FIRST_MS = 200;
export const RECONNECT_MAX_MS = 4_000;
/** The side that does not dial dials after all when nothing has come for this long: the other may have an old address. */
export const PASSIVE_DIAL_MS = 15_000;
/** … and the first time after its start: whoever should dial may have found it dead and wait for some seconds. */
export const PASSIVE_FIRST_MS = 200;
/** Points at which a peer is cut off; half of them are forgiven each minute. */
export const PEER_BAN_POINTS = 100;
/** For one message that breaks a rule. */
export const REJECT_POINTS = 20;
export const PEER_POINTS_HALF_LIFE_MS = 60_000;
/** The first time; doubled at each further one, at most this often. Forgiven one by one, each after the second number. */
export const PEER_BAN_MS = 30_000;
export const MAX_BAN_DOUBLINGS = 5;
export const BAN_FORGIVEN_MS = 600_000;
/** Handshakes under way with strangers, and new connections of one address each second. */
export const MAX_PENDING_HANDSHAKES = 64;
export const MAX_HANDSHAKES_PER_SECOND = 64;
export const MAX_PEER_ADDRESSES = 4;
/** LevelDB's write buffer: with 4 MB it rewrites young files twice as often (performance.md §5), with 32 MB twice as much waits in RAM and in logs. Also the most that a start has to replay. */
export const STORE_WRITE_BUFFER_BYTES = 16 << 20;
/** Two gigabytes of tables stay open; the rest are opened as they are read. */
export const STORE_MAX_OPEN_FILES = 4_000;
/** Ids of committed transactions in each of the two generations kept in RAM: 8 MB, some minutes at full speed. */
export const RECENT_IDS = 1 << 18;
/** Rows that stay decoded in RAM, in each of two generations. */
export const CACHED_ROWS = 32_768;
/** Transactions executed without a pause, or rows that they write: 3–5 ms, or votes and disk callbacks wait (performance.md §10). */
export const EXECUTION_SLICE = 250;
/** Dumps of the state tree kept: the newest, and one should it be damaged. */
export const KEPT_DUMPS = 2;
/** Pause between dumps of the state tree: at ten million keys one is 640 MB. */
export const DUMP_INTERVAL_MS = 600_000;
/** Headers checked against each other at a start: more than the log that LevelDB replays can hold, at 100 µs per thousand. */
export const CHECKED_HEADERS = 50_000;
/** Bytes of LevelDB's tables checked at a start, the newest first: at 750 MB/s a second and a half. The rest is checked when it is read. */
export const CHECKED_TABLE_BYTES = 1 << 30;
/** The highest protocol version that this release executes (§4.3). */
export const SUPPORTED_PROTOCOL = 1;
/** How long a proof taken at the tip waits for its block. */
export const COMMIT_WAIT_MS = 10_000;

// ── contracts (src/contracts) ────────────────────────────────────────────────────────────────────────────────────────────────
/** A validator asks for an early epoch end at most once in so many heights (§4.6). */
export const EPOCH_END_HEIGHTS = 20;
