// A node without the state takes it from its peers: everything proved, lies found out and their tellers cut off, a restart goes on where it was.
// docs/protocol.md §4.9.3, §4.9.5 (over the real answers, without a network between).

import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concat, equalBytes, u32be, utf8 } from "../../../src/base/bytes.ts";
import { decode, encode, type Value } from "../../../src/base/codec.ts";
import { LedgerError } from "../../../src/base/errors.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { decodeBlock, encodeBlock } from "../../../src/base/header.ts";
import { silent } from "../../../src/base/log.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import type { ChainReader } from "../../../src/ledger/chainReader.ts";
import { answerState, type StateSource } from "../../../src/ledger/stateAnswers.ts";
import { StateSync, type StateSyncInput } from "../../../src/ledger/stateSync.ts";
import { type Database, Store } from "../../../src/ledger/store.ts";
import { verifyBatch } from "../../../src/ledger/verify.ts";
import { actBy, contracts, deposit, realGenesis, viewOf } from "./realNetwork.ts";
import { batchOf, NETWORK, START_TIME, TestNetwork } from "./testNetwork.ts";

const parameters = { epoch_length: 100 } as const;
const BLOCKS = 620;

interface Node {
  readonly database: Database;
  readonly store: Store;
  readonly network: TestNetwork;
}

/** A chain of the release's contracts: deposits and their transfers, so that some rows have several versions. */
async function grown(blocks: number): Promise<Node> {
  const database = new MemoryDatabase();
  const store = await Store.open(database, NETWORK);
  const network = await TestNetwork.open(database, { store, registry: contracts, genesis: realGenesis(parameters), consensusView: viewOf });
  for (let i = 0; i < blocks; i++) await grow(network, i);
  return { database, store, network };
}

async function grow(network: TestNetwork, i: number): Promise<void> {
  const life = network.head.time + 300_000;
  const name = (n: number): string => `case-${n}`;
  const acts = [actBy(["tax"], [deposit(name(i), sha256(u32be(i)))], life, i)];
  if (i > 0 && i % 3 === 0)
    acts.push(
      actBy(
        ["courts", "tax"],
        [["evidence.handOver@1", { deposit: name(i - 1), from: "tax", to: "courts", reason: "hearing" }]],
        life,
        1e6 + i,
      ),
    );
  await network.block(acts);
}

type Lie = (question: readonly Value[], answer: Bytes) => Bytes | Promise<Bytes>;

class World {
  readonly liars: { peer: string; code: string }[] = [];
  readonly asked = new Map<string, number>();
  stopAfter = Number.POSITIVE_INFINITY;
  before: ((question: readonly Value[]) => Promise<void>) | undefined;
  readonly #source: Node;
  readonly #lies: { readonly [peer: string]: Lie };
  count = 0;
  told = false;

  constructor(source: Node, lies: { readonly [peer: string]: Lie } = {}) {
    this.#source = source;
    this.#lies = lies;
  }

  input(store: Store, peers = ["courts", "health", "land"]): StateSyncInput {
    const { store: from, network } = this.#source;
    return {
      network: NETWORK,
      genesis: realGenesis(parameters),
      registry: contracts,
      consensusView: viewOf,
      store,
      logger: silent,
      pause: async () => {},
      // A liar is asked first and alone, so that its lie is told.
      peers: () => (this.told || Object.keys(this.#lies).length === 0 ? peers : Object.keys(this.#lies)),
      lied: (peer, code) => void this.liars.push({ peer, code }),
      stopped: () => this.count >= this.stopAfter,
      wait: async (ms) => new Promise((resolve) => setTimeout(resolve, ms / 20)),
      ask: async (peer, bytes) => {
        this.count++;
        const question = decode(bytes) as readonly Value[];
        this.asked.set(String(question[0]), (this.asked.get(String(question[0])) ?? 0) + 1);
        await this.before?.(question);
        const { reader } = network.chain;
        const answer = await answerState({ store: from, reader: claiming(reader) }, question);
        const said = (await this.#lies[peer]?.(question, answer)) ?? answer;
        this.told ||= !equalBytes(said, answer);
        return said;
      },
    };
  }
}

/** So many records that the tree is asked for in many ranges. */
const claiming = (reader: ChainReader): StateSource["reader"] => ({
  records: 100_000,
  headHeight: () => reader.headHeight(),
  epochAt: (height) => reader.epochAt(height),
  proveRange: (depth, index, most) => reader.proveRange(depth, index, most),
});

async function emptyStore(): Promise<{ database: Database; store: Store }> {
  const database = new MemoryDatabase();
  return { database, store: await Store.open(database, NETWORK) };
}

/** Opens the synced store as a node does, and goes on with the blocks that the others commit. */
async function reopened(database: Database): Promise<TestNetwork> {
  return TestNetwork.open(database, { registry: contracts, genesis: realGenesis(parameters), consensusView: viewOf });
}

async function dump(database: Database): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  for await (const [key, value] of database.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) }))
    out.set(Buffer.from(key).toString("latin1"), Buffer.from(value).toString("latin1"));
  return out;
}

