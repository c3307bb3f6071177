// `chancery get`, `list`, `history`, `follow`, `contracts`: reading. Every answer says as of which height it is.
// Owns the commands. Does not own: requests (client), proofs (prove.ts).

import type { Command } from "commander";
import type { Found, Page } from "../client/index.ts";
import { argumentsOf, collect, globalsOf, wholeNumber } from "./globals.ts";
import { collectionOf, connectionOf, keyOf, ledgerOf } from "./nodes.ts";
import { answer, bold, dim, exits, usage } from "./output.ts";

export function register(program: Command): void {
  program
    .command("get <contract> <collection> <key>")
    .description("a record; exit 1 if there is none")
    .option("--at <height>", "as it was at this height", wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option("--verify", "check its proof; needs --genesis", false)
    .option("--genesis <file>", "the genesis file that you trust")
    .option("--anchor <file>", "an anchor that you trust")
    .action(get);
  program
    .command("list <contract> <collection>")
    .description("records, in the order of their keys")
    .option("--where <field=value>", "only those (declared finds)", collect)
    .option("--limit <n>", "records of a page", wholeNumber(1, 500), 50)
    .option("--after <cursor>", "the next page")
    .option("--all", "all pages, one record a line", false)
    .action(list);
  program.command("history <contract> <collection> <key>").description("all versions of a record, the newest first").action(history);
  program
    .command("ask <view>")
    .description("what a contract computes from its records: CONTRACT.VIEW")
    .requiredOption("--args <file|json>", "what it is asked about: a JSON file, JSON itself, or - for stdin")
    .action(ask);
  program
    .command("follow")
    .description("what happens, act by act, as lines")
    .option("--after <id>", "begin after this event (height.index)")
    .option("--contract <name>", "only this contract")
    .option("--collection <name>", "only this collection")
    .option("--party <id>", "only acts that name this party")
    .option("--code <code>", "only acts that ended with this code")
    .action(followEvents);
  program
    .command("contracts [name]")
    .description("the statute: contracts, or one of them, or CONTRACT.ACTION")
    .option("--example", "arguments to edit", false)
    .action(contracts);
}

async function get(
  contract: string,
  collection: string,
  key: string,
  o: { at?: number; verify: boolean; genesis?: string; anchor?: string },
  command: Command,
): Promise<void> {
  const globals = globalsOf(command);
  if (o.verify) {
    const { verifiedGet } = await import("./prove.ts");
    return verifiedGet(contract, collection, key, o, globals);
  }
  const connection = await connectionOf(globals);
  const path = `/v1/records/${collectionOf(contract, collection)}/${keyOf(key).map(encodeURIComponent).join("/")}`;
  const found = await connection
    .request<Found>(path, { query: { at: o.at }, timeoutMs: globals.timeoutMs })
    .catch((error: unknown) => absent(error));
  if (typeof found === "number") {
    process.exitCode = exits.no;
    return answer({ absent: true, at: found }, `no ${contract}/${collection}/${key} as of height ${found}`);
  }
  answer(found.body, shown(found.body));
}

/** The height as of which a record is absent. */
function absent(error: unknown): number {
  const { code, problem } = error as { code?: string; problem?: { asOf?: { height: number } } };
  if (code !== "record.unknown") throw error;
  return problem?.asOf?.height ?? 0;
}

function shown(found: Found): string[] {
  return [
    `${bold(found.record)}   revision ${found.revision}   ${found.status}   ${dim(`as of height ${found.asOf.height}`)}`,
    ...Object.entries(found.fields).map(
      ([name, value]) => `  ${name.padEnd(20)} ${typeof value === "string" ? value : JSON.stringify(value)}`,
    ),
  ];
}

async function list(
  contract: string,
  collection: string,
  o: { where?: string[]; limit: number; after?: string; all: boolean },
  command: Command,
): Promise<void> {
  const globals = globalsOf(command);
  const find: Record<string, string> = {};
  for (const where of o.where ?? []) {
    const at = where.indexOf("=");
    if (at < 1) usage(`"${where}" is not FIELD=VALUE`, "chancery list CONTRACT COLLECTION --where district=Q1");
    find[`find.${where.slice(0, at)}`] = where.slice(at + 1);
  }
  const connection = await connectionOf(globals);
  let after = o.after;
  do {
    const query = { ...find, limit: o.limit, after };
    const { body } = await connection.request<Page<Found>>(`/v1/records/${collectionOf(contract, collection)}`, {
      query,
      timeoutMs: globals.timeoutMs,
    });
    if (!o.all) return answer(body, [...body.items.map(line), body.next === null ? dim("end") : dim(`next page: --after ${body.next}`)]);
    for (const found of body.items) answer(found, line(found));
    after = body.next ?? undefined;
  } while (after !== undefined);
}

function line(found: Found): string {
  return `${found.record.padEnd(40)} ${String(found.revision).padStart(4)}  ${found.status}`;
}

async function history(contract: string, collection: string, key: string, _o: unknown, command: Command): Promise<void> {
  const ledger = await ledgerOf(globalsOf(command));
  const items: Found[] = [];
  let after: string | undefined;
  let asOf: Page<Found>["asOf"] = { height: 0, time: 0 };
  do {
    const page = await ledger.history(collectionOf(contract, collection), keyOf(key), {
      limit: 200,
      ...(after === undefined ? {} : { after }),
    });
    items.push(...page.items);
    asOf = page.asOf;
    after = page.next ?? undefined;
  } while (after !== undefined);
  if (items.length === 0) process.exitCode = exits.no;
  answer(
    { items, asOf },
    items.map(
      (v) => `revision ${v.revision}   height ${(v["written"] as { height: number }).height}   ${v.status}   ${JSON.stringify(v.fields)}`,
    ),
  );
}

async function ask(view: string, o: { args: string }, command: Command): Promise<void> {
  const ledger = await ledgerOf(globalsOf(command));
  const said = await ledger.ask(view, argumentsOf(o.args));
  const lines = typeof said.answer === "object" && said.answer !== null ? Object.entries(said.answer) : [["", said.answer] as const];
  answer(said, [
    ...lines.map(([name, value]) => `${name.padEnd(20)} ${typeof value === "string" ? value : JSON.stringify(value)}`.trim()),
    dim(`as of height ${said.asOf.height}`),
  ]);
}

async function followEvents(
  o: { after?: string; contract?: string; collection?: string; party?: string; code?: string },
  command: Command,
): Promise<void> {
  const ledger = await ledgerOf(globalsOf(command));
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  for await (const event of ledger.events(o, stop.signal))
    answer(
      event,
      `${event.id.padEnd(12)} ${new Date(event.time).toISOString()} ${event.outcome.padEnd(9)} ${event.code ?? ""} ${event.writes.map((w) => w.record).join(" ")}`,
    );
}

interface Statute {
  readonly name: string;
  readonly title: string;
  readonly purpose: string;
  readonly rules: Readonly<Record<string, string>>;
  readonly actions: readonly {
    readonly name: string;
    readonly title: string;
    readonly by: readonly { readonly slot: string; readonly role?: string; readonly who: string }[];
    readonly rules: readonly { readonly code: string; readonly says: string }[];
    readonly example: unknown;
    readonly input: unknown;
  }[];
  readonly collections: readonly { readonly collection: string; readonly title: string; readonly key: readonly string[] }[];
  readonly views: readonly { readonly name: string; readonly title: string }[];
}

async function contracts(name: string | undefined, o: { example: boolean }, command: Command): Promise<void> {
  const connection = await connectionOf(globalsOf(command));
  if (name === undefined) {
    const { body } = await connection.request<{ items: { name: string; title: string }[] }>("/v1/contracts");
    return answer(
      body,
      body.items.map((c) => `${bold(c.name.padEnd(16))} ${c.title}`),
    );
  }
  const [contract, action] = name.split(".") as [string, string | undefined];
  const { body } = await connection.request<Statute>(`/v1/contracts/${encodeURIComponent(contract)}`);
  if (action === undefined) {
    return answer(body, [
      `${bold(body.name)}  ${body.title}`,
      body.purpose,
      "",
      ...body.collections.map((c) => `  ${c.collection}  ${dim(`key ${c.key.join("/")}`)}  ${c.title}`),
      "",
      ...body.actions.map((a) => `  ${bold(a.name)}  ${a.title}`),
      ...body.views.map((v) => `  ${bold(v.name)}  ${v.title} ${dim("(ask)")}`),
      "",
      ...Object.entries(body.rules).map(([code, sentence], i) => `  §${i + 1} ${code}: ${sentence}`),
    ]);
  }
  const found = body.actions.filter((a) => a.name === name || a.name.startsWith(`${name}@`)).at(-1);
  if (found === undefined) return usage(`${contract} has no action "${action}"`, `chancery contracts ${contract}`);
  if (o.example) return answer(found.example, JSON.stringify(found.example, undefined, 2));
  answer(found, [
    `${bold(found.name)}  ${found.title}`,
    ...found.by.map((b) => `  signed by ${b.slot}: ${b.who}`),
    ...found.rules.map((r) => `  ${r.code}: ${r.says}`),
    JSON.stringify(found.input, undefined, 2),
  ]);
}
