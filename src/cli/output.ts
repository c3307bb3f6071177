// What a command says and how it ends: one document on stdout, errors on stderr, an exit code that scripts can rely on. docs/reference/cli.md.
// Owns exit codes, the three lines of a refusal (what, why, do), colour. Does not own: what is printed by each command.

import { codeEntry, codes } from "../base/codes.ts";
import { LedgerError } from "../base/errors.ts";

/** Exit codes of every command but `start`; `--json` never changes them. */
export const exits = { done: 0, no: 1, usage: 2, unreachable: 3, refused: 4, pending: 5, bug: 70 } as const;

/** Options that every command takes. */
export interface Globals {
  readonly json: boolean;
  readonly node: string;
  readonly home: string | undefined;
  readonly keys: readonly string[];
  readonly passphraseFile: string | undefined;
  readonly ca: string | undefined;
  /** A key file to read with, and whose node it is that is read. */
  readonly accessKey: string | undefined;
  readonly nodeOf: string | undefined;
  readonly timeoutMs: number;
  readonly quiet: boolean;
}

let colour = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
let asJson = false;
let quiet = false;

/** Decided once, before a command runs. */
export function setOutput(options: { json: boolean; color: boolean; quiet: boolean }): void {
  asJson = options.json;
  quiet = options.quiet;
  if (!options.color || options.json) colour = false;
}

const painted =
  (code: string) =>
  (text: string): string =>
    colour ? `\x1b[${code}m${text}\x1b[0m` : text;
export const bold = painted("1");
export const dim = painted("2");
export const green = painted("32");
export const red = painted("31");
export const yellow = painted("33");

/** JSON of anything the commands hold: bytes as hex, bigint as decimal string. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_name, v: unknown) => {
    if (typeof v === "bigint") return v.toString();
    return v instanceof Uint8Array ? Buffer.from(v).toString("hex") : v;
  });
}

/** The command's answer: the document with --json, else the lines. */
export function answer(document: unknown, lines: string | readonly string[]): void {
  process.stdout.write(`${asJson ? toJson(document) : typeof lines === "string" ? lines : lines.join("\n")}\n`);
}

/** Progress for people: stderr, never with --json or -q. */
export function progress(text: string): void {
  if (!asJson && !quiet) process.stderr.write(`${dim(text)}\n`);
}

/** A remark that a person should see even in scripts' logs. */
export function warn(text: string): void {
  process.stderr.write(asJson ? `${JSON.stringify({ warning: text })}\n` : `${yellow("!")} ${text}\n`);
}

export interface Refusal {
  /** Why it is so, one sentence. */
  readonly why: string;
  /** A command that can be pasted, or what to change. */
  readonly do: string;
  /** Exit code, where the registry has none for the code. */
  readonly exit?: number;
}

/** Ends the command: `code` says what (its title in the registry), `refusal` why and what to do. */
export function refuse(code: string, refusal: Refusal, cause?: unknown): never {
  throw new LedgerError(code, { ...refusal }, cause);
}

/** A wrong way of calling a command. */
export function usage(why: string, todo: string): never {
  return refuse("usage.invalid", { why, do: todo });
}

/** What every kind of error has to say; ChanceryError and commander's errors are recognised by their fields. */
interface Told {
  readonly code: string;
  readonly title: string;
  readonly why: string;
  readonly do: string;
  readonly exit: number;
  readonly status?: number;
  readonly retry?: string;
  readonly problem?: unknown;
}

/** Reports `error` on stderr and returns the exit code. */
export function report(error: unknown): number {
  const told = tell(error);
  if (asJson) {
    const { code, title, why, status, retry, problem } = told;
    const extra = typeof problem === "object" && problem !== null ? problem : {};
    process.stderr.write(
      `${toJson({ type: `/problems/${code}`, title, ...(status === undefined ? {} : { status }), code, detail: why, retry: retry ?? "never", ...extra, do: told.do, exit: told.exit })}\n`,
    );
  } else process.stderr.write(`${red("✗")} ${bold(told.title)} ${dim(`(${told.code})`)}\n  ${told.why}\n  Do: ${told.do}\n`);
  return told.exit;
}

/** What the system says of a disk, whatever the file. */
const DISK_ERRORS: readonly string[] = ["ENOSPC", "EDQUOT", "EIO", "EROFS"];
const MISSING_ADVICE = "a library is missing: run npm ci where Chancery is installed";
const DISK_ADVICE = "make room or replace the disk, then start again";

