// A chain of real blocks made without consensus, so that a state of millions of records is there in minutes: real deposits, signed, executed and committed
// by the real ledger in a stopped home, each block certified by the validators' own keys; then the other homes get the same database.
// Owns the making. Does not own: what is measured or tested on it.

import fs from "node:fs";
import path from "node:path";
import { type Bytes, u32be, utf8 } from "../src/base/bytes.ts";
import { makeCertificate, quorum, signVote } from "../src/base/certificate.ts";
import { loadKey } from "../src/base/keyFile.ts";
import { sha256 } from "../src/base/hash.ts";
import { batchesHash } from "../src/base/header.ts";
import { MAX_BATCH_BYTES } from "../src/base/limits.ts";
import { makeBatch, type VerifiedBatch } from "../src/ledger/batch.ts";
import { Chain } from "../src/ledger/chain.ts";
import { openLevel } from "../src/ledger/storeLevel.ts";
import { Store } from "../src/ledger/store.ts";
import { signTransaction } from "../src/ledger/transaction.ts";
import { verifyBatch } from "../src/ledger/verify.ts";
import { homeAt } from "../src/node/home.ts";
import { openGenesis } from "../src/node/openGenesis.ts";
import { contracts, viewOf } from "../src/node/registry.ts";

/** Operations of a transaction, transactions of a batch, batches of a block: 6,144 records, within a block's declared work. */
const OPERATIONS = 64;
const TRANSACTIONS = 24;
const BATCHES = 4;

export interface Grown {
  readonly records: number;
  /** Height reached. */
  readonly height: number;
  readonly seconds: number;
}

export interface GrowOptions {
  readonly genesis: string;
  /** Homes of all validators, none of them running, the depositor's first. */
  readonly homes: readonly string[];
  /** The member that deposits, and the secret of its organisation's key. */
  readonly depositor: { readonly id: string; readonly secret: Bytes };
  /** Records that are there already from earlier calls. */
  readonly from: number;
  readonly to: number;
}

/** Name of the n-th record that was grown. */
export const grownDeposit = (n: number): string => `grown-${n.toString().padStart(10, "0")}`;

/** Adds the records `from`…`to` to the chain of these homes. */
export async function grow(options: GrowOptions, say: (text: string) => void = () => {}): Promise<Grown> {
  const { genesis, network } = openGenesis(fs.readFileSync(options.genesis, "utf8"));
  const [first, ...others] = options.homes.map(homeAt);
  const peer = loadKey(path.join(first!.keys, "peer.key"));
  const consensus = options.homes.map((home) => loadKey(path.join(homeAt(home).keys, "consensus.key")));
  const database = path.join(first!.directory, "db");
  const store = await Store.open(await openLevel(database, { sync: false }), network);
  const chain = await Chain.open({ store, directory: first!.directory, registry: contracts(), genesis, network, consensusView: viewOf });
  const started = performance.now();
  let nonce = options.from;
  let said = started;

  const transaction = (from: number, notAfter: number): Bytes => {
    const operations = Array.from({ length: Math.min(OPERATIONS, options.to - from) }, (_, i) => ({
      action: "evidence.deposit@1",
      args: { deposit: grownDeposit(from + i), kind: "contract", content: sha256(utf8(`grown ${from + i}`)) },
    }));
    const bytes = new Uint8Array(16);
    bytes.set(utf8("grow"));
    bytes.set(u32be(nonce++), 12);
    return signTransaction(network, { nonce: bytes, notAfter, operations }, [options.depositor.secret]);
  };

  const batch = (from: number, sequence: number, notAfter: number): VerifiedBatch => {
    const transactions: Bytes[] = [];
    for (let i = 0; i < TRANSACTIONS && from + i * OPERATIONS < options.to; i++)
      transactions.push(transaction(from + i * OPERATIONS, notAfter));
    const made = makeBatch(network, options.depositor.id, sequence, transactions, peer.secret);
    if (made.length > MAX_BATCH_BYTES) throw new Error(`a batch of ${made.length} bytes`);
    // Just signed above: what a node under a certificate takes without asking again.
    const verdict = verifyBatch(made, { network, work: () => 64, proofs: () => [], signatures: false });
    if (!verdict.ok) throw new Error(verdict.code);
    return verdict.batch;
  };

  let next = options.from;
  while (next < options.to) {
    const { height, time, digest, epoch } = chain.head;
    const at = time + 1; // hours of blocks in a moment of chain time: the network goes on from here at its own clock
    const batches: VerifiedBatch[] = [];
    for (let i = 0; i < BATCHES && next < options.to; i++, next += OPERATIONS * TRANSACTIONS)
      batches.push(batch(next, next, at + 3_600_000));
    const references = batches.map((b) => b.reference);
    const order = {
      protocol: 1,
      epoch: epoch.epoch,
      height: height + 1,
      parent: digest,
      time: at,
      batches: batchesHash(network, references),
    };
    const executed = await chain.execute(order, references, batches);
    const { validators } = epoch;
    const vote = { epoch: epoch.epoch, view: 0, height: height + 1, hash: executed.hash };
    const votes = new Map<number, Bytes>();
    for (const [i, validator] of validators.entries()) {
      const seed = consensus.find(({ publicKey }) => Buffer.compare(publicKey, validator.key) === 0)?.secret;
      if (seed !== undefined && votes.size < quorum(validators.length))
        votes.set(i, signVote(network, "commit", { ...vote, signer: validator.id }, seed));
    }
    await chain.commit(executed.digest, makeCertificate("commit", vote, votes, validators.length));
    if (performance.now() - said > 5_000) {
      said = performance.now();
      say(`  ${Math.min(next, options.to)} of ${options.to} records`);
    }
  }
  const { height } = chain.head;
  await chain.close();
  for (const home of others) {
    for (const part of ["db", "state"]) {
      fs.rmSync(path.join(home.directory, part), { recursive: true, force: true });
      if (fs.existsSync(path.join(first!.directory, part)))
        fs.cpSync(path.join(first!.directory, part), path.join(home.directory, part), { recursive: true });
    }
  }
  // Hundreds of megabytes that the kernel has still to write would make every sync of the nodes wait.
  for (const home of options.homes) syncFiles(homeAt(home).directory);
  return { records: options.to - options.from, height, seconds: (performance.now() - started) / 1_000 };
}

function syncFiles(directory: string): void {
  for (const entry of fs.readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const fd = fs.openSync(path.join(entry.parentPath, entry.name), "r");
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  }
}
