// Lists of electors: who may ask for a ticket. Service 38. Owns how a person comes on a list and off it, on which ground; the count that is published to be
// compared with the register. Does not own: that there is one pseudonym per person and sector (the identity ministry), who has voted (nobody knows).

import { days, id, list, person, signs, text } from "../engine/index.ts";
import { electorates, electors, poll } from "./pollRecords.ts";

const byRoll = { roll: { role: "roll", scope: (a: { readonly electorate: string }) => a.electorate } } as const;
const one = { electorate: "district-5", person: "p:ann.participation" };

export const establish = poll.action({
  title: "Establish a list of electors",
  by: byRoll,
  input: { electorate: id, title: text(200, 1) },
  example: { electorate: "district-5", title: "Residents of District 5 from 16 years on" },
  run(tx, it) {
    tx.create(electorates, { ...it, authority: tx.signer("roll"), electors: 0 });
  },
});

export const enter = poll.action({
  title: "Enter persons on a list: unasked, on their claim, or again",
  by: byRoll,
  input: { electorate: id, persons: list(person, 64, 1) },
  rules: ["not_person"],
  work: 800,
  example: { electorate: "district-5", persons: ["p:ann.participation"] },
  run(tx, { electorate, persons }) {
    const of = tx.get(electorates, electorate);
    for (const who of persons) {
      tx.require(tx.known(who), "not_person", { person: who });
      const before = tx.find(electors, electorate, who) ?? tx.create(electors, { electorate, person: who });
      tx.move(before, "entered", { ground: undefined });
    }
    tx.put(of, { electors: of.electors + persons.length });
  },
});

export const claim = poll.action({
  title: "Claim a place on a list that one was left out of",
  by: { person: signs("the person") },
  input: { electorate: id, person },
  example: one,
  run(tx, it) {
    tx.signed("person", it.person);
    tx.get(electorates, it.electorate);
    const before = tx.find(electors, it.electorate, it.person);
    if (before === undefined) tx.create(electors, it);
    else tx.move(before, "claimed", { ground: undefined });
  },
});

export const undecided = poll.due(electors, {
  title: "A claim that is not decided within 14 days is overdue, and says so",
  at: (it) => (it.$.status === "claimed" ? it.$.since + days(14) : undefined),
  run(tx, it) {
    tx.move(it, "overdue");
  },
});

export const refuse = poll.action({
  title: "Refuse a claim, on a ground",
  by: byRoll,
  input: { electorate: id, person, ground: id },
  example: { ...one, ground: "not-resident" },
  run(tx, { electorate, person: who, ground }) {
    tx.move(tx.get(electors, electorate, who), "refused", { ground });
  },
});

export const strike = poll.action({
  title: "Strike a person off a list, on a ground; what he has asked for in a poll stands",
  by: byRoll,
  input: { electorate: id, person, ground: id },
  example: { ...one, ground: "moved-away" },
  run(tx, { electorate, person: who, ground }) {
    const of = tx.get(electorates, electorate);
    tx.move(tx.get(electors, electorate, who), "struck", { ground });
    tx.put(of, { electors: of.electors - 1 });
  },
});
