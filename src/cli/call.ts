// `chancery call` and `tx`: prepare, check, sign, send, wait for the receipt. docs/reference/cli.md.
// Owns the commands and how receipts are printed. Does not own: bytes and checks (client). A transaction file is a chancery-transaction/1 document.

import fs from "node:fs";
import type { Command } from "commander";
import { hex, unhex } from "../base/bytes.ts";
import { readDocument, writeDocument } from "../base/document.ts";
import type { Key } from "../base/keyFile.ts";
import { seedSigner, Draft } from "../client/build.ts";
import type { Ledger, Prepared } from "../client/index.ts";
import { argumentsOf, collect, duration, globalsOf, openKeyFile, readText } from "./globals.ts";
import { ledgerOf } from "./nodes.ts";
import { showOutcome } from "./outcomes.ts";
import { answer, bold, exits, type Globals, green, progress, refuse, usage, yellow } from "./output.ts";

export function register(program: Command): void {
  program
    .command("call <action>")
    .description("sign an act and hand it in; waits for the receipt")
    .requiredOption("--args <file|json>", "the arguments: a JSON file, JSON itself, or - for stdin")
    .option("--not-after <duration>", "how long it may be committed", "1h")
    .option("--nonce <hex>", "16 bytes; random if left out")
    .option("--no-wait", "do not wait for the receipt")
    .option("--dry-run", "only say who must sign and how it would end", false)
    .action(call);
  const tx = program.command("tx").description("transactions: what became of one, and acts that several parties sign one after the other");
  tx.command("show <file>").description("what a transaction file says").action(show);
  tx.command("prepare <action>")
    .description("a transaction file for several parties to sign")
    .requiredOption("--args <file|json>", "the arguments")
    .option("--signer <public key>", "hex; once for each party", collect)
    .option("--not-after <duration>", "how long it may be committed", "1h")
    .requiredOption("--out <file>", "where to write it")
    .action(prepare);
  tx.command("sign <file>").description("add a signature to a transaction file").action(sign);
  tx.command("submit <file>")
    .description("hand in a transaction file that everybody has signed")
    .option("--no-wait", "do not wait for the receipt")
    .action(submit);
  tx.argument("[id]", "a transaction's id").option("--wait", "wait until it is final", false).action(look);
}

interface CallOptions {
  readonly args: string;
  readonly notAfter: string;
  readonly nonce?: string;
  readonly wait: boolean;
  readonly dryRun: boolean;
}

async function call(action: string, o: CallOptions, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const args = argumentsOf(o.args);
  const keys = await keysOf(globals);
  const notAfter = Date.now() + duration(o.notAfter);
  if (o.nonce !== undefined && !/^[0-9a-f]{32}$/.test(o.nonce)) usage("the nonce is not 32 lowercase hex digits", "leave --nonce out");
  const ledger = await ledgerOf(globals);
  progress(`preparing ${action} at ${globals.node}`);
  const terms = { signers: keys.map((k) => k.publicKey), notAfter, ...(o.nonce === undefined ? {} : { nonce: unhex(o.nonce) }) };
  const prepared = await ledger.prepare(action, args, terms);
  if (o.dryRun) return showDryRun(prepared);
  for (const key of keys) await prepared.draft.sign(seedSigner(key.secret));
  await hand(ledger, prepared.draft, globals, o.wait, action);
}

async function keysOf(globals: Globals): Promise<Key[]> {
  if (globals.keys.length === 0) usage("an act needs at least one signer", "add --key KEYFILE (or set CHANCERY_KEY)");
  const keys: Key[] = [];
  for (const file of globals.keys) keys.push(await openKeyFile(file, globals, ["organisation", "person", "credential", "access"]));
  return keys;
}

/** Hands the signed bytes in and prints what came of it: exit 0, 4 (refused) or 5 (not known yet). */
async function hand(ledger: Ledger, draft: Draft, globals: Globals, wait: boolean, action: string): Promise<void> {
  const signed = draft.finish();
  progress(`handing in ${signed.id}`);
  const started = performance.now();
  const outcome = await ledger.submit(signed, { wait: wait ? "final" : "accepted", timeout: `${globals.timeoutMs}ms` });
  showOutcome(outcome, { action, notAfter: draft.fields.notAfter, accepted: !wait, ms: Math.round(performance.now() - started) });
}

