// What an auditor recomputes of the standard platform: what was adopted, and that every record fits its version. Owns these audits. Does not own: how rows come in
// (engine/audit.ts).

import type { Row } from "../engine/index.ts";
import { twoThirds } from "../kit/approvals.ts";
import { conforms } from "../kit/jsonSchema.ts";
import { statusOf } from "../kit/process.ts";
import { entries, forms, motions, standard, versions } from "./formRecords.ts";
import { members } from "./network.ts";

type Version = Row<typeof versions>;

export const adopted = standard.audit({
  title:
    "Every version in force was carried by a motion, by more than two thirds of the members there were, each voting once; versions and motions are numbered without gaps",
  run(audit) {
    const says = new Map<string, Row<typeof forms>>();
    const seen = new Map<string, { versions: number; motions: number; carried: Set<number | undefined> }>();
    const of = (form: string) => {
      const it = seen.get(form) ?? { versions: 0, motions: 0, carried: new Set() };
      seen.set(form, it);
      return it;
    };
    const voters = new Set<string>();
    audit.each(forms, (it) => {
      says.set(it.form, it);
      audit.require((it.$.status === "in_force") === (it.version !== undefined), "a form in force has a version in force");
    });
    audit.each(versions, ({ form, version }) => audit.require(version === ++of(form).versions, "versions have a gap"));
    audit.each(motions, (it) => {
      audit.require(it.motion === of(it.form).motions++, "motions have a gap");
      audit.require(new Set([...it.yes, ...it.no]).size === it.yes.length + it.no.length, "somebody voted twice");
      for (const who of [...it.yes, ...it.no]) voters.add(who);
      const decided = ["carried", "refused"].includes(it.$.status);
      audit.require((it.members !== undefined) === decided, "what is decided says of how many members, and only that");
      if (it.members === undefined) return;
      const needed = twoThirds(it.members);
      if (it.$.status === "carried") of(it.form).carried.add(it.version);
      if (it.$.status === "carried")
        audit.require(it.yes.length >= needed, "a motion was carried without the votes that it needed", { needed });
      else audit.require(it.no.length > it.members - needed, "a motion was refused while it could still be carried", { needed });
    });
    audit.each(members, ({ member }) => void voters.delete(member));
    audit.end(() => {
      for (const who of voters) audit.require(false, "somebody voted who never was a member", { who });
      for (const [form, it] of says) {
        const { carried, ...counts } = of(form);
        audit.require(counts.versions === it.versions && counts.motions === it.motions, "a form's counts are not its rows", { form });
        audit.require(it.version === undefined || carried.has(it.version), "a version is in force that was not carried", { form });
      }
    });
  },
});

export const fit = standard.audit({
  title: "Every record fits the schema and the process of the version it was made under",
  run(audit) {
    const known = new Map<string, Version>();
    let open = 0;
    audit.each(versions, (it) => void known.set(`${it.form} ${it.version}`, it));
    audit.each(entries, (it) => {
      const of = known.get(`${it.form} ${it.version}`);
      if (of === undefined) return audit.require(false, "a record without its version");
      const ends = statusOf(of.process, it.stage)?.ends;
      audit.require(statusOf(of.process, it.stage) !== undefined, "a status that its version does not have");
      audit.require((ends !== undefined) === (it.$.status === "ended"), "it ended in a status that does not, or did not in one that does");
      audit.require((it.due === undefined) === (it.$.status === "ended"), "what is open has its time, what ended has none");
      audit.require(conforms(of.clear, it.data), "what is in clear does not fit its schema");
      audit.require((it.hidden === undefined) === (of.sealed === undefined), "a sealed part too much, or none");
      const { steps } = of.process;
      const times = steps.every((s) => it.taken.filter((name) => name === s.step).length <= s.times);
      audit.require(times && it.taken.every((name) => steps.some((s) => s.step === name)), "steps that its version does not have");
      if (it.$.status === "open") open++;
    });
    audit.end(() => audit.figure("records open", open));
  },
});
