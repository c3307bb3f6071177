// A small ledger made by hand, for proofs: real transactions, receipts, trees, headers and certificates; no consensus, no contracts, no disk.

import { type Anchor, writeAnchor, readAnchor } from "../../../src/base/anchor.ts";
import { type Bytes, concat, hex, u32be } from "../../../src/base/bytes.ts";
import {
  type Certificate,
  makeCertificate,
  quorum,
  setHash,
  signVote,
  sortedSet,
  type ValidatorSet,
} from "../../../src/base/certificate.ts";
import { encode, type Value } from "../../../src/base/codec.ts";
import { encodeGenesis, type Genesis, genesisHash, genesisValidators, writeGenesis } from "../../../src/base/genesis.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { batchesHash, type BatchReference, type BlockHeader, blockHash, encodeBlock, orderDigest } from "../../../src/base/header.ts";
import type { MemberKeys } from "../../../src/base/member.ts";
import { leafHash, nodeHash, Peaks } from "../../../src/base/merkle.ts";
import { defaultParameters, parametersHash } from "../../../src/base/parameters.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { batchDigest, makeBatch, readBatch } from "../../../src/ledger/batch.ts";
import {
  type BlockResults,
  dueId,
  encodeReceipt,
  NO_BYTES,
  type Receipt,
  TransactionsTree,
  type Write,
  writesRoot,
} from "../../../src/ledger/block.ts";
import type { ProofBlock, ProofSource, StateTip } from "../../../src/ledger/proof.ts";
import { stateKeyHash, stateValueHash } from "../../../src/ledger/stateProof.ts";
import { StateTree } from "../../../src/ledger/stateTree.ts";
import { fullHash, signTransaction, transactionId } from "../../../src/ledger/transaction.ts";

export const GENESIS_TIME = 1_795_330_000_000;
const seedOf = (text: string): Bytes => sha256(new TextEncoder().encode(text));

export interface Put {
  readonly collection: string;
  readonly key: string;
  readonly fields: { readonly [name: string]: Value };
}
/** What one act of a block does. */
export interface Act {
  readonly puts?: readonly Put[];
  /** The rule under which it is rejected. */
  readonly rejected?: string;
  readonly flags?: readonly string[];
  readonly signers?: readonly string[];
  /** Due work instead of a transaction. */
  readonly due?: string;
  /** Not live: no leaf. */
  readonly skipped?: boolean;
}
/** Key of one text part (§8: 00 00 ends it). */
export const keyOf = (text: string): Bytes => concat(new TextEncoder().encode(text), new Uint8Array(2));

interface Block {
  readonly header: BlockHeader;
  readonly hash: Bytes;
  readonly certificate: Certificate;
  readonly results: BlockResults;
  readonly bodies: readonly Bytes[];
  readonly writes: readonly (readonly Write[])[];
  readonly ids: readonly Bytes[];
}

export class ChainFixture implements ProofSource {
  readonly network: Bytes;
  readonly genesisText: string;
  readonly genesisValidators: ValidatorSet;
  readonly #blocks: Block[] = [];
  readonly #tree = new StateTree();
  readonly #rows = new Map<string, { bytes: Bytes; revision: number; height: number; index: number }>();
  readonly #peaks = new Peaks();
  readonly #hashes: Bytes[] = [];
  readonly #epochs: { start: number; validators: ValidatorSet }[] = [];
  #set: ValidatorSet;
  #epoch = 0;
  /** Set by tests: what `committed` answers. */
  onCommitted: ((height: number) => Promise<Bytes | undefined>) | undefined;

  constructor(organisations: readonly string[] = ["courts", "health", "land", "tax"], name = "Q-Land") {
    const genesis: Genesis = {
      name,
      purpose: "development",
      time: GENESIS_TIME,
      protocol: 1,
      manifest: new Uint8Array(32),
      parameters: defaultParameters,
      founders: [...organisations].sort().map((id) => {
        const consensus = publicKeyOf(seedOf(id));
        const keys: MemberKeys = {
          consensus,
          peer: seedOf(`${id} peer`),
          organisation: seedOf(`${id} organisation`),
          checkpoint: seedOf(`${id} checkpoint`),
          checkpoint_pq: new Uint8Array(4),
        };
        const proofs = Object.fromEntries(Object.keys(keys).map((purpose) => [purpose, new Uint8Array(1)])) as unknown as MemberKeys;
        return { member: { id, name: `The ${id} office`, addresses: [], contact: "", keys, proofs }, seat: true };
      }),
      grants: [],
    };
    this.network = genesisHash(encodeGenesis(genesis));
    this.genesisText = writeGenesis(genesis, []);
    this.genesisValidators = this.#set = genesisValidators(genesis);
    this.#push(this.network);
  }

