// `npm run demo`: four agencies as real processes commit a day of records; some acts are wrong on purpose and refused with the code of the rule; one
// validator is killed and comes back, the primary is killed and replaced; then every node is stopped and the proofs are checked offline.
// `-- --json` ends with one JSON line of counts; `-- --data DIR` takes real UBL invoices from a folder. Owns the story; the acts are in demoActs.ts.

import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { connect, type Ledger } from "../src/client/index.ts";
import { verify } from "../src/client/verify.ts";
import { Agency } from "./demoActs.ts";
import { certificates, enrolment, evidenceDay, invoicesDay } from "./demoDay.ts";
import { type Devnet, type DevnetNode, spawnCli, startDevnet } from "./devnet.ts";

const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false }, data: { type: "string" } } });
const began = performance.now();

function say(text: string): void {
  const line = `${((performance.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${text}\n`;
  (options.json ? process.stderr : process.stdout).write(line);
}
function title(text: string, why: string): void {
  (options.json ? process.stderr : process.stdout).write(`\n── ${text}\n   ${why}\n`);
}
const sleep = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface NodeState {
  readonly height: number;
  readonly ready: boolean;
}
/** What a node says of itself; undefined while it does not answer. */
async function look(node: DevnetNode): Promise<NodeState | undefined> {
  try {
    const response = await fetch(`${node.api}/v1/node`, { signal: AbortSignal.timeout(2_000) });
    const body = (await response.json()) as { height: number; ready: boolean };
    return { height: body.height, ready: body.ready };
  } catch {
    return undefined;
  }
}
async function until(what: string, limitMs: number, done: () => Promise<boolean>): Promise<number> {
  const start = performance.now();
  while (!(await done())) {
    if (performance.now() - start > limitMs) throw new Error(`${what}: not within ${limitMs / 1_000} s`);
    await sleep(50);
  }
  return performance.now() - start;
}

/** Index of the node that proposes now. */
async function primary(devnet: Devnet): Promise<number> {
  for (const node of devnet.nodes) {
    try {
      const body = (await (await fetch(`${node.api}/v1/node`, { signal: AbortSignal.timeout(2_000) })).json()) as {
        primary?: string | null;
      };
      const index = devnet.nodes.findIndex((n) => path.basename(n.home) === body.primary);
      if (index >= 0) return index;
    } catch {
      // another node knows
    }
  }
  throw new Error("no node names the primary");
}

async function killAndReturn(
  devnet: Devnet,
  index: number,
  ledger: Ledger,
  agency: Agency,
  role: string,
): Promise<{ gapMs: number; backMs: number }> {
  const node = devnet.nodes[index]!;
  const pid = pids.get(index) ?? node.pid;
  process.kill(pid, "SIGKILL");
  say(`kill -9 of ${path.basename(node.home)}, ${role}`);
  const survivor = devnet.nodes.find((_, i) => i !== index)!;
  const started = performance.now();
  await agency.deposits(ledger, 25);
  const gapMs = performance.now() - started;
  say(`the other three go on: 25 more records are final ${gapMs.toFixed(0)} ms after the kill`);
  const child = spawnCli(["start", "--home", node.home], {});
  child.stdout?.resume();
  restarted.push(child);
  if (child.pid !== undefined) pids.set(index, child.pid);
  const backMs = await until(`${path.basename(node.home)} comes back`, 30_000, async () => {
    const [own, others] = await Promise.all([look(node), look(survivor)]);
    return own !== undefined && others !== undefined && own.ready && own.height >= others.height - 1;
  });
  say(`started again, it has caught up and votes ${(backMs / 1_000).toFixed(1)} s later`);
  return { gapMs, backMs };
}
const restarted: ReturnType<typeof spawnCli>[] = [];
/** Processes of nodes that were started again. */
const pids = new Map<number, number>();

async function main(): Promise<void> {
  title(
    "Four agencies found a network",
    "Each runs its own node: the tax office, the courts, the land registry, a hospital. Nobody runs it for them.",
  );
  const devnet = await startDevnet(4);
  try {
    await day(devnet);
  } finally {
    for (const child of restarted) child.kill("SIGTERM");
    await devnet.stop();
  }
}

