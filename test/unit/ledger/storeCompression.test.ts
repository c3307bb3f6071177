import { describe, expect, test } from "vitest";
import { type Bytes, u32be, utf8 } from "../../../src/base/bytes.ts";
import { decode, encode } from "../../../src/base/codec.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import { Store } from "../../../src/ledger/store.ts";
import { bodyKey, idKey, metaKey, resultsKey, rowKey, seal, unseal, writesKey } from "../../../src/ledger/storeLayout.ts";

const NETWORK = new Uint8Array(32).fill(7);
/** A canonical array of so many bytes that repeats itself, as the rows of a block do. */
const repetitive = (length: number): Bytes => encode([utf8("invoice ".repeat(length / 8))]);

async function stored(puts: readonly (readonly [Bytes, Bytes])[]) {
  const database = new MemoryDatabase();
  const store = await Store.open(database, NETWORK);
  await store.write(puts);
  return { database, store };
}

describe("what a block leaves on disk", () => {
  test("batches, results and write sets take less than they say, and say it again; rows and ids stand as they are", async () => {
    const payload = repetitive(8_000);
    const packed = [bodyKey(1, 0), resultsKey(1), writesKey(1)];
    const plain = [rowKey("a/b", utf8("k")), idKey(new Uint8Array(32))];
    const { database, store } = await stored([...packed, ...plain].map((place) => [place, payload] as const));
    for (const place of [...packed, ...plain]) expect(store.payload(place)).toEqual(payload);
    for (const place of packed) expect(database.get(place)!.length).toBeLessThan(payload.length / 10);
    for (const place of plain) expect(database.get(place)!.length).toBe(payload.length + 4);
  });

  test("what is short, or does not get shorter, stands as it is", async () => {
    const noise = new Uint8Array(4_096);
    for (let i = 0, x = 1; i < noise.length; i++) noise[i] = (x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0) >>> 16;
    const short = repetitive(512);
    const random = encode([noise]);
    const { database, store } = await stored([
      [writesKey(1), short],
      [writesKey(2), random],
    ]);
    expect(database.get(writesKey(1))!.length).toBe(short.length + 4);
    expect(database.get(writesKey(2))!.length).toBe(random.length + 4);
    expect([store.payload(writesKey(1)), store.payload(writesKey(2))]).toEqual([short, random]);
  });

  test("a frame that cannot be read is named, though its checksum holds", async () => {
    const { database, store } = await stored([[writesKey(3), repetitive(8_000)]]);
    const frame = unsealedFrame(database.get(writesKey(3))!);
    const cut = frame.slice(0, frame.length - 3);
    const batch = database.batch();
    batch.put(writesKey(3), seal(writesKey(3), cut, new Uint8Array(cut.length + 4)));
    await batch.write();
    expect(() => store.writeSetBytes(3)).toThrow(
      expect.objectContaining({ code: "store.damaged", data: { value: "writes", height: 3, what: "compression" } }),
    );
  });

  test("one that an earlier release wrote is read, and from then on no earlier release opens it", async () => {
    const { database } = await stored([]);
    const payload = repetitive(8_000);
    const batch = database.batch();
    for (const [place, value] of [
      [metaKey("format"), encode([1, NETWORK])],
      [bodyKey(1, 0), payload],
    ] as const)
      batch.put(place, seal(place, value, new Uint8Array(value.length + 4)).slice());
    await batch.write();
    const store = await Store.open(database, NETWORK);
    expect(store.body(1, 0)).toEqual(payload);
    expect(decode(unseal(metaKey("format"), database.get(metaKey("format"))!))).toEqual([2, NETWORK]);
  });

  test("one that a later release wrote is refused", async () => {
    const { database } = await stored([]);
    const batch = database.batch();
    const value = encode([3, NETWORK]);
    batch.put(metaKey("format"), seal(metaKey("format"), value, new Uint8Array(value.length + 4)));
    await batch.write();
    await expect(Store.open(database, NETWORK)).rejects.toMatchObject({ code: "store.format", data: { found: 3, supported: 2 } });
  });
});

/** The frame in a stored value, without its checksum. */
function unsealedFrame(value: Bytes): Bytes {
  expect(value.subarray(0, 4)).toEqual(u32be(0x28b52ffd));
  return value.subarray(0, value.length - 4);
}
