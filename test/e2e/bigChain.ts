// A chain of many records, made without a network: through the real ledger, its blocks certified by the keys of a founded cluster, laid into every home.
// What it takes an hour to hand in is there in a minute, byte for byte as the nodes would have it.

import fs from "node:fs";
import path from "node:path";
import { u32be } from "../../src/base/bytes.ts";
import { makeCertificate, signVote } from "../../src/base/certificate.ts";
import { readGenesis } from "../../src/base/genesis.ts";
import { sha256 } from "../../src/base/hash.ts";
import { batchesHash, type OrderHeader } from "../../src/base/header.ts";
import { MAX_OPERATIONS } from "../../src/base/limits.ts";
import { makeBatch, type VerifiedBatch } from "../../src/ledger/batch.ts";
import { Chain } from "../../src/ledger/chain.ts";
import { openLevel, Store } from "../../src/ledger/store.ts";
import { signTransaction } from "../../src/ledger/transaction.ts";
import { verifyBatch } from "../../src/ledger/verify.ts";
import { contracts, viewOf } from "../../src/node/registry.ts";
import type { Cluster } from "./harness.ts";

/** Transactions of a block, each of 64 deposits: within the declared work that a block may hold. */
const PER_BLOCK = 90;
const PER_BATCH = 30;

/** Deposits `r-0` … by the first member. No node of the cluster may run. Returns the height reached. */
export async function layDown(cluster: Cluster, records: number): Promise<number> {
  const [first, ...others] = cluster.members;
  const { genesis } = readGenesis(fs.readFileSync(cluster.genesis, "utf8"));
  const { network } = cluster;
  const data = path.join(first!.home, "db");
  const store = await Store.open(await openLevel(data, { sync: false }), network);
  const registry = contracts();
  const options = {
    store,
    directory: first!.home,
    registry,
    genesis,
    network,
    consensusView: viewOf,
    dumpIntervalMs: Number.POSITIVE_INFINITY,
  };
  const chain = await Chain.open(options);
  const seeds = new Map(cluster.members.map((m) => [m.id, m.keys.consensus.secret]));
  const sequence = Date.now();
  for (let made = 0; made < records; ) {
    const batches: VerifiedBatch[] = [];
    for (let b = 0; b < PER_BLOCK / PER_BATCH && made < records; b++) {
      const transactions: Uint8Array[] = [];
      while (transactions.length < PER_BATCH && made < records) {
        const operations = Array.from({ length: Math.min(MAX_OPERATIONS, records - made) }, () => {
          const n = made++;
          return { action: "evidence.deposit@1", args: { deposit: `r-${n}`, kind: "contract", content: sha256(u32be(n)) } };
        });
        const nonce = sha256(u32be(made)).slice(0, 16);
        const secret = first!.organisation.secret;
        transactions.push(signTransaction(network, { nonce, notAfter: genesis.time + 3_600_000, operations }, [secret]));
      }
      const bytes = makeBatch(network, first!.id, sequence + made, transactions, first!.keys.peer.secret);
      const verdict = verifyBatch(bytes, { network, work: (action) => registry.work(action, 1), proofs: () => [], signatures: false });
      if (!verdict.ok) throw new Error(verdict.code);
      batches.push(verdict.batch);
    }
    await commit(chain, network, seeds, batches);
  }
  const { height } = chain.head;
  await chain.close();
  for (const other of others) fs.cpSync(data, path.join(other.home, "db"), { recursive: true });
  return height;
}

async function commit(chain: Chain, network: Uint8Array, seeds: Map<string, Uint8Array>, batches: readonly VerifiedBatch[]): Promise<void> {
  const { head } = chain;
  const references = batches.map((batch) => batch.reference);
  const order: OrderHeader = {
    protocol: head.epoch.protocol,
    epoch: head.epoch.epoch,
    height: head.height + 1,
    parent: head.digest,
    time: head.time + 1,
    batches: batchesHash(network, references),
  };
  const { validators } = head.epoch;
  const executed = await chain.execute(order, references, batches);
  const vote = { epoch: order.epoch, view: 0, height: order.height, hash: executed.hash };
  const signatures = new Map(
    validators.map(({ id }, i) => [i, signVote(network, "commit", { ...vote, signer: id }, seeds.get(id)!)] as const),
  );
  await chain.commit(executed.digest, makeCertificate("commit", vote, signatures, validators.length));
}
