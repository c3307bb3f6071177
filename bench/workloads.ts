// What the transactions of a benchmark do: acts of the real contracts, presigned, each with what it presupposes on the chain.
// Owns the acts and their sizes. Does not own: how they are sent (load.ts).

import fs from "node:fs";
import { type Bytes, concat, u32be, utf8 } from "../src/base/bytes.ts";
import { readGenesis } from "../src/base/genesis.ts";
import { sha256 } from "../src/base/hash.ts";
import { loadKey } from "../src/base/keyFile.ts";
import { provePossession } from "../src/base/member.ts";
import { publicKeyOf } from "../src/base/signature.ts";
import { type BulkLine, connect } from "../src/client/index.ts";
import { signTransaction } from "../src/ledger/transaction.ts";
import type { Devnet } from "./devnet.ts";
import { type Act, fitting, type Operation } from "./presign.ts";

export interface Workload {
  /** What one transaction does, in words that stand beside the figures. */
  readonly says: string;
  /** Records that one transaction makes or changes. */
  readonly records: number;
  readonly act: Act;
}
export type WorkloadName = "deposit" | "transfer" | "define" | "invoices" | "awards";
export const workloadNames: readonly WorkloadName[] = ["deposit", "transfer", "define", "invoices", "awards"];

/** A workload of transactions of exactly `bytes` each (as they come, if undefined), its preconditions made. */
export async function workload(
  name: WorkloadName,
  bytes: number | undefined,
  devnet: Devnet,
  say: (text: string) => void,
): Promise<Workload> {
  const tax = loadKey(devnet.keys["tax"]!).secret;
  switch (name) {
    case "deposit":
      return deposits(bytes ?? 250, tax);
    case "define":
      return definitions(bytes ?? 1_024, tax);
    case "transfer":
      return transfers(bytes ?? 250, tax, devnet, say);
    case "invoices":
      return { says: "invoices.issue: 100 new invoices of one seller", records: 100, act: invoiceBatches(tax) };
    case "awards":
      return awards(tax, devnet, say);
  }
}

// ── evidence.deposit ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
function* paddings(): Iterable<readonly [inId: number, inKind: number]> {
  // A text of 32 bytes has a longer head, so one field alone cannot reach every size.
  for (let inKind = 0; inKind <= 63; inKind++) for (let inId = 0; inId <= 54; inId++) yield [inId, inKind];
}

function deposits(bytes: number, seed: Bytes): Workload {
  const operations = (i: number, [inId, inKind]: readonly [number, number]): Operation[] => [
    {
      action: "evidence.deposit@1",
      args: {
        deposit: `D${digits(i, 9)}${"x".repeat(inId)}`,
        kind: `k${"x".repeat(inKind)}`,
        content: sha256(utf8(`item ${i}`)),
      },
    },
  ];
  const padding = fitting(paddings(), bytes, (p) => operations(0, p), seed);
  return { says: "evidence.deposit: one new record", records: 1, act: (i) => ({ operations: operations(i, padding), seed }) };
}

// ── credentials.define: one large record ─────────────────────────────────────────────────────────────────────────────────────────
function definitions(bytes: number, seed: Bytes): Workload {
  const operations = (i: number, [fields, each, last]: readonly [number, number, number]): Operation[] => [
    {
      action: "credentials.define@1",
      args: {
        kind: `K${digits(i, 9)}`,
        title: "x".repeat(last),
        fields: Array.from({ length: fields }, (_, f) => `f${digits(f, 2)}${"x".repeat(each)}`),
        one_per_person: false,
        device_bound: false,
        admitted_only: false,
      },
    },
  ];
  function* shapes(): Iterable<readonly [number, number, number]> {
    for (const each of [40, 20, 60, 5])
      for (let fields = 1; fields <= 32; fields++) for (let l = 0; l <= 200; l += 1) yield [fields, each, l];
  }
  const shape = fitting(shapes(), bytes, (s) => operations(0, s), seed);
  return {
    says: "credentials.define: one new record, most of the transaction",
    records: 1,
    act: (i) => ({ operations: operations(i, shape), seed }),
  };
}

// ── invoices.issue: a hundred records in one operation ───────────────────────────────────────────────────────────────────────────
function invoiceBatches(seed: Bytes): Act {
  const issued = Date.now() - 60_000;
  return (i) => ({
    seed,
    operations: [
      {
        action: "invoices.issue@1",
        args: {
          seller: "tax",
          invoices: Array.from({ length: 100 }, (_, k) => ({
            number: `${digits(i, 7)}-${digits(k, 2)}`,
            buyer: "tax",
            issued,
            currency: "EUR",
            net: 10_000,
            tax: 1_900,
            total: 11_900,
            lines: { root: sha256(utf8(`${i} ${k}`)), size: 102 },
          })),
        },
      },
    ],
  });
}

// ── points: persons, each with a key of its own ──────────────────────────────────────────────────────────────────────────────────
const ACCOUNTS = 1_000;
const PROGRAMME = "bench";

