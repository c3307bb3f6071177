// What an authority issues to a holder and can take back: certificates (5), citizen cards and the facilities that take them (2), mobile ID (3),
// licences (6), the wallet (7). Kinds are data. Owns kinds, facilities, credentials and their standing, presentations. Does not own: what a
// document says (sealed; the vault keeps it); the PIN, which unlocks the holder's key and never leaves his device.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { hash, id, list, party, type Row, signs, type Tx } from "../engine/index.ts";
import { aHash, aKey, aSeal } from "../kit/examples.ts";
import { serves, within } from "../kit/standing.ts";
import { content, type Credential, credential, credentials, facilities, kinds, MAX_FIELDS, presentations } from "./credentialRecords.ts";
import { signerOf } from "./principals.ts";

export { credentials, facilities, kinds, presentations } from "./credentialRecords.ts";
export * from "./credentialAudits.ts";

// ── kinds ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const define = credential.action({
  title: "Define a kind",
  by: "registrar",
  input: kinds.fields,
  rules: ["fields_twice"],
  example: {
    ...{ kind: "birth", title: "Birth certificate", fields: ["name", "born", "place"] },
    ...{ one_per_person: false, device_bound: false, admitted_only: false },
  },
  run(tx, it) {
    tx.require(distinct(it.fields), "fields_twice");
    tx.create(kinds, it);
  },
});
export const retire = credential.action({
  title: "Retire a kind",
  by: "registrar",
  input: { kind: id },
  example: { kind: "birth" },
  run: (tx, it) => void tx.move(tx.get(kinds, it.kind), "retired"),
});

export const admit = credential.action({
  title: "Admit a facility to take a kind of card, or admit it again",
  by: "registrar",
  input: { kind: id, facility: party },
  rules: ["kind_retired", "taker_unknown"],
  example: { kind: "card", facility: "c:city-pool" },
  run(tx, { kind: of, facility }) {
    tx.require(tx.get(kinds, of).$.status === "in_force", "kind_retired");
    tx.require(tx.known(facility), "taker_unknown");
    const it = tx.find(facilities, of, facility);
    if (it === undefined) tx.create(facilities, { kind: of, facility });
    else tx.move(it, "admitted", { ground: undefined });
  },
});
export const shut = credential.action({
  title: "Suspend a facility, on a ground: it takes no card of the kind",
  by: "registrar",
  input: { kind: id, facility: party, ground: id },
  example: { kind: "card", facility: "c:city-pool", ground: "art-3" },
  run: (tx, { kind: of, facility, ground }) => void tx.move(tx.get(facilities, of, facility), "suspended", { ground }),
});

// ── issuing and maintaining ──────────────────────────────────────────────────────────────────────────────────────────────────────────
export const issue = credential.action({
  title: "Issue",
  by: { issuer: { role: "issuer", scope: (a) => a.kind } },
  input: { credential: id, kind: id, holder: party, content },
  rules: ["kind_retired", "holder_unknown", "one_live"],
  example: { credential: "b-2027-1", kind: "birth", holder: "p:ann", content: aSeal(33) },
  run(tx, it) {
    const of = tx.get(kinds, it.kind);
    tx.require(of.$.status === "in_force", "kind_retired");
    enter(tx, of, { ...it, until: endOf(tx, of) });
  },
});

const maintained = {
  issuer: { role: "issuer", scope: (a: { credential: string }, tx: Tx) => tx.get(credentials, a.credential).kind },
} as const;
export const replace = credential.action({
  title: "Replace: correct, renew, or make good a lost one; of a retired kind it lasts no longer than what it replaces",
  by: maintained,
  input: { credential: id, by: id, content },
  rules: ["holder_unknown", "one_live", "not_issuer"],
  example: { credential: "b-2027-1", by: "b-2027-2", content: aSeal(33) },
  run(tx, { credential: key, by, content: root }) {
    const { kind: name, holder, device, until } = tx.move(own(tx, key), "replaced", { sole: undefined });
    const of = tx.get(kinds, name);
    const next = { credential: by, holder, device, content: root, replaces: key };
    enter(tx, of, { ...next, until: of.$.status === "in_force" ? endOf(tx, of) : until });
  },
});

const status = (says: string, to: "live" | "suspended" | "revoked") =>
  credential.action({
    title: says,
    by: maintained,
    input: { credential: id, ground: id },
    rules: ["not_issuer"],
    example: { credential: "b-2027-1", ground: "art-12" },
    run(tx, { credential: key, ground }) {
      tx.move(own(tx, key), to, { ground, ...(to === "revoked" && { sole: undefined }) });
    },
  });
export const suspend = status("Suspend", "suspended");
export const restore = status("Restore what was suspended", "live");
export const revoke = status("Revoke for good", "revoked");

