// What a joiner knows for certain while it syncs: the epochs from genesis on, border by border, and the newest certified head. docs/protocol.md §4.9.3, §5.3.
// Owns that walk, the verdict on any certified block, and what a peer must show that names a height. Does not own: whose turn it is to be asked
// (peerAsk.ts), what hangs from a head (stateSync.ts).

import { type Bytes, equalBytes } from "../base/bytes.ts";
import { certificateFault, setHash, type SignatureCheck } from "../base/certificate.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { type Genesis, genesisValidators } from "../base/genesis.ts";
import { batchesHash, blockHashOf } from "../base/header.ts";
import { parametersHash } from "../base/parameters.ts";
import { type EpochBorder, headAnswerFrom, type HeadBlock } from "./stateForms.ts";
import type { EpochRecord } from "./storeLayout.ts";

export interface KnownEpoch {
  readonly record: EpochRecord;
  /** Its first block and the one before; undefined for epoch 0. */
  readonly border: EpochBorder | undefined;
}

export class StateTrust {
  readonly #network: Bytes;
  readonly #verify: SignatureCheck | undefined;
  readonly #epochs: KnownEpoch[];
  #head: HeadBlock | undefined;

  constructor(network: Bytes, genesis: Genesis, verify?: SignatureCheck) {
    this.#network = network;
    this.#verify = verify;
    const { parameters, protocol } = genesis;
    this.#epochs = [{ record: { epoch: 0, start: 1, validators: genesisValidators(genesis), parameters, protocol }, border: undefined }];
  }

  /** Ascending from 0; the last one has a block. */
  get epochs(): readonly KnownEpoch[] {
    return this.#epochs;
  }

  get head(): HeadBlock | undefined {
    return this.#head;
  }

  get height(): number {
    return this.#head?.header.order.height ?? 0;
  }

  /** The longest that a transaction may have lived in any epoch: ids of blocks within it must be known (§2.5). */
  get longestLife(): number {
    return Math.max(...this.#epochs.map(({ record }) => record.parameters.max_lifetime_ms));
  }

  /** Takes the border behind the last known epoch; one that is known, of a peer asked before, is nothing new. Throws what is wrong with it. */
  takeBorder(border: EpochBorder): void {
    if (this.knows(border.first.header.order.epoch)) return;
    const { last, first, validators, parameters, protocol } = border;
    const { record } = this.#epochs.at(-1)!;
    const { order } = last.header;
    this.check(last);
    if (order.epoch !== record.epoch || order.height < record.start) lied("border");
    if (!equalBytes(setHash(this.#network, validators), last.header.validators)) lied("set");
    if (!equalBytes(parametersHash(this.#network, parameters), last.header.parameters)) lied("parameters");
    const next: EpochRecord = { epoch: record.epoch + 1, start: order.height + 1, validators, parameters, protocol };
    const above = first.header;
    if (above.order.epoch !== next.epoch || above.order.height !== next.start || above.order.protocol !== protocol) lied("border");
    if (!equalBytes(above.parentBlock, blockHashOf(this.#network, last.headerBytes))) lied("parent");
    checkCertified(this.#network, first, next, this.#verify);
    this.#epochs.push({ record: next, border });
  }

  /** Takes a certified head if it is above the one known. Throws what is wrong with it. */
  takeHead(block: HeadBlock): void {
    this.check(block);
    if (block.header.order.height > this.height) this.#head = block;
  }

  /**
   * A peer names a height that is not known to be certified: it must show a head as high, epoch by epoch. Throws `state.unproved` if it does not, and
   * `p2p.absent` if it is gone: whatever it has read is of no use, and nobody knows whether it lied.
   */
  async proveHeight(height: number, ask: (question: Bytes) => Promise<Bytes>): Promise<void> {
    while (this.height < height) {
      const known = this.#epochs.length;
      const answer = await ask(encode(["head", known])).catch(() => undefined);
      if (answer === undefined) throw new LedgerError("p2p.absent");
      this.takeHeads(decode(answer));
      if (this.height < height && this.#epochs.length === known) lied("height");
    }
  }

  /** Takes what a peer answers to ["head", …]. Returns how many records it says there are: a hint. */
  takeHeads(answer: Value): number {
    const { records, borders, block } = headAnswerFrom(answer);
    for (const border of borders) this.takeBorder(border);
    if (block !== undefined) this.takeHead(block);
    return records;
  }

  knows(epoch: number): boolean {
    return epoch < this.#epochs.length;
  }

  /** Is the block certified by the set of its epoch? Throws if not. Its epoch must be known. */
  check(block: Certified): void {
    const { epoch, height } = block.header.order;
    const known = this.#epochs[epoch];
    if (known === undefined || height < known.record.start) return lied("epoch");
    const above = this.#epochs[epoch + 1];
    if (above !== undefined && height >= above.record.start) lied("epoch");
    checkCertified(this.#network, block, known.record, this.#verify);
  }
}

type Certified = Omit<HeadBlock, "references"> & Partial<Pick<HeadBlock, "references">>;

/** Is the block certified by the set of its epoch's record? Throws `state.unproved` if not. */
export function checkCertified(network: Bytes, block: Certified, record: EpochRecord, verify?: SignatureCheck): void {
  const { header, headerBytes, certificate, references } = block;
  const { height, epoch } = header.order;
  const hash = blockHashOf(network, headerBytes);
  if (certificate.kind !== "commit" || certificate.epoch !== epoch || epoch !== record.epoch) lied("certificate");
  if (certificate.height !== height || !equalBytes(certificate.hash, hash)) lied("certificate");
  if (references !== undefined && !equalBytes(header.order.batches, batchesHash(network, references))) lied("references");
  const fault = certificateFault(network, certificate, record.validators, verify);
  if (fault !== undefined) lied(fault.code);
}

function lied(what: string): never {
  throw new LedgerError("state.unproved", { what });
}
