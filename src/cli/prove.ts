// `chancery prove`, `verify`, `anchor`, `verify-chain`: evidence, and the check that needs nothing but files. docs/protocol.md §5.
// Owns the commands. Does not own: the verdict (client/verify), its words (client/verifyText). `verify` loads no network stack.

import fs from "node:fs";
import type { Command } from "commander";
import { hex } from "../base/bytes.ts";
import { isLedgerError } from "../base/errors.ts";
import { openTrust, type Proved, type ProofVerdict, type Trusted, verify as verifyProof } from "../client/verify.ts";
import { refusalText, verdictText } from "../client/verifyText.ts";
import { globalsOf, readText, wholeNumber } from "./globals.ts";
import { answer, bold, exits, type Globals, green, progress, red, refuse, usage, yellow } from "./output.ts";

export function register(program: Command): void {
  program
    .command("prove <contract> <collection> <key>")
    .description("a proof file of a record, or that there is none")
    .requiredOption("--out <file>", "where to write it")
    .option("--at <height>", "of what stood at this height", wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option("--anchor <file>", "the anchor that the verifier will trust: a shorter file")
    .option("--no-transaction", "leave out the act that wrote the record")
    .action(prove);
  program
    .command("verify <file>")
    .description("does a proof file hold? Offline; exit 0 only if everything does")
    .requiredOption("--genesis <file>", "the genesis file that you trust")
    .option("--anchor <file>", "an anchor that you trust")
    .option("--lang <code>", "language of the text", "en")
    .action(verify);
  program
    .command("anchor")
    .description("a point of trust to publish: an epoch's last header with its certificate, found by a verified walk from genesis")
    .requiredOption("--genesis <file>", "the genesis file that you trust")
    .requiredOption("--out <file>", "where to write it")
    .action(anchor);
  program
    .command("verify-chain")
    .description("execute and verify the whole chain of a home anew; the node must not be running")
    .option("--from <height>", "begin here", wholeNumber(1, Number.MAX_SAFE_INTEGER), 1)
    .option("--signatures", "check every client's signature as well", false)
    .action(verifyChain);
}

async function prove(
  contract: string,
  collection: string,
  key: string,
  o: { out: string; at?: number; anchor?: string; transaction: boolean },
  command: Command,
): Promise<void> {
  const globals = globalsOf(command);
  const text = await fetchProof(contract, collection, key, o, globals);
  fs.writeFileSync(o.out, text);
  const { record } = JSON.parse(text) as { record?: { row: unknown } };
  const present = record?.row !== null;
  answer(
    { file: o.out, bytes: text.length, present },
    `${green("✓")} ${o.out} (${text.length} bytes) proves ${present ? "the record" : "that there is no record"} ${contract}/${collection}/${key}. Check it: chancery verify ${o.out} --genesis GENESIS`,
  );
}

async function fetchProof(
  contract: string,
  collection: string,
  key: string,
  o: { at?: number; anchor?: string; transaction?: boolean },
  globals: Globals,
): Promise<string> {
  const [{ collectionOf, connectionOf, keyOf }, { readAnchor }] = await Promise.all([import("./nodes.ts"), import("../base/anchor.ts")]);
  const connection = await connectionOf(globals);
  const from = o.anchor === undefined ? undefined : readAnchor(readText(o.anchor)).header.order.height;
  const path = `/v1/proofs/${collectionOf(contract, collection)}/${keyOf(key).map(encodeURIComponent).join("/")}`;
  const query = { at: o.at, from, ...(o.transaction === false ? { transaction: "false" } : {}) };
  const { body } = await connection.request(path, { query, timeoutMs: globals.timeoutMs });
  return `${JSON.stringify(body, undefined, 1)}\n`;
}

function trustOf(o: { genesis?: string; anchor?: string }): Trusted {
  const genesis =
    o.genesis ??
    process.env["CHANCERY_GENESIS"] ??
    usage("checking a proof needs the genesis file that you trust", "add --genesis FILE (or set CHANCERY_GENESIS)");
  return openTrust(readText(genesis), o.anchor === undefined ? undefined : readText(o.anchor));
}

async function verify(file: string, o: { genesis: string; anchor?: string; lang: string }): Promise<void> {
  const trusted = trustOf(o);
  const verdict = verifyProof(readText(file), trusted);
  if (!verdict.valid) process.exitCode = exits.no;
  answer(verdict.valid ? verdict : { ...verdict, detail: refusalText(verdict) }, wordsOf(verdict, trusted));
}

function wordsOf(verdict: ProofVerdict, trusted: Trusted): string[] {
  const [first = "", ...rest] = verdictText(verdict, trusted).split("\n");
  return [verdict.valid ? green(bold(first)) : red(bold(first)), ...rest];
}

/** `get --verify`: the record as its proof shows it, not as the node says it. */
export async function verifiedGet(
  contract: string,
  collection: string,
  key: string,
  o: { at?: number; genesis?: string; anchor?: string },
  globals: Globals,
): Promise<void> {
  const trusted = trustOf(o);
  const verdict = verifyProof(await fetchProof(contract, collection, key, o, globals), trusted);
  if (!verdict.valid)
    return refuse("check.failed", {
      why: `the node's proof does not hold: ${verdict.code}, ${refusalText(verdict)}`,
      do: "ask another node with --node URL, and tell the operator of this one",
    });
  if (!verdict.present) {
    process.exitCode = exits.no;
    return answer(
      { absent: true, at: verdict.asOf.height, verified: true },
      `${green("✓ proved:")} no ${contract}/${collection}/${key} as of height ${verdict.asOf.height}`,
    );
  }
  answer(
    { ...verdict.record, asOf: verdict.asOf, verified: true, trust: verdict.trust, warnings: verdict.warnings },
    shownRecord(verdict, `${contract}/${collection}/${key}`),
  );
}

function shownRecord(verdict: Proved, name: string): string[] {
  const { record, asOf, warnings } = verdict;
  return [
    `${green("✓ proved")} ${bold(name)}   revision ${record!.revision}   ${record!.status}   as of height ${asOf.height}`,
    ...Object.entries(record!.fields).map(
      ([field, value]) => `  ${field.padEnd(20)} ${typeof value === "string" ? value : JSON.stringify(value)}`,
    ),
    ...warnings.map((w) => yellow(`  warning: ${w}`)),
  ];
}

interface AnchorParts {
  readonly validators: readonly { readonly set: string; readonly header: string; readonly certificate: string }[];
  readonly header: string;
  readonly certificate: string;
  readonly set: string;
}

async function anchor(o: { genesis: string; out: string }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const [{ connectionOf }, { unhex, equalBytes }, { writeAnchor }, certificates, headers] = await Promise.all([
    import("./nodes.ts"),
    import("../base/bytes.ts"),
    import("../base/anchor.ts"),
    import("../base/certificate.ts"),
    import("../base/header.ts"),
  ]);
  const { network, validators } = trustOf(o);
  const connection = await connectionOf(globals);
  const { body } = await connection.request<AnchorParts>("/v1/anchor", { timeoutMs: globals.timeoutMs });
  progress("walking the changes of the validators from genesis");
  let set = validators;
  // Each change is certified by the set before it; so is the anchor's header itself.
  const steps = [
    ...body.validators.map((s) => ({ ...s, next: certificates.decodeSet(unhex(s.set)) })),
    { header: body.header, certificate: body.certificate, next: certificates.decodeSet(unhex(body.set)) },
  ];
  let height = 0;
  for (const step of steps) {
    const header = headers.decodeBlock(unhex(step.header));
    const certificate = certificates.decodeCertificate(unhex(step.certificate));
    const hash = headers.blockHashOf(network, unhex(step.header));
    const holds =
      certificate.kind === "commit" &&
      equalBytes(certificate.hash, hash) &&
      header.order.height > height &&
      equalBytes(header.validators, certificates.setHash(network, step.next));
    const fault = holds ? certificates.certificateFault(network, certificate, set) : { code: "header" };
    if (fault !== undefined)
      return refuse("check.failed", {
        why: `the walk breaks at height ${header.order.height}: ${fault.code}`,
        do: "ask another node with --node URL",
      });
    set = step.next;
    height = header.order.height;
  }
  const text = writeAnchor({
    network,
    headerBytes: unhex(body.header),
    certificate: certificates.decodeCertificate(unhex(body.certificate)),
    next: set,
  });
  fs.writeFileSync(o.out, text);
  const hash = headers.blockHashOf(network, unhex(body.header));
  answer(
    { file: o.out, height, hash: hex(hash), network: hex(network) },
    `${green("✓")} ${o.out}: height ${height}, block ${hex(hash).slice(0, 24).match(/.{4}/g)!.join(" ")}`,
  );
}

async function verifyChain(o: { from: number; signatures: boolean }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const { verifyHome } = await import("../node/verifyHome.ts");
  const started = performance.now();
  const bar = (done: number, all: number): void => {
    if (!globals.json && !globals.quiet && process.stderr.isTTY === true)
      process.stderr.write(`\r  ${"█".repeat(Math.floor((30 * done) / Math.max(1, all))).padEnd(30, "░")} ${done}/${all}`);
  };
  try {
    const result = await verifyHome(globals.home ?? usage("verify-chain needs --home", "add --home DIR"), o, bar);
    if (process.stderr.isTTY === true && !globals.json) process.stderr.write("\n");
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    answer(
      { valid: true, ...result, seconds },
      `${green("✓")} ${result.blocks} blocks, ${result.transactions} transactions: every root and certificate holds (${seconds} s)`,
    );
  } catch (error) {
    if (!isLedgerError(error) || !/^(store|chain|journal)\./.test(error.code)) throw error;
    process.exitCode = exits.no;
    answer({ valid: false, code: error.code, detail: error.message }, `${red("✗")} ${error.message}`);
  }
}
