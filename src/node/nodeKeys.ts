// A node's own keys, and whose node it is. Opens key files one after the other (each takes 128 MB while it is opened) before the rest of the memory is taken.

import fs from "node:fs";
import path from "node:path";
import { type Bytes, equalBytes, unhex } from "../base/bytes.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import type { Genesis } from "../base/genesis.ts";
import { possessionProved } from "../base/member.ts";
import { type Key, type KeyPurpose, openKey, passphraseFrom, readKeyHeader } from "../base/keyFile.ts";
import { readMember } from "./founding.ts";
import type { Home } from "./home.ts";
import type { Config } from "./settings.ts";

export interface NodeSecrets {
  readonly peer: Key;
  /** Without it the node observes. */
  readonly consensus: Key | undefined;
}

/** Opens the keys that a configuration names. Throws `key.…`. */
export function openNodeKeys(home: Home, config: Config, purpose: Genesis["purpose"], passphraseFile: string | undefined): NodeSecrets {
  const passphrase = passphraseOf(home, passphraseFile ?? config["keys.passphrase_file"]);
  const open = (file: string, wanted: KeyPurpose): Key => {
    const full = home.resolve(file);
    const content = readFile(full);
    const header = naming(full, () => readKeyHeader(content));
    if (header.purpose !== wanted)
      throw new LedgerError("key.purpose", {
        why: `${full} is a ${header.purpose} key, wanted is a ${wanted} key`,
        do: "correct [keys] in chancery.toml",
      });
    if (!header.sealed && purpose === "production")
      throw new LedgerError("key.passphrase_needed", {
        why: `${full} is not sealed, and this is a production network`,
        do: `chancery keys passwd ${full}`,
      });
    checkMode(full);
    return naming(full, () => openKey(content, passphrase));
  };
  const consensus = config["keys.consensus"];
  return {
    peer: open(config["keys.peer"], "peer"),
    consensus: fs.existsSync(home.resolve(consensus)) ? open(consensus, "consensus") : undefined,
  };
}

function readFile(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (cause) {
    throw new LedgerError(
      "key.unreadable",
      { why: `${file}: ${(cause as Error).message}`, do: "check [keys] in chancery.toml and the file's permissions" },
      cause,
    );
  }
}

/** A file that is no key file any more is named, with the one way to have it again. */
function naming<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isLedgerError(error, "key.malformed")) throw error;
    const why = `${file}: ${String(error.data?.["reason"] ?? "it cannot be read")}`;
    throw new LedgerError("key.malformed", { why, do: "put the file back from the backup of the home (chancery restore)" }, error);
  }
}

/** A key that others on the machine can read is no secret. */
function checkMode(file: string): void {
  const { mode } = fs.statSync(file);
  if ((mode & 0o077) !== 0)
    throw new LedgerError("key.unreadable", {
      why: `${file} can be read by others (mode ${(mode & 0o777).toString(8)})`,
      do: `chmod 600 ${file}`,
    });
}

function passphraseOf(home: Home, named: string | undefined): Bytes | undefined {
  if (named === undefined) return undefined;
  const credentials = process.env["CREDENTIALS_DIRECTORY"];
  if (named.startsWith("credential:")) {
    if (credentials === undefined)
      throw new LedgerError("key.passphrase_needed", {
        why: `${named} is a credential of systemd, and this process has none`,
        do: "start it by systemd, or name a file",
      });
    return passphraseFrom(new Uint8Array(fs.readFileSync(path.join(credentials, named.slice("credential:".length)))));
  }
  return passphraseFrom(new Uint8Array(Buffer.from(readFile(home.resolve(named)))));
}

/** Of a file in a home: for whom a peer key was made that replaced the first one, with the key's own proof. `chancery rotate` writes it. */
export const isPeerRotation = (name: string): boolean => /^peer(-next)?\.rotation\.json$/.test(name);

/** Whose node it is: the founder with this peer key; else the member whose file, or whose proof of its newer key, lies in the home. Throws `home.invalid`. */
export function organisationOf(home: Home, genesis: Genesis, network: Bytes, peerKey: Bytes): string {
  const founder = genesis.founders.find((f) => equalBytes(f.member.keys.peer, peerKey));
  if (founder !== undefined) return founder.member.id;
  for (const file of fs.readdirSync(home.directory)) {
    if (!file.endsWith(".member.json")) continue;
    const { member } = readMember(fs.readFileSync(path.join(home.directory, file), "utf8"));
    if (equalBytes(member.keys.peer, peerKey)) return member.id;
  }
  for (const file of fs.readdirSync(home.directory).filter(isPeerRotation)) {
    const rotated = rotatedTo(path.join(home.directory, file), network, peerKey);
    if (rotated !== undefined) return rotated;
  }
  throw new LedgerError("home.invalid", {
    why: `the peer key is of no founder of this genesis, and no member file or peer.rotation.json in the home has it`,
    do: "put the right genesis.json and member file into the home",
  });
}

function rotatedTo(file: string, network: Bytes, peerKey: Bytes): string | undefined {
  try {
    const { member, purpose, key, proof } = JSON.parse(fs.readFileSync(file, "utf8")) as { readonly [name: string]: string };
    const bytes = unhex(key!);
    if (purpose !== "peer" || !equalBytes(bytes, peerKey)) return undefined;
    return possessionProved(network, member!, purpose, bytes, unhex(proof!)) ? member : undefined;
  } catch {
    return undefined; // not a file of ours: as if it were not there
  }
}