function showDryRun({ action, needs, dryRun, draft }: Prepared): void {
  const ends = dryRun?.outcome ?? "not said";
  answer({ id: draft.id, action, needs, dryRun: dryRun ?? null }, [
    `${bold(action)}  would be ${dryRun?.code === undefined ? ends : `${ends}: ${dryRun.code}`}`,
    ...needs.map(
      (n) =>
        `  ${n.met ? green("✓") : yellow("missing")} ${n.slot}: ${[n["party"], n["role"], n["scope"]].filter((v) => v !== undefined).join(" ")}`,
    ),
  ]);
}

// ── tx ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async function look(id: string | undefined, o: { wait: boolean }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  if (id === undefined || !/^[0-9a-f]{64}$/.test(id))
    return usage("an id is 64 lowercase hex digits", "chancery tx ID, or chancery tx --help");
  const ledger = await ledgerOf(globals);
  showOutcome(await ledger.transactionById(id, { ...(o.wait ? { wait: "final" as const } : {}), timeout: `${globals.timeoutMs}ms` }), {});
}

async function prepare(
  action: string,
  o: { args: string; signer?: string[]; notAfter: string; out: string },
  command: Command,
): Promise<void> {
  const globals = globalsOf(command);
  const signers = o.signer ?? [];
  if (signers.length === 0 || signers.some((s) => !/^[0-9a-f]{64}$/.test(s)))
    usage("signers are public keys of 64 lowercase hex digits", "add --signer KEY for each party (chancery keys show FILE)");
  const ledger = await ledgerOf(globals);
  const prepared = await ledger.prepare(action, argumentsOf(o.args), {
    signers: signers.map(unhex),
    notAfter: Date.now() + duration(o.notAfter),
  });
  fs.writeFileSync(o.out, writeDocument({ format: "chancery-transaction/1", body: prepared.draft.body, signatures: [] }));
  answer(
    { file: o.out, id: prepared.draft.id, needs: prepared.needs },
    `${green("✓")} ${o.out}: ${prepared.draft.id}. Next, each party: chancery tx sign ${o.out} --key KEYFILE`,
  );
}

function draftOf(file: string, network: Uint8Array): Draft {
  const { body, signatures } = readDocument(readText(file), "chancery-transaction/1");
  const draft = new Draft(network, body);
  for (const s of signatures) draft.attach({ key: unhex(s.by), signature: s.signature });
  return draft;
}

async function show(file: string, _o: unknown, command: Command): Promise<void> {
  const ledger = await ledgerOf(globalsOf(command));
  const draft = draftOf(file, ledger.network);
  const { operations, signers, notAfter, nonce } = draft.fields;
  const missing = draft.missing;
  answer({ id: draft.id, operations, signers: signers.map((s) => hex(s)), notAfter, nonce: hex(nonce), missing }, [
    `${bold(draft.id)}   until ${new Date(notAfter).toISOString()}`,
    ...operations.map(
      (op) =>
        `  ${op.action} ${JSON.stringify(op.args, (_n, v: unknown) => (v instanceof Uint8Array ? hex(v) : typeof v === "bigint" ? v.toString() : v))}`,
    ),
    ...signers.map((s) => `  ${missing.includes(hex(s)) ? yellow("missing") : green("signed ")} ${hex(s)}`),
  ]);
}

async function sign(file: string, _o: unknown, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const ledger = await ledgerOf(globals);
  const draft = draftOf(file, ledger.network);
  const { signatures } = readDocument(readText(file), "chancery-transaction/1");
  const all = new Map(signatures.map((s) => [s.by, s]));
  for (const key of await keysOf(globals)) {
    const by = hex(key.publicKey);
    if (!draft.missing.includes(by) && !all.has(by))
      refuse("key.purpose", { why: `${by} is not among the signers of ${file}`, do: `chancery tx show ${file}` });
    all.set(by, { by, signature: await seedSigner(key.secret).sign(draft.signingBytes) });
  }
  fs.writeFileSync(file, writeDocument({ format: "chancery-transaction/1", body: draft.body, signatures: [...all.values()] }));
  const missing = draft.fields.signers.map((s) => hex(s)).filter((s) => !all.has(s));
  answer(
    { file, id: draft.id, missing },
    missing.length === 0
      ? `${green("✓")} all have signed. Next: chancery tx submit ${file}`
      : `${green("✓")} signed; ${missing.length} still missing`,
  );
}

async function submit(file: string, o: { wait: boolean }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const ledger = await ledgerOf(globals);
  const draft = draftOf(file, ledger.network);
  if (draft.missing.length > 0)
    refuse("transaction.signature", {
      why: `signatures are missing: ${draft.missing.join(", ")}`,
      do: `chancery tx sign ${file} --key KEYFILE`,
      exit: exits.usage,
    });
  await hand(ledger, draft, globals, o.wait, draft.fields.operations[0]!.action);
}
