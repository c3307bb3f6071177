// Options that every command takes, from the command line or the environment, and the files that commands read.
// Owns parsing of durations, JSON arguments and passphrases. Does not own: what a command does with them.

import fs from "node:fs";
import path from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Key, KeyPurpose } from "../base/keyFile.ts";
import type { Json } from "../client/build.ts";
import { type Globals, refuse, usage } from "./output.ts";

export const DEFAULT_NODE = "http://127.0.0.1:7601";
const MAX_FILE_BYTES = 64 << 20;

/** Fresh each time: commander's options belong to one program. */
export function programOptions(): Option[] {
  return [
    new Option("--json", "one JSON document on stdout, errors as problem objects on stderr"),
    new Option("--node <url>", "the node to talk to").env("CHANCERY_NODE").default(DEFAULT_NODE),
    new Option("--home <dir>", "a node's home directory").env("CHANCERY_HOME"),
    new Option("--key <file>", "a key file; may be given several times")
      .env("CHANCERY_KEY")
      .argParser((file: string, all: string[] | undefined) => [...(all ?? []), file]),
    new Option("--passphrase-file <file>", "the passphrase of the key files"),
    new Option("--access-key <file>", "an access key, to read what is not public").env("CHANCERY_ACCESS_KEY"),
    new Option("--node-of <id>", "whose node it is, for the access key's tokens").env("CHANCERY_NODE_OF"),
    new Option("--ca <file>", "certificates to trust for https nodes"),
    new Option("--timeout <duration>", "how long to wait").default("30s"),
    new Option("--no-color", "no colours"),
    new Option("-q, --quiet", "no progress"),
  ];
}

/** The global options of a command that is being run. */
export function globalsOf(command: Command): Globals {
  const o = command.optsWithGlobals<Record<string, unknown>>();
  const keys = o["key"];
  return {
    json: o["json"] === true,
    node: String(o["node"] ?? DEFAULT_NODE).replace(/\/+$/, ""),
    home: o["home"] === undefined ? undefined : path.resolve(String(o["home"])),
    keys: typeof keys === "string" ? [keys] : ((keys as string[] | undefined) ?? []),
    passphraseFile: o["passphraseFile"] as string | undefined,
    ca: o["ca"] as string | undefined,
    accessKey: o["accessKey"] as string | undefined,
    nodeOf: o["nodeOf"] as string | undefined,
    timeoutMs: duration(String(o["timeout"] ?? "30s")),
    quiet: o["quiet"] === true,
  };
}

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Milliseconds of "500ms", "30s", "15m", "1h", "2d". */
export function duration(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return usage(`"${text}" is not a duration`, "write a number and ms, s, m, h or d: 30s, 1h");
  return Number(match[1]) * UNITS[match[2]!]!;
}

/** For commander: a whole number within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (!/^\d+$/.test(text) || n < min || n > max) throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
    return n;
  };
}

/** For commander: gathers a repeatable option. */
export function collect(value: string, all: string[] | undefined): string[] {
  return [...(all ?? []), value];
}

/** A file's text. Exit 2 with the name if it cannot be read. */
export function readText(file: string): string {
  return Buffer.from(readBytes(file)).toString("utf8");
}

export function readBytes(file: string): Uint8Array {
  try {
    const { size } = fs.statSync(file);
    if (size > MAX_FILE_BYTES)
      return refuse("file.unusable", { why: `${file} has ${size} bytes, more than any file of the ledger`, do: "check the path" });
    return new Uint8Array(fs.readFileSync(file));
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause) || "data" in cause) throw cause;
    return refuse("file.unusable", { why: `${file}: ${cause.message}`, do: "check the path and its permissions" }, cause);
  }
}

/** `--args`: a file, JSON itself, or "-" for stdin. */
export function readJson(given: string): unknown {
  const inline = /^\s*[[{]/.test(given);
  const text = given === "-" ? fs.readFileSync(0, "utf8") : inline ? given : readText(given);
  try {
    return JSON.parse(text);
  } catch (cause) {
    return usage(
      `${inline || given === "-" ? "the arguments are" : `${given} is`} not JSON: ${(cause as Error).message}`,
      `check the quotes, e.g. --args '{"name":"value"}'`,
    );
  }
}

/** The same, where it is an object, as arguments are. */
export function argumentsOf(given: string): Json {
  const args = readJson(given);
  if (typeof args !== "object" || args === null || Array.isArray(args))
    return usage("the arguments are not a JSON object", `write names and values: --args '{"name":"value"}'`);
  return args as Json;
}

/** The passphrase that --passphrase-file names, if any. */
export async function passphraseOf(globals: Pick<Globals, "passphraseFile">): Promise<Uint8Array | undefined> {
  if (globals.passphraseFile === undefined) return undefined;
  const { passphraseFrom } = await import("../base/keyFile.ts");
  return passphraseFrom(readBytes(globals.passphraseFile));
}

/** A passphrase for a key that is being sealed: from the file, or asked for twice on a terminal. */
export async function newPassphrase(globals: Globals): Promise<Uint8Array> {
  const given = await passphraseOf(globals);
  if (given !== undefined) return given;
  const first = await ask("New passphrase: ", globals);
  if (first.length < 8) return usage("a passphrase has at least 8 characters", "try again, or add --passphrase-file FILE");
  if ((await ask("Once more: ", globals)) !== first) return usage("the two passphrases differ", "try again");
  return new TextEncoder().encode(first);
}

/** Asks on the terminal without showing what is typed. */
async function ask(prompt: string, globals: Pick<Globals, "json">): Promise<string> {
  const input = process.stdin;
  if (globals.json || input.isTTY !== true)
    return usage("there is no terminal to ask for the passphrase", "add --passphrase-file FILE (or --unprotected for development keys)");
  process.stderr.write(prompt);
  input.setRawMode(true).setEncoding("utf8").resume();
  const typed = await new Promise<string | undefined>((resolve) => {
    let line = "";
    const read = (chunk: string): void => {
      for (const c of chunk) {
        if (c === "\r" || c === "\n" || c === "\u0003") {
          input.off("data", read);
          return resolve(c === "\u0003" ? undefined : line);
        }
        line = c === "\u007f" || c === "\b" ? line.slice(0, -1) : line + c;
      }
    };
    input.on("data", read);
  });
  input.setRawMode(false).pause();
  process.stderr.write("\n");
  return typed ?? usage("interrupted", "try again");
}

/** Opens a key file; asks for its passphrase where there is a terminal. Refuses a key of another purpose than one of `purposes`. */
export async function openKeyFile(file: string, globals: Globals, purposes?: readonly KeyPurpose[]): Promise<Key> {
  const { openKey, readKeyHeader } = await import("../base/keyFile.ts");
  const content = readText(file);
  const header = readKeyHeader(content);
  if (purposes !== undefined && !purposes.includes(header.purpose))
    refuse("key.purpose", {
      why: `${file} is a ${header.purpose} key`,
      do: `give a key made with: chancery keys new --for ${purposes[0]}`,
    });
  return openKey(content, header.sealed ? await passphraseFor(file, globals) : undefined);
}

/** The passphrase of a sealed key file: from --passphrase-file, or asked for. */
export async function passphraseFor(file: string, globals: Globals): Promise<Uint8Array> {
  return (await passphraseOf(globals)) ?? new TextEncoder().encode(await ask(`Passphrase of ${file}: `, globals));
}
