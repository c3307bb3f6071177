// A new key for who has lost the old one, or had it stolen: under the same pseudonym, vouched for by m of n guardians of whom the chain says nothing, or seen in
// person by two agencies; and after three days, in which the old key may object. Service 1. Owns these acts. Does not own: what a guardian signs
// (base/guardians.ts), keys that still serve (eid.ts, `rotate`). docs/protocol.md §7, cryptography.md §9.

import type { Bytes } from "../../base/bytes.ts";
import { guardianLeaf, MAX_GUARDIANS, vouched } from "../../base/guardians.ts";
import { possessionProved } from "../../base/member.ts";
import { leafHash, verifyInclusion } from "../../base/merkle.ts";
import { count, days, type FieldsOf, hash, list, object, type Party, party, range, type Row, signs, type Tx } from "../engine/index.ts";
import { aHash, aKey, aSignature } from "../kit/examples.ts";
import { signature as proof } from "../kit/signatures.ts";
import { answering, answersFor, authority, eid, enter, own, ownKey, recoveries, revokeKey } from "./eidRecords.ts";
import { guardians as named, keys, ownPurpose, principals, type Purpose, signerOf } from "./principals.ts";

/** Time for the old key to object. */
const WAIT = days(3);

export const guard = eid.action({
  title: "Name those who can vouch for a new key",
  by: { principal: signs("the principal, by its own key"), authority: answering },
  input: { principal: party, guardians: named },
  rules: ["own_key", "not_authority", "guardians_unfit"],
  example: { principal: "p:ann", guardians: { root: aHash, size: 3, needed: 2 } },
  run(tx, { principal, guardians }) {
    const it = tx.get(principals, principal);
    // Whoever has got hold of the key cannot name guardians of his own by it alone.
    ownKey(tx, "principal", principal);
    authority(tx, "authority", it);
    tx.require(guardians.needed <= guardians.size, "guardians_unfit");
    tx.put(it, { guardians });
  },
});

const renewal = { principal: party, key: hash, proof, revision: count };
const example = { principal: "p:ann", key: aKey, proof: aSignature, revision: 1 };
const held = (a: { readonly principal: Party; readonly key: Bytes; readonly proof: Bytes }, network: Bytes): boolean =>
  possessionProved(network, a.principal, ownPurpose(a.principal), a.key, a.proof);

export const recover = eid.action({
  title: "Put a new key in the place of a lost one, on the word of guardians: it serves in three days",
  by: { authority: answering },
  input: {
    ...renewal,
    guardians: list(object({ index: range(0, MAX_GUARDIANS - 1), key: hash, path: list(hash, 4), signature: proof }), MAX_GUARDIANS, 1),
  },
  rules: ["key_unproved", "key_taken", "not_authority", "guardian_unproved", "guardians_short", "guardians_named", "recovery_stale"],
  proofs: { key_unproved: held, guardian_unproved: ({ guardians, ...it }, network) => guardians.every((g) => vouched(network, it, g)) },
  work: 200,
  example: { ...example, guardians: [{ index: 0, key: aKey, path: [aHash, aHash], signature: aSignature }] },
  run(tx, { principal, key, revision, guardians }) {
    const it = tx.get(principals, principal);
    authority(tx, "authority", it);
    const { guardians: those } = it;
    if (those === undefined) return tx.reject("guardians_named");
    tx.work(guardians.length * 5);
    const each = guardians.every(({ index, key: his, path }, i) => {
      const after = i === 0 || guardians[i - 1]!.index < index;
      return after && verifyInclusion({ root: those.root, size: those.size, index, leaf: leafHash(guardianLeaf(his)), path });
    });
    tx.require(each && guardians.length >= those.needed, "guardians_short", { needed: those.needed });
    begin(tx, it, { key, revision, guardians: guardians.length });
  },
});

export const recoverInPerson = eid.action({
  title: "Put a new key in the place of a lost one, on the word of two agencies that saw whose it is: it serves in three days",
  by: { authority: answering, voucher: "voucher" },
  input: renewal,
  rules: ["key_unproved", "key_taken", "not_authority", "guardians_named", "second_agency", "recovery_stale"],
  proofs: { key_unproved: held },
  example,
  run(tx, { principal, key, revision }) {
    const it = tx.get(principals, principal);
    const voucher = tx.signer("voucher");
    authority(tx, "authority", it);
    const others = tx.signers.flatMap((by) => signerOf(tx, by)?.principal ?? []).filter((who) => who !== voucher);
    tx.require(
      others.some((who) => answersFor(tx, it, who)),
      "second_agency",
      { voucher },
    );
    tx.require(it.guardians === undefined, "guardians_named");
    begin(tx, it, { key, revision, guardians: 0, voucher });
  },
});

export const veto = eid.action({
  title: "Stop a recovery that nobody asked for",
  by: { by: signs("the principal, by the key that would be void; or the authority that answers for it") },
  input: { principal: party },
  rules: ["not_authority"],
  example: { principal: "p:ann" },
  run(tx, { principal }) {
    const it = tx.get(recoveries, principal);
    if (own(tx, principal) === undefined) authority(tx, "by", tx.get(principals, principal));
    stop(tx, it);
  },
});

export const renew = eid.due(recoveries, {
  title: "The new key serves, and no earlier one: nor whom an earlier one appointed",
  at: (it) => (it.$.status === "waiting" ? it.until : undefined),
  run(tx, it) {
    const who = tx.get(principals, it.principal);
    // A recovery leaves nobody without a key, and is none once a business register, which has its own way, keeps the company.
    const over = who.$.status === "revoked" || who.keeper !== undefined || tx.get(keys, it.key).$.status === "revoked";
    if (over) return stop(tx, it);
    tx.put(who, { revision: it.revision });
    tx.move(it, "done");
  },
});

type New = Omit<FieldsOf<typeof recoveries>, "principal" | "until">;
/** The new key is entered at once, so that nobody takes it meanwhile; it serves when the principal has its revision. */
function begin(tx: Tx<"recovery_stale">, { principal, revision }: Row<typeof principals>, to: New): void {
  tx.require(to.revision === (revision ?? 0) + 1, "recovery_stale", { revision: revision ?? 0 });
  enter(tx, { key: to.key, principal, purpose: ownPurpose(principal) as Purpose, revision: to.revision });
  const before = tx.find(recoveries, principal);
  const it = { voucher: undefined, ...to, until: tx.time + WAIT };
  if (before === undefined) tx.create(recoveries, { principal, ...it });
  else tx.move(before, "waiting", it);
}
function stop(tx: Tx, it: Row<typeof recoveries>): void {
  tx.move(it, "stopped");
  if (tx.get(keys, it.key).$.status !== "revoked") revokeKey(tx, it.key);
}
