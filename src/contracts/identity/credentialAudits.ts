// What an auditor recomputes of credentials: successors, the one that a person holds, what was shown. Owns these audits. Does not own: how rows come in.

import type { Row } from "../engine/index.ts";
import { Fold } from "../kit/folds.ts";
import { within } from "../kit/standing.ts";
import { credential, credentials, kinds, presentations } from "./credentialRecords.ts";

export const succession = credential.audit({
  title: "What was replaced has one successor, and of a kind that a person holds once he holds one live one",
  run(audit) {
    const once = new Set<string>();
    const held = new Set<string>();
    const replaced = new Fold();
    const successors = new Fold();
    let live = 0;
    audit.each(kinds, (it) => void (it.one_per_person && once.add(it.kind)));
    audit.each(credentials, (it) => {
      const stands = it.$.status === "live" || it.$.status === "suspended";
      const serving = stands && within(it, audit.time);
      if (serving) live++;
      if (it.$.status === "replaced") replaced.add(it.credential);
      if (it.replaces !== undefined) successors.add(it.replaces);
      if (it.sole === undefined) return audit.require(!serving || !once.has(it.kind), "a live one that is not its holder's one");
      audit.require(once.has(it.kind) && stands && it.sole === it.holder, "a holder's one that is none");
      const place = `${it.kind} ${it.sole}`;
      audit.require(!held.has(place), "two that a person holds once");
      held.add(place);
    });
    audit.end(() => {
      audit.figure("live or suspended", live);
      audit.require(replaced.equals(successors), "what was replaced and what replaces it differ");
    });
  },
});

export const showings = credential.audit({
  title: "What was shown was its holder's, of fields of its kind, before its end",
  run(audit) {
    const fields = new Map<string, readonly string[]>();
    const issued = new Map<string, Pick<Row<typeof credentials>, "kind" | "holder"> & { readonly end: number }>();
    audit.each(kinds, (it) => void fields.set(it.kind, it.fields));
    audit.each(credentials, ({ $, credential: key, kind, holder, until }) => {
      const ended = $.status === "revoked" || $.status === "replaced" ? $.since : Infinity;
      issued.set(key, { kind, holder, end: Math.min(ended, until ?? Infinity) });
    });
    audit.each(presentations, ({ $, credential: key, holder, shown }) => {
      const it = issued.get(key);
      if (it === undefined) return audit.require(false, "a showing of what was not issued");
      audit.require(it.holder === holder, "shown by another than its holder");
      audit.require($.since <= it.end, "shown after its end", { at: $.since, end: it.end });
      const of = fields.get(it.kind) ?? [];
      audit.require(new Set(shown).size === shown.length && shown.every((field) => of.includes(field)), "fields that its kind has not");
    });
  },
});
