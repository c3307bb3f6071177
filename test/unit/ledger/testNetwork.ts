// Four validators in one place: what a test of the ledger needs to make orders, batches and certificates without consensus.

import { type Bytes, utf8 } from "../../../src/base/bytes.ts";
import { type Certificate, makeCertificate, signVote, sortedSet, type Validator } from "../../../src/base/certificate.ts";
import type { Value } from "../../../src/base/codec.ts";
import { fail } from "../../../src/base/errors.ts";
import type { Genesis } from "../../../src/base/genesis.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { batchesHash, type OrderHeader } from "../../../src/base/header.ts";
import { defaultParameters, type Parameters } from "../../../src/base/parameters.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { makeBatch, type VerifiedBatch } from "../../../src/ledger/batch.ts";
import { Chain, type ChainOptions, type ChainRegistry, type Executed } from "../../../src/ledger/chain.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import { type Database, Store } from "../../../src/ledger/store.ts";
import { signTransaction } from "../../../src/ledger/transaction.ts";
import { verifyBatch } from "../../../src/ledger/verify.ts";
import { consensusView, type TestRegistry, testRegistry } from "./testRegistry.ts";

export const seedOf = (name: string): Bytes => sha256(utf8(`seed of ${name}`));
export const VALIDATORS = ["courts", "health", "land", "tax"];
export const START_TIME = 1_700_000_000_000;
export const NETWORK = sha256(utf8("the network of the ledger's tests"));
const PEER = seedOf("peer of tax");
const PERSON = seedOf("ann");

export function validator(name: string): Validator {
  return { id: name, key: publicKeyOf(seedOf(name)) };
}

export function testGenesis(parameters: Partial<Parameters> = {}): Genesis {
  return {
    name: "test",
    purpose: "development",
    time: START_TIME,
    protocol: 1,
    manifest: new Uint8Array(32),
    parameters: { ...defaultParameters, ...parameters },
    founders: VALIDATORS.map((id) => ({ member: { id, keys: { consensus: validator(id).key } }, seat: true })),
    grants: [],
  } as unknown as Genesis;
}

export type Act = readonly [action: string, args: { readonly [name: string]: Value }];
let nonces = 0;
const DEFAULT_LIFE = 600_000;

/** A transaction of one act, or of several. */
export function transaction(
  acts: readonly Act[],
  notAfter = START_TIME + DEFAULT_LIFE,
  nonce = nonces++,
  signers: readonly Bytes[] = [PERSON],
): Bytes {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, nonce);
  return signTransaction(NETWORK, { nonce: bytes, notAfter, operations: acts.map(([action, args]) => ({ action, args })) }, signers);
}

let sequence = 1;
export function batchOf(transactions: readonly Bytes[], failed: (action: string) => readonly string[] = () => []): VerifiedBatch {
  const bytes = makeBatch(NETWORK, "tax", sequence++, transactions, PEER);
  const verdict = verifyBatch(bytes, { network: NETWORK, work: () => 64, proofs: failed });
  if (!verdict.ok) fail("a test's batch is well-formed", { code: verdict.code });
  return verdict.batch;
}

/** Parent of the next order: the head, or an executed block. */
export interface Parent {
  readonly height: number;
  readonly time: number;
  readonly digest: Bytes;
  readonly epoch: number;
}

export class TestNetwork {
  readonly chain: Chain;
  /** The test's own, unless it brought another. */
  readonly registry: TestRegistry;
  constructor(chain: Chain, registry: TestRegistry) {
    this.chain = chain;
    this.registry = registry;
  }

  static async open(
    database: Database = new MemoryDatabase(),
    options: Partial<ChainOptions> & { parameters?: Partial<Parameters> } = {},
  ): Promise<TestNetwork> {
    const registry: ChainRegistry = options.registry ?? testRegistry();
    const { parameters, ...rest } = options;
    const store = await Store.open(database, NETWORK);
    const chain = await Chain.open({
      store,
      genesis: testGenesis(parameters),
      network: NETWORK,
      consensusView,
      pause: async () => {},
      ...rest,
      registry,
    });
    return new TestNetwork(chain, registry as TestRegistry);
  }

  get head(): Parent {
    const { height, time, digest, epoch } = this.chain.head;
    return { height, time, digest, epoch: epoch.epoch };
  }

  after(executed: Executed): Parent {
    const { height, time, epoch } = executed.header.order;
    return { height, time, digest: executed.digest, epoch: executed.next?.epoch ?? epoch };
  }

  order(parent: Parent, batches: readonly VerifiedBatch[], time = parent.time + 100): OrderHeader {
    const references = batches.map((b) => b.reference);
    return {
      protocol: 1,
      epoch: parent.epoch,
      height: parent.height + 1,
      parent: parent.digest,
      time,
      batches: batchesHash(NETWORK, references),
    };
  }

  execute(batches: readonly VerifiedBatch[], parent: Parent = this.head, time?: number): Promise<Executed> {
    return this.chain.execute(
      this.order(parent, batches, time),
      batches.map((b) => b.reference),
      batches,
    );
  }

  /** A certificate by three of four; of the set given, the genesis' by default. */
  certify(executed: Pick<Executed, "header" | "hash">, names: readonly string[] = VALIDATORS, hash = executed.hash): Certificate {
    const { epoch, height } = executed.header.order;
    const set = sortedSet(names.map(validator));
    const vote = { epoch, view: 0, height, hash };
    const signatures = new Map(set.map(({ id }, i) => [i, signVote(NETWORK, "commit", { ...vote, signer: id }, seedOf(id))]));
    return makeCertificate("commit", vote, signatures, set.length);
  }

  async commit(executed: Executed, names?: readonly string[]) {
    return this.chain.commit(executed.digest, this.certify(executed, names));
  }

  /** One block of these transactions, executed and committed. */
  async block(transactions: readonly Bytes[] = [], time?: number): Promise<Executed> {
    const executed = await this.execute(transactions.length === 0 ? [] : [batchOf(transactions)], this.head, time);
    await this.commit(executed);
    return executed;
  }
}

export const put = (name: string, value: Value, more: { readonly [name: string]: Value } = {}): Act => [
  "test.put@1",
  { name, value, ...more },
];
