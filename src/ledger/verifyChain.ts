// Verifying a whole chain: everything from genesis executed again on a state of its own, every header, certificate and byte of the store compared.
// docs/protocol.md §3, §5. Owns the walk and the comparison. Does not own: the rules (execute.ts, seal.ts), the progress bar (cli). Needs nobody's word:
// what it starts from is the genesis document alone.

import { type Bytes, compareBytes, equalBytes } from "../base/bytes.ts";
import { certificateFault } from "../base/certificate.ts";
import { LedgerError } from "../base/errors.ts";
import { type BlockHeader, decodeBlock } from "../base/header.ts";
import type { Registry } from "../contracts/engine/registry.ts";
import type { VerifiedBatch } from "./batch.ts";
import { Chain, type ChainOptions, type Executed } from "./chain.ts";
import { type Database, Store } from "./store.ts";
import type { StoredBlock } from "./storeLayout.ts";
import { damaged, unseal } from "./storeLayout.ts";
import { verifyBatch } from "./verify.ts";

export interface VerifyChainInput extends Pick<ChainOptions, "genesis" | "network" | "consensusView" | "pause"> {
  readonly registry: ChainOptions["registry"] & Pick<Registry, "proofs" | "work">;
  /** What is verified; only read. */
  readonly database: Database;
  /** An empty one, to execute on; the caller removes it afterwards. */
  readonly temporary: Database;
  /** Clients' signatures too; 45 µs each. */
  readonly signatures: boolean;
  /** Certificates and signatures from this height on; everything is executed in any case. */
  readonly from?: number;
  readonly onProgress?: (height: number, head: number) => void;
}

export interface VerifiedChain {
  readonly height: number;
  readonly blocks: number;
  readonly transactions: number;
  readonly hash: Bytes;
  readonly stateRoot: Bytes;
}

/** Throws `chain.differs` naming the first height and part that is not what execution gives, or `store.damaged`. */
export async function verifyChain(input: VerifyChainInput): Promise<VerifiedChain> {
  const { database, temporary, network, genesis, registry, consensusView, pause, onProgress } = input;
  const source = await Store.open(database, network);
  if (genesis.continues !== undefined)
    throw new LedgerError("genesis.continues", {
      why: "its first state is that of another network, so the chain cannot be executed from the genesis document alone",
      do: "chancery recover check GENESIS --home OLDHOME shows that the first state is right",
    });
  const { lowest } = source;
  if (lowest > 1)
    throw new LedgerError("height.pruned", {
      why: `this home keeps blocks from ${lowest} on; the chain can be executed from genesis only where all blocks are`,
      do: 'ask a node that keeps everything, or set store.retain = "archive" and let it fetch the others',
    });
  const head = (await source.lastHeight()) ?? 0;
  const chain = await Chain.open({
    store: await Store.open(temporary, network),
    network,
    genesis,
    registry,
    consensusView,
    ...(pause && { pause }),
  });
  let transactions = 0;
  for (let height = 1; height <= head; height++) {
    transactions += await verifyBlock(input, source, chain, height);
    onProgress?.(height, head);
  }
  await compareStores(database, temporary);
  const { hash, stateRoot } = chain.head;
  return { height: head, blocks: head, transactions, hash, stateRoot };
}

/** Executes a block as the chain that has been verified so far has it, and compares. Returns its transactions. */
async function verifyBlock(input: VerifyChainInput, source: Store, chain: Chain, height: number): Promise<number> {
  const stored = source.block(height);
  const header = decodeBlock(stored.headerBytes);
  const { epoch } = chain;
  if (height >= (input.from ?? 1)) checkCertificate(input.network, chain, stored, height);
  const batches = stored.references.map((_, position) => batchAt(input, source, epoch.protocol, height, position));
  const executed = await chain.execute(header.order, stored.references, batches);
  compareHeaders(header, stored.certificate.hash, executed, height);
  await chain.commit(executed.digest, stored.certificate);
  return batches.reduce((sum, batch) => sum + batch.reference.count, 0);
}

function checkCertificate(network: Bytes, chain: Chain, { certificate }: StoredBlock, height: number): void {
  const { epoch } = chain;
  if (certificate.kind !== "commit" || certificate.height !== height || certificate.epoch !== epoch.epoch) differs(height, "certificate");
  const fault = certificateFault(network, certificate, epoch.validators);
  if (fault !== undefined) differs(height, fault.code, fault.signer);
}

function batchAt(
  { network, registry, signatures, from = 1 }: VerifyChainInput,
  source: Store,
  protocol: number,
  height: number,
  position: number,
): VerifiedBatch {
  const verdict = verifyBatch(source.body(height, position), {
    network,
    work: (action) => registry.work(action, protocol),
    proofs: (action, args) => registry.proofs(action, args(), network),
    signatures: signatures && height >= from,
  });
  return verdict.ok ? verdict.batch : differs(height, verdict.code, `batch ${position}, transaction ${verdict.index ?? "-"}`);
}

/** The first part of a header that is not what execution gives. */
function compareHeaders(stored: BlockHeader, certified: Bytes, { header, hash }: Executed, height: number): void {
  const parts = ["parentBlock", "transactionsRoot", "stateRoot", "validators", "parameters", "history"] as const;
  for (const part of parts) if (!equalBytes(stored[part], header[part])) differs(height, part);
  if (stored.leaves !== header.leaves) differs(height, "leaves");
  if (!equalBytes(certified, hash)) differs(height, "certificate.hash");
}

function differs(height: number, what: string, where?: string): never {
  throw new LedgerError("chain.differs", { height, what, ...(where !== undefined && { where }) });
}

/** Both databases hold the same: what was stored is what execution stores. How well something was compressed may differ between releases. */
async function compareStores(database: Database, temporary: Database): Promise<void> {
  const all = { from: new Uint8Array(0), to: Uint8Array.of(0xff) };
  const given = database.scan(all)[Symbol.asyncIterator]();
  const made = temporary.scan(all)[Symbol.asyncIterator]();
  let [a, b] = [await given.next(), await made.next()];
  while (a.done !== true || b.done !== true) {
    const order = a.done === true ? 1 : b.done === true ? -1 : compareBytes(a.value[0], b.value[0]);
    if (order < 0) damaged((a.value as [Bytes, Bytes])[0], "not what execution stores");
    if (order > 0) damaged((b.value as [Bytes, Bytes])[0], "missing");
    const [key, value] = a.value as [Bytes, Bytes];
    const expected = (b.value as [Bytes, Bytes])[1];
    if (!equalBytes(value, expected) && !equalBytes(unseal(key, value), unseal(key, expected))) damaged(key, "not what execution stores");
    [a, b] = [await given.next(), await made.next()];
  }
}
