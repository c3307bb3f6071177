// What an auditor recomputes of the register of keys: that every key, appointment and recovery is of a principal that is there, and of its revision. Owns this
// audit. Does not own: how rows come in.

import { latin1 } from "../../base/bytes.ts";
import type { Row } from "../engine/index.ts";
import { eid, grants, recoveries } from "./eidRecords.ts";
import { agents, keys, kindOf, ownPurpose, principals } from "./principals.ts";

const FOR_ANY = ["post", "access", "credential", "consensus", "peer", "checkpoint"];

export const registers = eid.audit({
  title:
    "Every principal is what its name says; keys, appointments and recoveries are of principals that are there, and of no later revision",
  run(audit) {
    const known = new Map<string, { revision: number; live: boolean }>();
    const coming = new Map<string, Row<typeof keys>>();
    audit.each(principals, ({ principal, kind, sector, guardians, revision, $ }) => {
      known.set(principal, { revision: revision ?? 0, live: $.status === "live" });
      audit.require(kind === kindOf(principal) && (kind === "person") === (sector !== undefined), "of another kind than its name says");
      audit.require(guardians === undefined || guardians.needed <= guardians.size, "more guardians needed than there are");
    });
    audit.each(keys, (it) => {
      const of = known.get(it.principal);
      if (of === undefined) return audit.require(false, "a key of nobody");
      audit.require(it.purpose === ownPurpose(it.principal) || FOR_ANY.includes(it.purpose), "a key for what its principal is not");
      audit.require((it.purpose === "post") === (it.post !== undefined), "a post without its name");
      audit.require(it.from < (it.until ?? Infinity), "a key that never serves");
      const ahead = (it.revision ?? 0) - of.revision;
      if (ahead === 1) coming.set(latin1(it.key), it);
      else audit.require(ahead <= 0 || it.$.status === "revoked", "a key of a revision that is not");
    });
    audit.each(agents, ({ principal, agent, revision }) => {
      audit.require(known.has(principal) && known.has(agent) && principal !== agent, "signs for nobody, or as nobody");
      audit.require((revision ?? 0) <= (known.get(principal)?.revision ?? 0), "appointed by a revision that is not");
    });
    audit.each(grants, ({ $, answer }) => {
      audit.require(($.status === "used") === (answer !== undefined), "used is what was answered");
    });
    audit.each(recoveries, ({ $, principal, key, revision, guardians, voucher }) => {
      const now = known.get(principal)?.revision ?? 0;
      audit.require(guardians > 0 !== (voucher !== undefined), "guardians vouch, or a second agency");
      audit.require($.status !== "done" || revision <= now, "a recovery that was not carried out");
      const its = coming.get(latin1(key));
      coming.delete(latin1(key));
      audit.require($.status !== "waiting" || (its?.principal === principal && revision === now + 1), "waits for a key that is not there");
      audit.require($.status === "waiting" || its === undefined || its.$.status === "revoked", "a key waits whose recovery has ended");
    });
    audit.end(() => {
      const unasked = [...coming.values()].filter(({ $ }) => $.status !== "revoked").length;
      audit.require(unasked === 0, "a key of a revision that nobody asked for", { keys: unasked });
      audit.figure("principals live", [...known.values()].filter(({ live }) => live).length);
    });
  },
});
