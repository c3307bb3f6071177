import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test } from "vitest";
import { type Bytes, hex, unhex } from "../../../src/base/bytes.ts";
import { encodeSet, setHash, sortedSet } from "../../../src/base/certificate.ts";
import { encode } from "../../../src/base/codec.ts";
import { LedgerError } from "../../../src/base/errors.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { decodeBlock } from "../../../src/base/header.ts";
import { leafHash, rootOf } from "../../../src/base/merkle.ts";
import { defaultParameters, parametersHash } from "../../../src/base/parameters.ts";
import { decodeReceipt, leafHashOf, NO_WRITES, writeLeafHash } from "../../../src/ledger/block.ts";
import type { CommittedBlock } from "../../../src/ledger/chain.ts";
import { decodeCapsule } from "../../../src/ledger/divergence.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import { stateKeyHash, stateValueHash, verifyStateProof } from "../../../src/ledger/stateProof.ts";
import { openLevel } from "../../../src/ledger/storeLevel.ts";
import { type Database, Store } from "../../../src/ledger/store.ts";
import { batchOf, NETWORK, put, START_TIME, TestNetwork, testGenesis, transaction, VALIDATORS, validator } from "./testNetwork.ts";
import { fieldsOf, ITEMS, keyOf } from "./testRegistry.ts";
import { referenceRoot } from "./treeReference.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const directories: string[] = [];
async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "chancery-chain-"));
  directories.push(directory);
  return directory;
}
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});
const value = (network: TestNetwork, name: string): unknown => {
  const row = network.chain.reader.row(ITEMS, keyOf(name));
  return row === undefined ? undefined : fieldsOf(row)["value"];
};

