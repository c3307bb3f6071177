// `npm run bench -- SCENARIO [--json] …`: the instrument by which the node is judged. One JSON line last with --json; progress on stderr.

import fs from "node:fs";
import path from "node:path";
import { Command, Option } from "commander";
import { runBuilt } from "./devnet.ts";
import { funds, fundsDefaults } from "./funds.ts";
import { failover } from "./failover.ts";
import { idle } from "./idle.ts";
import { ledger, type LedgerAct, ledgerActs } from "./ledger.ts";
import { micro } from "./micro.ts";
import { nodes } from "./nodes.ts";
import { overload } from "./overload.ts";
import { besidePeer } from "./peer.ts";
import { report } from "./plots.ts";
import { scale } from "./scale.ts";
import { services } from "./services.ts";
import { state } from "./state.ts";
import { sync } from "./sync.ts";
import { type ThroughputOptions, throughput, throughputDefaults } from "./throughput.ts";
import { type WorkloadName, workloadNames } from "./workloads.ts";

const program = new Command("bench").description(
  "Measures this checkout on this machine; every figure says what was measured and under which conditions",
);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

function print(result: Record<string, unknown>, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    for (const [name, value] of Object.entries(result))
      process.stdout.write(`${name.padEnd(28)} ${typeof value === "object" ? JSON.stringify(value) : String(value)}\n`);
}

type Options = { readonly json?: true; readonly [name: string]: unknown };

const SAVED = "docs/performance";
const saved = path.resolve(import.meta.dirname, "..", SAVED);
function save(name: string, result: Record<string, unknown>): void {
  fs.mkdirSync(saved, { recursive: true });
  fs.writeFileSync(
    path.join(saved, `${name}.json`),
    `${JSON.stringify({ measured: new Date().toISOString().slice(0, 16), ...result }, undefined, 1)}\n`,
  );
}

/** Scenarios without a node of their own. */
const ALONE = ["ledger", "micro", "report", "scale", "services"];

/** A scenario with what all have in common. Without the addon: CHANCERY_NO_NATIVE=1. */
function scenario(name: string, description: string, run: (options: Options) => Promise<Record<string, unknown>>): Command {
  return program
    .command(name)
    .description(description)
    .option("--json", "one JSON line, last")
    .option("--save <name>", `keep the result as ${SAVED}/NAME.json, for the report`)
    .action(async (options: Options) => {
      if (!ALONE.includes(name)) runBuilt();
      const result = await run(options);
      if (typeof options["save"] === "string") save(options["save"], result);
      print(result, options.json === true);
    });
}

function throughputOf(o: Options): ThroughputOptions {
  return {
    ...throughputDefaults,
    validators: o["validators"] as number,
    act: o["act"] as WorkloadName,
    bytes: (o["bytes"] as number | undefined) ?? (o["act"] === "deposit" || o["act"] === "transfer" ? 250 : undefined),
    runs: o["runs"] as number,
    seconds: o["seconds"] as number,
    warmupSeconds: o["warmup"] as number,
    connectionsPerNode: o["connections"] as number,
    perRequest: o["perRequest"] as number,
    loaders: o["loaders"] as number,
    rate: o["rate"] as number | undefined,
    latency: o["latency"] as boolean,
    profile: o["profile"] as string | undefined,
  };
}

const d = throughputDefaults;
scenario("throughput", "signed transactions a second over validators on loopback", async (o) => {
  const options = throughputOf(o);
  if (o["peer"] === undefined) return throughput(options, say);
  const { validators, bytes = 250 } = options;
  return besidePeer({ measure: o["peer"] as string, validators, bytes, seconds: o["peerSeconds"] as number }, say, async () =>
    throughput(options, say),
  );
})
  .option("--validators <n>", "validators", Number, d.validators)
  .option("--act <name>", `what a transaction does: ${workloadNames.join(", ")}`, d.act)
  .option("--bytes <n>", "bytes of a whole transaction", Number)
  .option("--runs <n>", "measured stretches after one warm-up", Number, d.runs)
  .option("--seconds <n>", "measured time of each", Number, d.seconds)
  .option("--warmup <n>", "seconds before", Number, d.warmupSeconds)
  .option("--connections <n>", "connections to each node from each load process", Number, d.connectionsPerNode)
  .option("--per-request <n>", "transactions in a request", Number, d.perRequest)
  .option("--loaders <n>", "load processes", Number, d.loaders)
  .option("--rate <n>", "an open loop of so many transactions a second, instead of saturation", Number)
  .option("--peer <program>", "measures another ledger before and after ours, and prints the ratio")
  .option("--peer-seconds <n>", "of load on the peer, each time", Number, 20)
  .option("--no-latency", "leave out the open loops after the runs")
  .option("--profile <dir>", "a CPU profile per process, written there, and a table of µs by stage");

