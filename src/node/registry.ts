// The contracts of this release, ready to run: one registry a thread, made when first asked for; and what the node reads of the state.

import { type Bytes, equalBytes, unhex, utf8 } from "../base/bytes.ts";
import { SUPPORTED_PROTOCOL } from "../base/limits.ts";
import { composition } from "../contracts/all.ts";
import { type BlockContext, build, type Registry, type State } from "../contracts/engine/registry.ts";
import { keys, signerOf } from "../contracts/identity/principals.ts";
import { type ConsensusView, consensusView, members, type NetworkMember } from "../contracts/platform/network.ts";
import type { Chain } from "../ledger/chain.ts";
import type { ChainReader } from "../ledger/chainReader.ts";
import { FORMER_EPOCHS, type FormerKey, Membership } from "./membership.ts";

let registry: Registry | undefined;
export function contracts(): Registry {
  registry ??= build(composition);
  return registry;
}

/** What a genesis names of the contracts. */
export function contractsManifest(): { manifestHash: Bytes; protocol: number } {
  return { manifestHash: contracts().manifestHash(), protocol: SUPPORTED_PROTOCOL };
}

/** Members, validators, parameters, as the state has them. */
export function viewOf(state: State): ConsensusView {
  return consensusView(contracts().reader(state));
}

/** Has the member's node said that it is ready for a seat, and not had one since? */
export function saidReady(state: State, member: string): boolean {
  return contracts().reader(state).find(members, member)?.ready !== undefined;
}

/** Who may connect to a node of this member, as the chain stands; `told` are the peer keys that its operator names (setting `peer.keys`). */
export function membershipOf({ reader, epoch }: Chain, organisation: string, told: readonly string[]): Membership {
  const { members: all } = viewOf(reader.state);
  const newer = (): ReadonlyMap<string, Bytes> => newerPeerKeys(told, reader.state);
  return new Membership(organisation, all, epoch, newer, formerPeerKeys(reader, all, epoch));
}

/** Of peer keys that the operator names, "ORGANISATION=HEX" (setting `peer.keys`), those of which the chain has never heard. */
function newerPeerKeys(told: readonly string[], state: State): ReadonlyMap<string, Bytes> {
  const reader = contracts().reader(state);
  const named = told.map((item) => [item.slice(0, item.indexOf("=")), unhex(item.slice(item.indexOf("=") + 1))] as const);
  return new Map(named.filter(([, key]) => reader.find(keys, key) === undefined));
}

/** The principal behind a key at a block's time; undefined for a key that may not act. */
export function principalOf(state: State, block: BlockContext, key: Bytes): string | undefined {
  return signerOf(contracts().reader(state, block), key)?.principal;
}

/** What members' peer keys were before, where they changed within the last epochs: who has just been started anew must take batches under them, too (§6.2). */
function formerPeerKeys(reader: ChainReader, all: readonly NetworkMember[], { epoch }: { epoch: number }): ReadonlyMap<string, FormerKey> {
  const found = new Map<string, FormerKey>();
  for (const { id } of all) {
    const key = utf8(`${id}\0\0`);
    const versions = reader.history(MEMBERS, key, MOST_VERSIONS).map(({ height, row }) => ({
      height,
      peer: (contracts().rowOf(MEMBERS, key, { bytes: row }) as unknown as NetworkMember).keys.peer,
    }));
    const at = versions.findIndex(({ peer }, i) => i > 0 && !equalBytes(peer, versions[i - 1]!.peer));
    if (at < 0) continue;
    const until = reader.epochAt(versions[at - 1]!.height).epoch + 1 + FORMER_EPOCHS;
    if (until >= epoch) found.set(id, { key: versions[at]!.peer, until });
  }
  return found;
}
const MEMBERS = "governance/member";
/** Versions of a member's row looked through: each "ready" and each request for an epoch's end is one. */
const MOST_VERSIONS = 32;
