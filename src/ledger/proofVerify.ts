// Verification of a proof file: pure, offline, from the network's hash and a validator set alone. docs/protocol.md §5.5.
// Owns the order of the checks, which stop at the first falsehood and name it. Does not own: the file's form (proofFile.ts), genesis and anchor files
// (client/verify.ts), the words for a judge (client/verifyText.ts). Browser-clean; knows no contracts.

import type { Anchor } from "../base/anchor.ts";
import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import {
  type Certificate,
  certificateFault,
  decodeCertificate,
  decodeSet,
  quorum,
  setHash,
  signerIndexes,
  type ValidatorSet,
} from "../base/certificate.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { type BlockHeader, blockHashOf, decodeBlock } from "../base/header.ts";
import { leafHash, verifyInclusion } from "../base/merkle.ts";
import { verify } from "../base/signature.ts";
import { decodeReceipt, dueId, encodeLeaf, NO_BYTES, type Receipt } from "./block.ts";
import type { Place, Proved, ProofVerdict, Shown, ShownAct, ShownRow } from "./proofVerdict.ts";
import { type ActPart, type HistoryPath, type ProofFile, readProof } from "./proofFile.ts";
import { stateKeyHash, verifyStateProof } from "./stateProof.ts";
import { plainTransaction } from "./transactionPlain.ts";

/** What the verifier brings along; everything else is in the file. */
export interface Trust {
  /** Genesis hash. */
  readonly network: Bytes;
  /** The set of genesis. */
  readonly validators: ValidatorSet;
  readonly anchor?: Pick<Anchor, "network" | "header" | "hash" | "next">;
}

/** The verdict on a proof file's text. Never throws for what the file holds. */
export function verifyProof(content: string, trust: Trust): ProofVerdict {
  try {
    return checkProof(readProof(content), trust);
  } catch (error) {
    if (!isLedgerError(error) || !error.code.startsWith("proof.")) throw error;
    return { valid: false, code: error.code, step: String(error.data?.["step"]), detail: String(error.data?.["detail"]) };
  }
}

interface Block {
  readonly header: BlockHeader;
  readonly hash: Bytes;
}

// §5.5: network → each step of the set → certificates → record path → transaction path and signatures → its write.
function checkProof(file: ProofFile, trust: Trust): Proved {
  const { network } = trust;
  const { state, record, transaction, replaced, at } = file;
  if (!equalBytes(file.network, network)) deny("network", "network", `made for network ${hex(file.network)}, asked about ${hex(network)}`);
  if (trust.anchor !== undefined && !equalBytes(trust.anchor.network, network))
    deny("network", "anchor", "the anchor belongs to another network");
  checkShape(file);
  const [topPart, topStep] =
    state !== undefined ? [state, "state"] : replaced !== undefined ? [replaced, "replaced"] : [transaction!, "transaction"];
  const top = blockOf(network, topPart.header!, `${topStep}.header`);
  const confirmed = confirmTop(file, trust, top, topPart.certificate, topStep);

  let row: ShownRow | null = null;
  if (record !== undefined) {
    if (record.row !== null) row = decodeRow(record.row, "record.row");
    if (state !== undefined) checkState(record, top.header.stateRoot);
  }
  const act = transaction && checkAct(transaction, "transaction", network, top, record && { ...record, row: record.row! });
  if (row !== null && act !== undefined) checkPosition(row, act, "record.row");
  const end = replaced && checkAct(replaced, "replaced", network, top, { ...record!, row: replaced.row });
  if (end !== undefined) {
    const { previous, ...newer } = decodeRow(replaced!.row, "replaced.row");
    checkPosition(newer, end, "replaced.row");
    if (previous === null || previous.height !== row!.height || previous.index !== row!.index)
      deny("replaced", "replaced.row", "it does not follow the record's version");
  }
  if (at !== undefined) {
    const known = end === undefined ? top.header.order.height : end.height - 1;
    if (row!.height > at || at > known)
      deny("at", "at", `the record's version stood from height ${row!.height} to ${known} at least, not at ${at}`);
  }

  const place = (b: Place): Place => ({ height: b.height, time: b.time });
  return {
    valid: true,
    network: hex(network),
    subject: record === undefined ? { transaction: act!.id } : { collection: record.collection, key: hex(record.key) },
    present: record === undefined || record.row !== null,
    asOf: at === undefined ? place(top.header.order) : { height: at, time: null },
    stood: at === undefined ? null : { from: act === undefined ? null : place(act), until: end === undefined ? null : place(end) },
    record: row,
    transaction: act ?? null,
    signers: act?.signers ?? [],
    ...confirmed,
  };
}

