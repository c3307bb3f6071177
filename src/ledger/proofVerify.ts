// Verification of a proof file: pure, offline, from the network's hash and a validator set alone. docs/protocol.md §5.5.
// Owns the order of the checks, which stop at the first falsehood and name it. Does not own: the file's form (proofFile.ts), genesis and anchor files
// (client/verify.ts), the words for a judge (client/verifyText.ts). Browser-clean; knows no contracts.

import type { Anchor } from "../base/anchor.ts";
import { type Bytes, concat, equalBytes, hex } from "../base/bytes.ts";
import { certificateFault, decodeCertificate, decodeSet, quorum, setHash, signerIndexes, type ValidatorSet } from "../base/certificate.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { type BlockHeader, blockHashOf, decodeBlock } from "../base/header.ts";
import { leafHash, verifyInclusion } from "../base/merkle.ts";
import { isList, isMap, isNatural, isText, tuple } from "../base/shape.ts";
import { verify } from "../base/signature.ts";
import { decodeReceipt, dueId, encodeLeaf, NO_BYTES } from "./block.ts";
import type { NotProved, Place, Proved, ProofVerdict, Shown, ShownAct, ShownRow } from "./proofVerdict.ts";
import { type ActPart, type HistoryPath, type ProofFile, readProof } from "./proofFile.ts";
import { verifyStateProof } from "./stateProof.ts";
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
    return { valid: false, code: error.code, ...(error.data as Pick<NotProved, "step" | "about">) };
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
  if (!equalBytes(file.network, network)) deny("network", "network", hex(file.network), hex(network));
  if (trust.anchor !== undefined && !equalBytes(trust.anchor.network, network)) deny("network", "anchor");
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
    if (previous === null || previous.height !== row!.height || previous.index !== row!.index) deny("replaced", "replaced.row");
  }
  if (at !== undefined) {
    const known = end === undefined ? top.header.order.height : end.height - 1;
    if (row!.height > at || at > known) deny("at", "at", row!.height, known, at);
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

/** The parts belong together as one of the four kinds (§5.4): a record in a state, absence, a version between two acts, a transaction by itself. */
function checkShape({ state, record, transaction, replaced, at, history, from }: ProofFile): void {
  const is = (part: unknown): boolean => part !== undefined;
  const [inState, ofRecord, acted, ended, asked] = [state, record, transaction, replaced, at].map(is) as [
    boolean,
    boolean,
    boolean,
    boolean,
    boolean,
  ];
  const wrongIf = (wrong: boolean, step: string): false | never => wrong && deny("malformed", step);
  if (record === undefined) wrongIf(!acted || ended || asked || inState, "file");
  else {
    wrongIf(inState === ended, "file");
    wrongIf(is(record.bucket) !== inState || is(record.path) !== inState, "record");
    wrongIf(record.row === null && (acted || asked), "record");
    wrongIf(ended && (!asked || !acted || record.row === null), "replaced");
  }
  wrongIf(acted && is(transaction!.write) !== ofRecord, "transaction.write");
  wrongIf(ended && !is(replaced!.write), "replaced.write");
  wrongIf(is(history) && from === "genesis", "history");
  for (const [step, part, isTop] of [
    ["transaction", transaction, !inState && !ended],
    ["replaced", replaced, !inState],
  ] as const) {
    if (part === undefined) continue;
    wrongIf(is(part.bytes) === is(part.due), step);
    wrongIf(isTop ? !is(part.header) || is(part.history) : is(part.certificate) || is(part.header) !== is(part.history), step);
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
  const { from, validators } = file;
  const { height } = top.header.order;
  const anchorHeight = anchor?.header.order.height ?? -1;
  let [set, above] = [trust.validators, 0];
  if (from === "genesis") {
    if (anchorHeight >= height) deny("anchor_newer", "from", anchorHeight, height);
  } else {
    if (anchor === undefined) return deny("anchor_needed", "from", from.height);
    if (from.height !== anchorHeight || !equalBytes(from.hash, anchor.hash)) deny("anchor_other", "from");
    if (height <= anchorHeight) {
      if (validators.length > 0 || certificate !== undefined) deny("malformed", step);
      if (height < anchorHeight) checkHistory(file.history, "history", top, anchor.header);
      else if (file.history !== undefined || !equalBytes(top.hash, anchor.hash)) deny("anchor_other", `${step}.header`);
      return { confirmedBy: [], quorum: null, trust: "anchor", warnings: [] };
    }
    if (file.history !== undefined) deny("malformed", "history");
    [set, above] = [anchor.next, anchorHeight];
  }

  let atAnchor = set;
  for (const [i, { set: next, header, certificate: signed }] of validators.entries()) {
    const name = `validators[${i}]`;
    const block = blockOf(network, header, `${name}.header`);
    const at = block.header.order.height;
    if (at <= above || at >= height) deny("set", `${name}.header`);
    checkCertificate(network, signed, block, set, `${name}.certificate`);
    set = attempt("set", `${name}.set`, () => decodeSet(next));
    if (!equalBytes(setHash(network, set), block.header.validators)) deny("set", `${name}.set`);
    above = at;
    if (at <= anchorHeight) atAnchor = set;
  }
  // A walk from genesis must pass through the anchor: the set it arrives at there is the one the anchor names.
  if (anchor !== undefined && from === "genesis" && !equalBytes(setHash(network, atAnchor), anchor.header.validators))
    deny("anchor_other", "validators");
  if (certificate === undefined) return deny("malformed", step);
  return {
    confirmedBy: checkCertificate(network, certificate, top, set, `${step}.certificate`),
    quorum: [quorum(set.length), set.length],
    trust: anchor === undefined ? "genesis" : "anchor",
    warnings: anchor === undefined && validators.length > 0 ? ["long_range"] : [],
  };
}

function blockOf(network: Bytes, bytes: Bytes, step: string): Block {
  const header = attempt("header", step, () => decodeBlock(bytes));
  return { header, hash: blockHashOf(network, bytes) };
}

/** The certificate is for this block, and at least q distinct validators of the set signed it: who they are. */
function checkCertificate(network: Bytes, bytes: Bytes, { header, hash }: Block, set: ValidatorSet, step: string): string[] {
  const c = attempt("certificate", step, () => decodeCertificate(bytes));
  const { epoch, height } = header.order;
  if (c.kind !== "commit" || c.epoch !== epoch || c.height !== height || !equalBytes(c.hash, hash)) deny("certificate", step, height);
  const fault = certificateFault(network, c, set, verify);
  if (fault !== undefined) deny(fault.code.replace(".", "_"), step, height, quorum(set.length), set.length, fault.signer ?? "");
  return signerIndexes(c, set.length)!.map((i) => set[i]!.id);
}

/** The block's hash is leaf `height` of the history in a later header, whose tree has as many leaves as that header's height. */
function checkHistory(proof: HistoryPath | undefined, step: string, block: Block, later: BlockHeader): void {
  const { height } = block.header.order;
  const size = later.order.height;
  if (proof === undefined) return deny("malformed", step);
  if (proof.size !== size || !isIn(later.history, size, height, block.hash, proof.path)) deny("history", step, height, size);
}

/** Does the leaf stand at the index of the tree? */
function isIn(root: Bytes, size: number, index: number, leaf: Bytes, path: Bytes): boolean {
  const siblings = Array.from({ length: path.length / 32 }, (_, i) => path.subarray(32 * i, 32 * i + 32));
  return verifyInclusion({ root, size, index, leaf: leafHash(leaf), path: siblings });
}

function checkState(record: NonNullable<ProofFile["record"]>, root: Bytes): void {
  // As `stateKeyHash`, which keeps the heads of names for those who ask again and again. A name is ASCII (proofFile.ts).
  const { collection } = record;
  const place = sha256(concat(Uint8Array.of(collection.length, ...Array.from(collection, (c) => c.charCodeAt(0))), record.key));
  const verdict = verifyStateProof(root, place, record.bucket!, record.path!);
  if (!verdict.valid) return deny("state", "record.path");
  const { value } = verdict;
  if ((value === undefined) !== (record.row === null)) deny("presence", "record.row", value === undefined ? "no" : "a");
  if (record.row !== null && !equalBytes(value!, sha256(record.row))) deny("row", "record.row");
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
  const receipt = attempt("receipt", `${step}.receipt`, () => decodeReceipt(part.receipt));
  const transaction = part.bytes && attempt("transaction", `${step}.bytes`, () => plainTransaction(network, part.bytes!));
  const id = transaction?.id ?? dueId(network, order.time, order.height, part.due!.collection, part.due!.key, part.due!.name);
  const leaf = encodeLeaf(id, part.bytes ? sha256(part.bytes) : NO_BYTES, part.receipt);
  if (!isIn(transactionsRoot, leaves, part.index, leaf, part.path)) deny("transaction_path", `${step}.path`, part.index, order.height);
  if (wrote !== undefined) {
    const { index, path } = part.write!;
    const written = encode([wrote.collection, wrote.key, sha256(wrote.row)]);
    if (!isIn(receipt.writesRoot, receipt.writes, index, written, path)) deny("write", `${step}.write`);
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
  if (row.height !== act.height || row.index !== act.index) deny("row_position", step, row.index, row.height);
}

/** Row bytes: C([revision, status, since, schema version, height, index, previous height, previous index, fields, refused due work?]) (§5.1). */
function decodeRow(bytes: Bytes, step: string): ShownRow {
  const value = attempt("row", step, () => decode(bytes));
  const items = isList(value) && value.length === 9 ? [...value, []] : value;
  const [revision, status, since, schemaVersion, height, index, previousHeight, previousIndex, fields, parked] = tuple(items, 10);
  const numbers = [revision, since, schemaVersion, height, index, previousHeight, previousIndex];
  if (!numbers.every(isNatural) || !isText(status) || !isMap(fields) || !isList(parked)) return deny("row", step);
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
  if (typeof value === "bigint") return `${value}`;
  if (isList(value)) return value.map(shown);
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shown(item)])) : value;
}

/** What `act` gives; if it refuses the bytes, a refusal of the proof. */
function attempt<T>(code: string, step: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isLedgerError(error) || error.code.startsWith("bug.")) throw error;
    return deny(error.code === "transaction.signature" ? "transaction_signature" : code, step, error.code);
  }
}

function deny(code: string, step: string, ...about: (string | number)[]): never {
  throw new LedgerError(`proof.${code}`, { step, about });
}
