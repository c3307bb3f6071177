// `chancery divergence` and `chancery recover`: when results differ, when the network is split, when too many keys are lost. docs/operations.md, "Diverged",
// "SplitResult", "Keys lost for good". Owns the commands. Does not own: comparing (ledger/compareResults.ts), the files (base/recovery.ts, ledger/continuation.ts).

import fs from "node:fs";
import type { Command } from "commander";
import { equalBytes, hex } from "../base/bytes.ts";
import { blockHashOf, decodeBlock, orderDigest } from "../base/header.ts";
import { readRecovery, type Recovery, signRecovery, writeRecovery } from "../base/recovery.ts";
import type { Capsule } from "../ledger/divergence.ts";
import type { Computed } from "../ledger/compareResults.ts";
import { globalsOf, openKeyFile, readBytes, readText } from "./globals.ts";
import { answer, bold, exits, green, type Globals, progress, refuse, usage, yellow } from "./output.ts";

export function register(program: Command): void {
  program
    .command("divergence <capsule> [other]")
    .description("the first transaction and key of a block that a node computed otherwise; with another node's capsule, between the two")
    .action(divergence);
  const recover = program.command("recover").description("what a person must decide: a split, or keys lost for good");
  recover
    .command("release <capsule>")
    .description("a recovery file that abandons the result of this capsule; every --key given signs it")
    .option("--out <file>", "where to write it", "recovery.json")
    .action(release);
  recover.command("sign <file>").description("sign a recovery file as a validator's organisation").action(sign);
  recover.command("join <file> <others...>").description("join signatures that were made apart").action(join);
  recover.command("show <file>").description("what a recovery file says, and whose keys signed it").action(show);
  recover
    .command("install <file>")
    .description("lay it into a stopped node's home; the node releases its vote at the next start")
    .action(install);
  recover
    .command("genesis")
    .description("the genesis of a network that goes on with the state of --home (stopped), without the keys that are lost")
    .requiredOption("--members <dir>", "member files of its founders")
    .requiredOption("--parameters <file>", "the plan, as for genesis build")
    .requiredOption("--time <time>", "its time: not before the last block")
    .option("--out <file>", "where to write it", "genesis.json")
    .action(buildGenesis);
  recover.command("check <genesis>").description("is it what the state of --home (stopped) gives? before you sign").action(checkGenesis);
  recover
    .command("continue")
    .description("lay the new network into --home; what was there is put aside")
    .requiredOption("--genesis <file>", "signed by all of its founders")
    .option("--from <home>", "a stopped home with the state, if --home has none")
    .action(goOn);
}

// ── divergence ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
async function divergence(file: string, other: string | undefined): Promise<void> {
  const [{ decodeCapsule }, { firstDifference }, { readWholeBlock }, { contracts }] = await Promise.all([
    import("../ledger/divergence.ts"),
    import("../ledger/compareResults.ts"),
    import("../ledger/wholeBlock.ts"),
    import("../node/registry.ts"),
  ]);
  const capsule = decodeCapsule(readBytes(file));
  const { network, height } = capsule;
  let theirs: Computed;
  if (other !== undefined) {
    const second = decodeCapsule(readBytes(other));
    if (!equalBytes(second.orderDigest, capsule.orderDigest))
      refuse("capsule.malformed", { why: "the two capsules are of different orders", do: "take two of one height and order" });
    theirs = computedOf(second);
  } else if (capsule.certified !== undefined) theirs = readWholeBlock(network, capsule.certified);
  else
    refuse("capsule.incomplete", {
      why: "the capsule does not hold the block as the others certified it: none was, or none could be fetched",
      do: "give another node's capsule of the same order: chancery divergence FILE OTHER",
    });
  const own = computedOf(capsule);
  const found = firstDifference(own, theirs);
  const { describeDifference } = await import("../node/divergenceText.ts");
  const shown = describeDifference(contracts(), network, found);
  const names = other === undefined ? ["this node", "certified"] : [file, other];
  const hashes = { own: hex(blockHashOf(network, own.headerBytes)), other: hex(blockHashOf(network, theirs.headerBytes)) };
  process.exitCode = found.headers.length === 0 ? exits.done : exits.no;
  answer({ file, height, order: hex(capsule.orderDigest), hashes, headers: found.headers, ...shown }, [
    `${bold(`Block ${height}`)}   ${names[0]} ${hashes.own.slice(0, 16)}   ${names[1]} ${hashes.other.slice(0, 16)}   differ in: ${found.headers.join(", ") || "nothing"}`,
    ...shown.lines,
  ]);
}

function computedOf({ header, references, bodies, results, writeSet }: Capsule): Computed {
  return { headerBytes: header, references: references as unknown as Computed["references"], bodies, results, writeSet };
}

// ── release of a split ───────────────────────────────────────────────────────────────────────────────────────────────────────
async function release(file: string, o: { out: string }, command: Command): Promise<void> {
  const { decodeCapsule } = await import("../ledger/divergence.ts");
  const { network, height, header, orderDigest: order } = decodeCapsule(readBytes(file));
  if (!equalBytes(orderDigest(network, decodeBlock(header).order), order))
    refuse("capsule.malformed", { why: "its header is not of its order", do: "take the file as the node wrote it" });
  const body = { network, height, order, abandon: blockHashOf(network, header) };
  await write(o.out, { ...body, signatures: [] }, globalsOf(command));
}

async function sign(file: string, _o: unknown, command: Command): Promise<void> {
  const globals = globalsOf(command);
  if (globals.keys.length === 0) usage("signing needs the organisation's key", "add --key ORGANISATION.key");
  await write(file, readRecovery(readText(file)), globals);
}

