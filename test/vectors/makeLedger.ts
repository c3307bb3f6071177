// Writes transaction.json, prepare.json and block.json beside itself: `npx node test/vectors/makeLedger.ts`. They are the protocol's, not the program's:
// a difference after a change of the sources means that the protocol has changed.

import { writeFileSync } from "node:fs";
import { type Bytes, concat, hex, u32be, unhex } from "../../src/base/bytes.ts";
import { encode, type Value } from "../../src/base/codec.ts";
import { sha256 } from "../../src/base/hash.ts";
import { publicKeyOf, sign } from "../../src/base/signature.ts";
import { batchDigest, makeBatch, readBatch } from "../../src/ledger/batch.ts";
import { dueId, encodeLeaf, encodeReceipt, leafHashOf, type Receipt, TransactionsTree, type Write, writesRoot } from "../../src/ledger/block.ts";
import { encodeBody, fullHash, type Operation, signingBytes, signTransaction, transactionId } from "../../src/ledger/transaction.ts";
import { toJson } from "../unit/ledger/json.ts";

const network = sha256(new TextEncoder().encode("a network of the vectors"));
const seed = (n: number): Bytes => new Uint8Array(32).fill(n);
const nonce = unhex("000102030405060708090a0b0c0d0e0f");
const notAfter = 1_795_334_110_000;
const write = (name: string, value: unknown): void => writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(value, undefined, 1)}\n`);

// ── transaction.json ─────────────────────────────────────────────────────────────────────────────────────────────────────────
const deposit: Operation = { action: "evidence.deposit@1", args: { item: "E-000417", digest: sha256(new Uint8Array(3)), size: 12_345 } };
const wide: Operation = {
  action: "property.transfer@12",
  args: {
    parcel: "Q1-000417",
    price: 18_446_744_073_709_551_615n,
    balance: -9_223_372_036_854_775_808n,
    moves: [
      { from: "p:carl", to: "p:dora", parts: 250 },
      { from: "p:carl", to: "p:ann", parts: -1 },
    ],
    names: ["Nguyễn Văn A", "김민준", "王小明", "🏛"],
    absent: null,
    done: true,
  },
};
const cases: { what: string; nonce: Bytes; notAfter: number; operations: Operation[]; seeds: number[] }[] = [
  { what: "one operation, one signer", nonce, notAfter, operations: [deposit], seeds: [1] },
  { what: "integers of 64 bits, nested maps, text in four scripts, three signers", nonce: seed(0xa5).slice(0, 16), notAfter, operations: [wide], seeds: [1, 2, 3] },
  { what: "two operations, empty arguments", nonce, notAfter: 0, operations: [{ action: "a.b@1", args: {} }, deposit], seeds: [9] },
  { what: "sixteen signers, the last notAfter there is", nonce, notAfter: 2 ** 48 - 1, operations: [deposit], seeds: Array.from({ length: 16 }, (_, i) => i + 1) },
  { what: "64 operations, a name of 32 bytes", nonce, notAfter, operations: Array.from({ length: 64 }, (_, i) => ({ action: "registers.enter_a_name_that_is@100", args: { i } })), seeds: [1] },
];
const accept = cases.map(({ what, seeds, ...fields }) => {
  const bytes = signTransaction(network, fields, seeds.map(seed));
  const keys = seeds.map((n) => ({ seed: hex(seed(n)), key: hex(publicKeyOf(seed(n))) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const body = encodeBody({ ...fields, signers: seeds.map((n) => publicKeyOf(seed(n))) });
  return {
    what,
    nonce: hex(fields.nonce),
    notAfter: fields.notAfter,
    keys,
    operations: fields.operations.map((o) => [o.action, toJson(o.args)]),
    body: hex(body),
    sign: hex(signingBytes(network, body)),
    id: hex(transactionId(network, body)),
    signatures: keys.map((k) => hex(sign(unhex(k.seed), signingBytes(network, body)))),
    bytes: hex(bytes),
    fullHash: hex(fullHash(bytes)),
  };
});

const good = signTransaction(network, { nonce, notAfter, operations: [deposit] }, [seed(1)]);
const keyOf = (n: number): Bytes => publicKeyOf(seed(n));
const [lower, higher] = hex(keyOf(1)) < hex(keyOf(2)) ? [1, 2] : [2, 1];
/** Signed bytes of any value in the body's place: only what is refused about it is wrong. */
const raw = (value: Value, seeds: number[]): Bytes => {
  const body = encode(value);
  return concat(body, ...seeds.map((n) => sign(seed(n), signingBytes(network, body))));
};
const operations: Value = [[deposit.action, deposit.args]];
const edit = (bytes: Bytes, from: number, to: number, put: string): Bytes => concat(bytes.subarray(0, from), unhex(put), bytes.subarray(to));
const refuse: { what: string; bytes: Bytes; code: string }[] = [
  { what: "nothing", bytes: new Uint8Array(0), code: "transaction.malformed" },
  { what: "a signature short of one byte", bytes: good.subarray(0, good.length - 1), code: "transaction.malformed" },
  { what: "a byte behind the last signature", bytes: concat(good, new Uint8Array(1)), code: "transaction.malformed" },
  { what: "no signature", bytes: good.subarray(0, good.length - 64), code: "transaction.malformed" },
  { what: "two signatures of one signer", bytes: concat(good, good.subarray(good.length - 64)), code: "transaction.malformed" },
  { what: "version 2", bytes: raw([2, nonce, notAfter, [keyOf(1)], operations], [1]), code: "transaction.malformed" },
  { what: "a body of six parts", bytes: raw([1, nonce, notAfter, [keyOf(1)], operations, null], [1]), code: "transaction.malformed" },
  { what: "a nonce of 15 bytes", bytes: raw([1, nonce.subarray(1), notAfter, [keyOf(1)], operations], [1]), code: "transaction.malformed" },
  { what: "a negative notAfter", bytes: raw([1, nonce, -1, [keyOf(1)], operations], [1]), code: "transaction.malformed" },
  { what: "a notAfter of 2^48", bytes: raw([1, nonce, 2 ** 48, [keyOf(1)], operations], [1]), code: "transaction.malformed" },
  { what: "no signer", bytes: raw([1, nonce, notAfter, [], operations], []), code: "transaction.malformed" },
  { what: "signers in descending order", bytes: raw([1, nonce, notAfter, [keyOf(higher), keyOf(lower)], operations], [higher, lower]), code: "transaction.malformed" },
  { what: "one signer listed twice", bytes: raw([1, nonce, notAfter, [keyOf(1), keyOf(1)], operations], [1, 1]), code: "transaction.malformed" },
  { what: "a key of 31 bytes", bytes: raw([1, nonce, notAfter, [keyOf(1).subarray(1)], operations], [1]), code: "transaction.malformed" },
  {
    what: "17 signers",
    bytes: raw([1, nonce, notAfter, Array.from({ length: 17 }, (_, i) => new Uint8Array(32).fill(i + 20)), operations], Array.from({ length: 17 }, () => 1)),
    code: "transaction.malformed",
  },
  { what: "no operation", bytes: raw([1, nonce, notAfter, [keyOf(1)], []], [1]), code: "transaction.malformed" },
  { what: "65 operations", bytes: raw([1, nonce, notAfter, [keyOf(1)], Array.from({ length: 65 }, () => ["a.b@1", {}])], [1]), code: "transaction.malformed" },
  { what: "an operation without arguments", bytes: raw([1, nonce, notAfter, [keyOf(1)], [["a.b@1"]]], [1]), code: "transaction.malformed" },
  { what: "arguments that are a list", bytes: raw([1, nonce, notAfter, [keyOf(1)], [["a.b@1", []]]], [1]), code: "transaction.malformed" },
  { what: "an action with a space", bytes: raw([1, nonce, notAfter, [keyOf(1)], [["a b@1", {}]]], [1]), code: "transaction.malformed" },
  { what: "an action of 129 bytes", bytes: raw([1, nonce, notAfter, [keyOf(1)], [["a".repeat(129), {}]]], [1]), code: "transaction.malformed" },
  { what: "more than 65,536 bytes", bytes: raw([1, nonce, notAfter, [keyOf(1)], [["a.b@1", { data: new Uint8Array(65_400) }]]], [1]), code: "transaction.malformed" },
  { what: "keys of the arguments out of order", bytes: raw([1, nonce, notAfter, [keyOf(1)], operations], [1]), code: "transaction.malformed" },
  { what: "a nonce in the 16-bit form", bytes: edit(good, 2, 4, "c50010"), code: "transaction.malformed" },
  { what: "a signature over the bare body, without the frame", bytes: concat(good.subarray(0, good.length - 64), sign(seed(1), good.subarray(0, good.length - 64))), code: "transaction.signature" },
  { what: "a signature of another network", bytes: signTransaction(seed(7), { nonce, notAfter, operations: [deposit] }, [seed(1)]), code: "transaction.signature" },
  { what: "a signature by somebody else", bytes: concat(good.subarray(0, good.length - 64), sign(seed(2), signingBytes(network, good.subarray(0, good.length - 64)))), code: "transaction.signature" },
  {
    what: "two signatures exchanged",
    bytes: raw([1, nonce, notAfter, [keyOf(lower), keyOf(higher)], operations], [higher, lower]),
    code: "transaction.signature",
  },
];
// Swap the first two keys of the arguments' map: "digest" (34-byte value) and "item".
const unsorted = refuse.find((r) => r.what.startsWith("keys of the arguments"))!;
const map = encode(deposit.args);
const swapped = concat(map.subarray(0, 1), encode("item"), encode("E-000417"), encode("digest"), encode(deposit.args["digest"]!), encode("size"), encode(12_345));
const at = hex(unsorted.bytes).indexOf(hex(map)) / 2;
const unsortedBody = edit(unsorted.bytes.subarray(0, -64), at, at + map.length, hex(swapped));
unsorted.bytes = concat(unsortedBody, sign(seed(1), signingBytes(network, unsortedBody)));

write("transaction.json", {
  about:
    "Transactions, docs/protocol.md §2. accept: `body` is the encoding of the fields with the keys as signers; `sign` is what each seed signs; `bytes` is the whole transaction. refuse: `bytes` is not well-formed. Values as in codec.json.",
  network: hex(network),
  accept,
  refuse: refuse.map(({ what, bytes, code }) => ({ what, code, bytes: hex(bytes) })),
});

// ── prepare.json ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
const asked = {
  action: "property.transfer@1",
  args: { parcel: "Q1-000417", deed: hex(seed(3)), price: "12000", moves: [{ from: "p:carl", to: "p:dora", parts: 250 }], note: null },
  signers: [hex(keyOf(lower)), hex(keyOf(higher))],
  nonce: hex(nonce),
  notAfter,
};
const args = { parcel: "Q1-000417", deed: seed(3), price: 12_000, moves: [{ from: "p:carl", to: "p:dora", parts: 250 }], note: null };
const prepared = (over: { action?: string; args?: Record<string, Value>; signers?: Bytes[]; nonce?: Bytes; notAfter?: number; operations?: Operation[] } = {}): string =>
  hex(
    encodeBody({
      nonce: over.nonce ?? nonce,
      notAfter: over.notAfter ?? notAfter,
      signers: over.signers ?? [keyOf(1), keyOf(2)],
      operations: over.operations ?? [{ action: over.action ?? "property.transfer@1", args: over.args ?? args }],
    }),
  );
write("prepare.json", {
  about:
    "check(body, intent) before signing what a node has prepared, docs/protocol.md §2. `mismatch` is null if the body says what was asked and nothing else, otherwise the JSON pointer of the first difference (action, nonce, notAfter, signers, then the arguments in order of their names).",
  cases: [
    { what: "the same", body: prepared(), intent: asked, mismatch: null },
    { what: "any version, if none was asked for", body: prepared({ action: "property.transfer@2" }), intent: { ...asked, action: "property.transfer" }, mismatch: null },
    { what: "notAfter as a decimal string", body: prepared(), intent: { ...asked, notAfter: String(notAfter) }, mismatch: null },
    { what: "signers asked for in another order", body: prepared(), intent: { ...asked, signers: [...asked.signers].reverse() }, mismatch: null },
    { what: "money as a number where a string was asked", body: prepared(), intent: { ...asked, args: { ...asked.args, price: 12_000 } }, mismatch: null },
    { what: "64 bits", body: prepared({ args: { ...args, price: 9_007_199_254_740_993n } }), intent: { ...asked, args: { ...asked.args, price: "9007199254740993" } }, mismatch: null },
    { what: "64 bits, one less", body: prepared({ args: { ...args, price: 9_007_199_254_740_993n } }), intent: { ...asked, args: { ...asked.args, price: "9007199254740992" } }, mismatch: "/args/price" },
    { what: "another action", body: prepared({ action: "property.give@1" }), intent: asked, mismatch: "/action" },
    { what: "another version", body: prepared({ action: "property.transfer@2" }), intent: asked, mismatch: "/action" },
    { what: "another nonce", body: prepared({ nonce: seed(1).slice(0, 16) }), intent: asked, mismatch: "/nonce" },
    { what: "a longer life", body: prepared({ notAfter: notAfter + 1 }), intent: asked, mismatch: "/notAfter" },
    { what: "a signer more", body: prepared({ signers: [keyOf(1), keyOf(2), keyOf(3)] }), intent: asked, mismatch: "/signers" },
    { what: "another price", body: prepared({ args: { ...args, price: 12_001 } }), intent: asked, mismatch: "/args/price" },
    { what: "a price in text", body: prepared({ args: { ...args, price: 12_000, parcel: 417 } }), intent: asked, mismatch: "/args/parcel" },
    { what: "another deed", body: prepared({ args: { ...args, deed: seed(4) } }), intent: asked, mismatch: "/args/deed" },
    { what: "a move more", body: prepared({ args: { ...args, moves: [...args.moves, ...args.moves] } }), intent: asked, mismatch: "/args/moves" },
    { what: "another receiver", body: prepared({ args: { ...args, moves: [{ from: "p:carl", to: "p:ann", parts: 250 }] } }), intent: asked, mismatch: "/args/moves/0/to" },
    { what: "an argument that nobody asked for", body: prepared({ args: { ...args, extra: true } }), intent: asked, mismatch: "/args/extra" },
    { what: "an argument left out", body: prepared({ args: { parcel: args.parcel, deed: args.deed, price: args.price, moves: args.moves } }), intent: asked, mismatch: "/args/note" },
    { what: "a second operation", body: prepared({ operations: [{ action: "property.transfer@1", args }, deposit] }), intent: asked, mismatch: "" },
    { what: "not a body", body: "c0", intent: asked, mismatch: "" },
  ],
});

// ── block.json ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
const writesOf = (n: number): Write[] =>
  Array.from({ length: n }, (_, i) => ({ collection: i % 2 === 0 ? "evidence/deposit" : "evidence/custody", key: Uint8Array.of(0x45, i, 0, 0), row: seed(i + 1).slice(0, i + 1) }));
const receipts: { what: string; receipt: Receipt; writes: Write[] }[] = [
  { what: "applied, one write", receipt: { outcome: 0, code: null, flags: [], writes: 1, writesRoot: writesRoot(writesOf(1)) }, writes: writesOf(1) },
  { what: "applied, marked, five writes", receipt: { outcome: 0, code: null, flags: ["vehicles.reading_back", "vehicles.reading_far"], writes: 5, writesRoot: writesRoot(writesOf(5)) }, writes: writesOf(5) },
  { what: "rejected", receipt: { outcome: 1, code: "property.charge_remains", flags: [], writes: 0, writesRoot: writesRoot([]) }, writes: [] },
  { what: "failed", receipt: { outcome: 2, code: "engine.fault", flags: [], writes: 0, writesRoot: writesRoot([]) }, writes: [] },
];
const tree = new TransactionsTree();
const time = 1_795_330_510_412;
const due = dueId(network, time, 120_345, "cases/case", Uint8Array.of(0x43, 0, 0), "overdue");
const leaves = receipts.map(({ what, receipt, writes }, i) => {
  const bytes = encodeReceipt(receipt);
  const id = i === 0 ? due : unhex(accept[i]!.id);
  const full = i === 0 ? new Uint8Array(32) : unhex(accept[i]!.fullHash);
  tree.push(id, full, bytes);
  return {
    what,
    outcome: receipt.outcome,
    code: receipt.code,
    flags: receipt.flags,
    writes: writes.map((w) => ({ collection: w.collection, key: hex(w.key), row: hex(w.row) })),
    writesRoot: hex(receipt.writesRoot),
    receipt: hex(bytes),
    id: hex(id),
    fullHash: hex(full),
    leaf: hex(encodeLeaf(id, full, bytes)),
    leafHash: hex(leafHashOf(id, full, bytes)),
  };
});
const batch = makeBatch(network, "tax", 1_795_330_510_000, [unhex(accept[0]!.bytes), unhex(accept[1]!.bytes)], seed(0x70));
write("block.json", {
  about: "Receipts, leaves and roots of a block, docs/protocol.md §3; a batch as on the wire, §4.8. The first leaf is an entry of due work.",
  network: hex(network),
  due: { time, height: 120_345, collection: "cases/case", key: "430000", name: "overdue", id: hex(due) },
  leaves,
  transactionsRoot: hex(tree.root()),
  emptyTransactionsRoot: hex(new TransactionsTree().root()),
  batch: {
    origin: "tax",
    sequence: 1_795_330_510_000,
    seed: hex(seed(0x70)),
    key: hex(keyOf(0x70)),
    transactions: [accept[0]!.bytes, accept[1]!.bytes],
    listed: hex(concat(...[accept[0]!.bytes, accept[1]!.bytes].flatMap((t) => [u32be(t.length / 2), unhex(t)]))),
    digest: hex(batchDigest(network, batch, readBatch(batch))),
    bytes: hex(batch),
  },
});
