// Run by durability.slow.test.ts as a process of its own, to be killed: opens the chain in the given directory and commits block after block, saying each.

import { join } from "node:path";
import { openLevel } from "../../../src/ledger/storeLevel.ts";
import { put, TestNetwork, transaction } from "./testNetwork.ts";

const directory = process.argv[2]!;
const network = await TestNetwork.open(await openLevel(join(directory, "db")), { directory, dumpIntervalMs: 40 });
// Nonces of one process are its own: a restart must make other transactions.
const run = Number(process.argv[3]);
for (let height = network.chain.head.height + 1; ; height++) {
  const time = network.head.time + 100;
  const acts = Array.from({ length: 20 }, (_, i) =>
    transaction(
      [put(`item ${(height * 7 + i) % 300}`, height, { due: time + 5_000 }), ["test.add@1", { name: "sum", value: 1 }]],
      time + 60_000,
      run * 1_000_000 + height * 100 + i,
    ),
  );
  await network.block(acts, time);
  process.stdout.write(`${height} ${Buffer.from(network.chain.head.hash).toString("hex")}\n`);
}
