// The standard platform (service 40): a type of record added by data and vote, and lived under its own version, whatever people try.

import { describe, expect, test } from "vitest";
import { type Body, days } from "../../../src/contracts/engine/index.ts";
import { CHAIN, type Process, TIME_LIMIT } from "../../../src/contracts/kit/process.ts";
import standard, * as acts from "../../../src/contracts/platform/forms.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import { findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant } from "./founders.ts";
import { type Scenario, signedBy } from "./scenario.ts";

type Form = Body<typeof acts.propose.input>;
const words = { root: new Uint8Array(32).fill(7), size: 1 };
const hidden = { root: new Uint8Array(32).fill(8), size: 33 };
const process: Process = {
  statuses: [
    { status: "applied", within: days(30), step: "lapse" },
    { status: "licensed", within: days(366), step: "lapse" },
    { status: "taken", ends: "refused" },
    { status: "lapsed", ends: "closed" },
  ],
  steps: [
    { step: "license", from: ["applied"], to: "licensed", by: "clerk", ground: false, times: 1 },
    { step: "move", from: ["licensed"], to: "licensed", by: "holder", ground: false, times: 2 },
    { step: "take", from: ["applied", "licensed"], to: "taken", by: "vet", ground: true, times: 1 },
    { step: "lapse", from: ["applied", "licensed"], to: "lapsed", by: CHAIN, ground: false, times: 1 },
  ],
};
const clear = {
  ...{ type: "object", additionalProperties: false, required: ["chip", "district"] },
  properties: {
    chip: { type: "string", maxLength: 15, minLength: 3 },
    district: { enum: ["north", "south"] },
    fee: { type: "integer", minimum: 0, maximum: 100 },
  },
};
const closed = { type: "object", additionalProperties: false, properties: { name: { type: "string", maxLength: 80 } } };
const dogs: Form = {
  ...{ member: "tax", form: "dogs", title: "Dog licence", sector: "city", clear, sealed: closed, process, creates: "clerk" },
  roles: [
    { role: "clerk", who: "The dog office" },
    { role: "vet", who: "The city's vets" },
  ],
  edits: [
    { step: "move", field: "district" },
    { step: "move", field: "_sealed" },
    { step: "license", field: "fee" },
  ],
};
const all = ["tax", "courts", "land", "health"];

function town(): Scenario {
  const grants = [
    grant("land", "form.dogs.clerk"),
    grant("health", "form.dogs.vet"),
    grant("courts", "forms.form", "dogs"),
    grant("courts", "eid.ministry"),
  ];
  const it = founded({ members: all, grants });
  enrol(it, "courts", "city", "ann", "bob");
  enrol(it, "courts", "tax", "carl");
  return it;
}
function carry(it: Scenario, motion: number, form = "dogs"): void {
  for (const member of ["tax", "courts", "land"]) it.act(member, acts.vote, { member, form, motion, vote: "yes" }, signedBy(member));
}
function adopted(): Scenario {
  const it = town();
  it.act("proposed", acts.propose, dogs, signedBy("tax"));
  carry(it, 0);
  return it;
}
const dog = { form: "dogs", version: 1, entry: "d-1", holder: "p:ann", data: { chip: "276098", district: "north" }, hidden };
function entered(): Scenario {
  const it = adopted();
  it.act("entered", acts.enter, dog, signedBy("land"));
  return it;
}
const own = { form: "dogs", entry: "d-1" };
const at = (it: Scenario) => {
  const row = it.row(acts.entries, "dogs", "d-1")!;
  return `${row.$.status} ${row.stage}`;
};

