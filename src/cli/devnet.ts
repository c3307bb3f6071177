// `chancery devnet`: a development network of real daemons on this machine, in one command. docs/operations.md, "A network to try things on".
// Owns its directory: homes, keys, genesis; and its processes. Does not own: the daemon (`chancery start`), founding documents (node/founding).

import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { readGenesis, writeGenesis } from "../base/genesis.ts";
import { type Key, loadKey, newKey, saveSecretFile, sealKey } from "../base/keyFile.ts";
import { provePossession } from "../base/member.ts";
import { seedSigner } from "../client/build.ts";
import { connect, type Ledger } from "../client/index.ts";
import { completeMember, draftMember, planGenesis } from "../node/founding.ts";
import { furnishHome } from "../node/home.ts";
import { contracts, contractsManifest } from "../node/registry.ts";
import { type DevnetNode, startNodes, stopNodes } from "./devnetProcesses.ts";
import { freePorts } from "./ports.ts";
import { wholeNumber } from "./globals.ts";
import { answer, green, progress, refuse } from "./output.ts";

const ORGANISATIONS = ["tax", "courts", "land", "health"];
const PERSONS = ["ann", "bob", "carl", "dora"];
const HOME_SECTOR = "identity";
const ENROL_LIMIT = 32;
const FILE = "devnet.json";

/** What stands in D/devnet.json, so that a network can be continued. */
interface Layout {
  readonly nodes: number;
  readonly homes: readonly { readonly id: string; readonly home: string; readonly api: string; readonly metrics: string }[];
  readonly keys: { readonly [name: string]: string };
}

export function register(program: Command): void {
  program
    .command("devnet")
    .description("a development network of real nodes on this machine; runs until SIGINT or SIGTERM")
    .requiredOption("--dir <dir>", "where its homes and keys are")
    .option("--nodes <n>", "validators", wholeNumber(1, 31), 4)
    .option("--observers <n>", "members without a seat", wholeNumber(0, 8), 0)
    .option("--base-port <port>", "three ports a node from here on; free ones if left out", wholeNumber(1_024, 65_000))
    .option("--keep", "continue the network in the directory", false)
    .option("--force", "begin anew, whatever is in the directory", false)
    .action(devnet);
}

async function devnet(o: {
  dir: string;
  nodes: number;
  observers: number;
  basePort?: number;
  keep: boolean;
  force: boolean;
}): Promise<void> {
  const directory = path.resolve(o.dir);
  const file = path.join(directory, FILE);
  const exists = fs.existsSync(directory) && fs.readdirSync(directory).length > 0;
  if (exists && !o.keep && !o.force)
    refuse("file.exists", { why: `${directory} is not empty`, do: "add --keep to continue the network there, or --force to begin anew" });
  if (exists && o.force) {
    if (!fs.existsSync(file))
      refuse("file.exists", { why: `${directory} holds no devnet, so nothing there is deleted`, do: "choose another directory" });
    fs.rmSync(directory, { recursive: true, force: true });
  }
  const layout = exists && o.keep ? readLayout(file) : await create(directory, o.nodes, o.observers, o.basePort);
  const genesis = path.join(directory, "genesis.json");

  progress(`starting ${layout.homes.length} nodes`);
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());
  const nodes = await startNodes(layout.homes, stopping.signal);
  try {
    await ready(nodes, genesis, layout, stopping.signal);
    if (!stopping.signal.aborted) announce(genesis, nodes, layout);
    if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener("abort", resolve));
  } finally {
    await stopNodes(nodes);
  }
}

function readLayout(file: string): Layout {
  if (!fs.existsSync(file))
    return refuse("file.unusable", { why: `${file} does not exist: there is no network to continue`, do: "leave out --keep" });
  return JSON.parse(fs.readFileSync(file, "utf8")) as Layout;
}

function announce(genesis: string, nodes: readonly DevnetNode[], layout: Layout): void {
  const { network } = readGenesis(fs.readFileSync(genesis, "utf8"));
  const shown = nodes.map(({ id, api, pid, home, metrics }) => ({ api, pid, home, id, metrics }));
  answer({ ready: true, genesis, nodes: shown, keys: layout.keys, network }, [
    `${green("✓")} ready: ${nodes.length} nodes`,
    ...shown.map((n) => `  ${n.id.padEnd(10)} ${n.api}   pid ${n.pid}   ${n.home}`),
    `  keys in ${path.dirname(layout.keys["tax"]!)}: ${Object.keys(layout.keys).join(" ")}`,
    `  try: chancery contracts --node ${shown[0]!.api}`,
    "  Ctrl-C stops it",
  ]);
}

// ── founding ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const nameOf = (i: number): string => ORGANISATIONS[i] ?? `agency${i + 1}`;