interface Person {
  readonly id: string;
  readonly seed: Bytes;
}

function personsOf(count: number, padding: number): Person[] {
  return Array.from({ length: count }, (_, i) => ({ id: `p:b${digits(i, 7)}${"x".repeat(padding)}`, seed: sha256(utf8(`bench ${i}`)) }));
}

async function transfers(bytes: number, tax: Bytes, devnet: Devnet, say: (text: string) => void): Promise<Workload> {
  const transfer = (from: string, to: string, amount: number): Operation[] => [{ action: "points.transfer@1", args: { from, to, amount } }];
  // Both ids have one length, so the amount's bytes make the odd sizes.
  const shapes = [1, 200, 300].flatMap((amount) => Array.from({ length: 54 }, (_, padding) => ({ padding, amount })));
  const ofShape = ({ padding, amount }: (typeof shapes)[number]): Operation[] => {
    const [{ id }] = personsOf(1, padding) as [Person];
    return transfer(id, id, amount);
  };
  const { padding, amount } = fitting(shapes, bytes, ofShape, tax);
  const persons = personsOf(ACCOUNTS, padding);
  await enrol(persons, devnet, say);
  await bulk(devnet, tax, [
    [fund(1_000_000_000_000)],
    ...chunks(persons, 100).map((some) => [
      {
        action: "points.award@1",
        args: { programme: PROGRAMME, period: "1", awards: some.map(({ id }) => ({ person: id, amount: 1_000_000_000 })) },
      },
    ]),
  ]);
  return {
    says: `points.transfer between ${ACCOUNTS} persons, each with a key of its own: two rows change`,
    records: 2,
    act: (i) => {
      const from = persons[i % ACCOUNTS]!;
      const to = persons[(i * 7 + 1 + Math.floor(i / ACCOUNTS)) % ACCOUNTS]!;
      return { operations: transfer(from.id, from === to ? persons[(i + 1) % ACCOUNTS]!.id : to.id, amount), seed: from.seed };
    },
  };
}

const fund = (amount: number): Operation => ({ action: "points.fund@1", args: { programme: PROGRAMME, period: "1", amount } });

/** A hundred awards in one operation: a new award and a changed account each. Programmes are many, so that each award is the first of its period. */
async function awards(tax: Bytes, devnet: Devnet, say: (text: string) => void): Promise<Workload> {
  const persons = personsOf(100, 0);
  await enrol(persons, devnet, say);
  const list = persons.map(({ id }) => ({ person: id, amount: 1 }));
  const act: Act = (i) => {
    const programme = `b${digits(i, 8)}`;
    return {
      seed: tax,
      operations: [
        { action: "points.fund@1", args: { programme, period: "1", amount: 100 } },
        { action: "points.award@1", args: { programme, period: "1", awards: list } },
      ],
    };
  };
  return {
    says: "points.award: 100 new awards and 100 accounts that grow, of a programme funded in the same transaction",
    records: 100,
    act,
  };
}

async function enrol(persons: readonly Person[], devnet: Devnet, say: (text: string) => void): Promise<void> {
  say(`enrolling ${persons.length} persons`);
  const network = networkOf(devnet);
  const ministry = loadKey(devnet.keys["courts"] ?? devnet.keys["tax"]!).secret;
  await bulk(
    devnet,
    ministry,
    chunks(persons, 32).map((some) => [
      {
        action: "eid.enrol@1",
        args: {
          sector: "city",
          persons: some.map(({ id, seed }) => {
            const key = publicKeyOf(seed);
            return { person: id, key, proof: provePossession(network, id, "person", key, seed) };
          }),
        },
      },
    ]),
  );
}

// ── what they share ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const networkOf = (devnet: Devnet): Bytes => readGenesis(fs.readFileSync(devnet.genesis, "utf8")).network;
const digits = (n: number, width: number): string => n.toString().padStart(width, "0");

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

/** Hands in one transaction for each list of operations, in order, and waits until all are applied. Throws if one is not. */
async function bulk(devnet: Devnet, seed: Bytes, transactions: readonly Operation[][]): Promise<void> {
  const network = networkOf(devnet);
  const { connection } = await connect({ nodes: [devnet.nodes[0]!.api], genesis: devnet.genesis });
  const notAfter = Date.now() + 600_000;
  // Each waits for the one before: later ones may presuppose it.
  for (const operations of transactions) {
    const signed = signTransaction(network, { nonce: crypto.getRandomValues(new Uint8Array(16)), notAfter, operations }, [seed]);
    const response = await fetch(`${connection.nodes[0]}/v1/transactions/bulk?wait=final`, {
      method: "POST",
      headers: { "content-type": "application/vnd.chancery.transactions" },
      body: new Uint8Array(concat(u32be(signed.length), signed)),
    });
    const line = JSON.parse((await response.text()).trim().split("\n").at(-1)!) as BulkLine;
    if (line.outcome !== "applied") throw new Error(`preparing the workload: ${JSON.stringify(line)}`);
  }
}