/** Which parts belong together (§5.4): a record's state, a version between two acts, or a transaction by itself. */
function checkShape({ state, record, transaction, replaced, at, history, from }: ProofFile): void {
  const wrong = (step: string, detail: string): never => deny("malformed", step, detail);
  if (record === undefined) {
    if (transaction === undefined || replaced !== undefined || at !== undefined || state !== undefined)
      wrong("file", "without a record it proves one transaction");
  } else {
    if ((state === undefined) !== (replaced !== undefined)) wrong("file", "a record stands in a state, or was replaced");
    if ((state === undefined) !== (record.bucket === undefined) || (state === undefined) !== (record.path === undefined))
      wrong("record", "bucket and path go with state");
    if (record.row === null && (transaction !== undefined || at !== undefined))
      wrong("record", "absence has no act and is proved at the head only");
    if (replaced !== undefined && (at === undefined || transaction === undefined || record.row === null))
      wrong("replaced", "a replaced version has a row, the act that wrote it and a height");
  }
  if ((record === undefined) !== (transaction?.write === undefined) && transaction !== undefined)
    wrong("transaction.write", "an act is shown to have written the record");
  if (replaced !== undefined && replaced.write === undefined) wrong("replaced.write", "the later act is shown to have written the record");
  if (history !== undefined && from === "genesis") wrong("history", "it leads to an anchor");
  const topIsState = state !== undefined;
  for (const [name, part, isTop] of [
    ["transaction", transaction, !topIsState && replaced === undefined],
    ["replaced", replaced, !topIsState],
  ] as const) {
    if (part === undefined) continue;
    if ((part.bytes === undefined) === (part.due === undefined)) wrong(name, "either bytes or due");
    if (isTop && (part.header === undefined || part.history !== undefined)) wrong(name, "the top header stands here");
    if (!isTop && (part.certificate !== undefined || (part.header === undefined) !== (part.history === undefined)))
      wrong(name, "its header is the top one, or in its history");
  }
}

/** Why the top header is believed: q signatures of the set in force there, reached by a walk; or the anchor is it, or has it in its history. */
function confirmTop(
  file: ProofFile,
  trust: Trust,
  top: Block,
  certificate: Bytes | undefined,
  step: string,
): Pick<Proved, "confirmedBy" | "quorum" | "trust" | "warnings"> {
  const { network, anchor } = trust;
  const height = top.header.order.height;
  if (file.from !== "genesis") {
    if (anchor === undefined)
      return deny("anchor_needed", "from", `it starts at an anchor of height ${file.from.height}: give that anchor`);
    if (file.from.height !== anchor.header.order.height || !equalBytes(file.from.hash, anchor.hash))
      deny("anchor_other", "from", "it starts at another anchor than the one given");
    if (height <= file.from.height) {
      if (file.validators.length > 0 || certificate !== undefined)
        deny("malformed", step, "below its anchor a proof needs no sets and no certificate");
      if (height === file.from.height) {
        if (file.history !== undefined || !equalBytes(top.hash, anchor.hash))
          deny("anchor_other", `${step}.header`, "another block than the anchor's stands at the anchor's height");
      } else checkHistory(file.history, "history", top, anchor.header);
      return { confirmedBy: [], quorum: null, trust: "anchor", warnings: [] };
    }
    if (file.history !== undefined) deny("malformed", "history", "the anchor is not above");
  } else if (anchor !== undefined && anchor.header.order.height >= height)
    return deny(
      "anchor_newer",
      "from",
      `the anchor (height ${anchor.header.order.height}) is not before the proof's block (${height}): make the proof again with --anchor`,
    );

  let set = file.from === "genesis" ? trust.validators : anchor!.next;
  let above = file.from === "genesis" ? 0 : file.from.height;
  let atAnchor = set;
  for (const [i, { set: nextSet, header, certificate: signed }] of file.validators.entries()) {
    const name = `validators[${i}]`;
    const block = blockOf(network, header, `${name}.header`);
    const stepHeight = block.header.order.height;
    if (stepHeight <= above || stepHeight >= height)
      deny("set", `${name}.header`, "changes of the set stand in ascending order, below the block they lead to");
    checkCertificate(network, signed, block, set, `${name}.certificate`);
    const next = attempt("set", `${name}.set`, () => decodeSet(nextSet));
    if (!equalBytes(setHash(network, next), block.header.validators)) deny("set", `${name}.set`, "it is not the set that the header names");
    set = next;
    above = stepHeight;
    if (anchor !== undefined && stepHeight <= anchor.header.order.height) atAnchor = next;
  }
  // A walk from genesis must pass through the anchor: the set it arrives at there is the one the anchor names.
  if (anchor !== undefined && file.from === "genesis" && !equalBytes(setHash(network, atAnchor), anchor.header.validators))
    deny("anchor_other", "validators", "the walk does not pass through the anchor");
  if (certificate === undefined) return deny("malformed", step, "certificate is missing");
  const { signers } = checkCertificate(network, certificate, top, set, `${step}.certificate`);
  const trusted = anchor === undefined ? "genesis" : "anchor";
  return {
    confirmedBy: signers,
    quorum: [quorum(set.length), set.length],
    trust: trusted,
    warnings: trusted === "genesis" && file.validators.length > 0 ? ["long_range"] : [],
  };
}

