// The network that a scenario begins with: members, keys, genesis, and the database as founding leaves it. docs/protocol.md §3.
// Owns names and keys, which are the same in every scenario, and the founded databases that scenarios of one shape share. Does not own nodes (simNode.ts).

import { type Bytes, utf8 } from "../base/bytes.ts";
import { encodeGenesis, type Genesis, genesisHash } from "../base/genesis.ts";
import { sha256 } from "../base/hash.ts";
import { ML_DSA_44_PUBLIC_BYTES, ML_DSA_44_SIGNATURE_BYTES, SUPPORTED_PROTOCOL } from "../base/limits.ts";
import type { MemberKeys } from "../base/member.ts";
import { defaultParameters, type Parameters } from "../base/parameters.ts";
import { composition } from "../contracts/all.ts";
import { build, type Registry, type State } from "../contracts/engine/registry.ts";
import { type ConsensusView, consensusView } from "../contracts/platform/network.ts";
import type { ChainOptions } from "../ledger/chain.ts";
import { genesisWrite } from "../ledger/start.ts";
import { Store } from "../ledger/store.ts";
import { Disk, SimDatabase } from "./disk.ts";
import { type KeyPair, keyPair, type Scheme } from "./signatures.ts";
import { Trees } from "./trees.ts";

export const GENESIS_TIME = 1_700_000_000_000;

let registry: Registry | undefined;
/** The contracts of this release: one registry a thread. */
export function contracts(): Registry {
  registry ??= build(composition);
  return registry;
}
let manifest: Bytes | undefined;

/** Members, validators, parameters, as the state has them. */
export const viewOf = (state: State): ConsensusView => consensusView(contracts().reader(state));

/** Name of the member with this index: ascending as text, as sets are. */
export const nameOf = (index: number): string => `m${String(index).padStart(2, "0")}`;
export const indexOf = (name: string): number => Number(name.slice(1));

export interface MemberSecrets {
  readonly consensus: KeyPair;
  readonly peer: KeyPair;
  readonly organisation: KeyPair;
}

const known = new Map<string, KeyPair>();
function pairOf(name: string): KeyPair {
  let pair = known.get(name);
  if (pair === undefined) known.set(name, (pair = keyPair(sha256(utf8(`simulator ${name}`)))));
  return pair;
}

/** `turn`: how often the member has changed its consensus key. */
export function secretsOf(index: number, turn = 0): MemberSecrets {
  const name = nameOf(index);
  return { consensus: pairOf(`${name} consensus ${turn}`), peer: pairOf(`${name} peer`), organisation: pairOf(`${name} organisation`) };
}

function memberOf(index: number): Genesis["founders"][number]["member"] {
  const id = nameOf(index);
  const { consensus, peer, organisation } = secretsOf(index);
  const checkpoint = pairOf(`${id} checkpoint`).key;
  const keys = {
    consensus: consensus.key,
    peer: peer.key,
    organisation: organisation.key,
    checkpoint,
    checkpoint_pq: new Uint8Array(ML_DSA_44_PUBLIC_BYTES),
  };
  const signature = new Uint8Array(64); // the founders looked at these before the first block; nobody does afterwards
  const proofs: MemberKeys = {
    consensus: signature,
    peer: signature,
    organisation: signature,
    checkpoint: signature,
    checkpoint_pq: new Uint8Array(ML_DSA_44_SIGNATURE_BYTES),
  };
  return { id, name: `Agency ${id}`, addresses: [], contact: "", keys, proofs };
}

export interface Founding {
  readonly genesis: Genesis;
  readonly network: Bytes;
  /** The state before block 1, as rows of a database. Never written to. */
  readonly rows: ReadonlyMap<string, Bytes>;
}

const founded = new Map<string, Promise<Founding>>();
/** Hardly two scenarios have one shape; twins and the explorer have a few. */
const MOST_FOUNDED = 8;

/** A network of `members`, the first `seats` of them validators. */
export function foundNetwork(members: number, seats: number, parameters: Partial<Parameters>): Promise<Founding> {
  const shape = JSON.stringify([members, seats, parameters]);
  let founding = founded.get(shape);
  if (founding === undefined) {
    if (founded.size >= MOST_FOUNDED) founded.clear();
    founded.set(shape, (founding = found(members, seats, parameters)));
  }
  return founding;
}

async function found(members: number, seats: number, parameters: Partial<Parameters>): Promise<Founding> {
  const indexes = Array.from({ length: members }, (_, i) => i);
  const genesis: Genesis = {
    name: "simulator",
    purpose: "development",
    time: GENESIS_TIME,
    protocol: SUPPORTED_PROTOCOL,
    manifest: (manifest ??= contracts().manifestHash()),
    parameters: { ...defaultParameters, ...parameters },
    founders: indexes.map((i) => ({ member: memberOf(i), seat: i < seats })),
    grants: indexes.map((i) => ({ role: "evidence.depositor", scope: "", agency: nameOf(i) })),
  };
  const network = genesisHash(encodeGenesis(genesis));
  const disk = new Disk(new Map());
  const store = await Store.open(SimDatabase.immediate(disk), network);
  const trees = new Trees();
  await store.commit(genesisWrite({ store, genesis, registry: contracts(), emptyTree: () => trees.take() }));
  trees.giveBack();
  return { genesis, network, rows: disk.rows };
}

/** What all chains of a network have in common; time comes from the node. */
export function chainOptions(genesis: Genesis, network: Bytes, scheme?: Scheme): Omit<ChainOptions, "store"> {
  const still = { now: () => GENESIS_TIME, monotonic: () => 0 };
  const pause = async (): Promise<void> => {};
  return {
    registry: contracts(),
    genesis,
    network,
    consensusView: viewOf,
    clock: still,
    pause,
    ...(scheme && { verify: (signature: Bytes, framed: Bytes, key: Bytes) => scheme.verify(signature, framed, key) }),
  };
}