async function day(devnet: Devnet): Promise<void> {
  say("block 1 is certified on every node");
  const ledger = await connect({ nodes: devnet.nodes.map((n) => n.api), genesis: devnet.genesis });
  const others = await Promise.all(devnet.nodes.slice(1).map(async (n) => connect({ nodes: [n.api], genesis: devnet.genesis })));
  const agency = new Agency(ledger.network, devnet.keys, say);

  title("The courts' ministry enrols persons", "By pseudonym and key, in a list sorted by pseudonym: the chain learns no names.");
  const people = await enrolment(agency, others[0]!);
  title(
    "Civil certificates: 29 kinds, issued, shown, revoked",
    "The chain keeps the root of the sealed content. A showing is bound to its holder and to the verifier's challenge.",
  );
  await certificates(agency, ledger, people);
  title(
    "Invoices and reimbursement claims",
    "Totals in integers; an invoice is claimed once ever; what was wrong is reversed, not overwritten.",
  );
  await invoicesDay(agency, others[1]!, options.data);
  title("Evidence", "Batches under one root, items drawn out of them by proof, custody that passes only from who holds.");
  await evidenceDay(agency, others[2]!);

  title("A validator dies", "One of four may fail at any moment. No record that was final is lost, and nobody has to do anything.");
  const lead = await primary(devnet);
  const backup = await killAndReturn(devnet, (lead + 1) % 4, await survivors(devnet, (lead + 1) % 4), agency, "a backup");
  title("The primary dies", "The others notice the silence, change the view, and the next one proposes.");
  const second = await primary(devnet);
  const leader = await killAndReturn(devnet, second, await survivors(devnet, second), agency, "the primary");

  title("Proofs", "Each file holds the record, who signed the act that wrote it, and who confirmed it.");
  const files = await proofs(devnet, ledger, agency);
  const genesis = fs.readFileSync(devnet.genesis, "utf8");
  for (const child of restarted) child.kill("SIGTERM");
  await devnet.halt();
  say("all four nodes are stopped; what follows needs nobody");
  let proved = 0;
  for (const { name, text } of files) {
    const verdict = verify(text, { genesis });
    if (!verdict.valid) throw new Error(`${name}: ${JSON.stringify(verdict)}`);
    proved++;
    say(`PROVED  ${name}`);
  }
  let refused = 0;
  for (const { name, text } of files) {
    const verdict = verify(falsify(text), { genesis });
    if (verdict.valid) throw new Error(`${name}: a falsified file was accepted`);
    refused++;
    if (refused === 1) say(`NOT PROVED, one bit changed: ${verdict.code} at ${verdict.step}`);
  }
  const seconds = (performance.now() - began) / 1_000;
  const counts = {
    applied: agency.applied,
    refused: Object.fromEntries([...agency.refused].sort(([a], [b]) => (a < b ? -1 : 1))),
    persons: people.length,
    proofs_verified: proved,
    falsified_refused: refused,
    backup_killed: { final_after_ms: Math.round(backup.gapMs), back_after_ms: Math.round(backup.backMs) },
    primary_killed: { final_after_ms: Math.round(leader.gapMs), back_after_ms: Math.round(leader.backMs) },
    seconds: Math.round(seconds * 10) / 10,
  };
  title(
    "The day in numbers",
    `${agency.applied} acts applied, ${agency.refusals()} refused by the rules, ${proved} proofs verified offline, in ${seconds.toFixed(1)} s.`,
  );
  if (options.json) process.stdout.write(`${JSON.stringify(counts)}\n`);
}

async function survivors(devnet: Devnet, dead: number): Promise<Ledger> {
  return connect({ nodes: devnet.nodes.filter((_, i) => i !== dead).map((n) => n.api), genesis: devnet.genesis });
}

async function proofs(devnet: Devnet, ledger: Ledger, agency: Agency): Promise<{ name: string; text: string }[]> {
  const folder = path.join(devnet.directory, "proofs");
  fs.mkdirSync(folder);
  const out: { name: string; text: string }[] = [];
  for (const [collection, key, what] of agency.worthProving) {
    const text = JSON.stringify(await ledger.prove(collection, key));
    const name = `${collection} ${key.join("/")}${what === "" ? "" : ` (${what})`}`;
    fs.writeFileSync(path.join(folder, `${out.length}.proof.json`), text);
    out.push({ name, text });
    say(`${(text.length / 1_024).toFixed(1)} KB  ${name}`);
  }
  return out;
}

/** Changes one character in the middle of the longest base64 text of a file. */
function falsify(text: string): string {
  const longest = [...text.matchAll(/"([A-Za-z0-9+/]{40,}={0,2})"/g)].reduce((a, b) => (a[1]!.length >= b[1]!.length ? a : b));
  const at = longest.index + 1 + (longest[1]!.length >> 1);
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

await main();
