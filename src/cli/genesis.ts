// `chancery init`, `member` and `genesis`: how agencies that do not trust each other found a network. docs/operations.md, "Founding a network".
// Owns the commands. Does not own: documents and their checks (base), how a genesis follows from its inputs (node/founding).

import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import { faults, quorum } from "../base/certificate.ts";
import type { DocumentSignature } from "../base/document.ts";
import { type Genesis, encodeGenesis, genesisProblems, readGenesis, writeGenesis } from "../base/genesis.ts";
import { fingerprint, newKey } from "../base/keyFile.ts";
import { type Member, memberKeyPurposes, memberValue } from "../base/member.ts";
import { parameterBounds, parameterNames } from "../base/parameters.ts";
import { encode } from "../base/codec.ts";
import {
  completeMember,
  draftMember,
  founderSignature,
  type NodeKeys,
  planFrom,
  planGenesis,
  readMember,
  writeMember,
} from "../node/founding.ts";
import { furnishHome } from "../node/home.ts";
import { collect, globalsOf, newPassphrase, openKeyFile, readText } from "./globals.ts";
import { answer, bold, exits, green, grouped, red, refuse, usage, warn } from "./output.ts";

export function register(program: Command): void {
  program
    .command("init")
    .description("a new home: the node's three keys, its configuration, and the member file for the founding")
    .requiredOption("--organisation <id>", "the agency's id: a–z, 0–9, -")
    .requiredOption("--name <name>", "the agency's name")
    .option("--address <multiaddr>", "where peers reach the node, e.g. /dns4/ledger.tax.example/tcp/7600", collect)
    .option("--contact <text>", "whom to call", "")
    .option("--unprotected", "keys without a passphrase: development networks only", false)
    .action(init);
  const member = program.command("member").description("the member file that an agency hands to the others");
  member.command("sign <file>").description("countersign with the organisation's key, which is kept elsewhere").action(signMember);
  member.command("show <file>").description("what a member file says, with fingerprints to be read aloud").action(showMember);

  const genesis = program.command("genesis").description("the document that founds a network");
  genesis
    .command("build")
    .description("a pure function of member files, plan and time: several build it and compare")
    .requiredOption("--members <dir>", "directory of *.member.json")
    .requiredOption("--parameters <file>", "the plan: name, purpose, parameters, seats, grants (TOML)")
    .requiredOption("--time <time>", "ISO 8601, e.g. 2026-12-01T00:00:00Z")
    .option("--out <file>", "where to write it", "genesis.json")
    .action(build);
  genesis.command("show <file>").description("what a genesis says").action(showGenesis);
  genesis
    .command("check <file>")
    .description("is my member file inside, and is everything in bounds?")
    .requiredOption("--member <file>", "my member file")
    .action(check);
  genesis
    .command("sign <file>")
    .description("sign as a founder, with the organisation's key")
    .option("--out <file>", "where to write the signature")
    .action(signGenesisFile);
  genesis.command("seal <file> <signatures...>").description("join the founders' signatures into the file").action(seal);
}

// ── members ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async function init(
  o: { organisation: string; name: string; address?: string[]; contact: string; unprotected: boolean },
  command: Command,
): Promise<void> {
  const globals = globalsOf(command);
  const directory = globals.home ?? usage("init needs --home", "add --home DIR");
  const passphrase = o.unprotected ? undefined : await newPassphrase(globals);
  const keys: NodeKeys = { consensus: newKey("consensus"), peer: newKey("peer"), checkpoint: newKey("checkpoint") };
  const member = draftMember({ id: o.organisation, name: o.name, addresses: o.address ?? [], contact: o.contact }, keys);
  furnishHome(directory, keys, passphrase, firstConfig(globals.passphraseFile, o.unprotected));
  const file = path.join(directory, `${o.organisation}.member.json`);
  fs.writeFileSync(file, writeMember(member));
  answer({ home: directory, member: file, organisation: o.organisation }, [
    `${green("✓")} ${directory} is made`,
    `Next: chancery keys new --for organisation --out ${o.organisation}.key   (on another machine)`,
    `      chancery member sign ${file} --key ${o.organisation}.key`,
  ]);
}