describe("executing and committing (§3.6)", () => {
  test("what is executed is seen by nobody until it is committed", async () => {
    const network = await TestNetwork.open();
    const executed = await network.execute([batchOf([transaction([put("a", 1)])])]);
    expect(value(network, "a")).toBeUndefined();
    expect(network.chain.reader.state.entries("k", 10)).toEqual([]);
    expect(network.chain.reader.block(1)).toBeUndefined();
    await network.commit(executed);
    expect(value(network, "a")).toBe(1);
    expect(network.chain.reader.state.entries("k", 10)).toHaveLength(1);
    expect(network.chain.head.height).toBe(1);
  });

  test("a block commits to its transactions, its writes and its state as the specification words it", async () => {
    const network = await TestNetwork.open();
    const acts = [
      transaction([put("a", 1), put("b", 2)]),
      transaction([["test.reject@1", { name: "x" }]]),
      transaction([["test.add@1", { name: "a", value: 500 }]]),
    ];
    const batch = batchOf(acts);
    const { header } = await network.execute([batch]);
    const id = (i: number): Bytes => batch.ids.slice(32 * i, 32 * i + 32);
    const full = (i: number): Bytes => batch.fullHashes.slice(32 * i, 32 * i + 32);
    const row = (revision: number, index: number, previous: number, v: number, group: string): Bytes =>
      encode([revision, "open", 1, 1, 1, index, previous === 0 ? 0 : 1, 0, { value: v, group, due: 0 }]);
    const leaf = (name: string, bytes: Bytes): Bytes => writeLeafHash(ITEMS, keyOf(name), sha256(bytes));
    const [a1, b1, a2] = [row(1, 0, 0, 1, "none"), row(1, 0, 0, 2, "none"), row(2, 2, 1, 501, "sums")];
    const receipts = [
      encode([0, null, [], 2, rootOf([leaf("a", a1), leaf("b", b1)])]),
      encode([1, "test.refused", [], 0, NO_WRITES]),
      encode([0, null, [], 1, leaf("a", a2)]),
    ];
    expect(header.leaves).toBe(3);
    expect(hex(header.transactionsRoot)).toBe(hex(rootOf(receipts.map((receipt, i) => leafHashOf(id(i), full(i), receipt)))));
    const genesisRow = network.chain.reader.row("governance/network", unhex("6e6574776f726b0000"))!;
    const state = new Map([
      [hex(stateKeyHash(ITEMS, keyOf("a"))), stateValueHash(a2)],
      [hex(stateKeyHash(ITEMS, keyOf("b"))), stateValueHash(b1)],
      [hex(stateKeyHash("governance/network", unhex("6e6574776f726b0000"))), stateValueHash(genesisRow)],
    ]);
    expect(hex(header.stateRoot)).toBe(hex(referenceRoot(state)));
    expect(hex(header.validators)).toBe(hex(setHash(NETWORK, sortedSet(VALIDATORS.map(validator)))));
    expect(hex(header.parameters)).toBe(hex(parametersHash(NETWORK, defaultParameters)));
    expect(hex(header.parentBlock)).toBe(hex(NETWORK));
    expect(hex(header.history)).toBe(hex(leafHash(NETWORK)));
  });

  test("`history` is the tree over the genesis hash and the hashes of all earlier blocks", async () => {
    const network = await TestNetwork.open();
    const hashes = [NETWORK];
    for (let height = 1; height <= 20; height++) {
      const { header, hash } = await network.block();
      expect(hex(header.history)).toBe(hex(rootOf(hashes.map(leafHash))));
      hashes.push(hash);
    }
  });

  test("orders are executed over uncommitted parents, and commit in turn", async () => {
    const network = await TestNetwork.open();
    const add = (n: number) => [batchOf([transaction([["test.add@1", { name: "sum", value: n }]])])];
    const first = await network.execute(add(1));
    const second = await network.execute(add(10), network.after(first));
    const third = await network.execute(add(100), network.after(second));
    expect(value(network, "sum")).toBeUndefined();
    await network.commit(first);
    expect(value(network, "sum")).toBe(1);
    await network.commit(second);
    await network.commit(third);
    expect(value(network, "sum")).toBe(111);
  });

  test("a chain that always executes ahead of what is committed holds no block that is committed", async () => {
    const network = await TestNetwork.open();
    const blocks: WeakRef<object>[] = [];
    let latest: CommittedBlock | undefined;
    network.chain.onCommit((block) => {
      blocks.push(new WeakRef(block.leaves[0]!));
      latest = block;
    });
    let executed = await network.execute([batchOf([transaction([put("0", 0)])])]);
    for (let i = 1; i <= 12; i++) {
      const next = await network.execute([batchOf([transaction([put(`${i}`, i)])])], network.after(executed));
      await network.commit(executed);
      executed = next;
    }
    await new Promise((resolve) => setImmediate(resolve)); // what was dereferenced in a turn lives to its end
    collectGarbage();
    expect(latest!.height).toBe(12);
    expect(blocks.filter((block) => block.deref() !== undefined).length).toBeLessThanOrEqual(2);
  });

  test("results are kept by order digest; the branch that commits leaves the state that it alone would give", async () => {
    const alone = await TestNetwork.open();
    const both = await TestNetwork.open();
    const [x, y, z] = [1, 2, 3].map((n) => [batchOf([transaction([put("a", n), put(`only ${n}`, n)])])]);
    const left = await both.execute(x!);
    const leftChild = await both.execute(y!, both.after(left));
    const right = await both.execute(y!, both.head, START_TIME + 50);
    const rightChild = await both.execute(z!, both.after(right));
    expect(await both.execute(x!)).toEqual(left);
    expect(both.chain.result(leftChild.digest)).toEqual(leftChild);
    await both.commit(right);
    expect(both.chain.result(left.digest)).toBeUndefined();
    expect(both.chain.result(leftChild.digest)).toBeUndefined();
    await both.commit(rightChild);
    await alone.commit(await alone.execute(y!, alone.head, START_TIME + 50));
    const same = await alone.execute(z!);
    expect(hex(same.hash)).toBe(hex(rightChild.hash));
    expect(value(both, "only 1")).toBeUndefined();
    expect(value(both, "a")).toBe(3);
    // And the tree is where the head is: the next block's root shows it.
    await alone.commit(same);
    const next = [batchOf([transaction([put("a", 9)])])];
    expect(hex((await both.execute(next)).header.stateRoot)).toBe(hex((await alone.execute(next)).header.stateRoot));
  });

  test("at most 2W results are kept, those off the newest chain go first", async () => {
    const network = await TestNetwork.open(undefined, { parameters: { window: 2 } });
    const stray = await network.execute([batchOf([transaction([put("stray", 1)])])]);
    const chain = [await network.execute([], network.head, START_TIME + 1)];
    for (let i = 0; i < 3; i++) chain.push(await network.execute([], network.after(chain.at(-1)!)));
    expect(network.chain.result(stray.digest)).toBeUndefined();
    for (const executed of chain) expect(network.chain.result(executed.digest)).toBeDefined();
  });

  test("a long execution that another order overtakes is given up, and the chain goes on", async () => {
    let release = (): void => {};
    let paused = (): void => {};
    const waiting = new Promise<void>((resolve) => (paused = resolve));
    const gate = new Promise<void>((resolve) => (release = resolve));
    const network = await TestNetwork.open(undefined, { pause: () => (paused(), gate) });
    const winner = await network.execute([batchOf([transaction([put("winner", 1)])])]);
    const long = network.execute(
      [batchOf(Array.from({ length: 300 }, (_, i) => transaction([put(`long ${i}`, i)])))],
      network.head,
      START_TIME + 7,
    );
    const refused = expect(long).rejects.toMatchObject({ code: "chain.order_dropped" });
    await waiting;
    await network.commit(winner);
    release();
    await refused;
    const { header } = await network.block([transaction([put("after", 1)])]);
    const alone = await TestNetwork.open();
    await alone.commit(await alone.execute([batchOf([network.chain.reader.transaction(1, 0)!])]));
    await alone.block([network.chain.reader.transaction(2, 0)!]);
    expect(hex(alone.chain.head.stateRoot)).toBe(hex(header.stateRoot));
  });

  test("a child that is being executed while its parent commits gives what it would have given", async () => {
    let turns = 0;
    let between = async (): Promise<void> => {};
    const network = await TestNetwork.open(undefined, { pause: () => (turns++, between()) });
    const shared = transaction([put("shared", 1)]);
    const parent = await network.execute([batchOf([shared, transaction([["test.add@1", { name: "sum", value: 1 }]])])]);
    between = async () => {
      between = async () => {};
      await network.commit(parent);
    };
    const many = Array.from({ length: 600 }, () => transaction([["test.add@1", { name: "sum", value: 1 }]]));
    const child = await network.execute([batchOf([...many, shared])], network.after(parent));
    expect(turns).toBeGreaterThan(1);
    expect(child.header.leaves).toBe(600);
    await network.commit(child);
    expect(value(network, "sum")).toBe(601);
  });

  test("refuses orders that do not fit their parent", async () => {
    const network = await TestNetwork.open();
    const batch = batchOf([transaction([put("a", 1)])]);
    const good = network.order(network.head, [batch]);
    const wrong = async (order: Partial<typeof good>, code: string): Promise<void> =>
      expect(network.chain.execute({ ...good, ...order }, [batch.reference], [batch])).rejects.toMatchObject({ code });
    await wrong({ parent: sha256(unhex("00")) }, "chain.parent_unknown");
    await wrong({ height: 3 }, "chain.parent_unknown");
    await wrong({ epoch: 1 }, "chain.order_invalid");
    await wrong({ time: START_TIME }, "chain.order_invalid");
    await wrong({ batches: sha256(unhex("00")) }, "chain.order_invalid");
    await wrong({ protocol: 2 }, "release.needed");
    await expect(network.chain.execute(good, [batch.reference], [])).rejects.toMatchObject({ code: "chain.order_invalid" });
  });
});

