// What an authority issues to a holder and can take back: certificates (5), citizen cards and the facilities that take them (2), mobile ID (3),
// licences (6), the wallet (7). Kinds are data. Owns kinds, facilities, credentials and their standing, presentations. Does not own: what a
// document says (sealed; the vault keeps it); the PIN, which unlocks the holder's key and never leaves his device.

import { equalBytes } from "../../base/bytes.ts";
import {
  agency,
  contract,
  each,
  flag,
  hash,
  id,
  list,
  oneOf,
  optional,
  party,
  record,
  sealed,
  signs,
  text,
  time,
} from "../engine/index.ts";
import type { Party, Row, Tx } from "../engine/index.ts";
import { aHash, aSeal } from "../kit/examples.ts";
import { Fold } from "../kit/folds.ts";
import { serves, standing, within } from "../kit/standing.ts";

const MAX_FIELDS = 32;
/** The values of the kind's fields, in the kind's order: each can be shown alone against the root. */
const content = sealed({ values: each(text(1_000), MAX_FIELDS) });

export const kinds = record("kind", {
  title: "A kind of credential",
  key: ["kind"],
  read: "public",
  find: ["status"],
  fields: {
    kind: id,
    title: text(200),
    fields: list(id, MAX_FIELDS, 1),
    lasts: optional(time),
    one_per_person: flag,
    device_bound: flag,
    admitted_only: flag,
  },
  states: { in_force: ["retired"], retired: [] },
});
export const facilities = record("facility", {
  title: "A facility that takes a kind of card",
  key: ["kind", "facility"],
  read: "public",
  find: ["facility", "status"],
  fields: { kind: id, facility: party, ground: optional(id) },
  states: { admitted: ["suspended"], suspended: ["admitted"] },
});
export const credentials = record("credential", {
  title: "A credential: the root of its sealed content, its holder, its standing",
  key: ["credential"],
  read: ["holder", "issuer"],
  find: ["holder", "kind", "status"],
  fields: {
    credential: id,
    kind: id,
    issuer: agency,
    holder: party,
    content,
    until: optional(time),
    device: optional(party),
    replaces: optional(id),
    ground: optional(id),
  },
  states: standing,
});
export const holdings = record("holding", {
  title: "The one credential of a kind that a person holds",
  key: ["kind", "holder"],
  read: ["holder"],
  fields: { kind: id, holder: party, credential: id },
});
export const presentations = record("presentation", {
  title: "A presentation, bound to its holder and the verifier's challenge",
  key: ["verifier", "challenge"],
  read: ["holder", "verifier"],
  find: ["holder"],
  fields: { verifier: party, challenge: hash, credential: id, holder: party, shown: list(id, MAX_FIELDS) },
});

const credential = contract("credentials", {
  title: "Certificates, cards and licences",
  purpose: "Only who is entitled issues, one revocation holds everywhere, and a showing shows what was asked and no more.",
  sector: "identity",
  records: [kinds, facilities, credentials, holdings, presentations],
  roles: { registrar: "Defines kinds, and admits facilities", issuer: "Issues and maintains, per kind" },
  rules: {
    kind_retired: "Of a retired kind nothing new is issued; what was issued stands.",
    holder_unknown: "A credential is issued to somebody who is registered and in good standing.",
    one_live: "Of such a kind a person holds one live credential.",
    not_issuer: "Who issued a credential maintains it.",
    altered: "What is presented is what was issued.",
    expired: "A credential serves until its time is over.",
    not_live: "A suspended, revoked or replaced credential does not serve.",
    replayed: "A verifier's challenge is answered once.",
    unknown_field: "A presentation shows fields of its kind.",
    not_bound: "A device-bound credential is used from its one device.",
    not_admitted: "A card made for facilities is taken by those that are admitted, and by none that is suspended.",
  },
});

