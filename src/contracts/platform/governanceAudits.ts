// What an auditor recomputes of governance: who are the members, who has a seat, whose votes enacted what. Owns these audits. Does not own: how rows come in
// (engine/audit.ts), keys of principals (eid).

import { equalBytes } from "../../base/bytes.ts";
import { parameterProblems } from "../../base/parameters.ts";
import type { Row } from "../engine/index.ts";
import { twoThirds } from "../kit/approvals.ts";
import { governance, members, networks, proposals } from "./network.ts";

const distinct = (all: readonly string[]): boolean => new Set(all).size === all.length;

export const represented = governance.audit({
  title:
    "The network's members are those who are active, its validators those with a seat, by their keys; its parameters are within their bounds",
  run(audit) {
    let network: Row<typeof networks> | undefined;
    const [active, seated] = [new Set<string>(), new Set<string>()];
    audit.each(networks, (it) => {
      network = it;
      audit.require(distinct(it.members) && distinct(it.validators.map(({ id }) => id)), "a member, or a validator, stands twice");
      audit.require(parameterProblems({ ...it.parameters }).length === 0, "parameters outside their bounds");
    });
    audit.each(members, (it) => {
      const isActive = it.$.status === "active";
      if (isActive) active.add(it.member);
      if (it.seat) seated.add(it.member);
      audit.require(isActive || !it.seat, "a seat of who is no member");
      const validator = network?.validators.find(({ id }) => id === it.member);
      audit.require(
        validator === undefined || equalBytes(validator.key, it.keys.consensus),
        "a validator by another key than the member's",
      );
    });
    audit.end(() => {
      const same = (found: ReadonlySet<string>, all: readonly string[] = []): boolean =>
        found.size === all.length && all.every((one) => found.has(one));
      audit.require(same(active, network?.members), "the network's members are not those who are active");
      audit.require(
        same(
          seated,
          network?.validators.map(({ id }) => id),
        ),
        "the validators are not those with a seat",
      );
      audit.figure("members", active.size);
      audit.figure("validators", seated.size);
    });
  },
});

export const voted = governance.audit({
  title: "Every proposal enacted had the votes of more than two thirds of the members there were, each of whom voted once",
  run(audit) {
    const ever = new Set<string>();
    let enacted = 0;
    audit.each(members, ({ member }) => void ever.add(member));
    audit.each(proposals, ({ $, yes, no, members: all }) => {
      const votes = [...yes, ...no];
      audit.require(distinct(votes), "somebody voted twice");
      audit.require(
        votes.every((who) => ever.has(who)),
        "somebody voted who never was a member",
      );
      audit.require(
        (all !== undefined) === ["enacted", "refused"].includes($.status),
        "what is decided says of how many members, and only that",
      );
      if (all === undefined) return;
      const needed = twoThirds(all);
      if ($.status === "enacted") enacted++;
      if ($.status === "enacted") audit.require(yes.length >= needed, "enacted without the votes that it needed", { needed });
      else audit.require(no.length > all - needed, "refused while it could still be adopted", { needed });
    });
    audit.end(() => audit.figure("enacted", enacted));
  },
});