function blockOf(network: Bytes, bytes: Bytes, step: string): Block {
  const header = attempt("header", step, () => decodeBlock(bytes));
  return { header, hash: blockHashOf(network, bytes) };
}

/** The certificate is for this block, and at least q distinct validators of the set signed it. */
function checkCertificate(network: Bytes, bytes: Bytes, { header, hash }: Block, set: ValidatorSet, step: string): { signers: string[] } {
  const c: Certificate = attempt("certificate", step, () => decodeCertificate(bytes));
  const { epoch, height } = header.order;
  if (c.kind !== "commit" || c.epoch !== epoch || c.height !== height || !equalBytes(c.hash, hash))
    deny("certificate", step, `it is not for the block at height ${height} in this file`);
  const fault = certificateFault(network, c, set, verify);
  if (fault !== undefined) {
    const details = {
      "certificate.bitmap": `its signers do not fit a set of ${set.length}`,
      "certificate.quorum": `fewer than ${quorum(set.length)} of ${set.length} validators signed`,
      "certificate.signature": `the signature of validator "${fault.signer ?? ""}" does not fit`,
    };
    deny(fault.code.replace(".", "_"), step, `height ${height}: ${details[fault.code]}`);
  }
  return { signers: signerIndexes(c, set.length)!.map((i) => set[i]!.id) };
}

/** The block stands in the history of a later header. */
function checkHistory(history: HistoryPath | undefined, step: string, { header, hash }: Block, later: BlockHeader): void {
  const size = later.order.height;
  if (history === undefined) return deny("malformed", step, "it is missing");
  const index = header.order.height;
  if (history.size !== size || !verifyInclusion({ root: later.history, size, index, leaf: leafHash(hash), path: hashes(history.path) }))
    deny("history", step, `the block at height ${index} is not in the history of the one at height ${size}`);
}

function checkState(record: NonNullable<ProofFile["record"]>, root: Bytes): void {
  const verdict = verifyStateProof(root, stateKeyHash(record.collection, record.key), record.bucket!, record.path!);
  if (!verdict.valid) return deny("state", "record.path", "it does not lead to the state root of the header");
  if (record.row === null) {
    if (verdict.value !== undefined) deny("presence", "record.row", "there is a record under this key");
  } else if (verdict.value === undefined) deny("presence", "record.row", "there is no record under this key");
  else if (!equalBytes(verdict.value, sha256(record.row))) deny("row", "record.row", "another row stands under this key");
}