let source: Node;
beforeAll(async () => {
  source = await grown(BLOCKS);
});

describe("a node without the state (§4.9)", () => {
  test("gets all of it, and then holds byte for byte what a node holds that executed every block", async () => {
    const { database, store } = await emptyStore();
    const world = new World(source);
    const { height, tree } = await new StateSync(world.input(store)).run();
    expect(height).toBe(BLOCKS);
    expect(equalBytes(tree.root(), source.network.chain.head.stateRoot)).toBe(true);
    expect(world.liars).toEqual([]);
    const [own, theirs] = [await dump(database), await dump(source.database)];
    // All blocks are within a transaction's longest life, so nothing at all is missing but the mark that nothing is.
    own.delete(`mlowest`);
    expect([...own.keys()].filter((key) => own.get(key) !== theirs.get(key))).toEqual([]);
    expect(own.size).toBe(theirs.size);
    const node = await reopened(database);
    expect(node.chain.head.height).toBe(BLOCKS);
  });

  test("blocks go on being committed meanwhile: rows and ranges of different heights come together", async () => {
    const moving = await grown(300);
    const { database, store } = await emptyStore();
    const world = new World(moving);
    let i = 300;
    world.before = async () => {
      await grow(moving.network, i++);
    };
    const { height } = await new StateSync(world.input(store)).run();
    expect(height).toBeGreaterThan(301);
    const node = await reopened(database);
    // The next blocks have the same result on both.
    world.before = undefined;
    for (let h = height + 1; h <= moving.network.chain.head.height; h++) {
      const block = moving.network.chain.reader.block(h)!;
      const batches = moving.network.chain.reader.bodies(h)!.map((bytes) => {
        const checked = verifyBatch(bytes, { network: NETWORK, work: () => 64, proofs: () => [] });
        return checked.ok ? checked.batch : expect.fail("a batch");
      });
      const executed = await node.chain.execute(block.header.order, block.references, batches);
      expect(equalBytes(executed.hash, block.hash)).toBe(true);
      await node.chain.commit(executed.digest, block.certificate);
    }
  });

  test("a block that is executed and never committed keeps nobody from proving the head", async () => {
    const stuck = await grown(5);
    const executed = await stuck.network.execute([batchOf([actBy(["tax"], [deposit("in flight", sha256(u32be(9)))])])]);
    const { database, store } = await emptyStore();
    expect((await new StateSync(new World(stuck).input(store)).run()).height).toBe(5);
    expect((await reopened(database)).chain.head.height).toBe(5);
    // And it can still be committed where it was executed.
    await stuck.network.commit(executed);
    expect(stuck.network.chain.head.height).toBe(6);
    expect((await stuck.network.block()).header.order.height).toBe(7);
  });

  test("a peer that was wiped itself answers as well as it can: it is passed over, and no liar", async () => {
    const wiped = await grown(0);
    const behind = await grown(BLOCKS - 100);
    const { store } = await emptyStore();
    const asIs =
      (node: Node): Lie =>
      async (question) =>
        answerState({ store: node.store, reader: claiming(node.network.chain.reader) }, question).catch(() => encode([]));
    const refused: Lie = async (question, answer) => (question[0] === "history" ? answer : asIs(wiped)(question, answer));
    const lagging: Lie = async (question, answer) => (question[0] === "history" ? answer : asIs(behind)(question, answer));
    const world = new World(source, { health: refused, land: lagging });
    world.told = true;
    const { height } = await new StateSync(world.input(store)).run();
    expect(height).toBe(BLOCKS);
    expect(world.liars.filter(({ code }) => code !== "request.invalid")).toEqual([]);
  });

  test("replay protection: what has a receipt in a block that was never executed here has none a second time", async () => {
    const { database, store } = await emptyStore();
    await new StateSync(new World(source).input(store)).run();
    const node = await reopened(database);
    const again = source.network.chain.reader.bodies(BLOCKS)![0]!;
    const checked = verifyBatch(again, { network: NETWORK, work: () => 64, proofs: () => [] });
    const { header } = await node.execute([checked.ok ? checked.batch : batchOf([])]);
    expect(header.leaves).toBe(0);
  });

  test("a block too large for one answer comes in parts, all of one peer; whoever gives it byte by byte is cut off", async () => {
    const large = 5;
    const node = await grown(large - 1);
    const life = node.network.head.time + 300_000;
    const acts = Array.from({ length: 600 }, (_, i) => actBy(["tax"], [deposit(`item-${i}`, sha256(u32be(i)))], life, 1e6 + i));
    await node.network.block(acts);
    await grow(node.network, large);
    const asked: string[] = [];
    /** Whoever is asked for a part first gives it byte by byte. */
    const inParts =
      (peer: string): Lie =>
      (question, answer) => {
        const [kind, first] = question as [string, number];
        if (kind === "history") return encode((decode(answer) as Bytes[]).filter((_, i) => first > large || first + i < large));
        if (kind !== "part") return answer;
        asked.push(peer);
        const [size, part] = decode(answer) as [number, Bytes];
        return encode([size, part.subarray(0, peer === asked[0] ? 1 : 70_000)]);
      };
    const world = new World(node, Object.fromEntries(["courts", "health", "land"].map((peer) => [peer, inParts(peer)])));
    world.stopAfter = 1_000;
    const { database, store } = await emptyStore();
    await new StateSync(world.input(store)).run();
    const own = await dump(database);
    own.delete("mlowest");
    expect(own).toEqual(await dump(node.database));
    const [slow, ...others] = asked;
    expect(world.liars).toEqual([{ peer: slow, code: "request.invalid" }]);
    expect(others.length).toBeGreaterThan(1);
    expect(new Set(others).size, others.join(" ")).toBe(1);
  });

  test("a peer that refuses every range as too large is passed over; only if all do, nobody can give the state", async () => {
    const refusing: Lie = (question, answer) => {
      if (question[0] !== "range") return answer;
      throw new LedgerError("state.range_large");
    };
    const run = async (lies: { readonly [peer: string]: Lie }): Promise<World> => {
      const world = new World(source, lies);
      world.told = true; // all three are asked
      world.stopAfter = 200_000;
      await new StateSync(world.input((await emptyStore()).store)).run();
      return world;
    };
    const { liars, asked } = await run({ health: refusing });
    expect(liars).toEqual([]);
    expect(asked.get("range")).toBeGreaterThan(8);
    await expect(run({ courts: refusing, health: refusing, land: refusing })).rejects.toThrow("state.range_large");
  }, 60_000);

  test("how large a range is, is found without taking all of it", async () => {
    const { reader } = source.network.chain;
    await expect(reader.proveRange(0, 0, 64 * 100)).rejects.toThrow("state.range_large");
    expect((await reader.proveRange(0, 0, 1 << 20)).entries.length).toBe(64 * reader.records);
  });

  test("a restart at any question goes on where it was", async () => {
    const { database } = await emptyStore();
    const world = new World(source);
    let runs = 0;
    for (;;) {
      runs++;
      world.stopAfter = world.count + 9 + runs;
      try {
        // A new object, the same store: as a new process has it.
        await new StateSync(world.input(await Store.open(database, NETWORK))).run();
        break;
      } catch (error) {
        expect((error as LedgerError).code).toBe("sync.stopped");
      }
    }
    expect(runs).toBeGreaterThan(2);
    expect(world.liars).toEqual([]);
    const own = await dump(database);
    own.delete("mlowest");
    expect(own).toEqual(await dump(source.database));
    // Nothing was fetched anew from the beginning: ranges once each.
    const once = new World(source);
    await new StateSync(once.input((await emptyStore()).store)).run();
    expect(world.asked.get("range")).toBe(once.asked.get("range"));
    expect(world.asked.get("rows")! - once.asked.get("rows")!).toBeLessThan(2 * runs);
  });
});