describe("a form", () => {
  test("is proposed by a member, within the bounds that keep every node safe", () => {
    const it = town();
    const refused = (says: string, rule: string, change: Partial<Form>, by = "tax") =>
      void it.refused(says, rule, acts.propose, { ...dogs, ...change }, signedBy(by));
    refused("by who is no member", "governance.not_member", { member: "police" }, "ann");
    refused("by another's key", "engine.signature_missing", {}, "health");
    refused("with a dot in its name", "forms.form_unfit", { form: "dogs.big" });
    refused("with a long name", "forms.form_unfit", { form: "d".repeat(29) });
    refused("with a role twice", "forms.form_unfit", { roles: [...dogs.roles, dogs.roles[0]!] });
    refused("with a role that means the holder", "forms.form_unfit", { roles: [...dogs.roles, { role: "holder", who: "x" }] });
    refused("made by nobody", "forms.form_unfit", { creates: "king" });
    refused("changed by no step", "forms.form_unfit", { edits: [{ step: "fly", field: "chip" }] });
    refused("changed by time", "forms.form_unfit", { edits: [{ step: "lapse", field: "chip" }] });
    refused("changing what is not there", "forms.form_unfit", { edits: [{ step: "move", field: "__proto__" }] });
    refused("without bounds", "forms.schema_outside", { clear: { type: "object" } });
    refused("with a pattern", "forms.schema_outside", {
      sealed: { ...closed, properties: { name: { type: "string", maxLength: 9, pattern: "(a+)+" } } },
    });
    refused("of a text", "forms.schema_outside", { clear: { type: "string", maxLength: 9 } });
    const endless = { ...process, statuses: process.statuses.map((s) => (s.status === "licensed" ? { status: s.status } : s)) };
    refused("that never ends", "forms.process_unsound", { process: endless });
    const above = { ...process, statuses: process.statuses.map((s) => (s.ends === undefined ? { ...s, grace: days(1) } : s)) };
    refused("with an authority above", "forms.process_unsound", { process: above });
    it.act("proposed", acts.propose, dogs, signedBy("tax"));
    refused("the next version by another", "forms.not_owner", { member: "health" }, "health");
  });

  test("is adopted by more than two thirds of the members, each of which votes once, in time", () => {
    const it = town();
    it.act("proposed", acts.propose, dogs, signedBy("tax"));
    it.refused("entered before", "forms.not_in_force", acts.enter, dog, signedBy("land"));
    const vote = { form: "dogs", motion: 0, vote: "yes" as const };
    it.refused("by another's key", "engine.signature_missing", acts.vote, { member: "courts", ...vote }, signedBy("health"));
    it.act("tax", acts.vote, { member: "tax", ...vote }, signedBy("tax"));
    it.refused("twice", "governance.voted_once", acts.vote, { member: "tax", ...vote, vote: "no" }, signedBy("tax"));
    it.act("courts", acts.vote, { member: "courts", ...vote }, signedBy("courts"));
    expect(it.row(acts.forms, "dogs")?.$.status).toBe("proposed");
    it.act("land", acts.vote, { member: "land", ...vote }, signedBy("land"));
    expect(it.row(acts.forms, "dogs")).toMatchObject({ version: 1, owner: "tax" });
    it.refused("after that", "forms.not_open", acts.vote, { member: "health", ...vote }, signedBy("health"));
    it.refused("moved again", "forms.nothing_moved", acts.move, { member: "tax", form: "dogs", version: 1 }, signedBy("tax"));
    it.refused(
      "a version that is not there",
      "forms.nothing_moved",
      acts.move,
      { member: "tax", form: "dogs", version: 2 },
      signedBy("tax"),
    );
    it.act("the next version", acts.propose, dogs, signedBy("tax"));
    for (const member of ["courts", "land"]) it.act(member, acts.vote, { member, form: "dogs", motion: 1, vote: "no" }, signedBy(member));
    expect(it.row(acts.motions, "dogs", 1)?.$.status).toBe("refused");
    it.act("moved once more", acts.move, { member: "health", form: "dogs", version: 2 }, signedBy("health"));
    it.advance(days(30));
    expect(it.row(acts.motions, "dogs", 2)?.$.status).toBe("expired");
    it.refused("then", "forms.not_open", acts.vote, { member: "tax", form: "dogs", motion: 2, vote: "yes" }, signedBy("tax"));
    for (const says of ["one motion", "and another"]) it.act(says, acts.move, { member: "tax", form: "dogs", version: 2 }, signedBy("tax"));
    carry(it, 3);
    for (const member of ["tax", "courts"]) it.act(member, acts.vote, { member, form: "dogs", motion: 4, vote: "yes" }, signedBy(member));
    it.refused(
      "the same once more",
      "forms.nothing_moved",
      acts.vote,
      { member: "land", form: "dogs", motion: 4, vote: "yes" },
      signedBy("land"),
    );
    passes(it, "forms");
    it.indexHolds();
  });

  test("is retired by vote: its records go on, new ones are not made", () => {
    const it = entered();
    it.act("moved", acts.move, { member: "health", form: "dogs" }, signedBy("health"));
    carry(it, 1);
    expect(it.row(acts.forms, "dogs")?.$.status).toBe("retired");
    it.refused("entered", "forms.not_in_force", acts.enter, { ...dog, entry: "d-2" }, signedBy("land"));
    it.refused("retired again", "forms.nothing_moved", acts.move, { member: "health", form: "dogs" }, signedBy("health"));
    it.act("licensed", acts.step, { ...own, step: "license" }, signedBy("land"));
    it.act("moved back", acts.move, { member: "tax", form: "dogs", version: 1 }, signedBy("tax"));
    carry(it, 2);
    it.act("entered", acts.enter, { ...dog, entry: "d-2" }, signedBy("land"));
    passes(it, "forms");
  });
});

