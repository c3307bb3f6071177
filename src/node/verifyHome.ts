// `verify-chain` of a home: the store is read, everything from genesis executed again on a database of its own that is removed afterwards.
// Owns opening and cleaning up. Does not own: what is compared (ledger/verifyChain).

import fs from "node:fs";
import path from "node:path";
import { openLevel } from "../ledger/storeLevel.ts";
import { type VerifiedChain, verifyChain } from "../ledger/verifyChain.ts";
import { loadConfig } from "./config.ts";
import { lockHome, openHome } from "./home.ts";
import { openGenesis } from "./openGenesis.ts";
import { contracts, viewOf } from "./registry.ts";

/** Throws `start.locked` while a node runs there; `store.damaged` or `chain.…` naming what does not hold. */
export async function verifyHome(
  directory: string,
  options: { readonly from: number; readonly signatures: boolean },
  onProgress: (done: number, all: number) => void,
): Promise<VerifiedChain> {
  const home = openHome(directory);
  const { config } = loadConfig(home.config);
  const { genesis, network } = openGenesis(fs.readFileSync(home.genesis, "utf8"));
  const lock = lockHome(home);
  const beside = path.join(home.run, `verify-${process.pid}`);
  try {
    const database = await openLevel(home.resolve(config["node.data"]));
    const temporary = await openLevel(beside, { sync: false });
    try {
      return await verifyChain({
        database,
        temporary,
        network,
        genesis,
        registry: contracts(),
        consensusView: viewOf,
        signatures: options.signatures,
        from: options.from,
        onProgress,
      });
    } finally {
      await temporary.close();
      await database.close();
    }
  } finally {
    fs.rmSync(beside, { recursive: true, force: true });
    lock.release();
  }
}
