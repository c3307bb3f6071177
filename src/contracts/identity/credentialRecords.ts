// What stands in the register of credentials: kinds, facilities, credentials and their standing, presentations; and the rules of all its acts. Owns these
// declarations. Does not own: the acts (credentials.ts), the audits (credentialAudits.ts).

import { agency, contract, days, each, flag, hash, id, list, optional } from "../engine/index.ts";
import { party, range, record, type Row, sealed, text, time } from "../engine/index.ts";
import { standing } from "../kit/standing.ts";

export const MAX_FIELDS = 32;
/** The values of the kind's fields, in the kind's order: each can be shown alone against the root. */
export const content = sealed({ values: each(text(1_000), MAX_FIELDS) });

export const kinds = record("kind", {
  title: "A kind of credential",
  key: ["kind"],
  read: "public",
  find: ["status"],
  fields: {
    kind: id,
    title: text(200),
    fields: list(id, MAX_FIELDS, 1),
    /** From one day to a hundred years. */
    lasts: optional(range(days(1), days(36_525))),
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
  unique: ["kind", "sole"],
  fields: {
    credential: id,
    kind: id,
    issuer: agency,
    holder: party,
    content,
    until: optional(time),
    /** Of a kind that a person holds once, the holder, while this is the one. */
    sole: optional(party),
    /** The key of the device from which it is used. */
    device: optional(hash),
    replaces: optional(id),
    ground: optional(id),
  },
  states: standing,
});
export const presentations = record("presentation", {
  title: "A presentation, bound to its holder and the verifier's challenge",
  key: ["verifier", "challenge", "credential"],
  read: ["holder", "verifier"],
  find: ["holder"],
  fields: { verifier: party, challenge: hash, credential: id, holder: party, shown: list(id, MAX_FIELDS) },
});
export type Credential = Row<typeof credentials>;

export const credential = contract("credentials", {
  title: "Certificates, cards and licences",
  purpose: "Only who is entitled issues, one revocation holds everywhere, and a showing shows what was asked and no more.",
  sector: "identity",
  records: [kinds, facilities, credentials, presentations],
  roles: { registrar: "Defines kinds, and admits facilities", issuer: "Issues and maintains, per kind" },
  rules: {
    kind_retired:
      "Of a retired kind nothing new is issued; what was issued stands, and is corrected or made good for the rest of its time.",
    holder_unknown: "A credential is issued to somebody who is registered and in good standing.",
    one_live: "Of such a kind a person holds one live credential.",
    not_issuer: "Who issued a credential maintains it; where that office issues the kind no more, any other that does.",
    altered: "What is presented is what was issued.",
    expired: "A credential serves until its time is over.",
    not_live: "A suspended, revoked or replaced credential does not serve.",
    replayed: "A credential answers a verifier's challenge once.",
    unknown_field: "A presentation shows fields of its kind, none twice.",
    not_bound: "A device-bound credential is used from one registered device in good standing, with the one key that it is bound to.",
    not_admitted: "A card made for facilities is taken by those that are admitted, and by none that is suspended.",
    fields_twice: "A kind's fields are distinct.",
    taker_unknown: "What is shown is shown to somebody, and admitted is somebody, who is registered and in good standing.",
  },
});
