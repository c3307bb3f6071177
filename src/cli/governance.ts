// `chancery validators`, `propose`, `vote`, `proposals`: how members change their network. docs/operations.md, "Members and validators".
// Owns the commands and the sentence that says what a change would mean. Does not own: the rules (contracts/platform/governance).

import type { Command } from "commander";
import { hex } from "../base/bytes.ts";
import { faults, quorum } from "../base/certificate.ts";
import type { Key } from "../base/keyFile.ts";
import { type Json, seedSigner } from "../client/build.ts";
import type { Found, Ledger, Outcome, Page } from "../client/index.ts";
import { collect, duration, globalsOf, openKeyFile, readJson, readText, wholeNumber } from "./globals.ts";
import { connectionOf, isProblem, ledgerOf } from "./nodes.ts";
import { showOutcome } from "./outcomes.ts";
import { answer, bold, dim, type Globals, green, progress, refuse, usage } from "./output.ts";

interface ProposeOptions {
  readonly id?: string;
  readonly member?: string;
  readonly role?: string;
  readonly scope: string;
  readonly set?: string[];
  readonly protocol?: number;
  readonly proof?: string;
  readonly notAfter: string;
}

export function register(program: Command): void {
  program
    .command("validators")
    .description("who validates, and what they tolerate")
    .option("--at <height>", "at this height", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option("--if <changes>", "what it would be with +ID and -ID, joined by commas")
    .action(validators);
  program
    .command("propose <kind> [agency]")
    .description(
      "member.add | member.remove | member.key | validator.add | validator.remove | role.grant | role.revoke | parameters.change | protocol.activate",
    )
    .option("--id <name>", "the proposal's id; made from kind and agency if left out")
    .option("--member <file>", "the member file (member.add)")
    .option("--proof <file>", "of the new key: what `keys prove --json` printed, or `rotate` wrote (member.key)")
    .option("--role <role>", "contract.role (role.grant, role.revoke)")
    .option("--scope <scope>", "of the role; everywhere if left out", "")
    .option("--set <name=value>", "a parameter (parameters.change)", collect)
    .option("--protocol <version>", "protocol.activate", wholeNumber(1, 1_000_000))
    .option("--not-after <duration>", "how long it may be committed", "1h")
    .action(propose);
  program
    .command("vote <proposal> <yes|no>")
    .description("vote on a proposal; the vote that reaches more than two thirds enacts it")
    .action(vote);
  program.command("proposals [id]").description("what is or was voted on").action(proposals);
}

interface Validators {
  readonly items: readonly { readonly id: string; readonly name: string; readonly key: string }[];
  readonly epoch: number;
}

async function validators(o: { at?: number; if?: string }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const connection = await connectionOf(globals);
  const { body } = await connection.request<Validators>("/v1/validators", { query: { at: o.at }, timeoutMs: globals.timeoutMs });
  if (o.if === undefined)
    return answer(body, [
      effect(body.items.length),
      ...body.items.map((v) => `  ${bold(v.id.padEnd(16))} ${v.key.slice(0, 16)}…  ${v.name}`),
    ]);
  const ids = new Set(body.items.map((v) => v.id));
  for (const change of o.if.split(",")) {
    const id = change.slice(1);
    if (change.startsWith("+")) ids.add(id);
    else if (change.startsWith("-") && ids.has(id)) ids.delete(id);
    else usage(`"${change}" is no change of these validators`, "write it so: --if +new-5,-land-2");
  }
  const n = ids.size;
  answer({ validators: [...ids].sort(), n, quorum: quorum(n), tolerates: faults(n) }, `If adopted: ${effect(n)}`);
}

const effect = (n: number): string => `${n} validators, quorum ${quorum(n)}, tolerates ${faults(n)} failing`;

// ── proposing and voting ─────────────────────────────────────────────────────────────────────────────────────────────────────
async function propose(kind: string, agency: string | undefined, o: ProposeOptions, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const ledger = await ledgerOf(globals);
  const what = await whatOf(kind, agency, o);
  const id = o.id ?? `${kind}-${what["agency"] === undefined ? Date.now() : String(what["agency"])}-${Date.now().toString(36)}`;
  await explain(ledger, kind, String(what["agency"] ?? ""), globals);
  const { key, member } = await memberKey(ledger, globals);
  await act(ledger, "governance.propose", { proposal: id, member, kind, ...what }, key, globals, o.notAfter);
}

async function whatOf(kind: string, agency: string | undefined, o: ProposeOptions): Promise<Record<string, Json>> {
  const whose = agency ?? (o.member === undefined ? undefined : "");
  switch (kind) {
    case "member.add": {
      const file = o.member ?? usage("member.add needs the member file", "add --member FILE");
      const { readMember } = await import("../node/founding.ts");
      const { member, problems } = readMember(readText(file));
      if (problems.length > 0)
        refuse("member.malformed", { why: `${file}: ${problems[0]}`, do: "ask for a file signed by all of its keys" });
      const keys = Object.fromEntries(Object.entries(member.keys).map(([name, bytes]) => [name, hex(bytes)]));
      const proofs = Object.fromEntries(Object.entries(member.proofs).map(([name, bytes]) => [name, hex(bytes)]));
      return {
        agency: member.id,
        candidate: { name: member.name, addresses: [...member.addresses], contact: member.contact, keys, proofs },
      };
    }
    case "member.remove":
    case "validator.add":
    case "validator.remove":
      return { agency: whose ?? usage(`${kind} needs an agency`, `chancery propose ${kind} ID --key ORGANISATION.key`) };
    case "member.key": {
      const file = o.proof ?? usage("member.key needs the new key and its proof", "add --proof FILE (chancery keys prove … --json > FILE)");
      const { principal, member, purpose, key, proof } = readJson(file) as Readonly<Record<string, Json>>;
      const of = principal ?? member;
      if (agency !== undefined && agency !== of)
        usage(`${file} is of ${String(of)}, not of ${agency}`, "take the file that this agency gave");
      return { agency: of ?? null, purpose: purpose ?? null, key: key ?? null, proof: proof ?? null };
    }
    case "role.grant":
    case "role.revoke":
      return {
        agency: whose ?? usage(`${kind} needs an agency`, `chancery propose ${kind} ID --role CONTRACT.ROLE`),
        role: o.role ?? usage(`${kind} needs a role`, "add --role CONTRACT.ROLE"),
        scope: o.scope,
      };
    case "parameters.change": {
      const pairs = (o.set ?? usage("parameters.change needs parameters", "add --set heartbeat_ms=60000")).map((pair) => pair.split("="));
      return {
        parameters: Object.fromEntries(
          pairs.map(([name = "", value = ""]) => [
            name,
            /^\d+$/.test(value)
              ? Number(value)
              : usage(`"${name}=${value}" is no parameter with a whole number`, "--set heartbeat_ms=60000"),
          ]),
        ),
      };
    }
    case "protocol.activate":
      return { protocol: o.protocol ?? usage("protocol.activate needs a version", "add --protocol VERSION") };
    default:
      return usage(`there is no kind of proposal "${kind}"`, "chancery propose --help lists them");
  }
}

/** Says what the change would mean before the key is asked for. */
async function explain(ledger: Ledger, kind: string, agency: string, globals: Globals): Promise<void> {
  if (globals.json || (kind !== "validator.add" && kind !== "validator.remove")) return;
  const { body } = await ledger.connection.request<Validators>("/v1/validators");
  const ids = new Set(body.items.map((v) => v.id));
  if (kind === "validator.add") ids.add(agency);
  else ids.delete(agency);
  progress(`If adopted: ${effect(ids.size)}, in force at an epoch's start`);
}

async function vote(proposal: string, said: string, _o: unknown, command: Command): Promise<void> {
  const globals = globalsOf(command);
  if (said !== "yes" && said !== "no") usage(`a vote is yes or no, not "${said}"`, `chancery vote ${proposal} yes --key ORGANISATION.key`);
  const ledger = await ledgerOf(globals);
  const found = await ledger.get("governance/proposal", proposal);
  if (found !== undefined) await explain(ledger, String(found.fields["kind"]), String(found.fields["agency"] ?? ""), globals);
  const { key, member } = await memberKey(ledger, globals);
  await act(ledger, "governance.vote", { proposal, member, vote: said }, key, globals, "1h");
}

/** The organisation's key, and whose it is on this chain. */
async function memberKey(ledger: Ledger, globals: Globals): Promise<{ key: Key; member: string }> {
  const key = await openKeyFile(
    globals.keys[0] ?? usage("a member acts by its organisation's key", "add --key ORGANISATION.key"),
    globals,
    ["organisation"],
  );
  const found = await ledger.get("eid/key", hex(key.publicKey));
  if (found === undefined) return refuse("key.purpose", { why: "the key is of no member of this network", do: "check --key and --node" });
  return { key, member: String(found.fields["principal"]) };
}

async function act(ledger: Ledger, action: string, args: Json, key: Key, globals: Globals, notAfter: string): Promise<void> {
  const until = Date.now() + duration(notAfter);
  showOutcome(await actBy(key, ledger, action, args, until, globals), { action, notAfter: until });
}

/** Prepares an act, signs it by this key alone, hands it in and waits. `until`: until when it may be committed. */
export async function actBy(key: Key, ledger: Ledger, action: string, args: Json, until: number, globals: Globals): Promise<Outcome> {
  const { draft } = await ledger.prepare(action, args, { signers: [key.publicKey], notAfter: until });
  await draft.sign(seedSigner(key.secret));
  return ledger.submit(draft.finish(), { timeout: `${globals.timeoutMs}ms` });
}

async function proposals(id: string | undefined, _o: unknown, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const connection = await connectionOf(globals);
  if (id !== undefined) {
    const { body } = await connection
      .request<Found>(`/v1/records/governance/proposal/${encodeURIComponent(id)}`)
      .catch((error: unknown) => {
        if (isProblem(error, "record.unknown")) return usage(`there is no proposal "${id}"`, "chancery proposals");
        throw error;
      });
    return answer(body, shown(body));
  }
  const { body } = await connection.request<Page<Found>>("/v1/records/governance/proposal", { query: { limit: 500 } });
  answer(body, body.items.length === 0 ? dim("no proposals") : body.items.flatMap(shown));
}

function shown({ fields, status }: Found): string[] {
  const { proposal, kind, by, yes, no, closes, agency } = fields as Record<string, unknown> & {
    yes: string[];
    no: string[];
    closes: number;
  };
  const open = status === "open" ? dim(`until ${new Date(closes).toISOString()}`) : status === "enacted" ? green(status) : status;
  return [
    `${bold(String(proposal))}  ${String(kind)} ${String(agency ?? "")}  by ${String(by)}  yes: ${yes.join(" ") || "–"}  no: ${no.join(" ") || "–"}  ${open}`,
  ];
}