describe("commits (§4.4.5)", () => {
  test("go strictly by height, once each, and only under the certificate of this very block", async () => {
    const network = await TestNetwork.open();
    const first = await network.execute([]);
    const second = await network.execute([], network.after(first));
    await expect(network.commit(second)).rejects.toMatchObject({ code: "chain.gap" });
    expect((await network.commit(first))?.height).toBe(1);
    expect(await network.commit(first)).toBeUndefined();
    const other = network.certify({ ...first, hash: sha256(first.hash) });
    await expect(network.chain.commit(first.digest, other)).rejects.toMatchObject({ code: "chain.conflict" });
    await expect(network.chain.commit(sha256(first.hash), network.certify(second))).rejects.toMatchObject({ code: "chain.not_executed" });
    const prepares = { ...network.certify(second), kind: "prepare" as const };
    await expect(network.chain.commit(second.digest, prepares)).rejects.toMatchObject({ code: "chain.order_invalid" });
    await network.commit(second);
    expect(network.chain.head.height).toBe(2);
  });

  test("are told to listeners in order, with receipts and writes", async () => {
    const network = await TestNetwork.open();
    const told: CommittedBlock[] = [];
    const stop = network.chain.onCommit((block) => told.push(block));
    await network.block([transaction([put("a", 1)]), transaction([["test.reject@1", { name: "b" }]])]);
    await network.block();
    stop();
    await network.block();
    expect(told.map((b) => b.height)).toEqual([1, 2]);
    expect(told[0]!.leaves.map((l) => [l.result.outcome, l.result.code, l.writes.length])).toEqual([
      [0, null, 1],
      [1, "test.refused", 0],
    ]);
  });
});

