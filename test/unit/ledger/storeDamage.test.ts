import { describe, expect, test } from "vitest";
import { type Bytes, hex, latin1, unlatin1 } from "../../../src/base/bytes.ts";
import { isLedgerError, type LedgerError } from "../../../src/base/errors.ts";
import { type BlockHeader, decodeBlock, encodeBlock } from "../../../src/base/header.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import {
  blockKey,
  decodeEpoch,
  decodeStoredBlock,
  encodeEpoch,
  encodeStoredBlock,
  epochKey,
  rowKey,
  seal,
  type StoredBlock,
  unseal,
} from "../../../src/ledger/storeLayout.ts";
import { batchOf, put, START_TIME, TestNetwork, transaction } from "./testNetwork.ts";
import { consensusView, ITEMS, keyOf } from "./testRegistry.ts";

/** Every value of a database, by place. */
async function contents(database: MemoryDatabase): Promise<Map<string, Bytes>> {
  const out = new Map<string, Bytes>();
  for await (const [key, value] of database.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) })) out.set(latin1(key), value);
  return out;
}
async function restored(values: ReadonlyMap<string, Bytes>): Promise<MemoryDatabase> {
  const database = new MemoryDatabase();
  const batch = database.batch();
  for (const [key, value] of values) batch.put(unlatin1(key), value);
  await batch.write();
  return database;
}

/** A start, then every way of reading; what a reader would be given, in order. */
async function readAll(database: MemoryDatabase, ids: readonly Bytes[]): Promise<unknown[]> {
  const { chain } = await TestNetwork.open(database);
  const { reader } = chain;
  const source = reader.proofSource();
  const out: unknown[] = [consensusView(reader.state)];
  for (let height = 1; height <= chain.head.height; height++) {
    out.push(
      reader.block(height),
      reader.bodies(height),
      reader.results(height),
      reader.epochAt(height),
      hex(source.historyNode(0, height)),
    );
    for (const leaf of reader.results(height)!.receipts.keys())
      for (const { collection, key, row } of reader.writesOf(height, leaf)!) out.push(row, reader.row(collection, key));
  }
  out.push(reader.writesOf(0, 0), source.genesisValidators, hex(source.historyNode(8, 0)));
  for (const id of ids) out.push(reader.receipt(id));
  out.push(await reader.find("", 1_000), reader.state.entries("", 1_000));
  return out;
}

describe("a stored value under its checksum", () => {
  test("is named when one bit of it, or of its place, is another – whatever it is – and is never served", async () => {
    const database = new MemoryDatabase();
    const network = await TestNetwork.open(database, { parameters: { epoch_length: 100 } });
    const ids: Bytes[] = [];
    for (let height = 1; height <= 258; height++) {
      const acts =
        height > 3 ? [] : [transaction([put(`item ${height}`, height, { due: START_TIME * 2 })]), transaction([put("hot", height)])];
      const batch = acts.length === 0 ? [] : [batchOf(acts)];
      await network.commit(await network.execute(batch));
      for (const b of batch) ids.push(b.ids.slice(0, 32), b.ids.slice(32));
    }
    const sound = await contents(database);
    const expected = JSON.stringify(await readAll(await restored(sound), ids));
    const places = [...sound.keys()];
    const chosen = new Map<string, string[]>();
    for (const place of places) chosen.set(place[0]!, [...(chosen.get(place[0]!) ?? []), place]);
    const classes = new Set<string>();
    for (const [space, all] of chosen) {
      // The first, the last and some between of each class: blocks are many.
      for (const place of all.filter((_, i) => i < 2 || i === all.length - 1 || i % 40 === 0)) {
        const value = sound.get(place)!;
        const flipped = value.slice();
        flipped[(place.length * 7) % value.length]! ^= 1 << (place.length % 8);
        const moved = unlatin1(place);
        moved[moved.length - 1]! ^= 1;
        for (const kind of ["value", "place"] as const) {
          const values = new Map(sound);
          if (kind === "value") values.set(place, flipped);
          else {
            values.delete(place);
            values.set(latin1(moved), value);
          }
          const served = await readAll(await restored(values), ids).then(
            (read) => JSON.stringify(read),
            (error: unknown) => {
              expect(isLedgerError(error, "store.damaged"), `${space} ${kind}: ${String(error)}`).toBe(true);
              expect((error as LedgerError).data, `${space} ${kind}`).toHaveProperty(["value"]);
              return "named";
            },
          );
          classes.add(`${space} ${kind} ${served === "named" ? "named" : served === expected ? "harmless" : "false"}`);
        }
      }
    }
    const named = ["b", "c", "e", "f", "h", "m", "r", "s", "w", "x"].flatMap((space) => [`${space} place named`, `${space} value named`]);
    expect([...classes]).toEqual(expect.arrayContaining([...named, "i value named"]));
    // An id whose place is another is not found: of that, LevelDB's own checksums are the guard (durability.slow.test.ts). Nothing else is ever false.
    expect([...classes].filter((c) => c.endsWith("false"))).toEqual(["i place false"]);
  }, 60_000);
});

