// The standard platform (service 40): a type of record added by data and vote, and lived under its own version, whatever people try.

import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Action, type Body, days } from "../../../src/contracts/engine/index.ts";
import { CHAIN, type Process, TIME_LIMIT } from "../../../src/contracts/kit/process.ts";
import standard, * as acts from "../../../src/contracts/platform/forms.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import { findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant } from "./founders.ts";
import { type Scenario, signedBy } from "./scenario.ts";

type Form = Body<typeof acts.propose.input>;
/** A process that the holder's step and time alone move. */
const holders: Process = {
  statuses: [
    { status: "held", within: days(30), step: "lapse" },
    { status: "gone", ends: "closed" },
  ],
  steps: [
    { step: "say", from: ["held"], to: "held", by: "holder", ground: false, times: 8 },
    { step: "lapse", from: ["held"], to: "gone", by: CHAIN, ground: false, times: 1 },
  ],
};
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
    const role = (scope: string) => ({ roles: [{ role: "clerk", who: "x", scope }] });
    refused("with a scope that is no field", "forms.form_unfit", role("place"));
    refused("with one that not every record has", "forms.form_unfit", role("fee"));
    refused("with one that is inherited", "forms.form_unfit", role("__proto__"));
    for (const chip of [
      { type: "integer", minimum: 0, maximum: 1 },
      { type: "string", maxLength: 65 },
      { enum: ["north", 7] },
      { enum: ["n".repeat(65)] },
      { enum: [] },
      { const: null },
    ])
      refused("with one that is no short text", "forms.form_unfit", {
        ...role("chip"),
        clear: { ...clear, properties: { ...clear.properties, chip } },
      });
    for (const chip of [{ type: "string", maxLength: 64 }, { enum: ["a", "b"] }, { const: "a" }])
      it.act(
        "with one that is",
        acts.propose,
        {
          ...dogs,
          ...role("chip"),
          creates: "holder",
          process: holders,
          clear: { ...clear, properties: { ...clear.properties, chip } },
          edits: [],
        },
        signedBy("tax"),
      );
  });

  test("is nobody's: whoever came first with its name, and was refused, keeps it from no one; nor does who left", () => {
    const it = town();
    it.act("health was first", acts.propose, { ...dogs, member: "health" }, signedBy("health"));
    for (const member of ["tax", "courts"]) it.act(member, acts.vote, { member, form: "dogs", motion: 0, vote: "no" }, signedBy(member));
    it.act("proposed", acts.propose, dogs, signedBy("tax"));
    carry(it, 1);
    expect(it.row(acts.forms, "dogs")).toMatchObject({ version: 2, versions: 2 });
    expect([1, 2].map((version) => it.row(acts.versions, "dogs", version)?.by)).toEqual(["health", "tax"]);
    it.act("the next version by another", acts.propose, { ...dogs, member: "courts" }, signedBy("courts"));
    carry(it, 2);
    expect(it.row(acts.forms, "dogs")?.version).toBe(3);
    passes(it, "forms");
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
    expect(it.row(acts.forms, "dogs")).toMatchObject({ version: 1 });
    expect(it.row(acts.motions, "dogs", 0)).toMatchObject({ members: 4, yes: ["tax", "courts", "land"] });
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

  test("is never larger than a row of it may be, though each change fits", () => {
    const it = town();
    const text = { type: "string", maxLength: 3_000 };
    const long = { ...{ type: "object", additionalProperties: false }, properties: { a: text, b: text } };
    const { sealed: _, ...form } = { ...dogs, clear: long, process: holders, creates: "holder", roles: [] };
    const edits = ["a", "b"].map((field) => ({ step: "say", field }));
    it.act("proposed", acts.propose, { ...form, edits }, signedBy("tax"));
    carry(it, 0);
    const { hidden: _hidden, ...entry } = { ...dog, data: { a: "x".repeat(3_000) } };
    it.act("entered", acts.enter, entry, signedBy("ann"));
    const say = (b: number) => ({ ...own, step: "say", change: { b: "y".repeat(b) } });
    it.refused("together too long", "forms.data_unfit", acts.step, say(3_000), signedBy("ann"));
    it.act("just short enough", acts.step, say(4_096 - 3_000 - 11), signedBy("ann"));
    it.refused("one letter more", "forms.data_unfit", acts.step, say(4_096 - 3_000 - 10), signedBy("ann"));
    it.act("the one for the other", acts.step, { ...say(3_000), remove: ["a"] }, signedBy("ann"));
    passes(it, "forms");
  });

  test("is acted on within its scope: an office of one district does nothing in another", () => {
    const grants = [grant("land", "form.dogs.clerk", "north"), grant("health", "form.dogs.clerk"), grant("courts", "eid.ministry")];
    const it = founded({ members: all, grants });
    enrol(it, "courts", "city", "ann");
    const [clerk, vet] = dogs.roles;
    it.act("proposed", acts.propose, { ...dogs, roles: [{ ...clerk!, scope: "district" }, vet!] }, signedBy("tax"));
    carry(it, 0);
    const south = { ...dog, data: { ...dog.data, district: "south" } };
    it.refused("a record of the south by the north's office", "forms.role_missing", acts.enter, south, signedBy("land"));
    it.refused("of nowhere", "forms.data_unfit", acts.enter, { ...dog, data: [] }, signedBy("land"));
    it.act("of the north", acts.enter, dog, signedBy("land"));
    it.act("of the south, by who is clerk everywhere", acts.enter, { ...south, entry: "d-2" }, signedBy("health"));
    const license = { ...own, step: "license" };
    it.refused("licensed in the south by the north's", "forms.role_missing", acts.step, { ...license, entry: "d-2" }, signedBy("land"));
    expect(it.needs(acts.step, { ...license, entry: "d-2" })).toEqual([{ slot: "", role: "form.dogs.clerk", scope: "south", met: false }]);
    it.act("in the north", acts.step, license, signedBy("land"));
    it.act("in the south", acts.step, { ...license, entry: "d-2" }, signedBy("health"));
    it.act("Ann moves", acts.step, { ...own, step: "move", change: { district: "south" } }, signedBy("ann"));
    passes(it, "forms");
  });

  test("ends by time, under its own version though another is adopted meanwhile", () => {
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
  for (const yes of [["tax", "tax", "tax"], ["tax"], ["tax", "courts", "nobody"]])
    expect(findsTampered(it, "forms", acts.motions, ["dogs", 0], { yes })).toEqual(["adopted"]);
  expect(findsTampered(it, "forms", acts.versions, ["dogs", 1], { clear: closed })).toEqual(["fit"]);
});

test("the largest form is proposed and adopted, and a record under it goes by its steps and ends by time", () => {
  const long = (n: number, length = 64): string => `${n}`.padStart(3, "s").padEnd(length, "x");
  const field = (n: number): string => `f${long(n, 39)}`;
  const properties = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [field(i), { enum: i === 0 ? [long(i, 20)] : [long(i, 20), i, null] }]),
  );
  const waits = Array.from({ length: 11 }, (_, i) => long(i));
  const largest: Process = {
    statuses: [...waits.map((status, i) => ({ status, within: days(3_660), step: long(100 + i) })), { status: long(11), ends: "closed" }],
    steps: [
      ...waits.map((_, i) => ({ step: long(100 + i), from: waits.slice(i, i + 6), to: long(i + 1), by: CHAIN, ground: false, times: 1 })),
      ...waits.map((_, i) => ({ step: long(200 + i), from: waits.slice(0, 6), to: long(i), by: "clerk", ground: true, times: 4 })),
    ],
  };
  const full = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [field(i), long(i, 20)]));
  const it = town();
  const roles = [...dogs.roles, ...Array.from({ length: 10 }, (_, i) => ({ role: long(i, 28), who: "w".repeat(100), scope: field(0) }))];
  const edits = Array.from({ length: 48 }, (_, i) => ({ step: long(200), field: field(i) }));
  const most = { ...dogs, process: largest, clear: { ...clear, required: [field(0)], properties }, roles, edits, title: "t".repeat(200) };
  it.act("proposed", acts.propose, most, signedBy("tax"));
  carry(it, 0);
  it.act("entered", acts.enter, { ...dog, data: full }, signedBy("land"));
  it.act("changed", acts.step, { ...own, step: long(200), change: { [field(3)]: 3 }, ground: "x" }, signedBy("land"));
  const runs = Array.from({ length: 12 }, () => it.advance(days(3_660))).flat();
  expect(runs.map(({ result }) => [...result.flags])).toEqual(waits.map(() => []));
  expect(at(it)).toBe(`ended ${long(11)}`);
  passes(it, "forms");
});