async function create(directory: string, validators: number, observers: number, basePort: number | undefined): Promise<Layout> {
  const count = validators + observers;
  const ports = basePort === undefined ? await freePorts(3 * count) : Array.from({ length: 3 * count }, (_, i) => basePort + i);
  const keysDirectory = path.join(directory, "keys");
  fs.mkdirSync(keysDirectory, { recursive: true, mode: 0o700 });
  const keys: Record<string, string> = {};
  const keep = (name: string, key: Key): Key => {
    keys[name] = path.join(keysDirectory, `${name}.key`);
    saveSecretFile(keys[name], sealKey(key));
    return key;
  };
  const homes: Layout["homes"][number][] = [];
  const members = Array.from({ length: count }, (_, i) => {
    const id = nameOf(i);
    const [peer, api, metrics] = ports.slice(3 * i, 3 * i + 3) as [number, number, number];
    const node = { consensus: newKey("consensus"), peer: newKey("peer"), checkpoint: newKey("checkpoint") };
    const home = path.join(directory, "nodes", id);
    furnishHome(home, node, undefined, configOf(peer, api, metrics));
    homes.push({ id, home, api: `http://127.0.0.1:${api}`, metrics: `http://127.0.0.1:${metrics}/metrics` });
    const name = `${id[0]!.toUpperCase()}${id.slice(1)} (development)`;
    return completeMember(
      draftMember({ id, name, addresses: [`/ip4/127.0.0.1/tcp/${peer}`], contact: "" }, node),
      keep(id, newKey("organisation")),
    );
  });
  for (const name of persons()) keep(name, newKey("person"));
  const { manifestHash, protocol } = contractsManifest();
  const plan = {
    name: "devnet",
    purpose: "development" as const,
    parameters: {},
    seats: members.slice(0, validators).map((m) => m.id),
    grants: grantsFor(validators),
  };
  const text = writeGenesis(planGenesis(plan, members, Date.now() - 1_000, protocol, manifestHash), []);
  fs.writeFileSync(path.join(directory, "genesis.json"), text);
  for (const { home } of homes) fs.writeFileSync(path.join(home, "genesis.json"), text);
  const layout: Layout = { nodes: validators, homes, keys };
  fs.writeFileSync(path.join(directory, FILE), `${JSON.stringify(layout, undefined, 2)}\n`);
  return layout;
}

/** A development node listens on loopback and lets this machine's load through. */
function configOf(peer: number, api: number, metrics: number): string {
  return [
    `[peer]\nlisten = ["/ip4/127.0.0.1/tcp/${peer}"]`,
    `[api]\nlisten = "127.0.0.1:${api}"\nquota_tx_per_s = 100000\nquota_anonymous_per_s = 1000`,
    `[metrics]\nlisten = "127.0.0.1:${metrics}"`,
    '[log]\nfile = "node.log"',
    "[store]\nreserve_mb = 256\n",
  ].join("\n\n");
}

/** Not the first agency's where there are courts: what a registry may not do alone needs another. */
const OF_THE_COURTS = ["eid.ministry", "property.court", "business.court", "vehicles.court"];
/** Every role of every contract to the first agency, but some to the courts where there are any. */
function grantsFor(validators: number): { role: string; scope: string; agency: string }[] {
  return contracts().contracts.flatMap(({ contract }) =>
    Object.keys(contract.options.roles).map((role) => {
      const full = `${contract.name}.${role}`;
      return { role: full, scope: "", agency: OF_THE_COURTS.includes(full) && validators > 1 ? "courts" : "tax" };
    }),
  );
}

// ── persons ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Sectors of the contracts besides the one of identity: a key never serves two. */
function sectors(): string[] {
  const all = contracts().contracts.flatMap(({ contract }) => contract.options.sector ?? []);
  return [HOME_SECTOR, ...[...new Set(all)].filter((s) => s !== HOME_SECTOR).sort()];
}
const personName = (person: string, sector: string): string => (sector === HOME_SECTOR ? person : `${person}.${sector}`);
const persons = (): string[] => sectors().flatMap((sector) => PERSONS.map((person) => personName(person, sector)));

/** Enrols the persons, so that their keys act at once. */
async function enrol(ledger: Ledger, layout: Layout): Promise<void> {
  const ministry = loadKey(layout.keys[layout.nodes > 1 ? "courts" : "tax"]!);
  for (const sector of sectors()) {
    const people = PERSONS.map((person) => ({
      person: `p:${personName(person, sector)}`,
      key: loadKey(layout.keys[personName(person, sector)]!),
    }));
    if ((await ledger.get("eid/principal", people[0]!.person)) !== undefined) continue;
    const list = people
      .slice(0, ENROL_LIMIT)
      .sort((a, b) => (a.person < b.person ? -1 : 1))
      .map(({ person, key }) => ({
        person,
        key: key.publicKey,
        proof: provePossession(ledger.network, person, "person", key.publicKey, key.secret),
      }));
    const draft = await ledger
      .transaction("eid.enrol@1", { sector, persons: list }, { signers: [ministry.publicKey] })
      .sign(seedSigner(ministry.secret));
    const outcome = await ledger.submit(draft.finish(), { timeout: "30s" });
    if (outcome.status !== "applied")
      refuse("devnet.failed", {
        why: `enrolling the persons of sector ${sector}: ${outcome.status} ${"code" in outcome ? String(outcome.code) : ""}`,
        do: "look into nodes/*/node.log",
      });
  }
}

const POLL_MS = 50;
/** Ready: block 1 has a certificate on every node, and the persons are enrolled. */
async function ready(nodes: readonly DevnetNode[], genesis: string, layout: Layout, signal: AbortSignal): Promise<void> {
  progress("waiting for block 1 on every node");
  await Promise.all(nodes.map((node) => reached(node, 1, signal)));
  if (signal.aborted) return;
  progress("enrolling ann, bob, carl and dora");
  const ledger = await connect({ nodes: nodes.map((n) => n.api), genesis });
  await enrol(ledger, layout);
  await Promise.all(nodes.map((node) => reached(node, ledger.connection.seen, signal)));
}

async function reached(node: DevnetNode, height: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (node.exited())
      refuse("devnet.failed", {
        why: `${node.id} ended before the network was ready`,
        do: `look into ${path.join(node.home, "node.log")}`,
      });
    const answered = await fetch(`${node.api}/v1/network`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answered?.ok === true && ((await answered.json()) as { height: number }).height >= height) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