/** The act is in its block, its signatures hold, and it wrote the row. */
function checkAct(
  part: ActPart,
  step: string,
  network: Bytes,
  top: Block,
  wrote: { collection: string; key: Bytes; row: Bytes } | undefined,
): ShownAct {
  const block = part.header === undefined || part.history === undefined ? top : blockOf(network, part.header, `${step}.header`);
  if (block !== top) checkHistory(part.history, `${step}.history`, block, top.header);
  const { order, transactionsRoot, leaves } = block.header;
  const receipt: Receipt = attempt("receipt", `${step}.receipt`, () => decodeReceipt(part.receipt));
  const transaction = part.bytes && attempt("transaction", `${step}.bytes`, () => plainTransaction(network, part.bytes!));
  const id = transaction?.id ?? dueId(network, order.time, order.height, part.due!.collection, part.due!.key, part.due!.name);
  const leaf = leafHash(encodeLeaf(id, part.bytes ? sha256(part.bytes) : NO_BYTES, part.receipt));
  if (!verifyInclusion({ root: transactionsRoot, size: leaves, index: part.index, leaf, path: hashes(part.path) }))
    deny(
      "transaction_path",
      `${step}.path`,
      `it is not transaction ${part.index} of the block at height ${order.height} with this receipt`,
    );
  if (wrote !== undefined) {
    const { index, path } = part.write!;
    const written = leafHash(encode([wrote.collection, wrote.key, sha256(wrote.row)]));
    if (!verifyInclusion({ root: receipt.writesRoot, size: receipt.writes, index, leaf: written, path: hashes(path) }))
      deny("write", `${step}.write`, "it did not write this row");
  }
  return {
    id: hex(id),
    height: order.height,
    time: order.time,
    index: part.index,
    outcome: receipt.outcome,
    code: receipt.code,
    flags: receipt.flags,
    operations: transaction?.operations.map(([action, args]) => ({ action, args: shown(args) })) ?? [],
    due: part.due?.name ?? null,
    signers: transaction?.signers.map(hex) ?? [],
  };
}

/** A row names the leaf that wrote it. */
function checkPosition(row: Pick<ShownRow, "height" | "index">, act: ShownAct, step: string): void {
  if (row.height !== act.height || row.index !== act.index)
    deny("row_position", step, `it names leaf ${row.index} of height ${row.height}, not the act in this file`);
}

/** Row bytes: C([revision, status, since, schema version, height, index, previous height, previous index, fields, refused due work?]) (§5.1). */
function decodeRow(bytes: Bytes, step: string): ShownRow {
  const value = attempt("row", step, () => decode(bytes));
  const [revision, status, since, schemaVersion, height, index, previousHeight, previousIndex, fields, parked, ...rest] = Array.isArray(
    value,
  )
    ? (value as Value[])
    : [];
  const numbers = [revision, since, schemaVersion, height, index, previousHeight, previousIndex];
  const isMap = fields !== null && typeof fields === "object" && !Array.isArray(fields) && !(fields instanceof Uint8Array);
  if (
    !numbers.every((n) => typeof n === "number" && n >= 0) ||
    typeof status !== "string" ||
    !isMap ||
    rest.length > 0 ||
    (parked !== undefined && !Array.isArray(parked))
  )
    return deny("row", step, "it is not a row");
  return {
    revision: revision as number,
    status,
    since: since as number,
    schemaVersion: schemaVersion as number,
    height: height as number,
    index: index as number,
    previous: revision === 1 ? null : { height: previousHeight as number, index: previousIndex as number },
    fields: shown(fields) as ShownRow["fields"],
  };
}

function shown(value: Value): Shown {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return (value as Value[]).map(shown);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shown(item)]));
  return value;
}

function hashes(path: Bytes): Bytes[] {
  return Array.from({ length: path.length / 32 }, (_, i) => path.subarray(32 * i, 32 * i + 32));
}

/** What `act` gives; if it refuses the bytes, a refusal of the proof. */
function attempt<T>(code: string, step: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isLedgerError(error) || error.code.startsWith("bug.")) throw error;
    return deny(error.code === "transaction.signature" ? "transaction_signature" : code, step, error.message);
  }
}

function deny(code: string, step: string, detail: string): never {
  throw new LedgerError(`proof.${code}`, { step, detail });
}
