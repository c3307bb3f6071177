// The same four validators with the contracts of this release: what execution, store and proofs carry when they are not a test's own.

import type { Bytes } from "../../../src/base/bytes.ts";
import type { Value } from "../../../src/base/codec.ts";
import type { Genesis } from "../../../src/base/genesis.ts";
import { ML_DSA_44_PUBLIC_BYTES, ML_DSA_44_SIGNATURE_BYTES } from "../../../src/base/limits.ts";
import { defaultParameters, type Parameters } from "../../../src/base/parameters.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { composition } from "../../../src/contracts/all.ts";
import { build, type Registry, type State } from "../../../src/contracts/engine/registry.ts";
import { type ConsensusView, consensusView } from "../../../src/contracts/platform/network.ts";
import { type Act, seedOf, START_TIME, transaction, VALIDATORS } from "./testNetwork.ts";

export const contracts: Registry = build(composition);
export const viewOf = (state: State): ConsensusView => consensusView(contracts.reader(state));
export const organisation = (id: string): Bytes => seedOf(`organisation ${id}`);

/** All roles of all contracts to `tax`. */
export function realGenesis(parameters: Partial<Parameters> = {}): Genesis {
  const founders = VALIDATORS.map((id) => {
    const key = (purpose: string): Bytes => publicKeyOf(seedOf(`${purpose} ${id}`));
    const keys = {
      consensus: publicKeyOf(seedOf(id)),
      peer: key("peer"),
      checkpoint: key("checkpoint"),
      checkpoint_pq: new Uint8Array(ML_DSA_44_PUBLIC_BYTES),
      organisation: key("organisation"),
    };
    const proof = new Uint8Array(64);
    const proofs = {
      consensus: proof,
      peer: proof,
      checkpoint: proof,
      checkpoint_pq: new Uint8Array(ML_DSA_44_SIGNATURE_BYTES),
      organisation: proof,
    };
    return { member: { id, name: id, addresses: [`/dns4/${id}.example/tcp/7600`], contact: `it@${id}.example`, keys, proofs }, seat: true };
  });
  const roles = contracts.contracts.flatMap(({ contract }) =>
    Object.keys(contract.options.roles ?? {}).map((role) => `${contract.name}.${role}`),
  );
  return {
    name: "test",
    purpose: "development",
    time: START_TIME,
    protocol: 1,
    manifest: contracts.manifestHash(),
    parameters: { ...defaultParameters, ...parameters },
    founders,
    grants: roles.map((role) => ({ role, scope: "", agency: "tax" })),
  };
}

/** An act signed by the organisation keys of these agencies. */
export function actBy(agencies: readonly string[], acts: readonly Act[], notAfter?: number, nonce?: number): Bytes {
  return transaction(acts, notAfter, nonce, agencies.map(organisation));
}

export function deposit(name: string, content: Bytes, more: { readonly [name: string]: Value } = {}): Act {
  return ["evidence.deposit@1", { deposit: name, kind: "contract", content, ...more }];
}
