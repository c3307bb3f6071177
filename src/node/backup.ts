// What cannot be fetched from others, in one file: keys, configuration, genesis, anchor, and what says whose node it is. docs/operations.md, "Back up and restore".
// Owns the file's form, its check and laying a home anew from it. Never the chain (the others have it), and never the vote journal: a restored journal
// votes twice (docs/protocol.md §4.7); a home without one follows silently until it is safe to vote.

import fs from "node:fs";
import path from "node:path";
import { base64, hex, unbase64 } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { readGenesis } from "../base/genesis.ts";
import { sha256 } from "../base/hash.ts";
import { readKeyHeader, saveSecretFile } from "../base/keyFile.ts";
import { homeAt } from "./home.ts";
import { isPeerRotation } from "./nodeKeys.ts";

const FORMAT = "chancery-backup/1";
const MAX_FILES = 32;
const ALLOWED =
  /^(VERSION|chancery\.toml|genesis\.json|anchor\.json|[a-z][a-z0-9-]{1,31}\.member\.json|peer(-next)?\.rotation\.json|keys\/[a-z-]{1,32}\.key)$/;

interface BackupFile {
  readonly path: string;
  readonly content: string;
  /** SHA-256 of the content, hex. */
  readonly sha256: string;
}
export interface BackupContents {
  /** Genesis hash, hex. */
  readonly network: string;
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  readonly keys: readonly { readonly purpose: string; readonly sealed: boolean }[];
}

/** The backup of a home, as text. The node may run: none of these files is written while it does. */
export function makeBackup(directory: string): string {
  const home = homeAt(directory);
  const names = [
    "VERSION",
    "chancery.toml",
    "genesis.json",
    "anchor.json",
    ...fs.readdirSync(directory).filter((name) => name.endsWith(".member.json") || isPeerRotation(name)),
    ...fs
      .readdirSync(home.keys)
      .sort()
      .map((k) => `keys/${k}`),
  ];
  const files: BackupFile[] = [];
  for (const name of names) {
    if (!ALLOWED.test(name) || !fs.existsSync(path.join(directory, name))) continue;
    const bytes = new Uint8Array(fs.readFileSync(path.join(directory, name)));
    files.push({ path: name, content: base64(bytes), sha256: hex(sha256(bytes)) });
  }
  const text = `${JSON.stringify({ format: FORMAT, files }, undefined, 1)}\n`;
  readBackup(text);
  return text;
}

/** Opens a backup and checks all of it: sums, genesis, key files. Throws `backup.damaged` naming what is wrong. */
export function readBackup(text: string): BackupContents {
  let file: { format?: unknown; files?: unknown };
  try {
    file = JSON.parse(text) as typeof file;
  } catch (cause) {
    throw new LedgerError("backup.damaged", { why: "the file is not JSON" }, cause);
  }
  if (file.format !== FORMAT || !Array.isArray(file.files) || file.files.length > MAX_FILES) return damaged("the file is no backup");
  const files = (file.files as unknown[]).map((entry) => {
    const { path: name, content, sha256: sum } = (entry ?? {}) as Partial<Record<keyof BackupFile, unknown>>;
    if (typeof name !== "string" || !ALLOWED.test(name) || typeof content !== "string") return damaged("an entry has no path of a home");
    const bytes = unbase64(content);
    return hex(sha256(bytes)) === sum ? { path: name, bytes } : damaged(`${name} is not what it was when the backup was made`);
  });
  const textOf = (name: string): string =>
    Buffer.from(files.find((f) => f.path === name)?.bytes ?? damaged(`${name} is missing`)).toString("utf8");
  const { network } = readGenesis(textOf("genesis.json"));
  const keys = files.filter((f) => f.path.startsWith("keys/")).map((f) => readKeyHeader(Buffer.from(f.bytes).toString("utf8")));
  for (const purpose of ["consensus", "peer"]) if (!keys.some((k) => k.purpose === purpose)) damaged(`there is no ${purpose} key in it`);
  textOf("VERSION");
  textOf("chancery.toml");
  return { network: hex(network), files, keys: keys.map(({ purpose, sealed }) => ({ purpose, sealed })) };
}

/** Lays a new home from a backup. Throws `file.exists` if the directory holds one already. */
export function restoreBackup(text: string, directory: string): BackupContents {
  const contents = readBackup(text);
  if (fs.existsSync(path.join(directory, "VERSION")) || fs.existsSync(path.join(directory, "chancery.toml")))
    throw new LedgerError("file.exists", {
      file: directory,
      why: `${directory} is the home of a node already`,
      do: "name a directory that does not exist",
    });
  const home = homeAt(directory);
  for (const dir of [directory, home.keys, home.run, home.capsules]) fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const { path: name, bytes } of contents.files) saveSecretFile(path.join(directory, name), Buffer.from(bytes).toString("utf8"));
  return contents;
}

function damaged(why: string): never {
  throw new LedgerError("backup.damaged", { why, do: "take an older backup; make a new one with: chancery backup --home DIR --out FILE" });
}
