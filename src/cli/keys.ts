// `chancery keys`: makes, shows and reseals key files. One key, one purpose. docs/operations.md.
// Owns the commands. Does not own: the file's form and its sealing (base/keyFile).

import type { Command } from "commander";
import { hex } from "../base/bytes.ts";
import { fingerprint, type KeyPurpose, keyPurposes, newKey, readKeyHeader, saveSecretFile, sealKey } from "../base/keyFile.ts";
import { readGenesis } from "../base/genesis.ts";
import { TOKEN_LIFETIME_S } from "../base/limits.ts";
import { provePossession } from "../base/member.ts";
import { accessToken } from "../client/token.ts";
import { register as guardians } from "./guardians.ts";
import { duration, globalsOf, newPassphrase, openKeyFile, readText } from "./globals.ts";
import { accessOf } from "./nodes.ts";
import { answer, usage } from "./output.ts";

export function register(program: Command): void {
  const keys = program.command("keys").description("make and look at key files");
  keys
    .command("new")
    .description("a new key file, sealed under a passphrase")
    .requiredOption("--for <purpose>", keyPurposes.join(" | "))
    .option("--out <file>", "where to write it (default PURPOSE.key)")
    .option("--unprotected", "no passphrase: for development networks, which alone accept it", false)
    .action(create);
  keys.command("show <file>").description("what a key file says without its passphrase").action(show);
  keys.command("fingerprint <file>").description("the public key's fingerprint, to be read aloud").action(show);
  keys
    .command("prove <file>")
    .description("what is registered with a new key: that its holder has it (the argument `proof` of eid.bind and eid.register)")
    .requiredOption("--genesis <file>", "the network's genesis file")
    .requiredOption("--of <principal>", "whose key it will be")
    .option("--for <purpose>", "if not the file's own: post, device, company")
    .action(prove);
  keys
    .command("token <file>")
    .description("a token with which this access key reads at the node of --node-of what is not public")
    .requiredOption("--genesis <file>", "the network's genesis file")
    .option("--lifetime <duration>", "how long it is good, 10m at most", "10m")
    .action(token);
  keys
    .command("passwd <file>")
    .description("seal a key file under another passphrase")
    .option("--unprotected", "remove the passphrase", false)
    .action(reseal);
  guardians(keys);
}

async function create(options: { for: string; out?: string; unprotected: boolean }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  if (!(keyPurposes as readonly string[]).includes(options.for))
    usage(`there is no key purpose "${options.for}"`, `choose one of: ${keyPurposes.join(", ")}`);
  const file = options.out ?? `${options.for}.key`;
  const passphrase = options.unprotected ? undefined : await newPassphrase(globals);
  const key = newKey(options.for as KeyPurpose);
  saveSecretFile(file, sealKey(key, passphrase));
  answer(
    { file, purpose: key.purpose, public: hex(key.publicKey), fingerprint: fingerprint(key.publicKey), sealed: !options.unprotected },
    [
      `${file}   ${key.purpose} key, ${options.unprotected ? "UNPROTECTED (development only)" : "sealed under its passphrase"}`,
      `fingerprint   ${fingerprint(key.publicKey)}`,
    ],
  );
}

function show(file: string, _options: unknown, command: Command): void {
  const { purpose, algorithm, publicKey, sealed } = readKeyHeader(readText(file));
  const print = fingerprint(publicKey);
  if (command.name() === "fingerprint") return answer({ file, fingerprint: print }, print);
  answer({ file, purpose, algorithm, public: hex(publicKey), fingerprint: print, sealed }, [
    `purpose       ${purpose} (${algorithm})`,
    `public        ${hex(publicKey.subarray(0, 32))}${publicKey.length > 32 ? " …" : ""}`,
    `fingerprint   ${print}`,
    `sealed        ${sealed ? "yes" : "NO (development only)"}`,
  ]);
}

async function reseal(file: string, options: { unprotected: boolean }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const key = await openKeyFile(file, globals);
  const passphrase = options.unprotected ? undefined : await newPassphrase({ ...globals, passphraseFile: undefined });
  saveSecretFile(file, sealKey(key, passphrase), true);
  answer(
    { file, sealed: !options.unprotected },
    `${file} is ${options.unprotected ? "no longer sealed" : "sealed under the new passphrase"}`,
  );
}

async function prove(file: string, o: { genesis: string; of: string; for?: string }, command: Command): Promise<void> {
  const key = await openKeyFile(file, globalsOf(command));
  const purpose = o.for ?? key.purpose;
  const proof = hex(provePossession(networkOf(o.genesis), o.of, purpose, key.publicKey, key.secret));
  answer({ principal: o.of, purpose, key: hex(key.publicKey), proof }, [`key     ${hex(key.publicKey)}`, `proof   ${proof}`]);
}

async function token(file: string, o: { genesis: string; lifetime: string }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const seconds = Math.floor(duration(o.lifetime) / 1_000);
  if (seconds < 1 || seconds > TOKEN_LIFETIME_S)
    usage(`a token is good for 1 s to ${TOKEN_LIFETIME_S} s`, "leave out --lifetime, or shorten it");
  const access = (await accessOf({ ...globals, accessKey: file }))!;
  const made = await accessToken(access, hex(networkOf(o.genesis)), seconds);
  answer({ token: made, seconds }, made);
}

const networkOf = (file: string): Uint8Array => readGenesis(readText(file)).network;