  #push(hash: Bytes): void {
    this.#peaks.push(leafHash(hash));
    this.#hashes.push(leafHash(hash));
  }

  get set(): ValidatorSet {
    return this.#set;
  }
  at(height: number): Block {
    return this.#blocks[height - 1]!;
  }

  /** Adds a block; the last of its epoch if `next` names the organisations of the next set. `signed`: who signs it, by default the first q. */
  add(acts: readonly Act[], { next, signed }: { next?: readonly string[]; signed?: readonly string[] } = {}): Block {
    const height = this.#blocks.length + 1;
    const before = this.#blocks.at(-1);
    const time = GENESIS_TIME + height * 1_000;
    const receipts: Bytes[] = [];
    const writes: Write[][] = [];
    const ids: Bytes[] = [];
    const tree = new TransactionsTree();
    const sorted = [...acts.filter((a) => a.due !== undefined), ...acts.filter((a) => a.due === undefined)];
    const transactions = sorted.filter((a) => a.due === undefined).map((act, i) => this.#transaction(act, height, i));
    const bodies = transactions.length === 0 ? [] : [makeBatch(this.network, "tax", height, transactions, seedOf("tax peer"))];
    const skipped: number[] = [];
    const due: { collection: string; key: Bytes; name: string }[] = [];
    let position = 0;
    for (const act of sorted) {
      const bytes = act.due === undefined ? transactions[position]! : undefined;
      if (bytes !== undefined) position++;
      if (act.skipped === true) {
        skipped.push(position - 1);
        continue;
      }
      const leafWrites = (act.puts ?? []).map((put) => this.#put(put, height, receipts.length));
      let id: Bytes;
      if (bytes === undefined) {
        const run = { collection: act.puts?.[0]?.collection ?? "cases/case", key: keyOf(act.puts?.[0]?.key ?? "none"), name: act.due! };
        due.push(run);
        id = dueId(this.network, time, height, run.collection, run.key, run.name);
      } else id = transactionId(this.network, bytes.subarray(0, bytes.length - 64 * (act.signers?.length ?? 1)));
      const receipt: Receipt = {
        outcome: act.rejected === undefined ? 0 : 1,
        code: act.rejected ?? null,
        flags: act.flags ?? [],
        writes: leafWrites.length,
        writesRoot: writesRoot(leafWrites),
      };
      tree.push(id, bytes === undefined ? NO_BYTES : fullHash(bytes), encodeReceipt(receipt));
      receipts.push(encodeReceipt(receipt));
      writes.push(leafWrites);
      ids.push(id);
    }
    const references: BatchReference[] = bodies.map((bytes) => ({
      digest: batchDigest(this.network, bytes, readBatch(bytes)),
      count: transactions.length,
      bytes: bytes.length,
    }));
    const nextSet = next === undefined ? this.#set : sortedSet(next.map((id) => ({ id, key: publicKeyOf(seedOf(id)) })));
    const header: BlockHeader = {
      order: {
        protocol: 1,
        epoch: this.#epoch,
        height,
        parent: before === undefined ? this.network : orderDigest(this.network, before.header.order),
        time,
        batches: batchesHash(this.network, references),
      },
      parentBlock: before?.hash ?? this.network,
      transactionsRoot: tree.root(),
      leaves: tree.leaves,
      stateRoot: this.#tree.root(),
      validators: setHash(this.network, nextSet),
      parameters: parametersHash(this.network, defaultParameters),
      history: this.#peaks.root(),
    };
    const hash = blockHash(this.network, header);
    const block = {
      header,
      hash,
      certificate: this.certify(hash, height, this.#epoch, this.#set, signed),
      results: { due, skipped, receipts },
      bodies,
      writes,
      ids,
    };
    this.#blocks.push(block);
    this.#push(hash);
    if (next !== undefined) {
      this.#set = nextSet;
      this.#epoch++;
      this.#epochs.push({ start: height + 1, validators: nextSet });
    }
    return block;
  }

  certify(hash: Bytes, height: number, epoch: number, set: ValidatorSet, signed?: readonly string[]): Certificate {
    const who = signed ?? set.slice(0, quorum(set.length)).map((v) => v.id);
    const vote = { epoch, view: 0, height, hash };
    const votes = new Map(
      set.flatMap((v, i) =>
        who.includes(v.id) ? [[i, signVote(this.network, "commit", { ...vote, signer: v.id }, seedOf(v.id))] as const] : [],
      ),
    );
    return makeCertificate("commit", vote, votes, set.length);
  }

  #transaction(act: Act, height: number, index: number): Bytes {
    const operations = [{ action: "evidence.deposit@1", args: { height, index, note: "Nguyễn" } }];
    const nonce = sha256(u32be(height * 1_000 + index)).slice(0, 16);
    return signTransaction(this.network, { nonce, notAfter: GENESIS_TIME + 3_600_000, operations }, (act.signers ?? ["ann"]).map(seedOf));
  }

  #put({ collection, key, fields }: Put, height: number, index: number): Write {
    const place = `${collection} ${key}`;
    const last = this.#rows.get(place);
    const revision = (last?.revision ?? 0) + 1;
    const row = encode([revision, "open", GENESIS_TIME + height * 1_000, 1, height, index, last?.height ?? 0, last?.index ?? 0, fields]);
    this.#rows.set(place, { bytes: row, revision, height, index });
    this.#tree.apply(stateKeyHash(collection, keyOf(key)), stateValueHash(row), 1);
    return { collection, key: keyOf(key), row };
  }

  /** What genesis writes: no act. */
  found(puts: readonly Put[]): void {
    for (const put of puts) this.#put(put, 0, 0);
  }

  anchor(height: number): Anchor {
    const block = this.at(height);
    const next = this.#epochs.findLast((e) => e.start <= height + 1)?.validators ?? this.genesisValidators;
    return readAnchor(writeAnchor({ network: this.network, headerBytes: encodeBlock(block.header), certificate: block.certificate, next }));
  }

  // ── ProofSource ────────────────────────────────────────────────────────────────────────────────────────────────────────────
  headHeight(): number {
    return this.#blocks.length;
  }
  tip(): StateTip {
    return {
      height: this.#blocks.length,
      hash: this.#blocks.at(-1)?.hash ?? this.network,
      row: (collection, key) => this.row(collection, key),
      prove: (keyHash) => this.#tree.prove(keyHash),
    };
  }
  row(collection: string, key: Bytes): Bytes | undefined {
    return this.#rows.get(`${collection} ${new TextDecoder().decode(key.subarray(0, -2))}`)?.bytes;
  }
  async committed(height: number): Promise<Bytes | undefined> {
    return this.onCommitted?.(height) ?? this.at(height).hash;
  }
  block(height: number): ProofBlock | undefined {
    const block = this.#blocks[height - 1];
    return block && { headerBytes: encodeBlock(block.header), certificate: block.certificate };
  }
  results(height: number): BlockResults | undefined {
    return this.#blocks[height - 1]?.results;
  }
  bodies(height: number): readonly Bytes[] | undefined {
    return this.#blocks[height - 1]?.bodies;
  }
  writesOf(height: number, leaf: number): readonly Write[] | undefined {
    return this.#blocks[height - 1]?.writes[leaf];
  }
  locate(id: Bytes): { height: number; leaf: number } | undefined {
    for (const block of this.#blocks) {
      const leaf = block.ids.findIndex((known) => hex(known) === hex(id));
      if (leaf >= 0) return { height: block.header.order.height, leaf };
    }
    return undefined;
  }
  historyNode(level: number, index: number): Bytes {
    if (level === 0) return this.#hashes[index]!;
    return nodeHash(this.historyNode(level - 1, 2 * index), this.historyNode(level - 1, 2 * index + 1));
  }
  epochs(from: number, to: number): readonly { start: number; validators: ValidatorSet }[] {
    return this.#epochs.filter((e) => e.start > from && e.start <= to);
  }
}