describe("lying peers are found out and cut off, honest ones never", () => {
  const altered =
    (kind: string, change: (answer: any) => Value): Lie =>
    (question, answer) =>
      question[0] === kind ? encode(change(decode(answer))) : answer;
  const flip = (bytes: Bytes, at: number): Bytes => {
    const out = bytes.slice();
    out[at]! ^= 1;
    return out;
  };
  const cases: [string, Lie][] = [
    [
      "an entry of the tree changed",
      altered("range", ([block, entries, siblings]) => [block, flip(entries, entries.length - 1), siblings]),
    ],
    ["an entry of the tree left out", altered("range", ([block, entries, siblings]) => [block, entries.subarray(64), siblings])],
    ["a sibling changed", altered("range", ([block, entries, siblings]) => [block, entries, concat(siblings, new Uint8Array(32))])],
    [
      "a range of an epoch that is not",
      altered("range", ([[header, certificate, references], entries, siblings]) => {
        const { order, ...rest } = decodeBlock(header);
        const ahead = encodeBlock({ ...rest, order: { ...order, epoch: order.epoch + 1_000, height: order.height + 1_000_000 } });
        return [[ahead, certificate, references], entries, siblings];
      }),
    ],
    [
      "a row changed",
      altered("rows", ([h, rows, more]) => [h, rows.map(([c, k, r]: any, i: number) => [c, k, i === 3 ? flip(r, 0) : r]), more]),
    ],
    ["a row that nobody wrote", altered("rows", ([h, rows, more]) => [h, [...rows, ["zzz/zzz", utf8("x"), rows[0][2]]], more])],
    ["rows in another order", altered("rows", ([h, rows, more]) => [h, [...rows].reverse(), more])],
    ["rows left out", altered("rows", ([h, rows, more]) => [h, rows.filter((_: unknown, i: number) => i !== 5), more])],
    ["the rows' end said too early", altered("rows", ([h, rows]) => [h, rows.slice(0, 2), false])],
    [
      "a row of a height that is not",
      altered("rows", ([h, rows, more]) => [h + 1_000, rows.map(([c, k, r]: any) => [c, k, later(r)]), more]),
    ],
    ["a receipt changed", altered("history", (blocks) => blocks.map((b: Bytes) => altering(b, 4)))],
    ["a write changed", altered("history", (blocks) => blocks.map((b: Bytes) => altering(b, 5)))],
    ["another block", altered("history", (blocks) => [...blocks].reverse())],
    ["a header changed", altered("head", ([r, l, b, block]) => [r, l, b, [flip(block[0], 60), block[1], block[2]]])],
    [
      "another set at a border",
      altered("head", ([r, l, b, block]) => [r, l, b.map((x: any) => [x[0], x[1], flip(x[2], 8), x[3], x[4]]), block]),
    ],
    ["garbage", () => Uint8Array.of(0xc1)],
  ];
  const later = (row: Bytes): Bytes => {
    const items = [...(decode(row) as Value[])];
    items[4] = BLOCKS + 500;
    return encode(items);
  };
  const altering = (block: Bytes, part: number): Bytes => {
    const parts = [...(decode(block) as Bytes[])];
    parts[part] = flip(parts[part]!, parts[part]!.length - 1);
    return encode(parts);
  };

  test.each(cases)("%s", async (_what, lie) => {
    const { store } = await emptyStore();
    const world = new World(source, { health: lie });
    world.stopAfter = 5_000; // whatever is told, it must not go on for ever
    await new StateSync(world.input(store)).run();
    expect(world.liars.map(({ peer }) => peer)).toEqual(["health"]);
  });

  test("a hash of the past changed, where the blocks of the past are not asked for", async () => {
    // Blocks so far apart that most are older than any transaction lives.
    const database = new MemoryDatabase();
    const store = await Store.open(database, NETWORK);
    const far = await TestNetwork.open(database, { store, registry: contracts, genesis: realGenesis(parameters), consensusView: viewOf });
    for (let i = 0; i < 800; i++) await far.block([], START_TIME + (i + 1) * 600_000);
    const lie: Lie = (question, answer) => (question[0] === "nodes" ? encode(flip(decode(answer) as Bytes, 3)) : answer);
    const world = new World({ database, store, network: far }, { courts: lie, health: lie });
    const joined = await emptyStore();
    await new StateSync(world.input(joined.store)).run();
    expect(world.liars.length).toBeGreaterThan(0);
    expect(world.liars.some(({ peer }) => peer === "land")).toBe(false);
    expect(joined.store.lowest).toBe(512);
    // It opens, and goes on.
    const node = await reopened(joined.database);
    expect(node.chain.head.height).toBe(800);
    expect(() => node.chain.reader.block(100 + 20)).toThrow(/height.pruned/);
    // Where epochs meet, headers are known: proofs and other joiners need them.
    expect(node.chain.reader.block(200)?.height).toBe(200);
    await node.block([]);
    expect(node.chain.head.height).toBe(801);
  });
});
