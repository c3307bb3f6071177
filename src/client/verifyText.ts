// A verdict on a proof in words for a judge: what is proved, by whom it is confirmed, and what the file does not show. English; keyed by code, so that
// other languages stand beside it. Owns sentences only. Does not own the verdict (verify.ts). Browser-clean.

import { hex, text, unhex } from "../base/bytes.ts";
import type { NotProved, Proved, ProofVerdict, Shown, ShownAct, Trusted } from "./verify.ts";

/** The verdict in lines of plain text. */
export function verdictText(verdict: ProofVerdict, trusted: Pick<Trusted, "name" | "names" | "anchor">): string {
  return verdict.valid ? provedText(verdict, trusted) : notProvedText(verdict);
}

function provedText(verdict: Proved, { name, names, anchor }: Pick<Trusted, "name" | "names" | "anchor">): string {
  const { record, transaction, confirmedBy, quorum } = verdict;
  const lines = [`PROVED. ${subject(verdict)}${heldBy(verdict, name)}`];
  if (record !== null)
    lines.push(
      `  ${[`status ${record.status}`, ...Object.entries(record.fields).map(([field, value]) => `${field} ${inline(value)}`)].join(" · ")}`,
    );
  if (record !== null && transaction !== null) lines.push(`  Written by ${act(transaction)}.`);
  if (record !== null && transaction === null)
    lines.push(record.height === 0 ? "  It stands in the ledger since its founding." : "  This file does not show the act that wrote it.");
  if (quorum !== null) {
    const who = confirmedBy.map((id) => names.get(id) ?? id).join(", ");
    lines.push(`  Confirmed by ${confirmedBy.length} of ${quorum[1]} validators (${quorum[0]} are needed): ${who}.`);
  } else lines.push("  Confirmed by the history of the anchor, which includes this block.");
  lines.push(
    verdict.trust === "anchor" && anchor !== undefined
      ? `  Validators followed from: an anchor of ${date(anchor.header.order.time)} (height ${spaced(anchor.header.order.height)}, block ${groups(hex(anchor.hash))}), given by you.`
      : "  Validators followed from: the genesis file given by you.",
  );
  if (verdict.warnings.includes("long_range"))
    lines.push(
      "  Note: the validators have changed since the founding. Keys of validators who have left could sign a false past; a recently published anchor (--anchor) excludes that.",
    );
  lines.push(
    "  This file does not show: what happened after that moment; that the statements in the record are true; which person or office held these keys.",
  );
  lines.push("  Checked offline; the rules are in docs/protocol.md §5.");
  return lines.join("\n");
}

function subject(verdict: Proved): string {
  const { subject: of, record, present, transaction } = verdict;
  if ("transaction" in of) return `Transaction ${groups(of.transaction)}: ${act(transaction!)}; ${outcome(transaction!)}`;
  const named = `${of.collection.replace("/", " / ")} / ${keyText(of.key)}`;
  return present ? `Record ${named}, revision ${record!.revision}` : `There is no record ${named}`;
}

function heldBy({ asOf, stood, network, subject: of, present }: Proved, name: string): string {
  const ledger = `the ledger "${name}" (${groups(network)})`;
  if ("transaction" in of) return `, in ${ledger}.`;
  if (asOf.time !== null) return `, as ${ledger} ${present ? "held it" : "stood"} on ${date(asOf.time)} (height ${spaced(asOf.height)}).`;
  const from = stood?.from == null ? "" : ` It was written on ${date(stood.from.time)} (height ${spaced(stood.from.height)})`;
  const until =
    stood?.until == null ? " and not replaced since" : ` and replaced on ${date(stood.until.time)} (height ${spaced(stood.until.height)})`;
  return `, as ${ledger} held it at height ${spaced(asOf.height)}.${from}${from === "" ? "" : `${until}.`}`;
}

function act(a: ShownAct): string {
  const at = `${date(a.time)} (height ${spaced(a.height)})`;
  if (a.due !== null) return `the ledger itself, as "${a.due}" fell due, on ${at}`;
  const keys = a.signers.map((key) => `${key.slice(0, 4)} ${key.slice(4, 6)}…`).join(", ");
  return `${a.operations.map((o) => o.action).join(", ")}, transaction ${groups(a.id)}, ${at}, signed by key${a.signers.length === 1 ? "" : "s"} ${keys}`;
}

function outcome(a: ShownAct): string {
  if (a.outcome === 0) return a.flags.length === 0 ? "it was applied" : `it was applied, and marked ${a.flags.join(", ")}`;
  return `it was refused under ${a.code}, and changed nothing`;
}