test("the acts of its reference page are a story that happens", () => {
  const grants = [grant("tax", "form.dogs.clerk"), grant("courts", "eid.ministry")];
  const it = founded({ members: all, grants });
  enrol(it, "courts", "city", "ann.city");
  const play = <A extends Action>(action: A, change: object = {}): void =>
    void it.act(action.options.title, action, { ...action.options.example, ...change } as never, signedBy("tax", "health", "ann.city"));
  play(acts.propose);
  it.act("land", acts.vote, { member: "land", form: "dogs", motion: 0, vote: "yes" }, signedBy("land"));
  it.act("courts", acts.vote, { member: "courts", form: "dogs", motion: 0, vote: "yes" }, signedBy("courts"));
  for (const action of [acts.vote, acts.enter]) play(action);
  play(acts.step, { step: "license", change: {} });
  for (const action of [acts.step, acts.move]) play(action);
  passes(it, "forms");
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const ajv = new Ajv2020();
const chip = { type: "string", minLength: 1, maxLength: 3 };
const district = { enum: ["north", "south", 7, null] };
const fee = { type: "integer", minimum: -3, maximum: 3 };
const tags = { type: "array", items: chip, minItems: 1, maxItems: 2 };
const nested = { type: "object", additionalProperties: false, required: ["fee"], properties: { fee, known: { type: "boolean" } } };
const schemas = [
  { type: "object", additionalProperties: false, required: ["chip"], properties: { chip, district, fee, tags, nested } },
  { type: "object", additionalProperties: false, required: ["fee", "tags"], properties: { chip, fee, tags, nested: { const: "none" } } },
].map((schema) => ({ schema, valid: ajv.compile(schema) }));
const value = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<any>(
      "",
      "abc",
      "abcd",
      "😀😀😀",
      "north",
      "south",
      "none",
      0,
      -3,
      4,
      7,
      null,
      true,
      Number.MAX_SAFE_INTEGER,
    ),
  },
  { weight: 1, arbitrary: fc.array(fc.constantFrom<any>("a", "abcd", 1), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ fee: fc.constantFrom<any>(1, 9, "1"), known: fc.constantFrom<any>(true, 1) }, { requiredKeys: [] }) },
);
const good = fc.record(
  { chip: fc.constantFrom("a", "abc"), fee: fc.constantFrom(0, 3), tags: fc.constantFrom(["a"], ["b", "c"]) },
  { requiredKeys: ["chip", "fee", "tags"] },
);
const mixed = fc.record({ chip: value, district: value, fee: value, tags: value, nested: value, extra: value }, { requiredKeys: [] });
const history = fc.record({
  act: fc.constantFrom(
    ...(["propose", "propose", "move", "vote", "vote", "vote", "vote", "enter", "enter", "enter", "enter"] as const),
    ...(["step", "step", "step", "step", "step", "step", "step", "wait"] as const),
  ),
  form: fc.constantFrom("f", "g"),
  pick: fc.nat(1_000),
  fit: fc.nat(9),
  schema: fc.nat(1),
  scoped: fc.boolean(),
  sealed: fc.boolean(),
  unfit: fc.nat(9),
  data: fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: mixed }, { weight: 1, arbitrary: value }),
  change: fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: fc.record({ fee: fc.constantFrom<any>(1, 3, 9) }, { requiredKeys: [] }) },
    { weight: 1, arbitrary: mixed },
  ),
  remove: fc.uniqueArray(fc.constantFrom("district", "fee", "chip"), { maxLength: 1 }),
  edits: fc.uniqueArray(fc.constantFrom("chip", "district", "fee", "tags", "nested"), { maxLength: 4 }),
  step: fc.constantFrom("license", "move", "take", "lapse", "fly"),
  ground: fc.constantFrom(undefined, "bites"),
  version: fc.constantFrom(-1, 0, 1, 2, 1_000_001, Number.MAX_SAFE_INTEGER),
  vote: fc.constantFrom("yes" as const, "yes" as const, "yes" as const, "no" as const),
  days: fc.constantFrom(1, 10, 31),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...all, "ann", "bob", "carl"), { maxLength: 3 }),
});
interface Version {
  readonly schema: number;
  /** The clerk acts within the scope that `chip` names. */
  readonly scoped: boolean;
  readonly sealed: boolean;
  readonly edits: readonly string[];
}
interface Entry {
  readonly form: string;
  readonly version: Version;
  readonly number: number;
  readonly holder: string;
  data: Record<string, unknown>;
  stage: string;
  due: number | undefined;
  taken: string[];
}