function tell(error: unknown): Told {
  if (error instanceof LedgerError) {
    const entry = codeEntry(error.code);
    const data = (error.data ?? {}) as Partial<Refusal> & Record<string, unknown>;
    const { why, do: todo, exit, problem, ...rest } = data;
    const known = codes[error.code] !== undefined;
    const bug = error.code.startsWith("bug.");
    return {
      code: error.code,
      title: entry.title,
      why: typeof why === "string" ? why : describe(rest, error.cause),
      do: typeof todo === "string" ? todo : defaultAdvice(error.code),
      exit:
        typeof exit === "number"
          ? exit
          : (entry.exit ?? (bug ? exits.bug : known && entry.status !== undefined ? exits.refused : exits.usage)),
      ...(entry.status === undefined ? {} : { status: entry.status }),
      ...(entry.retry === undefined ? {} : { retry: entry.retry }),
      ...(problem === undefined ? {} : { problem }),
    };
  }
  if (error instanceof Error && error.name === "ChanceryError") return tellNode(error as NodeRefusal);
  const { code, message, stack } = (error ?? {}) as { code?: unknown; message?: unknown; stack?: unknown };
  // Full, over quota, read-only, failing: nothing that another path or a repetition would mend.
  if (typeof code === "string" && DISK_ERRORS.includes(code))
    return {
      code: "store.write",
      title: codeEntry("store.write").title,
      why: String(message),
      do: DISK_ADVICE,
      exit: codeEntry("store.write").exit!,
    };
  if (typeof code === "string" && /^E[A-Z]+$/.test(code))
    return {
      code: "file.unusable",
      title: codeEntry("file.unusable").title,
      why: String(message),
      do: "check the path and its permissions",
      exit: exits.usage,
    };
  return {
    code: "bug.unexpected",
    title: "Something went wrong that should not: a bug of ours.",
    why: String(stack ?? message ?? error),
    do: code === "ERR_MODULE_NOT_FOUND" ? MISSING_ADVICE : "report it with the lines above and the output of: chancery version --json",
    exit: exits.bug,
  };
}

/** ChanceryError, by its fields: this file must not load the client. */
interface NodeRefusal extends Error {
  readonly code: string;
  readonly retry: string;
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;
}

function tellNode({ code, retry, status, problem }: NodeRefusal): Told {
  const fault = (problem["errors"] as { pointer: string; expected: string; got: string; fix?: string }[] | undefined)?.[0];
  const why =
    fault === undefined ? (problem["detail"] ?? "the node says no more") : `${fault.pointer}: expected ${fault.expected}, got ${fault.got}`;
  const again =
    retry === "same"
      ? "try again in a moment, with the same bytes"
      : retry === "rebuild"
        ? "make a new transaction"
        : "correct what is named above";
  // Handing in answers "not known" by itself where bytes may have arrived; whatever else failed, no act was sent.
  const unreachable = status === 0;
  return {
    code,
    title: String(problem["title"] ?? codeEntry(code).title),
    why: String(why),
    do: unreachable ? "check that the node runs, or name another one with --node URL" : (fault?.fix ?? again),
    exit: unreachable ? exits.unreachable : (codes[code]?.exit ?? exits.refused),
    ...(status === 0 ? {} : { status }),
    retry,
    problem,
  };
}

function describe(data: Record<string, unknown>, cause: unknown): string {
  const parts = Object.entries(data).map(([name, value]) => `${name}: ${typeof value === "string" ? value : toJson(value)}`);
  if (cause instanceof Error && parts.length < 2) parts.push(cause.message);
  return parts.length === 0 ? "no more is known" : parts.join(" · ");
}

function defaultAdvice(code: string): string {
  if (code.startsWith("key.passphrase")) return "add --passphrase-file FILE";
  if (code === "file.exists") return "choose another name or remove the file";
  if (code === "start.locked") return "stop the other process first, or give this one its own --home";
  if (code === "genesis.mismatch") return "chancery genesis show FILE, and compare the fingerprint with the other members";
  if (code === "store.write" || code === "store.read") return DISK_ADVICE;
  if (code.endsWith(".damaged")) return "move the named part of the home aside and start again: docs/operations.md, “Damaged data”";
  return "chancery help";
}

/** The first 96 bits of a hash in six groups of four hex digits: short enough to be read aloud. */
export function grouped(hash: Uint8Array): string {
  return Buffer.from(hash.subarray(0, 12)).toString("hex").match(/.{4}/g)!.join(" ");
}