describe("what is live (§2.5)", () => {
  test("dead, too far and repeated transactions are skipped: no receipt, not in the tree", async () => {
    const network = await TestNetwork.open();
    const time = START_TIME + 1_000;
    const [once, edge] = [transaction([put("once", 1)]), transaction([put("edge", 1)], time)];
    const late = transaction([put("late", 1)], time - 1);
    const far = transaction([put("far", 1)], time + defaultParameters.max_lifetime_ms + 1);
    const farEdge = transaction([put("far edge", 1)], time + defaultParameters.max_lifetime_ms);
    const executed = await network.execute([batchOf([late, once, far, once]), batchOf([once, edge, farEdge])], network.head, time);
    expect(executed.header.leaves).toBe(3);
    await network.commit(executed);
    expect(network.chain.reader.results(1)!.skipped).toEqual([0, 2, 3, 4]);
    for (const name of ["once", "edge", "far edge"]) expect(value(network, name)).toBe(1);
    for (const name of ["late", "far"]) expect(value(network, name)).toBeUndefined();
  });

  test("a transaction of an uncommitted parent, or of a committed block, is not live again", async () => {
    const database = new MemoryDatabase();
    const network = await TestNetwork.open(database);
    const again = transaction([["test.add@1", { name: "sum", value: 1 }]]);
    const first = await network.execute([batchOf([again])]);
    const second = await network.execute([batchOf([again])], network.after(first));
    expect([first.header.leaves, second.header.leaves]).toEqual([1, 0]);
    await network.commit(first);
    await network.commit(second);
    expect((await network.block([again])).header.leaves).toBe(0);
    const reopened = await TestNetwork.open(database);
    expect((await reopened.execute([batchOf([again])])).header.leaves).toBe(0);
    expect(value(network, "sum")).toBe(1);
  });

  test("a vote that shortens lives gives no transaction a second one", async () => {
    const day = defaultParameters.max_lifetime_ms;
    const network = await TestNetwork.open(undefined, { parameters: { window: 1 } });
    const long = transaction([["test.add@1", { name: "sum", value: 1 }]], START_TIME + day);
    const parameters = { ...testGenesis().parameters, window: 1, max_lifetime_ms: 600_000 };
    await network.block([long, transaction([["test.network@1", { parameters }]])]);
    await network.block();
    expect(network.chain.epoch).toMatchObject({ epoch: 1, parameters: { max_lifetime_ms: 600_000 } });
    // Its notAfter is near again, and its block is farther back than a life lasts now.
    expect((await network.block([long], START_TIME + day - 1_000)).header.leaves).toBe(0);
    expect(value(network, "sum")).toBe(1);
  });

  test("on a branch that does not hold it, it is live", async () => {
    const network = await TestNetwork.open();
    const act = transaction([["test.add@1", { name: "sum", value: 1 }]]);
    await network.execute([batchOf([act])]);
    const other = await network.execute([batchOf([act])], network.head, START_TIME + 9);
    expect(other.header.leaves).toBe(1);
  });

  test("a failed proof is a rejection with a receipt, in whichever batch", async () => {
    const network = await TestNetwork.open();
    const pair = () =>
      batchOf([transaction([put("a", 1)]), transaction([["test.add@1", { name: "b", value: 1 }]])], (action) =>
        action === "test.add@1" ? ["wrong"] : [],
      );
    const batches = [pair(), pair()];
    await network.commit(await network.execute(batches));
    for (const { ids } of batches) {
      expect(network.chain.reader.receipt(ids.slice(0, 32))!.receipt).toMatchObject({ outcome: 0 });
      expect(network.chain.reader.receipt(ids.slice(32))!.receipt).toMatchObject({ outcome: 1, code: "test.proof" });
    }
    expect(value(network, "b")).toBeUndefined();
  });
});