const f = fundsDefaults;
scenario(
  "funds",
  "a fund with its firms, contracts and workers paid in one cycle, and one budget under many concurrent orders",
  async (o) =>
    funds(
      { firms: o["firms"] as number, contracts: o["contracts"] as number, workers: o["workers"] as number, hot: o["hot"] as number },
      say,
    ),
)
  .option("--firms <n>", "firms, each with at least one contract", Number, f.firms)
  .option("--contracts <n>", "contracts of the tree", Number, f.contracts)
  .option("--workers <n>", "workers paid by the firms' wage lists", Number, f.workers)
  .option("--hot <n>", "concurrent orders below one budget", Number, f.hot);
scenario("batch", "records a second in signed transactions that carry a hundred each in one operation", async (o) =>
  throughput(
    {
      ...d,
      act: o["act"] as WorkloadName,
      bytes: undefined,
      runs: o["runs"] as number,
      seconds: o["seconds"] as number,
      perRequest: 15,
      latency: false,
    },
    say,
  ).then((result) => ({ ...result, scenario: "batch" })),
)
  .option("--act <name>", "invoices or awards", "invoices")
  .option("--runs <n>", "measured stretches after one warm-up", Number, d.runs)
  .option("--seconds <n>", "measured time of each", Number, d.seconds);

scenario("nodes", "throughput by the number of validators", async (o) =>
  nodes(
    {
      counts: (o["counts"] as string).split(",").map(Number),
      runs: o["runs"] as number,
      seconds: o["seconds"] as number,
      wan: o["wan"] as number | undefined,
      rate: o["rate"] as number | undefined,
    },
    say,
  ),
)
  .option("--wan <ms>", "so far from each node to each, one way, in network namespaces (root, python3)", Number)
  .option("--rate <n>", "only an open loop of so many transactions a second", Number)
  .option("--counts <list>", "numbers of validators", "4,7,10,16,31")
  .option("--runs <n>", "measured stretches after one warm-up", Number, d.runs)
  .option("--seconds <n>", "measured time of each", Number, d.seconds);

scenario("failover", "a backup and the primary killed under load", async (o) =>
  failover({ rate: o["rate"] as number, seconds: o["seconds"] as number }, say),
)
  .option("--rate <n>", "offered transactions a second", Number, 1_000)
  .option("--seconds <n>", "watched after each kill", Number, 10);

scenario("overload", "three times what saturates, offered for a minute", async (o) =>
  overload({ validators: 4, seconds: o["seconds"] as number, times: o["times"] as number, perRequest: o["perRequest"] as number }, say),
)
  .option("--per-request <n>", "transactions in a request of the overload", Number, d.perRequest)
  .option("--seconds <n>", "of overload", Number, 60)
  .option("--times <n>", "offered, as a multiple of saturation", Number, 3);

scenario("idle", "a network that nobody asks anything", async (o) => idle({ validators: 4, seconds: o["seconds"] as number }, say)).option(
  "--seconds <n>",
  "watched",
  Number,
  30,
);

scenario("state", "throughput, memory, disk and proofs while the state grows by powers of ten", async (o) =>
  state({ sizes: (o["sizes"] as string).split(",").map(Number), runs: o["runs"] as number, seconds: o["seconds"] as number }, say),
)
  .option("--sizes <list>", "records at which it is measured, ascending", "0,10000,100000,1000000,10000000")
  .option("--runs <n>", "measured stretches at each", Number, d.runs)
  .option("--seconds <n>", "measured time of each", Number, 6);

scenario("sync", "a validator comes back: as it was, behind, wiped, wiped and by state sync", async (o) =>
  sync({ seconds: o["seconds"] as number, rate: o["rate"] as number, records: o["records"] as number }, say),
)
  .option("--records <n>", "records that are there before", Number, 0)
  .option("--seconds <n>", "of load that make the chain first", Number, 15)
  .option("--rate <n>", "offered while it comes back, transactions a second", Number, 500);

scenario("services", "each action of each contract alone", async () => services(say));

scenario("micro", "the parts by themselves", async (o) => micro({ milliseconds: o["milliseconds"] as number }, say)).option(
  "--milliseconds <n>",
  "of each part",
  Number,
  1_000,
);

scenario("ledger", "one ledger alone executes and commits blocks that were signed beforehand: µs of CPU a record, by thread", async (o) =>
  ledger({ act: o["act"] as LedgerAct, blocks: o["blocks"] as number, records: o["records"] as number }, say),
)
  .addOption(new Option("--act <name>", "what a transaction does").choices(ledgerActs).default("invoices"))
  .option("--blocks <n>", "blocks, the first third of them a warm-up", Number, 30)
  .option("--records <n>", "records of a block", Number, 4_000);

scenario("scale", "a hundred validators in the simulator: messages, bytes, simulated latency", async (o) =>
  scale({ validators: o["validators"] as number, latencyMs: o["latency"] as number, transactions: o["transactions"] as number }, say),
)
  .option("--validators <n>", "validators", Number, 100)
  .option("--latency <ms>", "one way between two of them, in the middle", Number, 40)
  .option("--transactions <n>", "handed in over two seconds", Number, 1_000);

scenario("report", "draws the saved results", async () => report(saved, say));

await program.parseAsync();
