// Fields of keys and signatures that stand in arguments and records, and what shows that a key is held. Pure.

import type { Bytes } from "../../base/bytes.ts";
import { ML_DSA_44_PUBLIC_BYTES, ML_DSA_44_SIGNATURE_BYTES } from "../../base/limits.ts";
import { type Member, memberFaults, memberKeyPurposes, possessionProved } from "../../base/member.ts";
import { noNetwork } from "../../base/tags.ts";
import { type Body, bytes, hash, object, oneOf } from "../engine/index.ts";

/** Ed25519. */
export const signature = bytes(64, 64);
const four = <T>(field: T): { checkpoint: T; consensus: T; organisation: T; peer: T } => ({
  ...{ checkpoint: field, consensus: field, organisation: field, peer: field },
});
/** The five keys of a member, and a signature by each over its own registration. */
export const memberKeys = object({ ...four(hash), checkpoint_pq: bytes(ML_DSA_44_PUBLIC_BYTES, ML_DSA_44_PUBLIC_BYTES) });
export const memberProofs = object({ ...four(signature), checkpoint_pq: bytes(ML_DSA_44_SIGNATURE_BYTES, ML_DSA_44_SIGNATURE_BYTES) });

/** One key of a member, of either algorithm, and the proof that he holds it. */
export const memberKey = { purpose: oneOf(...memberKeyPurposes), key: bytes(ML_DSA_44_PUBLIC_BYTES, 32) };
export const keyProof = bytes(ML_DSA_44_SIGNATURE_BYTES, 64);

/** The key is held by who registers it, and fit to be registered. */
export const held = (network: Bytes, member: string, { purpose, key }: Body<typeof memberKey>, proof: Bytes): boolean =>
  possessionProved(network, member, purpose, key, proof);
/** Every key of a member file is held: shown in this network or, as `chancery init` makes the file, before any. */
export const allHeld = (network: Bytes, member: Member): boolean =>
  memberFaults(member, noNetwork).length === 0 || memberFaults(member, network).length === 0;