describe("a record of a form", () => {
  test("fits the schema of its version, and is made by whom the form names", () => {
    const it = adopted();
    const refused = (says: string, code: string, change: object, by = "land") =>
      void it.refused(says, code, acts.enter, { ...dog, ...change }, signedBy(by));
    refused("by Ann", "forms.role_missing", {}, "ann");
    refused("by the vet", "forms.role_missing", {}, "health");
    refused("for nobody", "forms.holder_unfit", { holder: "p:zoe" });
    refused("for Carl, known to the tax office", "forms.holder_unfit", { holder: "p:carl" });
    refused("under another version", "forms.not_in_force", { version: 2 });
    refused("of another form", "forms.not_in_force", { form: "cats" });
    for (const data of [
      {},
      [],
      null,
      7,
      "x",
      { chip: "1", district: "north" },
      { chip: "276098", district: "west" },
      { chip: 276, district: "north" },
    ])
      refused(JSON.stringify(data), "forms.data_unfit", { data });
    for (const more of [{ colour: "red" }, { fee: 101 }, { fee: -1 }, { fee: "1" }, { fee: 2n ** 60n }])
      refused("with more", "forms.data_unfit", { data: { ...dog.data, ...more } });
    const { hidden: _, ...open } = dog;
    it.refused("without its sealed part", "forms.seal_unfit", acts.enter, open, signedBy("land"));
    it.act("entered", acts.enter, dog, signedBy("land"));
    it.refused("twice", "engine.already_exists", acts.enter, dog, signedBy("land"));
    passes(it, "forms");
  });

  test("goes by the steps of its version, each changing what it may and no more", () => {
    const it = entered();
    const refused = (says: string, code: string, args: { step: string } & Partial<Body<typeof acts.step.input>>, by = "land") =>
      void it.refused(says, code, acts.step, { ...own, ...args }, signedBy(by));
    refused("before it is licensed", "forms.step_illegal", { step: "move", change: { district: "south" } }, "ann");
    refused("by time's step", "forms.step_illegal", { step: "lapse" });
    refused("by the vet", "forms.role_missing", { step: "license" }, "health");
    refused("with another chip", "forms.field_locked", { step: "license", change: { chip: "999999" } });
    refused("with too high a fee", "forms.data_unfit", { step: "license", change: { fee: 101 } });
    refused("with no object", "forms.field_locked", { step: "license", change: [1] });
    refused("with its sealed part", "forms.field_locked", { step: "license", hidden });
    it.act("licensed", acts.step, { ...own, step: "license", change: { fee: 40 } }, signedBy("land"));
    refused("moved by Bob", "engine.signature_missing", { step: "move", change: { district: "south" } }, "bob");
    refused("without a district", "forms.data_unfit", { step: "move", remove: ["district"] }, "ann");
    it.act(
      "moved",
      acts.step,
      { ...own, step: "move", change: { district: "south" }, hidden: { ...hidden, root: words.root } },
      signedBy("ann"),
    );
    expect(it.row(acts.entries, "dogs", "d-1")).toMatchObject({
      data: { chip: "276098", district: "south", fee: 40 },
      hidden: { root: words.root },
    });
    it.act("and back", acts.step, { ...own, step: "move", change: { district: "north" } }, signedBy("ann"));
    refused("a third time", "forms.step_illegal", { step: "move" }, "ann");
    refused("taken without a ground", "forms.ground_missing", { step: "take" }, "health");
    it.act("taken", acts.step, { ...own, step: "take", ground: "bites", words }, signedBy("health"));
    expect(at(it)).toBe("ended taken");
    refused("licensed after that", "forms.step_illegal", { step: "license" });
    passes(it, "forms");

    const open = town();
    const { sealed: _, ...clearOnly } = dogs;
    open.act(
      "without a sealed part",
      acts.propose,
      {
        ...clearOnly,
        edits: [
          { step: "license", field: "_sealed" },
          { step: "license", field: "fee" },
        ],
      },
      signedBy("tax"),
    );
    carry(open, 0);
    open.refused("with one", "forms.seal_unfit", acts.enter, dog, signedBy("land"));
    const { hidden: _seal, ...bare } = dog;
    open.act("entered", acts.enter, { ...bare, data: { ...dog.data, fee: 3 } }, signedBy("land"));
    open.refused("sealed later", "forms.seal_unfit", acts.step, { ...own, step: "license", hidden }, signedBy("land"));
    open.act("the fee is waived", acts.step, { ...own, step: "license", remove: ["fee"] }, signedBy("land"));
    expect(open.row(acts.entries, "dogs", "d-1")?.data).toEqual(dog.data);
    passes(open, "forms");
  });

  test("ends by time, under its own version whatever is adopted meanwhile", () => {
    const it = entered();
    const quick = { ...process, statuses: process.statuses.map((s) => (s.ends === undefined ? { ...s, within: days(1) } : s)) };
    it.act(
      "a quicker version, without a sealed part",
      acts.propose,
      { ...dogs, process: quick, clear: closed, edits: [] },
      signedBy("tax"),
    );
    carry(it, 1);
    it.refused("the old version", "forms.not_in_force", acts.enter, { ...dog, entry: "d-2" }, signedBy("land"));
    it.act("the new", acts.enter, { ...dog, entry: "d-2", version: 2, data: { name: "Rex" } }, signedBy("land"));
    it.advance(days(1));
    expect([at(it), it.row(acts.entries, "dogs", "d-2")?.stage]).toEqual(["open applied", "lapsed"]);
    it.act("licensed under version 1", acts.step, { ...own, step: "license", change: { fee: 1 } }, signedBy("land"));
    it.advance(days(366));
    expect([at(it), it.row(acts.entries, "dogs", "d-1")?.ground]).toEqual(["ended lapsed", TIME_LIMIT]);
    passes(it, "forms");
    it.indexHolds();
  });

  test("is acted on by whom governance grants the form's role, and read by holder and readers of the form", () => {
    const it = entered();
    const motion = { proposal: "clerk", member: "tax", kind: "role.revoke", agency: "land", role: "form.dogs.clerk", scope: "" } as const;
    it.act("land is no clerk any more", governance.propose, motion, signedBy("tax"));
    for (const member of ["tax", "courts", "health"])
      it.act(member, governance.vote, { proposal: "clerk", member, vote: "yes" }, signedBy(member));
    it.refused("licensed", "forms.role_missing", acts.step, { ...own, step: "license" }, signedBy("land"));
    expect(it.needs(acts.step, { ...own, step: "license" })).toEqual([{ slot: "", role: "form.dogs.clerk", met: false }]);
    const reads = (principal: string, kind: "agency" | "person"): boolean =>
      it.registry.mayRead(
        "forms/entry",
        it.row(acts.entries, "dogs", "d-1") as any,
        { principal, kind, represents: true } as any,
        it.state,
        it.block,
      );
    expect([reads("courts", "agency"), reads("p:ann", "person"), reads("land", "agency"), reads("p:bob", "person")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

test("an audit finds a row that the rules did not make", () => {
  const it = entered();
  const found = (change: object): string[] => findsTampered(it, "forms", acts.entries, ["dogs", "d-1"], change);
  expect(found({ data: { chip: "276098", district: "west" } })).toEqual(["fit"]);
  expect(found({ stage: "taken" })).toEqual(["fit"]);
  expect(found({ $status: "ended" })).toEqual(["fit"]);
  expect(found({ taken: ["take", "take"] })).toEqual(["fit"]);
  expect(found({ version: 2 })).toEqual(["fit"]);
  expect(findsTampered(it, "forms", acts.forms, ["dogs"], { version: 2 })).toEqual(["adopted"]);
  expect(findsTampered(it, "forms", acts.forms, ["dogs"], { versions: 2 })).toEqual(["adopted"]);
  expect(findsTampered(it, "forms", acts.motions, ["dogs", 0], { $status: "expired" })).toEqual(["adopted"]);
  expect(findsTampered(it, "forms", acts.motions, ["dogs", 0], { yes: ["tax", "tax", "tax"] })).toEqual(["adopted"]);
  expect(findsTampered(it, "forms", acts.versions, ["dogs", 1], { clear: closed })).toEqual(["fit"]);
});

everyRuleIsGiven(standard);