describe("values that are whole but do not belong together", () => {
  /** Twenty blocks in epochs of 16, and one value written anew with the checksum that belongs to it. */
  async function changed(place: Bytes, change: (payload: Bytes) => Bytes): Promise<MemoryDatabase> {
    const database = new MemoryDatabase();
    const network = await TestNetwork.open(database, { parameters: { epoch_length: 16 } });
    for (let height = 1; height <= 20; height++) await network.block(height === 3 ? [transaction([put("a", 1)])] : []);
    const payload = change(unseal(place, database.get(place)!));
    const batch = database.batch();
    batch.put(place, seal(place, payload, new Uint8Array(payload.length + 4)));
    await batch.write();
    return database;
  }
  const block =
    (change: (block: StoredBlock, header: BlockHeader) => Partial<StoredBlock>) =>
    (payload: Bytes): Bytes => {
      const stored = decodeStoredBlock(payload);
      return encodeStoredBlock({ ...stored, ...change(stored, decodeBlock(stored.headerBytes)) });
    };
  const header = (change: (header: BlockHeader) => Partial<BlockHeader>) =>
    block((_, old) => ({ headerBytes: encodeBlock({ ...old, ...change(old) }) }));
  const ones = new Uint8Array(32).fill(1);

  test.each<[string, Bytes, (payload: Bytes) => Bytes, object]>([
    [
      "a header with another parent block",
      blockKey(3),
      header(() => ({ parentBlock: ones })),
      { value: "block", height: 3, what: "parent" },
    ],
    [
      "a header with another parent order",
      blockKey(3),
      header(({ order }) => ({ order: { ...order, parent: ones } })),
      { value: "block", height: 3, what: "parent" },
    ],
    [
      "a header no later than the one before",
      blockKey(3),
      header(({ order }) => ({ order: { ...order, time: START_TIME } })),
      { value: "block", height: 3, what: "parent" },
    ],
    [
      "a header of another height",
      blockKey(3),
      header(({ order }) => ({ order: { ...order, height: 4 } })),
      { value: "block", height: 3, what: "height" },
    ],
    ["other batches", blockKey(3), block(() => ({ references: [] })), { value: "block", height: 3, what: "batch references" }],
    [
      "a head with another result",
      blockKey(20),
      header(() => ({ stateRoot: ones })),
      { value: "block", height: 20, what: "certificate names another block" },
    ],
    [
      "a head whose certificate has too few signers",
      blockKey(20),
      block(({ certificate }) => ({
        certificate: { ...certificate, signers: Uint8Array.of(0xc0), signatures: certificate.signatures.slice(0, 128) },
      })),
      { value: "block", height: 20, what: "certificate.quorum" },
    ],
    [
      "a head whose certificate is of another epoch",
      blockKey(20),
      block(({ certificate }) => ({ certificate: { ...certificate, epoch: 0 } })),
      { value: "block", height: 20, what: "certificate.signature" },
    ],
    [
      "an epoch with another set",
      epochKey(1),
      (payload) => {
        const record = decodeEpoch(payload);
        return encodeEpoch({ ...record, validators: record.validators.slice(1) });
      },
      { value: "epoch", epoch: 1, what: "set or parameters are not those of the header" },
    ],
    [
      "a row with another content",
      rowKey(ITEMS, keyOf("a")),
      (payload) => payload.map((byte, i) => (i === payload.length - 1 ? byte ^ 1 : byte)),
      { value: "row", what: "the rows do not have the certified state root" },
    ],
  ])("%s: the start says so", async (_, place, change, data) => {
    await expect(TestNetwork.open(await changed(place, change))).rejects.toMatchObject({ code: "store.damaged", data });
  });
});
