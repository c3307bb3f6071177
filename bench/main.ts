// `npm run bench -- SCENARIO [--json] …`: the instrument by which the node is judged. One JSON line last with --json; progress on stderr.

import { Command } from "commander";
import { type ThroughputOptions, throughput, throughputDefaults } from "./throughput.ts";

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

program
  .command("throughput")
  .description("signed transactions a second over validators on loopback")
  .option("--json", "one JSON line, last")
  .option("--validators <n>", "validators", Number, throughputDefaults.validators)
  .option("--bytes <n>", "bytes of a whole transaction", Number, throughputDefaults.bytes)
  .option("--seconds <n>", "measured time", Number, throughputDefaults.seconds)
  .option("--warmup <n>", "seconds before", Number, throughputDefaults.warmupSeconds)
  .option("--connections <n>", "connections to each node from each load process", Number, throughputDefaults.connectionsPerNode)
  .option("--per-request <n>", "transactions in a request", Number, throughputDefaults.perRequest)
  .option("--loaders <n>", "load processes", Number, throughputDefaults.loaders)
  .option("--profile <dir>", "a CPU profile per process, written there")
  .action(async (o: Record<string, unknown>) => {
    const options: ThroughputOptions = {
      ...throughputDefaults,
      validators: o["validators"] as number,
      bytes: o["bytes"] as number,
      seconds: o["seconds"] as number,
      warmupSeconds: o["warmup"] as number,
      connectionsPerNode: o["connections"] as number,
      perRequest: o["perRequest"] as number,
      loaders: o["loaders"] as number,
      profile: o["profile"] as string | undefined,
    };
    print(await throughput(options, say), o["json"] === true);
  });

await program.parseAsync();