function firstConfig(passphraseFile: string | undefined, unprotected: boolean): string {
  const passphrase =
    unprotected || passphraseFile === undefined
      ? '# passphrase_file = "credential:consensus.pass"'
      : `passphrase_file = ${JSON.stringify(path.resolve(passphraseFile))}`;
  return `# Every setting: chancery config show --home DIR\n\n[keys]\n${passphrase}\n\n[peer]\nlisten = ["/ip4/0.0.0.0/tcp/7600"]\n\n[api]\nlisten = "127.0.0.1:7601"\n`;
}

async function signMember(file: string, _o: unknown, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const key = await openKeyFile(globals.keys[0] ?? usage("signing needs the organisation's key", "add --key ORGANISATION.key"), globals, [
    "organisation",
  ]);
  const { member } = readMember(readText(file));
  const complete = completeMember(member, key);
  fs.writeFileSync(file, writeMember(complete, key));
  describeMember(file, complete, []);
}

function showMember(file: string): void {
  const { member, problems } = readMember(readText(file));
  describeMember(file, member, problems);
}

function describeMember(file: string, member: Member, problems: readonly string[]): void {
  const prints = Object.fromEntries(memberKeyPurposes.map((p) => [p, member.keys[p].length === 0 ? null : fingerprint(member.keys[p])]));
  const { id, name, addresses, contact } = member;
  answer({ file, id, name, addresses, contact, fingerprints: prints, problems }, [
    `${bold(id)}  ${name}   ${addresses.join(", ")}   ${contact}`,
    ...memberKeyPurposes.map((p) => `  ${p.padEnd(14)} ${prints[p] ?? red("missing")}`),
    ...problems.map((p) => `${red("✗")} ${p}`),
  ]);
  if (problems.length > 0) process.exitCode = exits.no;
}

// ── genesis ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async function build(o: { members: string; parameters: string; time: string; out: string }): Promise<void> {
  fs.writeFileSync(o.out, writeGenesis(await planned(o), []));
  describeGenesis(o.out, []);
}

/** The genesis of member files, a plan and a time. */
export async function planned(o: { members: string; parameters: string; time: string }): Promise<Genesis> {
  const { parse } = await import("smol-toml");
  const { contractsManifest } = await import("../node/registry.ts");
  const time = Date.parse(o.time);
  if (!Number.isSafeInteger(time)) usage(`"${o.time}" is no time`, "write it so: --time 2026-12-01T00:00:00Z");
  const files = fs.readdirSync(o.members).filter((f) => f.endsWith(".member.json"));
  if (files.length === 0) usage(`${o.members} holds no *.member.json`, "collect the agencies' member files there");
  const members = files.map((f) => {
    const { member, problems } = readMember(readText(path.join(o.members, f)));
    if (problems.length > 0)
      refuse("member.malformed", { why: `${f}: ${problems[0]}`, do: `ask ${member.id} for a file signed by all of its keys` });
    return member;
  });
  const plan = planFrom(parse(readText(o.parameters)));
  const { manifestHash, protocol } = contractsManifest();
  return planGenesis(plan, members, time, protocol, manifestHash);
}

function showGenesis(file: string): void {
  describeGenesis(file, []);
}

