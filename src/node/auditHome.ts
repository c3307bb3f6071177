// An audit of a home: the rows of a stopped node, held against the certified state root, put through a contract's audits.
// Owns opening and reading them. Does not own: what the audits ask (contracts), audits of running nodes (cli/audit.ts).

import fs from "node:fs";
import { decodeBlock } from "../base/header.ts";
import type { AuditResult } from "../contracts/engine/audit.ts";
import { genesisRoot, treeFromRows } from "../ledger/start.ts";
import { openLevel } from "../ledger/storeLevel.ts";
import { Store } from "../ledger/store.ts";
import { loadConfig } from "./config.ts";
import { lockHome, openHome } from "./home.ts";
import { openGenesis } from "./openGenesis.ts";
import { contracts } from "./registry.ts";

export interface Audited {
  readonly asOf: { readonly height: number; readonly time: number };
  readonly rows: number;
  readonly audits: readonly AuditResult[];
}

/** Throws `start.locked` while a node runs there; `store.damaged` if a row is not what was certified. Undefined if there is no such contract. */
export async function auditHome(
  directory: string,
  contract: string,
  onProgress: (collection: string, rows: number) => void,
): Promise<Audited | undefined> {
  const home = openHome(directory);
  const { config } = loadConfig(home.config);
  const { genesis, network } = openGenesis(fs.readFileSync(home.genesis, "utf8"));
  const lock = lockHome(home);
  try {
    const database = await openLevel(home.resolve(config["node.data"]));
    try {
      const store = await Store.open(database, network);
      const height = (await store.lastHeight()) ?? 0;
      const header = height === 0 ? undefined : decodeBlock(store.block(height).headerBytes);
      const asOf = { height, time: header?.order.time ?? genesis.time };
      const registry = contracts();
      const auditing = registry.audit(contract, { network, ...asOf });
      if (auditing === undefined) return undefined;
      onProgress("certified state root", 0);
      await treeFromRows(store, header?.stateRoot ?? genesisRoot(store));
      let rows = 0;
      for (const collection of auditing.collections)
        for await (const { key, bytes } of store.rows(collection)) {
          auditing.row(registry.rowOf(collection, key, { bytes }));
          onProgress(collection, ++rows);
        }
      return { asOf, rows, audits: auditing.end() };
    } finally {
      await database.close();
    }
  } finally {
    lock.release();
  }
}