describe("due work (§3.6)", () => {
  test("runs before the transactions, bounded per block, with receipts of its own; its head is told", async () => {
    const network = await TestNetwork.open(undefined, { parameters: { due_per_block: 2 } });
    const at = START_TIME + 1_000;
    const { dueHead } = await network.block(["a", "b", "c"].map((name, i) => transaction([put(name, i, { due: at + i })])));
    expect(dueHead).toBe(at);
    expect(network.chain.dueHead).toBe(at);
    expect((await network.block([], at - 1)).header.leaves).toBe(0);
    const executed = await network.block([transaction([put("d", 9)])], at + 500);
    expect(executed.header.leaves).toBe(3);
    expect(executed.dueHead).toBe(at + 2);
    const results = network.chain.reader.results(3)!;
    expect(results.due.map((d) => hex(d.key))).toEqual([hex(keyOf("a")), hex(keyOf("b"))]);
    expect(fieldsOf(network.chain.reader.row(ITEMS, keyOf("a"))!)["group"]).toBe("expired");
    expect((await network.block([], at + 600)).header.leaves).toBe(1);
    expect(network.chain.dueHead).toBeUndefined();
    const [version] = network.chain.reader.history(ITEMS, keyOf("c"), 1);
    expect(version).toMatchObject({ height: 4, index: 0, revision: 2 });
  });
});

describe("epochs (§4.3.1)", () => {
  const parameters = { epoch_length: 16, window: 2 };

  test("end after K blocks, and the last header names the next set", async () => {
    const network = await TestNetwork.open(undefined, { parameters });
    for (let height = 1; height < 16; height++) expect(await network.block()).toMatchObject({ epochEnd: 16, next: undefined });
    const last = await network.block();
    expect(last.next).toMatchObject({ epoch: 1, start: 17, end: 32 });
    expect(network.chain.epoch).toMatchObject({ epoch: 1, start: 17, end: 32 });
    expect((await network.block()).header.order.epoch).toBe(1);
  });

  test("end W heights after the first change that is enacted in them; the change is in force from the next height on, not before", async () => {
    const network = await TestNetwork.open(undefined, { parameters });
    await network.block();
    const set = sortedSet(["courts", "health", "land", "post"].map(validator));
    const change = transaction([
      ["test.network@1", { validators: encodeSet(set), parameters: { ...testGenesis(parameters).parameters, window: 5 } }],
    ]);
    const changed = await network.block([change]);
    expect(changed.epochEnd).toBe(4);
    const second = await network.block([transaction([["test.network@1", { protocol: 1 }]])]);
    expect(second.epochEnd).toBe(4);
    expect(hex(second.header.validators)).toBe(hex(setHash(NETWORK, sortedSet(VALIDATORS.map(validator)))));
    const last = await network.block();
    expect(last.next).toMatchObject({ epoch: 1, start: 5, end: 20, parameters: { window: 5 } });
    expect(hex(last.header.validators)).toBe(hex(setHash(NETWORK, set)));
    const { hash, header, digest } = await network.execute([]);
    await network.chain.commit(digest, network.certify({ hash, header }, ["courts", "health", "land", "post"]));
    expect(network.chain.epoch).toMatchObject({ epoch: 1, start: 5, end: 20 });
    expect(network.chain.reader.epochAt(4).validators.map((v) => v.id)).toEqual(VALIDATORS);
    expect(network.chain.reader.epochAt(5).validators.map((v) => v.id)).toEqual(["courts", "health", "land", "post"]);
  });
});