function describeGenesis(file: string, more: readonly string[]): void {
  const { genesis, network, document, validators } = readGenesis(readText(file));
  const problems = genesisProblems(genesis, network, document.signatures);
  const n = validators.length;
  const signed = document.signatures.map((s) => s.by);
  const founders = genesis.founders.map((f) => ({
    id: f.member.id,
    name: f.member.name,
    seat: f.seat,
    signed: signed.includes(f.member.id),
    fingerprint: fingerprint(f.member.keys.organisation),
  }));
  const summary = {
    file,
    network: hex(network),
    fingerprint: grouped(network),
    name: genesis.name,
    purpose: genesis.purpose,
    time: genesis.time,
    protocol: genesis.protocol,
    validators: n,
    quorum: quorum(n),
    tolerates: faults(n),
    founders,
    grants: genesis.grants,
    parameters: genesis.parameters,
    problems: [...problems, ...more],
  };
  answer(summary, [
    `${bold(genesis.name)}   ${grouped(network)}   ${genesis.purpose}   ${new Date(genesis.time).toISOString()}`,
    `network ${hex(network)}`,
    `${n} validators, quorum ${quorum(n)}, tolerates ${faults(n)} failing`,
    ...founders.map(
      (f) => `  ${f.seat ? "●" : "○"} ${f.id.padEnd(16)} ${f.fingerprint}   ${f.signed ? green("signed") : "not signed"}   ${f.name}`,
    ),
    ...parameterNames
      .filter((p) => genesis.parameters[p] !== parameterBounds[p].default)
      .map(
        (p) =>
          `  ${p} = ${genesis.parameters[p]} (default ${parameterBounds[p].default}, ${parameterBounds[p].min} … ${parameterBounds[p].max})`,
      ),
    `${genesis.grants.length} grants`,
    ...summary.problems.map((p) => `${red("✗")} ${p}`),
  ]);
}

function check(file: string, o: { member: string }): void {
  const mine = readMember(readText(o.member)).member;
  const { genesis, network, document } = readGenesis(readText(file));
  const inside = genesis.founders.find((f) => f.member.id === mine.id);
  const problems = genesisProblems(genesis, network, document.signatures).filter((p) => !p.endsWith("has not signed"));
  if (inside === undefined) problems.push(`${mine.id} is not among the founders`);
  else if (!equalBytes(encode(memberValue(inside.member)), encode(memberValue(mine))))
    problems.push(`the record of ${mine.id} is not that of ${o.member}`);
  describeGenesis(file, problems);
  if (problems.length > 0) refuse("check.failed", { why: problems.join("; "), do: "do not sign; ask who built it" });
}

async function signGenesisFile(file: string, o: { out?: string }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const key = await openKeyFile(globals.keys[0] ?? usage("signing needs the organisation's key", "add --key ORGANISATION.key"), globals, [
    "organisation",
  ]);
  const { genesis, network } = readGenesis(readText(file));
  const founder = genesis.founders.find((f) => equalBytes(f.member.keys.organisation, key.publicKey));
  if (founder === undefined)
    return refuse("key.purpose", { why: "no founder of this genesis has that organisation key", do: `chancery genesis show ${file}` });
  const out = o.out ?? file.replace(/(\.json)?$/, `.${founder.member.id}.json`);
  fs.writeFileSync(out, writeGenesis(genesis, [founderSignature(network, founder.member.id, key)]));
  answer(
    { file: out, by: founder.member.id, network: hex(network) },
    `${green("✓")} ${out}: signed by ${founder.member.id}. Next, with all of them: chancery genesis seal ${file} SIGNATURES…`,
  );
}

function seal(file: string, files: readonly string[]): void {
  const { genesis, network, document } = readGenesis(readText(file));
  const body: Bytes = encodeGenesis(genesis);
  const signatures = new Map<string, DocumentSignature>(document.signatures.map((s) => [s.by, s]));
  for (const f of files) {
    const signed = readGenesis(readText(f));
    if (!equalBytes(signed.document.body, body))
      refuse("genesis.mismatch", {
        why: `${f} signs another genesis, ${grouped(signed.network)}`,
        do: "compare with the others what was built",
        exit: exits.no,
      });
    for (const s of signed.document.signatures) signatures.set(s.by, s);
  }
  const joined = [...signatures.values()].sort((a, b) => (a.by < b.by ? -1 : 1));
  fs.writeFileSync(file, writeGenesis(genesis, joined));
  const problems = genesisProblems(genesis, network, joined);
  describeGenesis(file, []);
  if (problems.length > 0) warn(`not complete: ${problems.join("; ")}`);
}
