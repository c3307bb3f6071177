// `chancery keys guardians` and `keys vouch`: the list of those who can vouch for a new key, and a guardian's word. docs/operations.md, "Somebody has lost his key".
// Owns the commands and the list's file. Does not own: what is signed (base/guardians), keys' files (keys.ts).

import fs from "node:fs";
import type { Command } from "commander";
import { equalBytes, hex, unhex } from "../base/bytes.ts";
import { readGenesis } from "../base/genesis.ts";
import { guardiansRoot, MAX_GUARDIANS, vouch } from "../base/guardians.ts";
import { readKeyHeader } from "../base/keyFile.ts";
import { globalsOf, openKeyFile, readText, wholeNumber } from "./globals.ts";
import { answer, usage } from "./output.ts";

const FORMAT = "chancery-guardians/1";
interface Guardians {
  readonly format: typeof FORMAT;
  readonly needed: number;
  /** Public keys of purpose `recovery`, in their order; hex. */
  readonly keys: readonly string[];
}

export function register(keys: Command): void {
  keys
    .command("guardians <file...>")
    .description("the list of guardians, of their recovery keys: each of them keeps a copy, and the ledger the root alone (eid.guard)")
    .requiredOption("--needed <n>", "how many of them must vouch for a new key", wholeNumber(1, MAX_GUARDIANS))
    .option("--out <file>", "where to write it", "guardians.json")
    .action(list);
  keys
    .command("vouch <file>")
    .description("a guardian's word, by his recovery key, that this new key is the principal's (an item of `guardians` of eid.recover)")
    .requiredOption("--genesis <file>", "the network's genesis file")
    .requiredOption("--guardians <file>", "the list of guardians")
    .requiredOption("--of <principal>", "whose key was lost")
    .requiredOption("--new <hex>", "the new public key")
    .requiredOption("--revision <n>", "the principal's revision with it: 1 for the first recovery", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(word);
}

function list(files: string[], { needed, out }: { needed: number; out: string }): void {
  if (files.length > MAX_GUARDIANS || needed > files.length)
    usage(`${files.length} guardians of whom ${needed} are needed`, `at most ${MAX_GUARDIANS}, and no more needed than there are`);
  const keys = files.map((file) => {
    const { purpose, publicKey } = readKeyHeader(readText(file));
    if (purpose !== "recovery")
      usage(`${file} is a ${purpose} key`, "a guardian makes one for this alone: chancery keys new --for recovery");
    return publicKey;
  });
  if (new Set(keys.map(hex)).size < keys.length) usage("a guardian is named twice", "each vouches by a key of his own");
  const made: Guardians = { format: FORMAT, needed, keys: keys.map(hex) };
  fs.writeFileSync(out, `${JSON.stringify(made, undefined, 2)}\n`);
  const guardians = { root: hex(guardiansRoot(keys)), size: keys.length, needed };
  answer({ file: out, guardians }, [`${out}   ${needed} of ${keys.length}`, `root   ${guardians.root}`]);
}

async function word(
  file: string,
  o: { genesis: string; guardians: string; of: string; new: string; revision: number },
  command: Command,
): Promise<void> {
  const { network } = readGenesis(readText(o.genesis));
  const keys = guardiansFrom(o.guardians);
  const key = await openKeyFile(file, globalsOf(command));
  const index = keys.findIndex((his) => equalBytes(his, key.publicKey));
  if (index < 0) usage(`${file} is no guardian of ${o.guardians}`, "each vouches by the key that stands in the list");
  if (!/^[0-9a-f]{64}$/.test(o.new)) usage("--new is no public key", "64 hexadecimal digits, as `chancery keys show` prints them");
  const renewal = { principal: o.of, key: unhex(o.new), revision: o.revision };
  const { path, signature } = vouch(network, renewal, keys, index, key.secret);
  const shown = { index, key: hex(key.publicKey), path: path.map(hex), signature: hex(signature) };
  answer(shown, JSON.stringify(shown));
}

function guardiansFrom(file: string): Uint8Array[] {
  const wrong = (): never => usage(`${file} is no list of guardians`, "make it with `chancery keys guardians`");
  let read: Partial<Guardians> | null;
  try {
    read = JSON.parse(readText(file)) as Partial<Guardians> | null;
  } catch {
    return wrong();
  }
  const keys = read?.format === FORMAT && Array.isArray(read.keys) ? read.keys : wrong();
  return keys.length <= MAX_GUARDIANS && keys.every((key) => typeof key === "string" && /^[0-9a-f]{64}$/.test(key))
    ? keys.map(unhex)
    : wrong();
}
