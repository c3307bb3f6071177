// `chancery rotate`: a node's consensus or peer key is replaced, from the new key to the file that the node reads. docs/operations.md, "KeyReplaced".
// Owns the order of the steps; each may be repeated, so an interrupted rotation goes on where it was. Does not own: when the new key counts (governance).

import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { hex } from "../base/bytes.ts";
import { readGenesis } from "../base/genesis.ts";
import { fingerprint, type Key, newKey, readKeyHeader, saveSecretFile, sealKey } from "../base/keyFile.ts";
import { provePossession } from "../base/member.ts";
import type { Ledger } from "../client/index.ts";
import type { NodeStatus } from "../node/status.ts";
import { duration, globalsOf, openKeyFile, passphraseFor, readText } from "./globals.ts";
import { actBy } from "./governance.ts";
import { atHome, ledgerOf } from "./nodes.ts";
import { showOutcome } from "./outcomes.ts";
import { answer, type Globals, green, progress, refuse, usage } from "./output.ts";

const POLL_MS = 250;
type Purpose = "consensus" | "peer";

export function register(program: Command): void {
  program
    .command("rotate <consensus|peer>")
    .description("replace a key of the node in --home; without --key it says what the organisation's key has to sign, elsewhere")
    .option("--wait <duration>", "how long to wait until the new key counts", "5m")
    .action(rotate);
}

async function rotate(purpose: string, o: { wait: string }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  if (purpose !== "consensus" && purpose !== "peer")
    usage(`a node has no ${purpose} key to rotate`, "chancery rotate consensus --home DIR");
  const until = performance.now() + duration(o.wait);
  const directory = globals.home ?? usage("rotate needs --home", "add --home DIR");
  const files = await filesOf(directory, purpose);
  const { network } = readGenesis(readText(files.genesis));
  const ledger = await ledgerOf(await atHome(globals));
  const member = await memberOf(ledger, files.current, purpose);
  const next = await nextKey(files, globals);
  const { publicKey } = next;
  const proof = hex(provePossession(network, member.id, purpose, publicKey, next.secret));
  const args = { member: member.id, purpose, key: hex(publicKey), proof };
  fs.writeFileSync(files.request, `${JSON.stringify(args, null, 2)}\n`);
  if (member.key !== args.key) {
    if (globals.keys[0] === undefined) return hand(files, args);
    if (!(await sign(ledger, args, globals))) return;
  }
  await inForce(ledger, member.id, purpose, args.key, until);
  // At no moment is there no key, and each key's proof is there as long as it.
  fs.copyFileSync(files.current, files.replaced);
  if (purpose === "peer") fs.copyFileSync(files.request, files.proof);
  fs.renameSync(files.next, files.current);
  fs.rmSync(files.request);
  answer({ member: member.id, purpose, key: args.key, file: files.current, replaced: files.replaced, inForce: true }, [
    `${green("✓")} ${files.current} is the new ${purpose} key of ${member.id}, ${fingerprint(publicKey)}`,
    `Next: start the node anew${purpose === "consensus" ? "; it follows silently until the second epoch after" : ""}. Then destroy ${files.replaced}`,
  ]);
}

interface Files {
  readonly genesis: string;
  /** What the node reads. */
  readonly current: string;
  /** Made, and not yet in force. */
  readonly next: string;
  readonly replaced: string;
  /** What the organisation's key has to sign: for whom the key is, and the key's own proof. */
  readonly request: string;
  /** The same of the peer key in place: by it the node knows whose it is. */
  readonly proof: string;
}

async function filesOf(directory: string, purpose: Purpose): Promise<Files> {
  const [{ loadConfig }, { homeAt }] = await Promise.all([import("../node/config.ts"), import("../node/home.ts")]);
  const home = homeAt(directory);
  const current = home.resolve(loadConfig(home.config).config[`keys.${purpose}`]);
  const base = current.replace(/\.key$/, "");
  return {
    genesis: home.genesis,
    current,
    next: `${base}-next.key`,
    replaced: `${base}-replaced.key`,
    request: path.join(directory, `${purpose}-next.rotation.json`),
    proof: path.join(directory, `${purpose}.rotation.json`),
  };
}

/** Whose node it is, by the key that it has; and the key that the chain names for it now. */
async function memberOf(ledger: Ledger, file: string, purpose: Purpose): Promise<{ id: string; key: string }> {
  const { publicKey } = readKeyHeader(readText(file));
  const registered = await ledger.get("eid/key", hex(publicKey));
  if (registered === undefined)
    return refuse("key.purpose", { why: `${file} is of no member of this network`, do: "check --home and --node" });
  const id = String(registered.fields["principal"]);
  return { id, key: await keyNow(ledger, id, purpose) };
}

async function keyNow(ledger: Ledger, member: string, purpose: Purpose): Promise<string> {
  const found = await ledger.get("governance/member", member);
  return String((found?.fields["keys"] as Record<string, unknown> | undefined)?.[purpose]);
}

/** The key that a former run made, or a new one; sealed as the present one is. */
async function nextKey({ current, next }: Files, globals: Globals): Promise<Key> {
  if (fs.existsSync(next)) return openKeyFile(next, globals);
  const { sealed, purpose } = readKeyHeader(readText(current));
  const key = newKey(purpose);
  saveSecretFile(next, sealKey(key, sealed ? await passphraseFor(current, globals) : undefined));
  progress(`${next} is made: ${fingerprint(key.publicKey)}`);
  return key;
}

/** The organisation's key lies on no node: its act is signed where it is. */
function hand({ request, next }: Files, args: Readonly<Record<string, string>>): void {
  answer({ ...args, request, file: next, inForce: false }, [
    `${request} is what the organisation's key has to sign. Where it lies:`,
    `  chancery call governance.rotate --args ${path.basename(request)} --key ORGANISATION.key`,
    "Then the same command here again, as soon as that is done: it waits until the new key counts, and puts its file in place.",
  ]);
}

/** True if it was applied; else what became of it is printed. */
async function sign(ledger: Ledger, args: Readonly<Record<string, string>>, globals: Globals): Promise<boolean> {
  const key = await openKeyFile(globals.keys[0]!, globals, ["organisation"]);
  const outcome = await actBy(key, ledger, "governance.rotate", args, Date.now() + duration("1h"), globals);
  const applied = outcome.status === "applied";
  if (applied) progress(`applied at height ${outcome.height}; waiting until it counts`);
  else showOutcome(outcome, { action: "governance.rotate" });
  return applied;
}

/** A key counts from the epoch after that of the block that named it (§4.3.2). A node whose old peer key counts no more may never hear of that epoch. */
async function inForce(ledger: Ledger, member: string, purpose: Purpose, key: string, until: number): Promise<void> {
  const { connection } = ledger;
  while (performance.now() < until) {
    const found = await ledger.get("governance/member", member);
    if (found !== undefined && (found.fields["keys"] as Record<string, unknown>)[purpose] === key) {
      const { height } = found["written"] as { readonly height: number };
      const { body: written } = await connection.request<{ epoch: number }>(`/v1/blocks/${height}`);
      const { body: now } = await connection.request<{ epoch: number }>("/v1/validators");
      const { body: node } = await connection.request<NodeStatus>("/v1/node");
      if (now.epoch > written.epoch || (node.organisation === member && node.replacedKeys.includes(purpose))) return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  refuse("transaction.pending", { why: "the new key does not count yet", do: "the same command again: it goes on where it was" });
}
