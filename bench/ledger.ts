// Scenario `ledger`: one ledger alone, on a disk, executes and commits blocks that were signed beforehand: µs of CPU by thread, without network, consensus and
// signatures. What a change of the bulk path buys, before it drowns in four nodes on two cores. The same blocks each time: the last hash tells whether what
// was made fast still computes the same.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Bytes, u32be, utf8 } from "../src/base/bytes.ts";
import { makeCertificate, signVote } from "../src/base/certificate.ts";
import type { Value } from "../src/base/codec.ts";
import { encodeGenesis, genesisHash } from "../src/base/genesis.ts";
import { hex } from "../src/base/bytes.ts";
import { sha256 } from "../src/base/hash.ts";
import { batchesHash } from "../src/base/header.ts";
import { makeBatch, type VerifiedBatch } from "../src/ledger/batch.ts";
import { Chain } from "../src/ledger/chain.ts";
import { Store } from "../src/ledger/store.ts";
import { openLevel } from "../src/ledger/storeLevel.ts";
import { signTransaction } from "../src/ledger/transaction.ts";
import { verifyBatch } from "../src/ledger/verify.ts";
import { chainOptions, contracts, foundNetwork, GENESIS_TIME, nameOf, secretsOf } from "../src/sim/founding.ts";
import { conditions, spread } from "./report.ts";
import { threadsOf } from "./window.ts";

export const ledgerActs = ["invoices", "deposits"] as const;
export type LedgerAct = (typeof ledgerActs)[number];

const RECORDS = { invoices: 100, deposits: 1 } as const;
const SELLER = nameOf(0);

function operation(act: LedgerAct, n: number): { action: string; args: { [name: string]: Value } } {
  const digits = (value: number, width: number): string => value.toString().padStart(width, "0");
  if (act === "deposits")
    return {
      action: "evidence.deposit@1",
      args: { deposit: `D${digits(n, 9)}`.padEnd(43, "x"), kind: "contract", content: sha256(utf8(`item ${n}`)) },
    };
  return {
    action: "invoices.issue@1",
    args: {
      seller: SELLER,
      invoices: Array.from({ length: RECORDS.invoices }, (_, k) => ({
        number: `${digits(n, 7)}-${digits(k, 2)}`,
        buyer: SELLER,
        issued: GENESIS_TIME,
        currency: "EUR",
        net: 10_000,
        tax: 1_900,
        total: 11_900,
        lines: { root: sha256(utf8(`${n} ${k}`)), size: 102 },
      })),
    },
  };
}

export interface LedgerOptions {
  readonly act: LedgerAct;
  readonly blocks: number;
  /** Records of a block. */
  readonly records: number;
}

export async function ledger(o: LedgerOptions, say: (text: string) => void): Promise<Record<string, unknown>> {
  const each = RECORDS[o.act];
  const transactions = Math.ceil(o.records / each);
  const { genesis: plain } = await foundNetwork(1, 1, { block_work: 4_000_000 });
  const genesis = { ...plain, grants: [...plain.grants, { role: "invoices.seller", scope: "", agency: SELLER }] };
  const network = genesisHash(encodeGenesis(genesis));
  const { organisation, peer, consensus } = secretsOf(0);
  say(`signing ${o.blocks} blocks of ${transactions} transactions`);
  const batches: VerifiedBatch[][] = [];
  const timeOf = (block: number): number => GENESIS_TIME + 100 * (block + 1);
  let nonce = 0;
  for (let b = 0; b < o.blocks; b++) {
    const signed = Array.from({ length: transactions }, (_, i) => {
      const bytes = new Uint8Array(16);
      bytes.set(u32be(nonce++), 12);
      const operations = [operation(o.act, b * transactions + i)];
      return signTransaction(network, { nonce: bytes, notAfter: timeOf(b) + 60_000, operations }, [organisation.seed]);
    });
    batches.push(inBatches(signed).map((some, i) => verified(network, makeBatch(network, SELLER, 1_000 * b + i, some, peer.seed))));
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-ledger-"));
  try {
    const store = await Store.open(await openLevel(path.join(folder, "db"), { sync: true }), network);
    const { pause: _, ...options } = chainOptions(genesis, network);
    const chain = await Chain.open({ ...options, store });
    const samples: Record<string, number>[] = [];
    for (let b = 0; b < o.blocks; b++) {
      const before = threadsOf(process.pid);
      const { height, digest, epoch } = chain.head;
      const references = batches[b]!.map((v) => v.reference);
      const order = {
        protocol: 1,
        epoch: epoch.epoch,
        height: height + 1,
        parent: digest,
        time: timeOf(b),
        batches: batchesHash(network, references),
      };
      const executed = await chain.execute(order, references, batches[b]!);
      const vote = { epoch: epoch.epoch, view: 0, height: height + 1, hash: executed.hash };
      const commit = signVote(network, "commit", { ...vote, signer: SELLER }, consensus.seed);
      const committed = await chain.commit(executed.digest, makeCertificate("commit", vote, new Map([[0, commit]]), 1));
      if (committed!.leaves.some(({ result }) => result.outcome !== 0)) throw new Error("a transaction was refused");
      batches[b] = [];
      const sample: Record<string, number> = {};
      for (const [tid, { role, cpu }] of threadsOf(process.pid))
        sample[role] = (sample[role] ?? 0) + (cpu - (before.get(tid)?.cpu ?? 0)) / (transactions * each);
      samples.push({ ...sample, all: Object.values(sample).reduce((x, y) => x + y, 0) });
    }
    const hash = hex(chain.head.hash);
    await chain.close();
    const warm = samples.slice(Math.floor(samples.length / 3));
    const middle = (name: string): number =>
      spread(
        warm.map((s) => s[name] ?? 0),
        2,
      ).median;
    return {
      scenario: "ledger",
      act: o.act,
      blocks: o.blocks,
      records_per_block: transactions * each,
      us_per_record: Object.fromEntries(["main", "libuv", "v8 helpers", "all"].map((name) => [name, middle(name)])),
      us_per_record_spread: spread(
        warm.map((s) => s["all"]!),
        1,
      ),
      last_hash: hash,
      conditions: conditions(),
    };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Lists of at most 200 kB. */
function inBatches(transactions: readonly Bytes[]): Bytes[][] {
  const out: Bytes[][] = [];
  let room = 0;
  for (const transaction of transactions) {
    if (transaction.length > room || out.at(-1)!.length === 250) {
      out.push([]);
      room = 200_000;
    }
    out.at(-1)!.push(transaction);
    room -= transaction.length;
  }
  return out;
}

function verified(network: Bytes, bytes: Bytes): VerifiedBatch {
  const verdict = verifyBatch(bytes, { network, work: (action) => contracts().work(action, 1), proofs: () => [], signatures: false });
  if (!verdict.ok) throw new Error(verdict.code);
  return verdict.batch;
}