async function write(file: string, recovery: Recovery, globals: Globals): Promise<void> {
  const signatures = new Map(recovery.signatures.map((s) => [s.by, s]));
  for (const key of globals.keys) {
    const { secret } = await openKeyFile(key, globals, ["organisation"]);
    const signature = signRecovery(recovery, secret);
    signatures.set(signature.by, signature);
  }
  save(file, recovery, [...signatures.values()]);
}

function join(file: string, others: readonly string[]): void {
  const recovery = readRecovery(readText(file));
  const signatures = new Map(recovery.signatures.map((s) => [s.by, s]));
  for (const other of others) {
    const read = readRecovery(readText(other));
    if (
      !equalBytes(read.abandon, recovery.abandon) ||
      !equalBytes(read.order, recovery.order) ||
      !equalBytes(read.network, recovery.network)
    )
      refuse("recovery.malformed", { why: `${other} abandons another result`, do: "join files of one result only" });
    for (const s of read.signatures) signatures.set(s.by, s);
  }
  save(file, recovery, [...signatures.values()]);
}

function save(file: string, recovery: Recovery, signatures: Recovery["signatures"]): void {
  const sorted = [...signatures].sort((a, b) => (a.by < b.by ? -1 : 1));
  fs.writeFileSync(file, writeRecovery({ ...recovery, signatures: sorted }));
  describe(file, { ...recovery, signatures: sorted }, []);
}

function show(file: string): void {
  describe(file, readRecovery(readText(file)), []);
}

function describe(file: string, { network, height, order, abandon, signatures }: Recovery, more: readonly string[]): void {
  answer({ file, network: hex(network), height, order: hex(order), abandon: hex(abandon), signed: signatures.map((s) => s.by) }, [
    `${bold(file)}   network ${hex(network).slice(0, 16)}   block ${height}, order ${hex(order).slice(0, 16)}`,
    `abandons the result ${hex(abandon)}`,
    `${signatures.length} signatures: ${signatures.map((s) => s.by.slice(0, 16)).join(", ")}`,
    ...more,
  ]);
}

async function install(file: string, _o: unknown, command: Command): Promise<void> {
  const home = globalsOf(command).home ?? usage("install needs --home", "add --home DIR");
  const [{ openHome }, { readGenesis }] = await Promise.all([import("../node/home.ts"), import("../base/genesis.ts")]);
  const { recovery: target, genesis } = openHome(home);
  const text = readText(file);
  const recovery = readRecovery(text);
  const { network } = readGenesis(readText(genesis));
  if (!equalBytes(network, recovery.network))
    refuse("genesis.mismatch", { why: `${file} is of another network than ${home}`, do: "take the right file", exit: exits.no });
  fs.writeFileSync(target, text);
  describe(file, recovery, [
    `${green("✓")} laid into ${home}: the node checks the signatures against its members and releases its vote at the next start`,
    yellow("Start it only with a release that computes the other result; with the old one it would vote for the same again."),
  ]);
}

// ── keys lost for good ───────────────────────────────────────────────────────────────────────────────────────────────────────
async function buildGenesis(o: { members: string; parameters: string; time: string; out: string }, command: Command): Promise<void> {
  const home = globalsOf(command).home ?? usage("the old network's state is needed", "add --home DIR, a stopped node of it");
  const [{ planned }, { continuationOf }, { writeGenesis }] = await Promise.all([
    import("./genesis.ts"),
    import("../node/continuation.ts"),
    import("../base/genesis.ts"),
  ]);
  const genesis = await planned(o);
  const continues = await continuationOf(home, genesis, said("rows read"));
  fs.writeFileSync(o.out, writeGenesis({ ...genesis, continues }, []));
  const { network, height, stateRoot } = continues;
  answer({ file: o.out, continues: { network: hex(network), height, stateRoot: hex(stateRoot) } }, [
    `${green("✓")} ${o.out}: goes on from block ${height} of network ${hex(network).slice(0, 16)}, state ${hex(stateRoot).slice(0, 16)}`,
    `Each founder: chancery recover check ${o.out} --home HIS-OLD-HOME, then chancery genesis sign ${o.out} --key ORG.key`,
  ]);
}

async function checkGenesis(file: string, _o: unknown, command: Command): Promise<void> {
  const home = globalsOf(command).home ?? usage("a home of the old network is needed", "add --home DIR, its node stopped");
  const { continuationFaults } = await import("../node/continuation.ts");
  const problems = await continuationFaults(home, readText(file), said("rows read"));
  if (problems.length > 0) refuse("check.failed", { why: problems.join("; "), do: "do not sign; compare with whoever built it" });
  answer({ file, problems }, `${green("✓")} ${file} continues what ${home} holds`);
}

async function goOn(o: { genesis: string; from?: string }, command: Command): Promise<void> {
  const home = globalsOf(command).home ?? usage("continue needs --home", "add --home DIR");
  const { continueHome } = await import("../node/continuation.ts");
  const { network, height, aside } = await continueHome(home, o.genesis, o.from, said("rows"));
  answer({ home, network, height, aside: aside ?? null }, [
    `${green("✓")} ${home} follows network ${network.slice(0, 16)}, with the state of block ${height} of the old one`,
    ...(aside === undefined ? [] : [`The old network is in ${aside}: keep it, it holds the history.`]),
    `Next: chancery start --home ${home}`,
  ]);
}

const said =
  (what: string) =>
  (count: number): void =>
    progress(`${count} ${what}`);
