// Scenario `micro`: the parts by themselves, so that a change of one can be seen before it drowns in the whole. tinybench times them; µs of wall on one thread.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Bench } from "tinybench";
import { type Bytes, concat, utf8 } from "../src/base/bytes.ts";
import { decode, encode } from "../src/base/codec.ts";
import { sha256, sha256Into } from "../src/base/hash.ts";
import { hasNative, ITEM_FIELDS, publicKeyOf, sign, verify, verifyMany } from "../src/base/signature.ts";
import { makeBatch } from "../src/ledger/batch.ts";
import { StateTree } from "../src/ledger/stateTree.ts";
import { openLevel } from "../src/ledger/storeLevel.ts";
import { type Database } from "../src/ledger/store.ts";
import { readLayout, signTransaction } from "../src/ledger/transaction.ts";
import { verifyBatch } from "../src/ledger/verify.ts";
import { FrameReader, frameOf } from "../src/p2p/stream.ts";
import { conditions, rounded } from "./report.ts";

const TREE_KEYS = 100_000;
const TREE_STEP = 1_500;
const SIGNATURES = 256;

interface Task {
  readonly name: string;
  /** Things that one call does: the figure is for one of them. */
  readonly each: number;
  readonly run: () => unknown;
}

export async function micro(o: { milliseconds: number }, say: (text: string) => void): Promise<Record<string, unknown>> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-micro-"));
  const level = await openLevel(path.join(folder, "db"), { sync: true });
  try {
    const tasks = [...codec(), ...hashing(), ...signatures(), ...tree(), ...store(level), ...stream()];
    const bench = new Bench({ time: o.milliseconds, warmupTime: o.milliseconds / 4 });
    for (const { name, run } of tasks) bench.add(name, run);
    say(`${tasks.length} parts, ${o.milliseconds} ms each`);
    await bench.run();
    const rows = bench.tasks.map((task, i) => {
      const { result } = task;
      if (result.state !== "completed") throw new Error(`${task.name}: ${result.state}`);
      const us = (ms: number): number => rounded((ms * 1_000) / tasks[i]!.each, 3);
      const { min, p50, p99, samplesCount } = result.latency;
      return { part: task.name, us: us(p50), min_us: us(min), p99_us: us(p99), samples: samplesCount };
    });
    return { scenario: "micro", rows, conditions: conditions() };
  } finally {
    await level.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const network = sha256(utf8("micro"));
const seed = sha256(utf8("seed"));
function transaction(i: number): Bytes {
  const args = { deposit: `D${i}`.padEnd(40, "x"), kind: "contract", content: sha256(utf8(`${i}`)) };
  const operations = [{ action: "evidence.deposit@1", args }];
  return signTransaction(network, { nonce: sha256(utf8(`${i}`)).slice(0, 16), notAfter: 1_800_000_000_000, operations }, [seed]);
}

function codec(): Task[] {
  const value = { deposit: "D000000001", kind: "contract", content: sha256(utf8("x")), revision: 1, status: "live" };
  const row = encode(value);
  const bytes = transaction(1);
  return [
    { name: "codec: encode a row", each: 1, run: () => encode(value) },
    { name: "codec: decode a row", each: 1, run: () => decode(row) },
    { name: "codec: shape of a transaction", each: 1, run: () => readLayout(bytes, 0, bytes.length) },
  ];
}

function hashing(): Task[] {
  const out = new Uint8Array(32);
  const sized = (n: number): Task => {
    const input = new Uint8Array(n).fill(7);
    return { name: `hash: SHA-256 of ${n} B`, each: 1, run: () => sha256Into(input, out, 0) };
  };
  return [sized(64), sized(250), sized(65_536)];
}

function signatures(): Task[] {
  const message = new Uint8Array(186).fill(7);
  const signature = sign(seed, message);
  const key = publicKeyOf(seed);
  const tasks: Task[] = [
    { name: "verify: sign (libsodium)", each: 1, run: () => sign(seed, message) },
    { name: "verify: one signature (libsodium)", each: 1, run: () => verify(signature, message, key) },
  ];
  const transactions = Array.from({ length: SIGNATURES }, (_, i) => transaction(i));
  const batch = makeBatch(network, "tax", 1, transactions, seed);
  const options = { network, work: () => 64 };
  tasks.push({
    name: `verify: a batch's transaction, whole (${hasNative ? "native" : "libsodium"})`,
    each: SIGNATURES,
    run: () => verifyBatch(batch, options),
  });
  if (!hasNative) return tasks;
  const many = Array.from({ length: SIGNATURES }, (_, i) => sha256(utf8(`signer ${i}`)));
  const parts = many.flatMap((s) => [message, publicKeyOf(s), sign(s, message)]);
  const stride = message.length + 96;
  const items = new Uint32Array(SIGNATURES * ITEM_FIELDS);
  for (let i = 0; i < SIGNATURES; i++)
    items.set([i * stride, i * stride + message.length, i * stride + message.length, i * stride + message.length + 32], i * ITEM_FIELDS);
  const bytes = concat(...parts);
  const head = new Uint8Array(0);
  tasks.push(
    { name: "verify: 256 signatures of 256 keys together (native)", each: SIGNATURES, run: () => verifyMany(head, bytes, items, false) },
    { name: "verify: 256 signatures of 256 keys, each (native)", each: SIGNATURES, run: () => verifyMany(head, bytes, items, true) },
  );
  return tasks;
}

function tree(): Task[] {
  const stateTree = new StateTree();
  const keysOf = (from: number, count: number): Bytes =>
    concat(...Array.from({ length: count }, (_, i) => sha256(utf8(`key ${from + i}`))));
  const first = keysOf(0, TREE_KEYS);
  stateTree.apply(first, first, TREE_KEYS);
  let turn = 0;
  const some = (): Bytes => {
    const from = (turn++ * TREE_STEP) % (TREE_KEYS - TREE_STEP);
    return first.subarray(32 * from, 32 * (from + TREE_STEP));
  };
  return [
    {
      name: `tree: change a key, ${TREE_STEP} at a time among ${TREE_KEYS}`,
      each: TREE_STEP,
      run: () => {
        const keys = some();
        stateTree.apply(keys, turn % 2 === 0 ? keys : first.subarray(0, keys.length), TREE_STEP);
      },
    },
    { name: `tree: prove a key among ${TREE_KEYS}`, each: 1, run: () => stateTree.prove(some().subarray(0, 32)) },
  ];
}

function store(level: Database): Task[] {
  const row = new Uint8Array(150).fill(7);
  let height = 0;
  return [
    {
      name: "store: a block of 250 KB and 1,000 rows, synced, for each row",
      each: 1_000,
      run: async () => {
        const batch = level.batch();
        height++;
        batch.put(utf8(`b${height.toString().padStart(12, "0")}`), new Uint8Array(250_000));
        for (let i = 0; i < 1_000; i++) batch.put(concat(utf8("r"), sha256(utf8(`${height} ${i}`))), row);
        await batch.write();
      },
    },
  ];
}

function stream(): Task[] {
  const frame = frameOf(1, new Uint8Array(250_000));
  const small = frameOf(2, new Uint8Array(200));
  const reader = new FrameReader(300_000, false, () => {});
  const chunks = Array.from({ length: Math.ceil(frame.length / 65_536) }, (_, i) => frame.subarray(i * 65_536, (i + 1) * 65_536));
  return [
    {
      name: "stream: cut a batch of 250 KB out of chunks",
      each: 1,
      run: () => {
        for (const chunk of chunks) reader.push(chunk);
      },
    },
    { name: "stream: frame and cut a vote", each: 1, run: () => reader.push(small) },
  ];
}
