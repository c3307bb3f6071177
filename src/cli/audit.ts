// `chancery audit`: what an auditor runs. Recomputes a contract's invariants from all its rows, of a running node or of a stopped one's home.
// Owns the command and reading a node's rows page by page. Does not own: the invariants (contracts), homes (node/auditHome).

import type { Command } from "commander";
import { MAX_PAGE } from "../base/limits.ts";
import type { Found, Page } from "../client/index.ts";
import type { Audited } from "../node/auditHome.ts";
import { contracts } from "../node/registry.ts";
import { globalsOf, wholeNumber } from "./globals.ts";
import { connectionOf } from "./nodes.ts";
import { answer, bold, dim, exits, type Globals, green, red, toJson, usage } from "./output.ts";

export function register(program: Command): void {
  program
    .command("audit <contract>")
    .description("recompute a contract's invariants from all its rows; exit 1 if one does not hold")
    .option(
      "--at <height>",
      "of a node's rows as they stood at this height; by default at its head",
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .action(audit);
}

async function audit(contract: string, o: { at?: number }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  if (globals.home !== undefined && o.at !== undefined)
    usage("a home is audited at its head", "leave out --at, or name a running node with --node");
  const started = performance.now();
  const { useSodium } = await import("../base/ristrettoSodium.ts");
  await useSodium(); // every ballot of a poll is proved again
  const shown = progressLine(globals);
  const audited = await (globals.home === undefined ? auditNode(contract, o.at, globals, shown) : homeOf(globals.home, contract, shown));
  if (audited === undefined) {
    const names = contracts().contracts.map((module) => module.contract.name);
    return usage(`there is no contract "${contract}"`, `chancery audit ${names.join(" | ")}`);
  }
  shown();
  const { asOf, rows, audits } = audited;
  const holds = audits.every((a) => a.holds);
  if (!holds) process.exitCode = exits.no;
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  answer({ contract, holds, asOf, rows, seconds, audits }, [
    ...audits.flatMap(lines),
    audits.length === 0 ? `${contract} declares no audits` : "",
    dim(`${rows} rows of ${contract} as of height ${asOf.height}, ${new Date(asOf.time).toISOString()} (${seconds} s)`),
  ]);
}

function lines({ title, holds, figures, findings, found }: Audited["audits"][number]): string[] {
  return [
    `${holds ? green("✓") : red("✗")} ${bold(title)}`,
    ...Object.entries(figures).map(([name, value]) => `    ${name.padEnd(24)} ${value}`),
    ...findings.map(
      ({ collection, key, says, data }) =>
        `  ${red("✗")} ${collection === undefined ? "" : `${collection} ${toJson(key)}: `}${says}${data === undefined ? "" : ` ${toJson(data)}`}`,
    ),
    ...(found > findings.length ? [dim(`    and ${found - findings.length} more`)] : []),
  ];
}

async function homeOf(home: string, contract: string, shown: Progress): Promise<Audited | undefined> {
  const { auditHome } = await import("../node/auditHome.ts");
  return auditHome(home, contract, shown);
}

/** All rows as they stood at one height, whatever the network does meanwhile. */
async function auditNode(contract: string, at: number | undefined, globals: Globals, shown: Progress): Promise<Audited | undefined> {
  const connection = await connectionOf(globals);
  const ask = async <T>(path: string, query = {}): Promise<T> =>
    (await connection.request<T>(path, { query, timeoutMs: globals.timeoutMs })).body;
  const { openGenesis } = await import("../node/openGenesis.ts");
  const { network } = openGenesis(toJson(await ask<unknown>("/genesis.json"))); // the node's contracts are this release's
  const height = at ?? (await ask<{ height: number }>("/v1/network")).height;
  const time = await timeAt(height, ask);
  const registry = contracts();
  const auditing = registry.audit(contract, { network, height, time });
  if (auditing === undefined) return undefined;
  let rows = 0;
  for (const collection of auditing.collections) {
    let after: string | undefined;
    do {
      const page = await ask<Page<Found>>(`/v1/records/${collection}`, { at: height, limit: MAX_PAGE, after });
      for (const found of page.items) {
        auditing.row(registry.fromJson(collection, found));
        shown(collection, ++rows);
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
  }
  return { asOf: { height, time }, rows, audits: auditing.end() };
}

async function timeAt(height: number, ask: <T>(path: string, query?: object) => Promise<T>): Promise<number> {
  const page = await ask<Page<Found>>("/v1/records/governance/network", { at: height, limit: 1 });
  return page.asOf.time;
}

type Progress = (collection?: string, rows?: number) => void;
const EVERY = 5_000;
/** One line that changes, on a terminal; called without arguments it ends. */
function progressLine({ json, quiet }: Globals): Progress {
  if (json || quiet || process.stderr.isTTY !== true) return () => undefined;
  let said: string | undefined;
  return (collection, rows = 0) => {
    if (collection === undefined) process.stderr.write("\r\x1b[K");
    else if (collection !== said || rows % EVERY === 0) process.stderr.write(`\r\x1b[K  ${collection}  ${rows} rows`);
    said = collection;
  };
}
