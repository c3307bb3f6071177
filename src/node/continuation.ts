// Going on without the keys that are lost: the genesis of a network that takes over a stopped home's state, its check by each survivor, and laying it down.
// docs/protocol.md §6.1; docs/operations.md, "Keys lost for good". Owns the files of a home in this. Does not own: the state (ledger/continuation.ts).

import fs from "node:fs";
import path from "node:path";
import { equalBytes, hex } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { type Continuation, type Genesis, genesisProblems, readGenesis } from "../base/genesis.ts";
import { readKeyHeader } from "../base/keyFile.ts";
import { noNetwork } from "../base/tags.ts";
import { createJournal } from "../consensus/journal.ts";
import { Chain } from "../ledger/chain.ts";
import { continueState } from "../ledger/continuation.ts";
import { MemoryDatabase } from "../ledger/memoryDatabase.ts";
import { openLevel } from "../ledger/storeLevel.ts";
import { Store } from "../ledger/store.ts";
import { loadConfig } from "./config.ts";
import { type Home, lockHome, openHome } from "./home.ts";
import { contracts, viewOf } from "./registry.ts";

/** A stopped home's chain, opened and checked: head, certificate, state. */
async function openStopped<T>(directory: string, use: (chain: Chain, store: Store) => Promise<T>): Promise<T> {
  const home = openHome(directory);
  const { config } = loadConfig(home.config);
  const { genesis, network } = readGenesis(fs.readFileSync(home.genesis, "utf8"));
  const lock = lockHome(home);
  try {
    const store = await Store.open(await openLevel(home.resolve(config["node.data"])), network);
    const chain = await Chain.open({ store, registry: contracts(), genesis, network, consensusView: viewOf });
    try {
      return await use(chain, store);
    } finally {
      await chain.close();
    }
  } finally {
    lock.release();
  }
}

/** What a genesis of these founders continues: the head of a stopped home, and the state before block 1. Throws what opening the home throws. */
export async function continuationOf(directory: string, genesis: Genesis, onProgress?: (rows: number) => void): Promise<Continuation> {
  return openStopped(directory, async (chain, store) => {
    const { height, hash, time } = chain.head;
    if (height === 0) throw new LedgerError("genesis.malformed", { why: `${directory} has no block`, do: "found a network anew instead" });
    if (genesis.time < time)
      throw new LedgerError("genesis.malformed", {
        why: `the last block of ${directory} is of ${new Date(time).toISOString()}, later than the genesis`,
        do: "name a later time: --time",
      });
    // With some root in place, genesis is written as in the network that continues.
    const draft = { ...genesis, continues: { network: chain.network, height, block: hash, stateRoot: hash } };
    const former = membersOf(chain);
    const scratch = await Store.open(new MemoryDatabase(), noNetwork);
    const registry = contracts();
    const stateRoot = await continueState({ from: store, to: undefined, genesis: draft, former, registry, scratch, onProgress });
    return { ...draft.continues, stateRoot };
  });
}

/** The members of the old network: who had left before has no key that acts. */
function membersOf(chain: Chain): Set<string> {
  const { members } = viewOf(chain.reader.state);
  return new Set(members.map((m) => m.id));
}

/** Is the genesis what this stopped home gives? What is wrong; empty if nothing is. */
export async function continuationFaults(directory: string, text: string, onProgress?: (rows: number) => void): Promise<string[]> {
  const { genesis } = readGenesis(text);
  const { continues } = genesis;
  if (continues === undefined) return ["this genesis continues no network"];
  const own = await continuationOf(directory, genesis, onProgress);
  if (!equalBytes(own.network, continues.network)) return [`${directory} is of another network`];
  if (own.height !== continues.height)
    return [`it continues from block ${continues.height}, the last one here is ${own.height}: the highest certified one counts`];
  if (!equalBytes(own.block, continues.block)) return [`block ${own.height} is another one here`];
  return equalBytes(own.stateRoot, continues.stateRoot) ? [] : ["the state before block 1 is another one here"];
}

/**
 * Lays a continuing network into a stopped home, from the state of `from` (its own by default). What was there is put aside, never removed. The vote journal is
 * a new one: no vote of the new network can have been cast by it, since a home that has this genesis already is refused.
 */
export async function continueHome(
  directory: string,
  genesisFile: string,
  from: string | undefined,
  onProgress?: (rows: number) => void,
): Promise<{ network: string; height: number; aside: string | undefined }> {
  const text = fs.readFileSync(genesisFile, "utf8");
  const { genesis, network, document } = readGenesis(text);
  const { continues } = genesis;
  const refuse = (why: string, todo: string): never => {
    throw new LedgerError("genesis.incomplete", { why, do: todo });
  };
  const problems = genesisProblems(genesis, network, document.signatures);
  if (problems.length > 0) refuse(problems.join("; "), "every founder signs: chancery genesis sign; join them: chancery genesis seal");
  if (continues === undefined) return refuse("it continues no network", "chancery recover genesis makes one that does");
  const home = homeBefore(directory, genesisFile);
  const { config } = loadConfig(home.config);
  const data = home.resolve(config["node.data"]);
  const had = fs.existsSync(home.genesis) ? readGenesis(fs.readFileSync(home.genesis, "utf8")).network : undefined;
  if (had !== undefined && equalBytes(had, network) && !fs.existsSync(`${data}.continued`))
    return refuse(`${directory} follows this genesis already`, "chancery start --home DIR");
  const faults = await continuationFaults(from ?? directory, text, onProgress);
  if (faults.length > 0) refuse(faults.join("; "), "take the home of a node that has the last certified block");
  const staging = `${data}.continued`;
  fs.rmSync(staging, { recursive: true, force: true });
  await openStopped(from ?? directory, async (chain, store) => {
    const to = await Store.open(await openLevel(staging, { sync: false }), network);
    const scratch = await Store.open(new MemoryDatabase(), network);
    await continueState({ from: store, to, genesis, former: membersOf(chain), registry: contracts(), scratch, onProgress });
    await to.close();
  });
  const aside = had === undefined ? undefined : path.join(directory, `network-${hex(had).slice(0, 16)}`);
  if (aside !== undefined) {
    fs.mkdirSync(aside, { recursive: true, mode: 0o700 });
    for (const part of [home.genesis, data, home.state, home.journal, home.recovery, home.anchor])
      if (fs.existsSync(part)) fs.renameSync(part, path.join(aside, path.basename(part)));
    const { publicKey } = readKeyHeader(fs.readFileSync(home.resolve(config["keys.consensus"]), "utf8"));
    createJournal(home.journal, { network: noNetwork, key: publicKey });
  }
  fs.rmSync(data, { recursive: true, force: true });
  fs.renameSync(staging, data);
  fs.writeFileSync(home.genesis, text, { mode: 0o600 });
  return { network: hex(network), height: continues.height, aside };
}

/** A home made by `init` has no genesis yet: it opens with the new one. */
function homeBefore(directory: string, genesisFile: string): Home {
  const own = path.join(directory, "genesis.json");
  if (fs.existsSync(own)) return openHome(directory);
  fs.copyFileSync(genesisFile, own);
  try {
    return openHome(directory);
  } finally {
    fs.rmSync(own);
  }
}