describe("whatever members, clerks and holders do", () => {
  test("versions are adopted by more than two thirds, records fit their own version, and all is as an exact model has it", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(history, { minLength: 255, maxLength: 275 }), (moves) => {
        const grants = ["f", "g"].flatMap((form) => [
          grant("land", `form.${form}.clerk`, form === "g" ? "a" : ""),
          grant("health", `form.${form}.vet`),
        ]);
        const isClerk = (form: string, { scoped }: Version, data: Record<string, unknown>) =>
          form === "f" || (scoped && data["chip"] === "a");
        const it = founded({ members: all, grants: [...grants, grant("courts", "eid.ministry")] });
        enrol(it, "courts", "city", "ann", "bob");
        enrol(it, "courts", "tax", "carl");
        const of = new Map<string, { versions: Version[]; version: number | undefined }>();
        const motions: {
          form: string;
          number: number;
          version: number | undefined;
          yes: string[];
          no: string[];
          closes: number;
          open: boolean;
        }[] = [];
        const records = new Map<string, Entry>();
        const within: { [stage: string]: number } = { applied: days(30), licensed: days(366) };
        let entriesMade = 0;
        const tick = (time: number): void => {
          for (const motion of motions) if (motion.closes <= time) motion.open = false;
          for (const entry of records.values())
            if (entry.due !== undefined && entry.due <= time) Object.assign(entry, { stage: "lapsed", due: undefined });
        };
        for (const m of moves) {
          total++;
          if (m.act === "wait") {
            expect(it.advance(days(m.days)).flatMap(({ result }) => [...result.flags])).toEqual([]);
            tick(it.time);
            continue;
          }
          const form = of.get(m.form);
          const open = motions.filter((motion) => m.fit < 2 || motion.open);
          const motion = open[m.pick % Math.max(1, Math.min(2, open.length))];
          const members = m.fit < 2 ? all : all.filter((who) => ![...(motion?.yes ?? []), ...(motion?.no ?? [])].includes(who));
          const member = members[m.pick % Math.max(1, members.length)] ?? "tax";
          const made = [...records].filter(([, entry]) => m.fit < 2 || entry.due !== undefined);
          const [entry, record] = made[m.pick % Math.max(1, made.length)] ?? [];
          const version = m.fit > 1 ? (form?.version ?? 1) : m.version;
          const newVersion = { schema: m.schema, scoped: m.scoped, sealed: m.sealed, edits: m.edits };
          const step =
            m.fit > 2
              ? ({ applied: ["license", "take"], licensed: ["move", "take"] }[record?.stage ?? ""]?.[m.pick % 3 === 0 ? 1 : 0] ?? m.step)
              : m.step;
          const actor = { license: "land", take: "health", move: record?.holder ?? "ann" }[step] ?? "land";
          const remove = m.fit > 5 ? [] : m.remove;
          const holder = m.fit === 9 ? "carl" : m.pick % 2 === 0 ? "ann" : "bob";
          const seals = m.unfit === 1 ? form?.versions[version - 1]?.sealed !== true : form?.versions[version - 1]?.sealed === true;
          const name = m.fit === 1 ? "e-0" : `e-${entriesMade++}`;
          const fields = schemas[m.schema]!.schema.properties as object;
          const edits = ["license", "move"].flatMap((s) => m.edits.map((field) => ({ step: s, field })));
          const is = (args: object, ...should: string[]) => ({ args, should });
          const proposal = {
            ...{
              member,
              form: m.form,
              title: "Form",
              sector: "city",
              clear: m.unfit === 0 ? { type: "object" } : schemas[m.schema]!.schema,
            },
            ...{ process, creates: "clerk", edits, ...(m.sealed && { sealed: closed }) },
            roles: [{ ...dogs.roles[0]!, ...(m.scoped && { scope: "chip" }) }, dogs.roles[1]!],
          };
          const { args, should } = {
            propose: () => is(proposal, member),
            move: () =>
              is({ member, form: m.form, ...(m.fit > 5 ? {} : { version: m.fit > 2 ? (form?.versions.length ?? 1) : m.version }) }, member),
            vote: () => is({ member, form: motion?.form ?? m.form, motion: motion?.number ?? 0, vote: m.vote }, member),
            enter: () => is({ form: m.form, version, entry: name, holder: `p:${holder}`, data: m.data, ...(seals && { hidden }) }, "land"),
            step: () =>
              is(
                {
                  ...{ form: record?.form ?? m.form, entry: entry?.slice(2) ?? "none", step, change: m.change, remove },
                  ...(m.ground !== undefined && { ground: m.ground }),
                },
                actor,
              ),
          }[m.act]();
          const signers = m.honest > 1 ? should : m.signers;
          const time = it.time + 1_000;
          tick(time);
          const has = (who: string): boolean => signers.includes(who);
          const begin = (to: number | undefined): void => {
            const number = motions.filter((before) => before.form === m.form).length;
            motions.push({
              form: m.form,
              number,
              version: to,
              yes: [],
              no: [],
              closes: time + it.parameters.proposal_lifetime_ms,
              open: true,
            });
          };
          const changesIt = (key: string, to: number | undefined): boolean => {
            const its = of.get(key);
            return its !== undefined && its.version !== to && (to === undefined || (to >= 1 && to <= its.versions.length));
          };
          const expected = {
            propose() {
              if (!has(member) || m.unfit === 0 || (m.scoped && m.schema === 1)) return false;
              if (!m.edits.every((field) => Object.hasOwn(fields, field))) return false;
              const its = form ?? { versions: [], version: undefined };
              of.set(m.form, its);
              its.versions.push(newVersion);
              begin(its.versions.length);
              return true;
            },
            move() {
              const to = (args as { version?: number }).version;
              if (!has(member) || !changesIt(m.form, to)) return false;
              begin(to);
              return true;
            },
            vote() {
              if (motion === undefined || !motion.open || !has(member) || [...motion.yes, ...motion.no].includes(member)) return false;
              const carried = m.vote === "yes" && motion.yes.length === 2;
              if (carried && !changesIt(motion.form, motion.version)) return false;
              motion[m.vote].push(member);
              if (carried) of.get(motion.form)!.version = motion.version;
              if (carried || motion.no.length === 2) motion.open = false;
              return true;
            },
            enter() {
              const its = form?.version === version ? form.versions[version - 1] : undefined;
              if (its === undefined || !has("land") || holder === "carl" || records.has(`${m.form} ${name}`)) return false;
              if (seals !== its.sealed || !schemas[its.schema]!.valid(m.data)) return false;
              const data = m.data as Record<string, unknown>;
              if (!isClerk(m.form, its, data)) return false;
              records.set(`${m.form} ${name}`, {
                ...{ form: m.form, version: its, number: version, holder, data, stage: "applied", due: time + days(30), taken: [] },
              });
              return true;
            },
            step() {
              const line = record === undefined ? undefined : process.steps.find((s) => s.step === step && s.from.includes(record.stage));
              if (record === undefined || line === undefined || line.by === CHAIN || !has(actor)) return false;
              if (line.by === "clerk" && !isClerk(record.form, record.version, record.data)) return false;
              if (record.taken.filter((s) => s === step).length >= line.times || (line.ground && m.ground === undefined)) return false;
              const may = step === "take" ? [] : record.version.edits;
              if (![...Object.keys(m.change), ...remove].every((field) => may.includes(field))) return false;
              const data: Record<string, unknown> = { ...record.data, ...m.change };
              for (const field of remove) delete data[field];
              if (!schemas[record.version.schema]!.valid(data)) return false;
              record.taken.push(step);
              Object.assign(record, { data, stage: line.to, due: within[line.to] === undefined ? undefined : time + within[line.to]! });
              return true;
            },
          }[m.act]();
          const { outcome, code } = it.submit([{ action: `forms.${m.act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          expect(`${m.act} ${JSON.stringify(args)} by ${signers.join(" ")}: ${outcome === 0} ${outcome === 0 ? "" : code}`).toMatch(
            `: ${expected} `,
          );
          if (outcome === 0) accepted.set(m.act, (accepted.get(m.act) ?? 0) + 1);
        }
        for (const [form, { versions, version }] of of)
          expect([form, { ...it.row(acts.forms, form)! }]).toMatchObject([
            form,
            { versions: versions.length, ...(version !== undefined && { version }) },
          ]);
        for (const [key, { form, number, stage, due, taken, data }] of records) {
          const row = it.row(acts.entries, form, key.slice(2))!;
          expect({ number: row.version, stage: row.stage, due: row.due, taken: row.taken, data: row.data }).toEqual({
            number,
            stage,
            due,
            taken,
            data,
          });
        }
        passes(it, "forms");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 40, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, times]) => times >= 50).length;
    expect(`${often} of 5 happen often: ${[...accepted].join(" ")}`).toMatch(/^5 /);
  });
});

everyRuleIsGiven(standard);
