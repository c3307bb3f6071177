import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, hex, latin1, unlatin1 } from "../../../src/base/bytes.ts";
import { encodeBlock, decodeBlock } from "../../../src/base/header.ts";
import { decodeResults, encodeResults, encodeReceipt } from "../../../src/ledger/block.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import {
  blockKey,
  bodyKey,
  decodeStoredBlock,
  encodeStoredBlock,
  findKey,
  idKey,
  indexKey,
  resultsKey,
  rowKey,
  seal,
  unseal,
} from "../../../src/ledger/storeLayout.ts";
import { verifyChain } from "../../../src/ledger/verifyChain.ts";
import { batchOf, NETWORK, put, START_TIME, TestNetwork, testGenesis, transaction } from "./testNetwork.ts";
import { consensusView, ITEMS, keyOf, testRegistry } from "./testRegistry.ts";

const parameters = { epoch_length: 16 };
let sound: Map<string, Bytes>;
let someId: Bytes;
let stateRoot: string;

beforeAll(async () => {
  const database = new MemoryDatabase();
  const network = await TestNetwork.open(database, { parameters });
  for (let height = 1; height <= 20; height++) {
    const batch = batchOf([
      transaction([put(`item ${height % 4}`, height, { due: START_TIME + 900 })]),
      transaction([["test.add@1", { name: "sum", value: height }]]),
      transaction([["test.reject@1", { name: "x" }]]),
    ]);
    someId = batch.ids.slice(0, 32);
    await network.commit(await network.execute([batch]));
  }
  stateRoot = hex(network.chain.head.stateRoot);
  sound = new Map();
  for await (const [key, value] of database.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) })) sound.set(latin1(key), value);
});

const place = (key: Bytes): string => latin1(key);
/** A value with a checksum that holds: what only an attacker or a bug of ours would leave, not a failing disk. */
function sealed(key: Bytes, payload: Bytes): Bytes {
  return seal(key, payload, new Uint8Array(payload.length + 4)).slice();
}
function edited(key: Bytes, edit: (payload: Bytes) => Bytes): (values: Map<string, Bytes>) => void {
  return (values) => void values.set(place(key), sealed(key, edit(unseal(key, values.get(place(key))!).slice())));
}
async function verify(
  change: (values: Map<string, Bytes>) => void,
  options: { signatures?: boolean; from?: number } = {},
  onProgress?: (height: number, head: number) => void,
) {
  const values = new Map(sound);
  change(values);
  const database = new MemoryDatabase();
  const batch = database.batch();
  for (const [key, value] of values) batch.put(unlatin1(key), value);
  await batch.write();
  const registry = { ...testRegistry(), proofs: () => [], work: () => 64 };
  const input = {
    genesis: testGenesis(parameters),
    network: NETWORK,
    consensusView,
    registry,
    database,
    temporary: new MemoryDatabase(),
    signatures: true,
    pause: async () => {},
  };
  return verifyChain({ ...input, ...options, ...(onProgress && { onProgress }) });
}