export const reportLost = credential.action({
  title: "Report a loss: the holder suspends what he lost, and who issued it restores it or makes it good",
  by: { holder: signs("the holder") },
  input: { credential: id, ground: id },
  example: { credential: "b-2027-1", ground: "lost" },
  run(tx, { credential: key, ground }) {
    const it = tx.get(credentials, key);
    tx.signed("holder", it.holder);
    tx.move(it, "suspended", { ground });
  },
});

export const bind = credential.action({
  title: "Bind to a key of a device, or move to another",
  by: { ...maintained, holder: signs("the holder"), device: signs("the new device, with that key") },
  input: { credential: id, device: hash },
  rules: ["not_issuer", "not_live", "expired", "not_bound"],
  example: { credential: "m-1", device: aKey },
  run(tx, { credential: key, device }) {
    const it = own(tx, key);
    tx.signed("holder", it.holder);
    onDevice(tx, "device", device);
    inForce(tx, it);
    tx.put(it, { device });
  },
});

// ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const present = credential.action({
  title: "Present to a verifier, in answer to its challenge",
  by: { holder: signs("the holder"), device: signs("the device of a device-bound kind, with the key that it is bound to") },
  input: { credential: id, content: hash, verifier: party, challenge: hash, shown: list(id, MAX_FIELDS) },
  rules: ["altered", "expired", "not_live", "replayed", "unknown_field", "not_bound", "not_admitted", "taker_unknown"],
  example: { credential: "b-2027-1", content: aHash, verifier: "land", challenge: aHash, shown: ["name", "born"] },
  run(tx, { credential: key, content: root, verifier, challenge, shown }) {
    const it = tx.get(credentials, key);
    const of = tx.get(kinds, it.kind);
    tx.signed("holder", it.holder);
    if (of.device_bound) onDevice(tx, "device", it.device ?? tx.reject("not_bound"));
    tx.require(equalBytes(root, it.content.root), "altered");
    inForce(tx, it);
    tx.require(tx.known(verifier), "taker_unknown", { verifier });
    tx.require(!of.admitted_only || tx.find(facilities, it.kind, verifier)?.$.status === "admitted", "not_admitted", { verifier });
    const known = distinct(shown) && shown.every((field) => of.fields.includes(field));
    tx.require(known, "unknown_field", { fields: of.fields });
    tx.require(tx.find(presentations, verifier, challenge, key) === undefined, "replayed");
    tx.create(presentations, { verifier, challenge, credential: key, holder: it.holder, shown });
  },
});

export const check = credential.view({
  title: "Does a credential with this content serve now?",
  input: { credential: id, content: hash },
  run(tx, { credential: key, content: root }) {
    const it = tx.find(credentials, key);
    if (it === undefined) return { serves: false, because: "unknown" };
    if (!equalBytes(root, it.content.root)) return { serves: false, because: "altered" };
    return serves(it, tx.time) ? { serves: true } : { serves: false, because: within(it, tx.time) ? it.$.status : "expired" };
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type Kind = Row<typeof kinds>;
const distinct = (all: readonly string[]): boolean => new Set(all).size === all.length;
const endOf = (tx: Tx, { lasts }: Kind): number | undefined => (lasts === undefined ? undefined : tx.time + lasts);

type New = Pick<Credential, "credential" | "holder" | "content" | "until" | "device" | "replaces">;
/** Whoever signs as issuer enters it; of a kind that a person holds once, in the place of one whose time is over. */
function enter(tx: Tx<"holder_unknown" | "one_live">, of: Kind, it: New): void {
  tx.require(tx.known(it.holder), "holder_unknown");
  const last = of.one_per_person ? tx.unique(credentials, of.kind, it.holder) : undefined;
  if (last !== undefined) {
    tx.require(!within(last, tx.time), "one_live", { credential: last.credential });
    tx.put(last, { sole: undefined });
  }
  tx.create(credentials, { ...it, kind: of.kind, issuer: tx.signer("issuer"), sole: of.one_per_person ? it.holder : undefined });
}
/** As the issuer, or in its place: where it has the role no more, and no key of it signs that has not the role itself. */
function own(tx: Tx<"not_issuer", "issuer">, key: string): Credential {
  const it = tx.get(credentials, key);
  const left = (): boolean =>
    !tx.holds("issuer", it.issuer, it.kind) && tx.signers.every((signer) => signerOf(tx, signer)?.principal !== it.issuer);
  tx.require(it.issuer === tx.signer("issuer") || left(), "not_issuer", { issuer: it.issuer });
  return it;
}
/** That very key signs, and it is a device's: no agent of the device, and no other key of it, acts for it here. */
function onDevice(tx: Tx<"not_bound">, slot: string, key: Bytes): void {
  tx.require(signerOf(tx, key)?.kind === "device", "not_bound");
  tx.signed(slot, key, "not_bound");
}
function inForce(tx: Tx<"expired" | "not_live">, it: Credential): void {
  tx.require(it.$.status === "live", "not_live", { status: it.$.status });
  tx.require(within(it, tx.time), "expired", { until: it.until });
}
export default credential;