/** What is wrong, by code; `about` as the verifier gives it. */
const falsehoods: { readonly [code: string]: (step: string, about: NotProved["about"]) => string } = {
  malformed: (_, [expected]) => (expected === undefined ? "the parts of the file do not belong together" : `it should be ${expected}`),
  network: (step, [made, asked]) =>
    step === "anchor" ? "the anchor belongs to another network" : `made for network ${made}, asked about ${asked}`,
  anchor_needed: (_, [height]) => `it starts at an anchor of height ${height}: give that anchor`,
  anchor_other: (step) =>
    step === "from"
      ? "it starts at another anchor than the one given"
      : step === "validators"
        ? "the walk does not pass through the anchor"
        : "another block than the anchor's stands at the anchor's height",
  anchor_newer: (_, [anchor, height]) =>
    `the anchor (height ${anchor}) is not before the proof's block (${height}): make the proof again with --anchor`,
  header: (_, [code]) => `it is not a block's header (${code})`,
  set: (step, [code]) =>
    code !== undefined
      ? `it is not a set of validators (${code})`
      : step.endsWith(".set")
        ? "it is not the set that the header names"
        : "changes of the set stand in ascending order, below the block they lead to",
  certificate: (_, [height]) =>
    typeof height === "number" ? `it is not for the block at height ${height} in this file` : `it is not a certificate (${height})`,
  certificate_bitmap: (_, [height, , of]) => `height ${height}: its signers do not fit a set of ${of}`,
  certificate_quorum: (_, [height, needed, of]) => `height ${height}: fewer than ${needed} of ${of} validators signed`,
  certificate_signature: (_, [height, , , signer]) => `height ${height}: the signature of validator "${signer}" does not fit`,
  history: (_, [height, later]) => `the block at height ${height} is not in the history of the one at height ${later}`,
  state: () => "it does not lead to the state root of the header",
  presence: (_, [what]) => `there is ${what} record under this key`,
  row: (_, [code]) => (code === undefined ? "another row stands under this key, or it is none" : `it is not a row (${code})`),
  receipt: (_, [code]) => `it is not a receipt (${code})`,
  transaction: (_, [code]) => `it is not a transaction (${code})`,
  transaction_signature: () => "a signature under it does not fit",
  transaction_path: (_, [index, height]) => `it is not transaction ${index} of the block at height ${height} with this receipt`,
  write: () => "it did not write this row",
  row_position: (_, [index, height]) => `it names leaf ${index} of height ${height}, not the act in this file`,
  replaced: () => "it does not follow the record's version",
  at: (_, [from, to, at]) => `the record's version stood from height ${from} to ${to} at least, not at ${at}`,
};

/** One sentence, without its end: what is wrong at the step of the file. */
export function refusalText({ code, step, about }: NotProved): string {
  return falsehoods[code.slice("proof.".length)]?.(step, about) ?? code;
}

/** What a refusal means to whoever holds the file. Everything not named here is falsified or damaged. */
const advice: { readonly [code: string]: string } = {
  "proof.network": "It may be true in another ledger; give the genesis file of that ledger.",
  "proof.anchor_needed": "It cannot be judged without it.",
  "proof.anchor_other": "With the anchor you trust, it is not proved. Ask for a proof made with this anchor.",
  "proof.anchor_newer": "With the anchor you trust, it is not proved as it stands.",
};

function notProvedText(verdict: NotProved): string {
  const { code, step } = verdict;
  return `NOT PROVED. At ${step}: ${refusalText(verdict)}.\n  ${advice[code] ?? "Somebody changed this file, or it was never true. Nothing in it should be relied on."} (${code})`;
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
function date(ms: number): string {
  const d = new Date(ms);
  return `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()}, ${d.toISOString().slice(11, 19)} UTC`;
}

const spaced = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, " ");
const groups = (digits: string): string => `${digits.slice(0, 4)} ${digits.slice(4, 8)} …`;

/** A key of text parts as "a/b"; hex for what has other parts. The verifier carries no contracts, so it cannot know. */
function keyText(key: string): string {
  const bytes = unhex(key);
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0) continue;
    if (bytes[i + 1] !== 0) return key;
    try {
      parts.push(text(bytes.subarray(from, i)));
    } catch {
      return key;
    }
    from = i + 2;
    i++;
  }
  return from === bytes.length && parts.length > 0 ? parts.join("/") : key;
}

const SHOWN = 200;
function inline(value: Shown): string {
  const whole = typeof value === "string" ? value : JSON.stringify(value);
  const safe = whole.replace(/\p{C}/gu, "·"); // no line breaks, no direction marks: a field must not write sentences of this page
  return safe.length > SHOWN ? `${safe.slice(0, SHOWN)}…` : safe;
}