describe("verifying a whole chain", () => {
  test("a sound one is executed again from genesis, and tells how far it is", async () => {
    const told: [number, number][] = [];
    expect(
      await verify(
        () => {},
        {},
        (height, head) => void told.push([height, head]),
      ),
    ).toMatchObject({ height: 20, blocks: 20, transactions: 60 });
    expect(hex((await verify(() => {}, { signatures: false })).stateRoot)).toBe(stateRoot);
    expect(told).toEqual(Array.from({ length: 20 }, (_, i) => [i + 1, 20]));
  });

  const header = (part: string): ((values: Map<string, Bytes>) => void) =>
    edited(blockKey(7), (payload) => {
      const block = decodeStoredBlock(payload);
      const decoded = decodeBlock(block.headerBytes);
      return encodeStoredBlock({ ...block, headerBytes: encodeBlock({ ...decoded, [part]: new Uint8Array(32) }) });
    });
  const certificate = (change: object): ((values: Map<string, Bytes>) => void) =>
    edited(blockKey(7), (payload) => {
      const block = decodeStoredBlock(payload);
      return encodeStoredBlock({ ...block, certificate: { ...block.certificate, ...change } });
    });
  const flipped =
    (at: number): ((payload: Bytes) => Bytes) =>
    (payload) =>
      payload.map((byte, i) => (i === (at + payload.length) % payload.length ? byte ^ 1 : byte));
  const gone =
    (key: Bytes): ((values: Map<string, Bytes>) => void) =>
    (values) =>
      void values.delete(place(key));
  const extra =
    (key: Bytes): ((values: Map<string, Bytes>) => void) =>
    (values) =>
      void values.set(place(key), sealed(key, new Uint8Array(0)));

  test.each<[string, (values: Map<string, Bytes>) => void, string, object]>([
    ["a state root", header("stateRoot"), "chain.differs", { height: 7, what: "stateRoot" }],
    ["a transactions root", header("transactionsRoot"), "chain.differs", { height: 7, what: "transactionsRoot" }],
    ["a set's hash", header("validators"), "chain.differs", { height: 7, what: "validators" }],
    ["a history root", header("history"), "chain.differs", { height: 7, what: "history" }],
    [
      "a certificate's signature",
      certificate({ signatures: new Uint8Array(192) }),
      "chain.differs",
      { height: 7, what: "certificate.signature", where: "courts" },
    ],
    ["a certificate's height", certificate({ height: 8 }), "chain.differs", { height: 7, what: "certificate" }],
    ["a client's signature", edited(bodyKey(9, 0), flipped(-70)), "chain.differs", { height: 9, what: "transaction.signature" }],
    ["a transaction", edited(bodyKey(9, 0), flipped(40)), "chain.differs", { height: 9 }],
    ["a row", edited(rowKey(ITEMS, keyOf("sum")), flipped(-1)), "store.damaged", { value: "row", collection: ITEMS }],
    ["a missing row", gone(rowKey(ITEMS, keyOf("sum"))), "store.damaged", { value: "row", what: "missing" }],
    [
      "a row that nobody wrote",
      extra(rowKey(ITEMS, keyOf("nobody"))),
      "store.damaged",
      { value: "row", what: "not what execution stores" },
    ],
    ["an entry of the index in RAM", extra(indexKey("d and so on")), "store.damaged", { value: "index" }],
    ["an entry for queries", extra(findKey("test/item\0group\0none")), "store.damaged", { value: "find" }],
  ])("%s that is another is named", async (_, change, code, data) => {
    await expect(verify(change)).rejects.toMatchObject({ code, data });
  });

  test("a missing id, and a receipt that says something else, are named", async () => {
    await expect(verify(gone(idKey(someId)))).rejects.toMatchObject({
      code: "store.damaged",
      data: { value: "id", id: hex(someId), what: "missing" },
    });
    const kinder = edited(resultsKey(5), (payload) => {
      const results = decodeResults(payload);
      const receipts = results.receipts.map((r) =>
        r[1] === 1 ? encodeReceipt({ outcome: 0, code: null, flags: [], writes: 0, writesRoot: new Uint8Array(32) }) : r,
      );
      return encodeResults({ ...results, receipts });
    });
    await expect(verify(kinder)).rejects.toMatchObject({ code: "store.damaged", data: { value: "results", height: 5 } });
  });

  test("without signatures, and below `from`, a client's signature is not asked for; all else is", async () => {
    // The batch's digest covers its transactions with their signatures: what differs is still found.
    await expect(verify(edited(bodyKey(9, 0), flipped(-70)), { signatures: false })).rejects.toMatchObject({ code: "chain.order_invalid" });
    const lost = certificate({ signatures: new Uint8Array(192) });
    await expect(verify(lost, { from: 7 })).rejects.toMatchObject({ code: "chain.differs" });
    expect((await verify(lost, { from: 8 })).blocks).toBe(20);
  });
});