describe("reading (§5)", () => {
  test("walks a record back through the blocks, past two versions in one block, to what genesis wrote", async () => {
    const network = await TestNetwork.open();
    const add = (n: number): Bytes => transaction([["test.add@1", { name: "sum", value: n }]]);
    await network.block([add(1), transaction([put("other", 1)]), add(2)]);
    await network.block();
    await network.block([add(4)]);
    const versions = network.chain.reader.history(ITEMS, keyOf("sum"), 10);
    expect(versions.map((v) => [v.revision, v.height, v.index, fieldsOf(v.row)["value"]])).toEqual([
      [3, 3, 0, 7],
      [2, 1, 2, 3],
      [1, 1, 0, 1],
    ]);
    expect(network.chain.reader.history(ITEMS, keyOf("sum"), 1, { height: 1, index: 2 }).map((v) => v.revision)).toEqual([2]);
    await network.block([transaction([["test.network@1", { protocol: 1 }]])]);
    const rows = network.chain.reader.history("governance/network", unhex("6e6574776f726b0000"), 10);
    expect(rows.map((v) => [v.revision, v.height])).toEqual([
      [2, 4],
      [1, 0],
    ]);
  });

  test("finds receipts and transactions by id, and entries of the indexes for queries", async () => {
    const network = await TestNetwork.open();
    const bytes = transaction([put("a", 1, { group: "red" })]);
    const batch = batchOf([transaction([put("b", 1)]), bytes]);
    await network.commit(await network.execute([batchOf([transaction([put("c", 1, { group: "red" })])]), batch]));
    const id = batch.ids.slice(32);
    const found = network.chain.reader.receipt(id)!;
    expect(found).toMatchObject({ height: 1, leaf: 2, time: START_TIME + 100, receipt: { outcome: 0 } });
    expect(hex(network.chain.reader.transaction(1, 2)!)).toBe(hex(bytes));
    expect(network.chain.reader.receipt(sha256(id))).toBeUndefined();
    const red = `${ITEMS}\0group\0red\0`;
    expect(await network.chain.reader.find(red, 10)).toEqual([`${red}a\0\0`, `${red}c\0\0`]);
    expect(await network.chain.reader.find(red, 1, `${red}a\0\0`)).toEqual([`${red}c\0\0`]);
    await network.block([transaction([put("a", 1, { group: "blue" })])]);
    expect(await network.chain.reader.find(red, 10)).toEqual([`${red}c\0\0`]);
  });

  test("a state proof is taken at the tip and given out when that block commits, of presence and of absence", async () => {
    const network = await TestNetwork.open();
    await network.block([transaction([put("a", 1)])]);
    const executed = await network.execute([batchOf([transaction([put("a", 2)])])]);
    let given = false;
    const pending = network.chain.reader.proveState(ITEMS, keyOf("a")).then((proof) => {
      given = true;
      return proof!;
    });
    const absent = network.chain.reader.proveState(ITEMS, keyOf("nobody"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(given).toBe(false);
    await network.commit(executed);
    for (const { height, row, keyHash, bucket, siblings } of [await pending, (await absent)!]) {
      expect(height).toBe(2);
      const { stateRoot } = network.chain.reader.block(height)!.header;
      const verdict = verifyStateProof(stateRoot, keyHash, bucket, siblings);
      expect(verdict).toEqual({ valid: true, value: row === undefined ? undefined : stateValueHash(row) });
    }
    expect(fieldsOf((await pending).row!)["value"]).toBe(2);
  });

  test("a state proof is taken again if another order commits", async () => {
    const network = await TestNetwork.open();
    const right = await network.execute([batchOf([transaction([put("a", "right")])])], network.head, START_TIME + 5);
    await network.execute([batchOf([transaction([put("a", "left")])])]);
    const pending = network.chain.reader.proveState(ITEMS, keyOf("a"));
    await network.commit(right);
    const proof = (await pending)!;
    expect(fieldsOf(proof.row!)["value"]).toBe("right");
    expect(verifyStateProof(network.chain.head.stateRoot, proof.keyHash, proof.bucket, proof.siblings).valid).toBe(true);
  });

  test("readers see the head while the tree is ahead of it", async () => {
    const network = await TestNetwork.open(undefined, { cachedRows: 1 });
    await network.block([transaction([put("a", 1)])]);
    await network.execute([batchOf([transaction([put("a", 2)]), transaction([put("new", 1)])])]);
    expect(value(network, "a")).toBe(1);
    expect(value(network, "new")).toBeUndefined();
  });
});

describe("divergence (§3.7.2)", () => {
  test("a result that differs once is executed again, cold, and committed if it is then the certified one", async () => {
    const directory = await temporary();
    const network = await TestNetwork.open(undefined, { directory });
    const honest = await TestNetwork.open();
    const batch = [batchOf([transaction([put("a", 1)])])];
    const certified = await honest.execute(batch);
    let faults = 1;
    network.registry.before = (_, state) => {
      if (faults-- > 0) state.put(ITEMS, keyOf("a"), { bytes: encode([7, "open", 0, 1, 0, 0, 0, 0, { value: 0, group: "none", due: 0 }]) });
    };
    const own = await network.execute(batch);
    expect(hex(own.hash)).not.toBe(hex(certified.hash));
    await network.chain.commit(own.digest, network.certify(certified));
    expect(hex(network.chain.head.hash)).toBe(hex(certified.hash));
    expect(value(network, "a")).toBe(1);
  });

  test("what stands on a result that came out wrong comes anew with it", async () => {
    const network = await TestNetwork.open();
    const honest = await TestNetwork.open();
    const batches = [1, 2].map((n) => [batchOf([transaction([["test.add@1", { name: "a", value: n }]])])]);
    const certified = await honest.execute(batches[0]!);
    const certifiedChild = await honest.execute(batches[1]!, honest.after(certified));
    let faults = 1;
    network.registry.before = (_, state) => {
      if (faults-- > 0)
        state.put(ITEMS, keyOf("a"), { bytes: encode([7, "open", 0, 1, 0, 0, 0, 0, { value: 50, group: "none", due: 0 }]) });
    };
    const own = await network.execute(batches[0]!);
    const child = await network.execute(batches[1]!, network.after(own));
    const stray = await network.execute([], network.head, START_TIME + 3);
    expect(hex(child.hash)).not.toBe(hex(certifiedChild.hash));
    expect(hex((await network.chain.executeAgain(own.digest)).hash)).toBe(hex(certified.hash));
    expect(hex(network.chain.result(child.digest)!.hash)).toBe(hex(certifiedChild.hash));
    expect(network.chain.result(stray.digest)).toEqual(stray);
    await network.chain.commit(own.digest, network.certify(certified));
    await network.chain.commit(child.digest, network.certify(certifiedChild));
    expect(value(network, "a")).toBe(3);
    await expect(network.chain.executeAgain(own.digest)).rejects.toMatchObject({ code: "chain.not_executed" });
  });

  test("a result that differs twice stops the node, the last good height is served, and a capsule says what it computed", async () => {
    const directory = await temporary();
    const network = await TestNetwork.open(undefined, { directory });
    await network.block([transaction([put("a", 0)])]);
    const batch = [batchOf([transaction([["test.add@1", { name: "a", value: 1 }]])])];
    const own = await network.execute(batch);
    const foreign = sha256(own.hash);
    const refused = network.chain.commit(own.digest, network.certify(own, VALIDATORS, foreign));
    await expect(refused).rejects.toMatchObject({
      code: "chain.diverged",
      data: { height: 2, certified: hex(foreign), own: hex(own.hash) },
    });
    expect(network.chain.head.height).toBe(1);
    expect(value(network, "a")).toBe(0);
    const [file] = await readdir(join(directory, "capsules"));
    const capsule = decodeCapsule(new Uint8Array(await readFile(join(directory, "capsules", file!))));
    expect(capsule).toMatchObject({ height: 2, bodies: [{}] });
    expect(decodeBlock(capsule.header)).toEqual(own.header);
    expect(capsule.others.map(hex)).toEqual([hex(foreign)]);
    expect(fieldsOf(capsule.before[0]![2]!)["value"]).toBe(0);
  });
});

describe("a disk that does not take a write", () => {
  /** A database whose next batch is refused whole. */
  function failing(inner: Database): Database & { refuse: boolean } {
    return {
      refuse: false,
      get: (key) => inner.get(key),
      scan: (range) => inner.scan(range),
      close: () => inner.close(),
      batch() {
        const batch = inner.batch();
        return { ...batch, write: () => (this.refuse ? Promise.reject(new LedgerError("store.write")) : batch.write()) };
      },
    };
  }

  test("is said; nothing has changed, and the same commit can be tried again", async () => {
    const database = failing(new MemoryDatabase());
    const network = await TestNetwork.open(database);
    const first = await network.execute([batchOf([transaction([put("a", 1)])])]);
    const second = await network.execute([batchOf([transaction([put("a", 2)])])], network.after(first));
    database.refuse = true;
    await expect(network.commit(first)).rejects.toMatchObject({ code: "store.write" });
    await expect(network.commit(second)).rejects.toMatchObject({ code: "chain.gap" });
    expect(network.chain.head.height).toBe(0);
    expect(value(network, "a")).toBeUndefined();
    database.refuse = false;
    await network.commit(first);
    await network.commit(second);
    expect(value(network, "a")).toBe(2);
  });

  test("at the very first start leaves nothing that the next one would take for a network", async () => {
    const inner = new MemoryDatabase();
    const database = failing(inner);
    const store = await Store.open(database, NETWORK);
    expect(await store.lastHeight()).toBeUndefined();
    database.refuse = true;
    await expect(TestNetwork.open(database)).rejects.toMatchObject({ code: "store.write" });
    const network = await TestNetwork.open(inner);
    await network.block();
    expect(network.chain.head.height).toBe(1);
  });
});

describe("on disk", () => {
  test("a chain closed and opened again goes on as if it had not been", async () => {
    const directory = await temporary();
    const through = await TestNetwork.open();
    let network = await TestNetwork.open(await openLevel(join(directory, "db")), { directory });
    for (let height = 1; height <= 12; height++) {
      const acts = [
        transaction([put(`item ${height % 5}`, height, { due: START_TIME + 1_000 * height })]),
        transaction([["test.add@1", { name: "sum", value: height }]]),
      ];
      const batch = [batchOf(acts)];
      const [a, b] = [await network.execute(batch), await through.execute(batch)];
      expect(hex(a.hash)).toBe(hex(b.hash));
      await network.commit(a);
      await through.commit(b);
      if (height % 3 !== 0) continue;
      await network.chain.close();
      network = await TestNetwork.open(await openLevel(join(directory, "db")), { directory });
      expect(network.chain.head).toEqual(through.chain.head);
      expect(network.chain.reader.state.entries("", 100)).toEqual(through.chain.reader.state.entries("", 100));
    }
    expect(decodeReceipt(network.chain.reader.results(12)!.receipts.at(-1)!).outcome).toBe(0);
    await network.chain.close();
  });

  test("a store of another network is refused", async () => {
    const directory = await temporary();
    const database = await openLevel(join(directory, "db"));
    await (await TestNetwork.open(database)).chain.close();
    const again = await openLevel(join(directory, "db"));
    await expect(Store.open(again, sha256(NETWORK))).rejects.toMatchObject({ code: "genesis.mismatch" });
    await expect(openLevel(join(directory, "db"))).rejects.toMatchObject({ code: "start.locked" });
    await again.close();
  });
});