// ── kinds ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const { kind, title, fields, lasts, one_per_person, device_bound, admitted_only } = kinds.fields;
export const define = credential.action({
  title: "Define a kind",
  by: "registrar",
  input: { kind, title, fields, lasts, one_per_person, device_bound, admitted_only },
  example: {
    ...{ kind: "birth", title: "Birth certificate", fields: ["name", "born", "place"] },
    ...{ one_per_person: false, device_bound: false, admitted_only: false },
  },
  run: (tx, it) => void tx.create(kinds, it),
});
export const retire = credential.action({
  title: "Retire a kind",
  by: "registrar",
  input: { kind: id },
  example: { kind: "birth" },
  run: (tx, it) => void tx.move(tx.get(kinds, it.kind), "retired"),
});

export const admit = credential.action({
  title: "Admit a facility to take a kind of card, suspend it, admit it again",
  by: "registrar",
  input: { kind: id, facility: party, to: oneOf("admitted", "suspended"), ground: optional(id) },
  rules: ["kind_retired"],
  example: { kind: "card", facility: "c:city-pool", to: "admitted" },
  run(tx, { kind: of, facility, to, ground }) {
    tx.require(to === "suspended" || tx.get(kinds, of).$.status === "in_force", "kind_retired");
    const it = tx.find(facilities, of, facility);
    if (it === undefined && to === "admitted") tx.create(facilities, { kind: of, facility, ground });
    else tx.move(it ?? tx.get(facilities, of, facility), to, { ground });
  },
});

// ── issuing and maintaining ──────────────────────────────────────────────────────────────────────────────────────────────────────────
export const issue = credential.action({
  title: "Issue",
  by: { issuer: { role: "issuer", scope: (a) => a.kind } },
  input: { credential: id, kind: id, holder: party, content },
  rules: ["kind_retired", "holder_unknown", "one_live"],
  example: { credential: "b-2027-1", kind: "birth", holder: "p:ann", content: aSeal(33) },
  run(tx, it) {
    tx.require(tx.known(it.holder), "holder_unknown");
    enter(tx, { ...it, issuer: tx.signer("issuer") });
  },
});

const maintained = {
  issuer: { role: "issuer", scope: (a: { credential: string }, tx: Tx) => tx.get(credentials, a.credential).kind },
} as const;
export const replace = credential.action({
  title: "Replace: correct, renew, or make good a lost one",
  by: maintained,
  input: { credential: id, by: id, content },
  rules: ["kind_retired", "one_live", "not_issuer"],
  example: { credential: "b-2027-1", by: "b-2027-2", content: aSeal(33) },
  run(tx, { credential: key, by, content: root }) {
    const { kind: of, issuer, holder, device } = tx.move(own(tx, key), "replaced");
    enter(tx, { credential: by, kind: of, issuer, holder, device, content: root, replaces: key });
  },
});

const status = (says: string, to: "live" | "suspended" | "revoked") =>
  credential.action({
    title: says,
    by: maintained,
    input: { credential: id, ground: id },
    rules: ["not_issuer"],
    example: { credential: "b-2027-1", ground: "art-12" },
    run: (tx, { credential: key, ground }) => void tx.move(own(tx, key), to, { ground }),
  });
export const suspend = status("Suspend", "suspended");
export const restore = status("Restore what was suspended", "live");
export const revoke = status("Revoke for good", "revoked");

export const bind = credential.action({
  title: "Bind to a device, or move to another",
  by: { ...maintained, holder: signs("the holder"), device: signs("the new device") },
  input: { credential: id, device: party },
  rules: ["not_issuer", "not_live", "expired"],
  example: { credential: "m-1", device: "d:ann-phone" },
  run(tx, { credential: key, device }) {
    const it = own(tx, key);
    tx.signed("holder", it.holder);
    tx.signed("device", device);
    inForce(tx, it);
    tx.put(it, { device });
  },
});

// ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const present = credential.action({
  title: "Present to a verifier, in answer to its challenge",
  by: { holder: signs("the holder; for a device-bound kind also the device") },
  input: { credential: id, content: hash, verifier: party, challenge: hash, shown: list(id, MAX_FIELDS) },
  rules: ["altered", "expired", "not_live", "replayed", "unknown_field", "not_bound", "not_admitted"],
  example: { credential: "b-2027-1", content: aHash, verifier: "land", challenge: aHash, shown: ["name", "born"] },
  run(tx, { credential: key, content: root, verifier, challenge, shown }) {
    const it = tx.get(credentials, key);
    const of = tx.get(kinds, it.kind);
    tx.signed("holder", it.holder);
    if (of.device_bound) tx.signed("holder", it.device ?? tx.reject("not_bound"), "not_bound");
    tx.require(equalBytes(root, it.content.root), "altered");
    inForce(tx, it);
    tx.require(!of.admitted_only || tx.find(facilities, it.kind, verifier)?.$.status === "admitted", "not_admitted", { verifier });
    tx.require(
      shown.every((field) => of.fields.includes(field)),
      "unknown_field",
      { fields: of.fields },
    );
    tx.require(tx.find(presentations, verifier, challenge) === undefined, "replayed");
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
type New = {
  credential: string;
  kind: string;
  issuer: Party;
  holder: Party;
  content: Row<typeof credentials>["content"];
  device?: Party | undefined;
  replaces?: string;
};
function enter(tx: Tx<"kind_retired" | "one_live">, it: New): void {
  const of = tx.get(kinds, it.kind);
  tx.require(of.$.status === "in_force", "kind_retired");
  tx.create(credentials, { ...it, until: of.lasts === undefined ? undefined : tx.time + of.lasts });
  if (!of.one_per_person) return;
  const holding = tx.find(holdings, it.kind, it.holder);
  if (holding === undefined) return void tx.create(holdings, { kind: it.kind, holder: it.holder, credential: it.credential });
  const last = tx.get(credentials, holding.credential);
  tx.require(["replaced", "revoked"].includes(last.$.status) || !within(last, tx.time), "one_live", { credential: holding.credential });
  tx.put(holding, { credential: it.credential });
}
function own(tx: Tx<"not_issuer">, key: string): Row<typeof credentials> {
  const it = tx.get(credentials, key);
  tx.require(it.issuer === tx.signer("issuer"), "not_issuer", { issuer: it.issuer });
  return it;
}
function inForce(tx: Tx<"expired" | "not_live">, it: Row<typeof credentials>): void {
  tx.require(it.$.status === "live", "not_live", { status: it.$.status });
  tx.require(within(it, tx.time), "expired", { until: it.until });
}

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const succession = credential.audit({
  title: "What was replaced has one successor, and of a kind that a person holds once there are no more live ones than holders",
  run(audit) {
    const once = new Map<string, { live: number; holders: number }>();
    const replaced = new Fold();
    const successors = new Fold();
    let live = 0;
    audit.each(kinds, (it) => void (it.one_per_person && once.set(it.kind, { live: 0, holders: 0 })));
    audit.each(credentials, (it) => {
      const stands = ["live", "suspended"].includes(it.$.status) && within(it, audit.time);
      if (stands) live++;
      const of = once.get(it.kind);
      if (stands && of !== undefined) of.live++;
      if (it.$.status === "replaced") replaced.add(it.credential);
      if (it.replaces !== undefined) successors.add(it.replaces);
    });
    audit.each(holdings, ({ kind: of }) => {
      const counted = once.get(of);
      if (counted === undefined) audit.require(false, "a holding of a kind that a person may hold twice");
      else counted.holders++;
    });
    audit.end(() => {
      audit.figure("live or suspended", live);
      audit.require(replaced.equals(successors), "what was replaced and what replaces it differ");
      for (const [of, sums] of once) audit.require(sums.live <= sums.holders, "more live ones than holders", { kind: of, ...sums });
    });
  },
});
export default credential;
