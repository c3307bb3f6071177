// The contracts of this release, ready to run: one registry a thread, made when first asked for; and what the node reads of the state.

import { type Bytes, unhex } from "../base/bytes.ts";
import { SUPPORTED_PROTOCOL } from "../base/limits.ts";
import { composition } from "../contracts/all.ts";
import { type BlockContext, build, type Registry, type State } from "../contracts/engine/registry.ts";
import { keys, signerOf } from "../contracts/identity/principals.ts";
import { type ConsensusView, consensusView, members } from "../contracts/platform/network.ts";

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

/** Of peer keys that the operator names, "ORGANISATION=HEX" (setting `peer.keys`), those of which the chain has never heard. */
export function newerPeerKeys(told: readonly string[], state: State): ReadonlyMap<string, Bytes> {
  const reader = contracts().reader(state);
  const named = told.map((item) => [item.slice(0, item.indexOf("=")), unhex(item.slice(item.indexOf("=") + 1))] as const);
  return new Map(named.filter(([, key]) => reader.find(keys, key) === undefined));
}

/** The principal behind a key at a block's time; undefined for a key that may not act. */
export function principalOf(state: State, block: BlockContext, key: Bytes): string | undefined {
  return signerOf(contracts().reader(state, block), key)?.principal;
}
