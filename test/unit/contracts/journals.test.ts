// Journals (services 4 and 29): devices report without gaps, operations are entered by who did them, alerts cite what they are about and are stood down by who
// is named; whatever devices, operators, agencies and auditors try.

import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../../../src/base/bytes.ts";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import journals, * as acts from "../../../src/contracts/casework/journals.ts";
import { days, hours, minutes } from "../../../src/contracts/engine/index.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { noBatch } from "../../../src/contracts/kit/journal.ts";
import { readingItem } from "../../../src/contracts/kit/patterns.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { founded, grant, register, shown } from "./founders.ts";
import { keyOf, operation, type Scenario, signedBy } from "./scenario.ts";

const { alerts, batches, entries, operators, sources, versions, watches } = acts;
const GAUGE = "d:gauge";
const LOG = "tax.files";
const sealed = (size: number) => ({ root: new Uint8Array(32).fill(1), size });

/** Land has a gauge, tax a log of its files; health answers alerts; the courts audit. */
const keepers = ["land", "tax", "health"].map((agency) => grant(agency, "journals.keeper"));
const responders = ["land", "tax", "health", "courts"].map((agency) => grant(agency, "journals.responder"));
function town(...grants: ReturnType<typeof grant>[]): Scenario {
  const auditors = [grant("courts", "journals.auditor"), grant("tax", "journals.auditor")];
  const it = founded({ grants: [...auditors, ...keepers, ...responders, grant("land", "eid.registrar"), ...grants] });
  register(it, "land", GAUGE);
  it.act("the gauge", acts.enrol, { source: GAUGE, owner: "land", kind: "water-level", every: days(1) }, signedBy("land", "gauge"));
  it.act("the log", acts.openLog, { source: LOG, owner: "tax", kind: "tax-files" }, signedBy("tax"));
  return it;
}
/** A key of a post, and the operator who has it. */
function post(it: Scenario, agency: string, at: string, name: string): void {
  const key = { principal: agency, key: keyOf(name), proof: shown(it, agency, "post", name), purpose: "post", post: at } as const;
  it.act(`${name}'s key`, eid.bind, { ...key, represents: false, from: it.time }, signedBy(agency));
}
function operator(it: Scenario, name: string, at = "assessor"): void {
  post(it, "tax", at, name);
  it.act(name, acts.appoint, { agency: "tax", post: at, operator: name, key: keyOf(name) }, signedBy("tax"));
}

/** A batch as its device keeps it. */
class Batch {
  readonly hashes: Bytes[];
  readonly root: Bytes;
  readonly #salt = (i: number): Bytes => new Uint8Array(16).fill(i % 251);
  readonly device: string;
  readonly first: number;
  readonly values: readonly { readonly at: number; readonly value: number }[];
  constructor(device: string, metric: string, first: number, values: Batch["values"]) {
    this.device = device;
    this.first = first;
    this.values = values;
    const reading = (i: number) => ({ first, index: i, ...values[i]!, salt: this.#salt(i) });
    this.hashes = values.map((_, i) => leafHash(readingItem(device, metric, reading(i))));
    this.root = rootOf(this.hashes);
  }
  report(previous: Bytes) {
    const [size, from, to] = [this.values.length, this.values[0]!.at, this.values.at(-1)!.at];
    return { source: this.device, first: this.first, size, root: this.root, previous, from, to };
  }
  shown(index: number) {
    const path = inclusionPath(this.hashes, index);
    const { first, root, values } = this;
    return { first, ...values[index]!, salt: this.#salt(index), index, size: values.length, root, path };
  }
}
/** Every ten minutes up to now, these levels. */
const levels = (it: Scenario, first: number, ...cm: number[]): Batch =>
  new Batch(
    GAUGE,
    "cm",
    first,
    cm.map((value, i) => ({ at: it.time - minutes(10) * (cm.length - 1 - i), value })),
  );
const level = {
  ...({ rule: "flood", author: "land", on: "readings", kind: "water-level", what: "cm", times: 3 } as const),
  ...{ within: hours(1), responder: "health", answer: hours(2) },
};
const flood = { ...level, most: 350 };
const looks = {
  ...({ rule: "many-views", author: "courts", on: "operations", kind: "tax-files", what: "file.view", times: 3 } as const),
  ...{ within: hours(1), responder: "health", answer: days(7) },
};
const watchedBy = (auditor: string, rule = "many-views") => ({ source: LOG, rule, auditor });
const view = (it: Scenario, more: object = {}) => ({ operation: "file.view", at: it.time, content: sealed(10), ...more });
const enters = (it: Scenario, first: number, who = "amy", more: object = {}) => ({
  ...{ source: LOG, first, post: "assessor", operator: who, entries: [view(it)] },
  ...more,
});

describe("a device", () => {
  test("is enrolled by its owner and itself, under its own name", () => {
    const it = town();
    register(it, "land", "d:cam");
    const cam = { source: "d:cam", owner: "land", kind: "camera" };
    it.refused("by land alone", "engine.signature_missing", acts.enrol, cam, signedBy("land"));
    it.refused("by itself", "engine.not_entitled", acts.enrol, cam, signedBy("cam"));
    it.refused("as a log", "journals.other_source", acts.enrol, { ...cam, source: "land.cam" }, signedBy("land", "cam"));
    it.act("by both", acts.enrol, cam, signedBy("land", "cam"));
    it.refused("twice", "engine.already_exists", acts.enrol, cam, signedBy("land", "cam"));
    it.refused(
      "tax opens a log of land's",
      "journals.other_source",
      acts.openLog,
      { ...cam, source: "land.x", owner: "tax" },
      signedBy("tax"),
    );
    it.refused("or as a device", "journals.other_source", acts.openLog, { ...cam, source: "d:x", owner: "tax" }, signedBy("tax"));
  });

  test("reports without gap, overlap or repetition, each batch after the last, nothing before it happened", () => {
    const it = town();
    const one = levels(it, 0, 100, 110, 120);
    it.refused("by its owner", "engine.signature_missing", acts.report, one.report(noBatch.last), signedBy("land"));
    it.refused("in a log", "journals.other_source", acts.report, { ...one.report(noBatch.last), source: LOG }, signedBy("gauge"));
    it.refused("from tomorrow", "journals.ahead", acts.report, { ...one.report(noBatch.last), to: it.time + days(1) }, signedBy("gauge"));
    it.refused(
      "ends first",
      "journals.ahead",
      acts.report,
      { ...one.report(noBatch.last), from: it.time, to: it.time - 1 },
      signedBy("gauge"),
    );
    it.refused("empty", "engine.args_invalid", acts.report, { ...one.report(noBatch.last), size: 0 }, signedBy("gauge"));
    it.act("as it is", acts.report, one.report(noBatch.last), signedBy("gauge"));
    it.refused("again", "journals.gap", acts.report, one.report(noBatch.last), signedBy("gauge"));
    it.advance(hours(1));
    const two = levels(it, 3, 130, 140);
    it.refused("one left out", "journals.gap", acts.report, { ...two.report(one.root), first: 4 }, signedBy("gauge"));
    it.refused("one over the last", "journals.gap", acts.report, { ...two.report(one.root), first: 2 }, signedBy("gauge"));
    it.refused("after another", "journals.gap", acts.report, two.report(two.root), signedBy("gauge"));
    it.refused(
      "beyond counting",
      "journals.gap",
      acts.report,
      { ...two.report(one.root), first: Number.MAX_SAFE_INTEGER },
      signedBy("gauge"),
    );
    it.act("the next", acts.report, two.report(one.root), signedBy("gauge"));
    const back = { ...levels(it, 5, 150).report(two.root), from: it.time - hours(5) };
    expect(it.act("its clock went back", acts.report, back, signedBy("gauge"))).toEqual(["journals.clock_back"]);
    expect(it.row(sources, GAUGE)).toMatchObject({ next: 6 });
    passes(it, "journals");
  });

  test("that lost readings goes on when its owner has said so, and the loss stands", () => {
    const it = town();
    const one = levels(it, 0, 100);
    it.act("one", acts.report, one.report(noBatch.last), signedBy("gauge"));
    it.advance(minutes(1));
    const lost = { source: GAUGE, first: 1, size: 20, ground: "memory-failed", witness: GAUGE };
    const both = signedBy("land", "gauge");
    it.refused("the device says so", "engine.not_entitled", acts.declareLost, lost, signedBy("gauge"));
    it.refused("the owner says so", "engine.signature_missing", acts.declareLost, lost, signedBy("land"));
    it.refused("twice himself", "journals.not_witnessed", acts.declareLost, { ...lost, witness: "land" }, signedBy("land"));
    it.refused("and another", "journals.not_witnessed", acts.declareLost, { ...lost, witness: "health" }, signedBy("land", "health"));
    it.refused("what was reported", "journals.gap", acts.declareLost, { ...lost, first: 0 }, both);
    it.refused(
      "of a log",
      "journals.other_source",
      acts.declareLost,
      { ...lost, source: LOG, witness: "courts" },
      signedBy("tax", "courts"),
    );
    it.refused("more than it takes", "journals.too_many_lost", acts.declareLost, { ...lost, size: 100 }, both);
    expect(it.act("the owner and it", acts.declareLost, lost, both)).toEqual(["journals.readings_lost"]);
    const late = levels(it, 1, ...Array.from({ length: 20 }, () => 400));
    it.refused("what was declared lost comes after all", "journals.gap", acts.report, late.report(one.root), signedBy("gauge"));
    const more = { ...lost, first: 21 };
    it.refused("the same time once more", "journals.too_many_lost", acts.declareLost, more, both);
    it.advance(minutes(10));
    it.act("it goes on", acts.report, levels(it, 21, 130).report(noBatch.last), signedBy("gauge"));
    it.act("a rule", acts.publish, { ...flood, times: 1 }, signedBy("land"));
    const shownLost = { ...late.shown(3), first: 1 };
    const alert = { rule: "flood", version: 1, source: GAUGE, by: "land", metric: "cm", readings: [shownLost] };
    it.refused("what is lost proves nothing", "journals.not_cited", acts.alert, alert, signedBy("land"));
    expect(it.row(batches, GAUGE, 1)).toMatchObject({ lost: "memory-failed", size: 20 });
    expect(audit(it, "journals").find(({ name }) => name === "unbroken")?.figures).toEqual({ readings: 2, lost: 20, operations: 0 });
    passes(it, "journals");
  });

  test("is silent when it was not heard for as long as its owner said, until it reports", () => {
    const it = town();
    const status = () => it.row(sources, GAUGE)?.$.status;
    it.act("heard", acts.report, levels(it, 0, 100).report(noBatch.last), signedBy("gauge"));
    it.advance(days(1) - 1_000);
    expect(status()).toBe("active");
    expect(it.advance(1_000).map(({ name }) => name)).toEqual(["silence"]);
    expect([status(), it.advance(days(9))]).toEqual(["silent", []]);
    const broken = { source: GAUGE, first: 1, size: 2, ground: "broken", witness: "courts" };
    it.act("land says why, and an auditor", acts.declareLost, broken, signedBy("land", "courts"));
    expect(status()).toBe("silent");
    const again = levels(it, 3, 100);
    it.act("heard again", acts.report, again.report(noBatch.last), signedBy("gauge"));
    expect(status()).toBe("active");
    it.advance(days(1));
    it.refused("tax lets it be silent longer", "engine.not_entitled", acts.schedule, { source: GAUGE, every: days(9) }, signedBy("tax"));
    it.act("from now on each week", acts.schedule, { source: GAUGE, every: days(7) }, signedBy("land"));
    it.act("heard again", acts.report, levels(it, 4, 100).report(again.root), signedBy("gauge"));
    it.advance(days(6));
    expect(status()).toBe("active");
    it.advance(days(1));
    expect(status()).toBe("silent");
    it.act("retired, though silent", acts.retire, { source: GAUGE }, signedBy("land"));
    passes(it, "journals");
    it.indexHolds();
  });

  test("changes hands, is suspended with its key, and is retired", () => {
    const it = town();
    const over = { source: GAUGE, next: "health" };
    it.refused("land gives it away", "engine.signature_missing", acts.handOver, over, signedBy("land"));
    it.refused("health takes it", "engine.signature_missing", acts.handOver, over, signedBy("health"));
    it.act("both", acts.handOver, over, signedBy("land", "health"));
    it.refused("land retires it", "engine.signature_missing", acts.retire, { source: GAUGE }, signedBy("land"));
    const one = levels(it, 0, 1);
    it.act("suspended", eid.suspend, { principal: GAUGE, ground: "order-17" }, signedBy("land"));
    it.refused("it reports", "engine.signature_missing", acts.report, one.report(noBatch.last), signedBy("gauge"));
    it.act("restored", eid.restore, { principal: GAUGE }, signedBy("land"));
    it.act("it reports", acts.report, one.report(noBatch.last), signedBy("gauge"));
    expect(it.row(batches, GAUGE, 0)?.owner).toBe("health");
    it.act("retired", acts.retire, { source: GAUGE }, signedBy("health"));
    const more = levels(it, 1, 1).report(one.root);
    it.refused("it reports", "journals.source_retired", acts.report, more, signedBy("gauge"));
    it.refused("it changes hands", "journals.source_retired", acts.handOver, { source: GAUGE, next: "land" }, signedBy("health", "land"));
    passes(it, "journals");
  });
});

describe("an alert on readings", () => {
  /** Water rises: 340, 360, 365, 355, 330. */
  function risen(): { it: Scenario; batch: Batch } {
    const it = town();
    const batch = levels(it, 0, 340, 360, 365, 355, 330);
    it.act("risen", acts.report, batch.report(noBatch.last), signedBy("gauge"));
    it.act("the rule", acts.publish, flood, signedBy("land"));
    return { it, batch };
  }
  const says = (batch: Batch, indexes: readonly number[], more: object = {}) => ({
    ...{ rule: "flood", version: 1, source: GAUGE, by: GAUGE, metric: "cm", readings: indexes.map((i) => batch.shown(i)) },
    ...more,
  });

  test("shows readings against the root of their batch, as many as its rule asks for", () => {
    const { it, batch } = risen();
    it.refused("a stranger", "journals.not_watcher", acts.alert, says(batch, [1, 2, 3], { by: "health" }), signedBy("health"));
    it.refused("in the gauge's name", "engine.signature_missing", acts.alert, says(batch, [1, 2, 3]), signedBy("land"));
    it.refused("two", "journals.pattern_unmet", acts.alert, says(batch, [1, 2]), signedBy("gauge"));
    it.refused("one within bounds", "journals.pattern_unmet", acts.alert, says(batch, [0, 1, 2]), signedBy("gauge"));
    it.refused("one twice", "journals.not_cited", acts.alert, says(batch, [1, 2, 2]), signedBy("gauge"));
    it.refused("out of order", "journals.not_cited", acts.alert, says(batch, [2, 1, 3]), signedBy("gauge"));
    const higher = [batch.shown(1), batch.shown(2), { ...batch.shown(3), value: 999 }];
    it.refused("another value", "journals.not_cited", acts.alert, says(batch, [], { readings: higher }), signedBy("gauge"));
    const moved = [batch.shown(1), batch.shown(2), { ...batch.shown(3), at: it.time }];
    it.refused("another time", "journals.not_cited", acts.alert, says(batch, [], { readings: moved }), signedBy("gauge"));
    const forged = levels(it, 0, 400, 400, 400);
    it.refused("a batch that was never reported", "journals.not_cited", acts.alert, says(forged, [0, 1, 2]), signedBy("gauge"));
    it.refused("as another metric", "journals.not_cited", acts.alert, says(batch, [1, 2, 3], { metric: "mm" }), signedBy("gauge"));
    const beyond = [batch.shown(1), batch.shown(2), { ...batch.shown(3), first: Number.MAX_SAFE_INTEGER }];
    it.refused("beyond counting", "journals.not_cited", acts.alert, says(batch, [], { readings: beyond }), signedBy("gauge"));
    it.refused("under no such version", "journals.other_version", acts.alert, says(batch, [1, 2, 3], { version: 2 }), signedBy("gauge"));
    it.refused("under no such rule", "engine.not_found", acts.alert, says(batch, [1, 2, 3], { rule: "fire" }), signedBy("gauge"));
    it.act("as it was", acts.alert, says(batch, [1, 2, 3]), signedBy("gauge"));
    it.refused("again", "engine.already_exists", acts.alert, says(batch, [1, 2, 3]), signedBy("gauge"));
    expect(it.row(alerts, "flood", GAUGE, 3)).toMatchObject({ cites: [1, 2, 3], version: 1, responder: "health", by: GAUGE });
    passes(it, "journals");
  });

  test("spans what its rule allows, and batches", () => {
    const { it, batch } = risen();
    it.advance(minutes(30));
    const next = levels(it, 5, 370);
    it.act("rising again", acts.report, next.report(batch.root), signedBy("gauge"));
    it.act(
      "an auditor sees it",
      acts.alert,
      says(batch, [2, 3], { by: "courts", readings: [batch.shown(2), batch.shown(3), next.shown(0)] }),
      signedBy("courts"),
    );
    it.advance(hours(2));
    const after = levels(it, 6, 380);
    it.act("and again", acts.report, after.report(next.root), signedBy("gauge"));
    const apart = { readings: [batch.shown(3), next.shown(0), after.shown(0)] };
    it.refused("over hours", "journals.pattern_unmet", acts.alert, says(batch, [], apart), signedBy("gauge"));
    passes(it, "journals");
  });

  test("is stood down by who its rule names or whose rule it is, once, on a ground; or is overdue", () => {
    const { it, batch } = risen();
    it.act("raised", acts.alert, says(batch, [1, 2, 3]), signedBy("gauge"));
    const down = { rule: "flood", source: GAUGE, number: 3, by: "health", finding: "confirmed", ground: "evacuated" } as const;
    it.refused("by the auditor", "journals.not_responder", acts.standDown, { ...down, by: "courts" }, signedBy("courts"));
    it.refused("in health's name", "engine.not_entitled", acts.standDown, down, signedBy("land"));
    it.advance(hours(2) - 3_000);
    expect(it.row(alerts, "flood", GAUGE, 3)?.$.status).toBe("raised");
    it.advance(1_000);
    expect(it.row(alerts, "flood", GAUGE, 3)?.$.status).toBe("overdue");
    it.act("by health, late", acts.standDown, down, signedBy("health"));
    it.refused("twice", "engine.illegal_move", acts.standDown, { ...down, by: "land", finding: "unfounded" }, signedBy("land"));
    expect(it.row(alerts, "flood", GAUGE, 3)).toMatchObject({ stood_down_by: "health", finding: "confirmed", ground: "evacuated" });
    passes(it, "journals");
  });

  test("is under the version in force; rules are their author's, and data", () => {
    const { it, batch } = risen();
    it.refused("another's", "journals.rule_unfit", acts.publish, { ...flood, author: "tax", responder: "tax" }, signedBy("tax"));
    it.refused("of another kind", "journals.rule_unfit", acts.publish, { ...flood, kind: "camera" }, signedBy("land"));
    it.refused("for nobody", "journals.rule_unfit", acts.publish, { ...flood, responder: "fire" }, signedBy("land"));
    it.refused("bounds crossed", "journals.rule_unfit", acts.publish, { ...flood, least: 400 }, signedBy("land"));
    it.refused("never answered", "engine.args_invalid", acts.publish, { ...flood, answer: Number.MAX_SAFE_INTEGER }, signedBy("land"));
    it.act("from 360 on", acts.publish, { ...flood, most: 360, responder: "land", times: 1 }, signedBy("land"));
    it.refused("under the old", "journals.other_version", acts.alert, says(batch, [1, 2, 3]), signedBy("gauge"));
    it.refused("360 is not above", "journals.pattern_unmet", acts.alert, says(batch, [1], { version: 2 }), signedBy("gauge"));
    it.act("365 is", acts.alert, says(batch, [2], { version: 2 }), signedBy("gauge"));
    it.act("drought", acts.publish, { ...level, rule: "drought", least: 331, times: 1 }, signedBy("land"));
    it.act("330 is", acts.alert, says(batch, [4], { rule: "drought" }), signedBy("gauge"));
    it.act("whatever looks odd", acts.publish, { ...level, rule: "odd", times: 1 }, signedBy("land"));
    it.act("340 does", acts.alert, says(batch, [0], { rule: "odd", by: "land", note: sealed(1) }), signedBy("land"));
    it.refused("tax retires it", "engine.signature_missing", acts.retireRule, { rule: "odd" }, signedBy("tax"));
    it.act("retired", acts.retireRule, { rule: "odd" }, signedBy("land"));
    it.refused("nothing more", "journals.rule_retired", acts.alert, says(batch, [1], { rule: "odd" }), signedBy("gauge"));
    it.refused("no further version", "journals.rule_retired", acts.publish, { ...flood, rule: "odd" }, signedBy("land"));
    expect([1, 2].map((version) => it.row(versions, "flood", version)?.most)).toEqual([350, 360]);
    it.act("for cameras", acts.publish, { ...flood, rule: "dark", kind: "camera", times: 1 }, signedBy("tax", "land"));
    it.refused("not for gauges", "journals.pattern_unmet", acts.alert, says(batch, [1], { rule: "dark" }), signedBy("gauge"));
    it.refused(
      "not for logs",
      "journals.other_source",
      acts.alert,
      says(batch, [], { source: LOG, by: "tax", readings: [new Batch(LOG, "cm", 0, [{ at: 1, value: 400 }]).shown(0)] }),
      signedBy("tax"),
    );
    passes(it, "journals");
  });
});

describe("operations", () => {
  test("are entered by who did them, by his own live key of the post, in sequence", () => {
    const it = town();
    operator(it, "amy");
    operator(it, "ben");
    const by = (...names: string[]) => signedBy(...names);
    it.refused("by the agency", "journals.not_operator", acts.append, enters(it, 0), by("tax"));
    it.refused("Ben in Amy's name", "journals.not_operator", acts.append, enters(it, 0), by("ben"));
    it.refused("nobody's", "journals.not_operator", acts.append, enters(it, 0, "carl"), by("amy"));
    it.refused("at another post", "journals.not_operator", acts.append, enters(it, 0, "amy", { post: "head" }), by("amy"));
    it.refused("with a gap", "journals.gap", acts.append, enters(it, 1), by("amy"));
    it.refused(
      "tomorrow's",
      "journals.ahead",
      acts.append,
      enters(it, 0, "amy", { entries: [view(it, { at: it.time + days(1) })] }),
      by("amy"),
    );
    it.refused("in a device", "journals.other_source", acts.append, enters(it, 0, "amy", { source: GAUGE }), by("amy"));
    it.act("Amy", acts.append, enters(it, 0), by("amy"));
    it.refused("the same again", "journals.gap", acts.append, enters(it, 0), by("amy"));
    it.act("Ben, two", acts.append, enters(it, 1, "ben", { entries: [view(it), view(it, { operation: "file.export" })] }), by("ben"));
    const right = (corrects: number) => enters(it, 3, "amy", { entries: [view(it, { corrects })] });
    it.refused("a correction of itself", "journals.not_earlier", acts.append, right(3), by("amy"));
    it.act("a correction of the first, which stays", acts.append, right(0), by("amy"));
    const late = enters(it, 4, "amy", { entries: [view(it, { at: it.time - days(2) })] });
    expect(it.act("two days late", acts.append, late, by("amy"))).toEqual(["journals.entered_late"]);
    expect(it.row(entries, LOG, 2)).toMatchObject({ post: "assessor", operator: "ben", operation: "file.export" });
    passes(it, "journals");
  });

  test("end with the service or the key of who did them", () => {
    const it = town();
    operator(it, "amy");
    const amy = { agency: "tax", post: "assessor", operator: "amy" };
    it.refused("health ends it", "engine.not_entitled", acts.dismiss, amy, signedBy("health"));
    it.act("dismissed", acts.dismiss, amy, signedBy("tax"));
    it.refused("she looks on", "journals.not_operator", acts.append, enters(it, 0), signedBy("amy"));
    it.act("back", acts.appoint, { ...amy, key: keyOf("amy") }, signedBy("tax"));
    it.act("she looks", acts.append, enters(it, 0), signedBy("amy"));
    it.act("her card is lost", eid.setKey, { key: keyOf("amy"), to: "suspended" }, signedBy("tax"));
    it.refused("who found it looks", "journals.not_operator", acts.append, enters(it, 1), signedBy("amy"));
    it.refused("appointed by it", "journals.key_unfit", acts.appoint, { ...amy, key: keyOf("amy") }, signedBy("tax"));
    post(it, "tax", "assessor", "amy2");
    it.act("her new card", acts.appoint, { ...amy, key: keyOf("amy2") }, signedBy("tax"));
    it.act("she looks", acts.append, enters(it, 1), signedBy("amy2"));
    passes(it, "journals");
  });

  test("have an operator of his own key, of that post", () => {
    const it = town();
    operator(it, "amy");
    post(it, "tax", "head", "zoe");
    const it_is = { agency: "tax", post: "assessor", operator: "ben", key: keyOf("amy") };
    it.refused("by health", "engine.not_entitled", acts.appoint, it_is, signedBy("health"));
    it.refused("Amy's", "journals.key_unfit", acts.appoint, it_is, signedBy("tax"));
    it.refused("of another post", "journals.key_unfit", acts.appoint, { ...it_is, key: keyOf("zoe") }, signedBy("tax"));
    it.refused("nobody's", "journals.key_unfit", acts.appoint, { ...it_is, key: keyOf("nobody") }, signedBy("tax"));
    it.refused("the agency's", "journals.key_unfit", acts.appoint, { ...it_is, key: keyOf("tax") }, signedBy("tax"));
    it.refused("another agency's", "journals.key_unfit", acts.appoint, { ...it_is, agency: "land" }, signedBy("land"));
    expect(it.row(operators, "tax", "assessor", "amy")?.key).toEqual(keyOf("amy"));
  });

  /** Amy and Ben, watched by the courts. */
  function watched(): Scenario {
    const it = town();
    operator(it, "amy");
    operator(it, "ben");
    it.act("the rule", acts.publish, looks, signedBy("courts"));
    it.act("watched", acts.watch, watchedBy("courts"), signedBy("courts"));
    return it;
  }

  test("are watched by an auditor of another agency, by his rules", () => {
    const it = town();
    it.refused("land's rule", "journals.not_auditor", acts.publish, { ...looks, author: "land" }, signedBy("land"));
    it.refused("operations have no values", "journals.rule_unfit", acts.publish, { ...looks, most: 3 }, signedBy("courts"));
    it.act("the rule", acts.publish, looks, signedBy("courts"));
    it.act("tax's own", acts.publish, { ...looks, rule: "own", author: "tax" }, signedBy("tax"));
    it.act("of another kind", acts.publish, { ...looks, rule: "land", kind: "land-files" }, signedBy("courts"));
    it.act("on readings", acts.publish, flood, signedBy("land"));
    const by = watchedBy("courts");
    it.refused("by land", "engine.not_entitled", acts.watch, watchedBy("land"), signedBy("land"));
    it.refused("by tax itself", "journals.not_auditor", acts.watch, watchedBy("tax"), signedBy("tax"));
    for (const rule of ["own", "land", "flood"])
      it.refused(rule, "journals.rule_unfit", acts.watch, watchedBy("courts", rule), signedBy("courts"));
    it.refused("a device", "journals.other_source", acts.watch, { ...by, source: GAUGE }, signedBy("courts"));
    it.act("by the courts", acts.watch, by, signedBy("courts"));
    it.refused("twice", "journals.watch_full", acts.watch, by, signedBy("courts"));
    const end = { source: LOG, auditor: "courts" };
    it.refused("tax closes it alone", "engine.not_entitled", acts.close, end, signedBy("tax"));
    it.refused("tax as its own auditor", "journals.not_auditor", acts.close, { ...end, auditor: "tax" }, signedBy("tax"));
    it.refused("the courts alone", "engine.signature_missing", acts.close, end, signedBy("courts"));
  });

  test("are watched by what each auditor has set; none takes it away but he, or whose rule it is", () => {
    const it = town(grant("health", "journals.auditor"), grant("land", "journals.auditor"));
    it.act("the courts' rule", acts.publish, looks, signedBy("courts"));
    it.act("the courts watch", acts.watch, watchedBy("courts"), signedBy("courts"));
    it.refused("health takes it away", "journals.other_watcher", acts.unwatch, watchedBy("health"), signedBy("health"));
    it.refused("tax does", "journals.not_auditor", acts.unwatch, watchedBy("tax"), signedBy("tax"));
    for (const rule of ["a", "b", "c", "d"]) it.act(rule, acts.publish, { ...looks, rule, author: "health" }, signedBy("health"));
    for (const rule of ["a", "b", "c"]) it.act(rule, acts.watch, watchedBy("land", rule), signedBy("land"));
    it.refused("a fifth", "journals.watch_full", acts.watch, watchedBy("land", "d"), signedBy("land"));
    it.refused("what does not watch", "journals.other_watcher", acts.unwatch, watchedBy("land", "d"), signedBy("land"));
    it.act("whose rule it is takes it away", acts.unwatch, watchedBy("health", "a"), signedBy("health"));
    it.act("who set it takes it away", acts.unwatch, watchedBy("land", "b"), signedBy("land"));
    it.act("retired", acts.retireRule, { rule: "c" }, signedBy("health"));
    it.act("anybody takes it away", acts.unwatch, watchedBy("courts", "c"), signedBy("courts"));
    expect(it.row(sources, LOG)?.watched).toEqual([{ rule: "many-views", by: "courts" }]);
    passes(it, "journals");
  });

  test("are entered by the names that an auditor has fixed, and by no other", () => {
    const it = town(grant("health", "journals.auditor"));
    operator(it, "amy");
    const names = { source: LOG, names: ["file.view", "file.export"], auditor: "courts" };
    it.refused("by tax itself", "journals.not_auditor", acts.fixNames, { ...names, auditor: "tax" }, signedBy("tax"));
    it.act("by the courts", acts.fixNames, names, signedBy("courts"));
    const other = enters(it, 0, "amy", { entries: [view(it), view(it, { operation: "file.view." })] });
    it.refused("by another name", "journals.other_name", acts.append, other, signedBy("amy"));
    it.act("by its name", acts.append, enters(it, 0), signedBy("amy"));
    const more = { ...names, names: [...names.names, "file.view."], auditor: "health" };
    it.refused("another auditor adds it", "journals.other_watcher", acts.fixNames, more, signedBy("health"));
    it.act("the courts add it", acts.fixNames, { ...more, auditor: "courts" }, signedBy("courts"));
    it.act("by that name", acts.append, enters(it, 1, "amy", { entries: [view(it, { operation: "file.view." })] }), signedBy("amy"));
  });

  test("of one minute are seen though they are entered an hour apart, and out of order", () => {
    const it = watched();
    const done = it.time;
    const enter = (first: number, ...at: number[]) =>
      it.act("entered", acts.append, enters(it, first, "amy", { entries: at.map((one) => view(it, { at: one })) }), signedBy("amy"));
    expect(enter(0, done, done - days(1))).toEqual(["journals.entered_late"]);
    it.advance(hours(2));
    expect(enter(2, done + 1)).toEqual([]);
    it.advance(hours(2));
    expect(enter(3, done - minutes(59))).toEqual(["journals.alerted"]);
    expect(it.row(alerts, "many-views", LOG, 3)).toMatchObject({ cites: [0, 2, 3], operator: "amy" });
    expect(it.row(watches, LOG, "many-views", "amy")?.recent.map(({ number }) => number)).toEqual([1]);
    passes(it, "journals");
    expect(findsTampered(it, "journals", watches, [LOG, "many-views", "amy"], { recent: [] })).toEqual(["counted"]);
    for (let i = 0; i < 40; i++) {
      it.advance(hours(2));
      enter(4 + i, it.time - 1);
    }
    expect(it.row(watches, LOG, "many-views", "amy")).toMatchObject({ counted: 44, passed: 9 });
    passes(it, "journals");
  });

  test("and alerts are a clerk's to enter and answer by his post's role, without a key that stands for the agency", () => {
    const it = watched();
    post(it, "health", "clerk", "eve");
    it.act("two", acts.append, enters(it, 0, "amy", { entries: [view(it), view(it), view(it)] }), signedBy("amy"));
    const down = { rule: "many-views", source: LOG, number: 2, by: "health", finding: "confirmed", ground: "x" } as const;
    it.refused("not his yet", "engine.not_entitled", acts.standDown, down, signedBy("eve"));
    it.act(
      "delegated",
      governance.delegate,
      { agency: "health", post: "clerk", role: "journals.responder", scope: "" },
      signedBy("health"),
    );
    it.act("stood down", acts.standDown, down, signedBy("eve"));
    const open = { source: "health.files", owner: "health", kind: "files" };
    it.refused("he opens a log", "engine.not_entitled", acts.openLog, open, signedBy("eve"));
    it.act("delegated", governance.delegate, { agency: "health", post: "clerk", role: "journals.keeper", scope: "" }, signedBy("health"));
    it.act("he opens a log", acts.openLog, open, signedBy("eve"));
  });

  test("that are a pattern raise an alert by themselves, which cites them; what is cited is not counted again", () => {
    const it = watched();
    const quiet = (says: string, first: number, who: string, more: object = {}) =>
      expect(it.act(says, acts.append, enters(it, first, who, more), signedBy(who))).toEqual([]);
    quiet("Amy", 0, "amy");
    quiet("Ben", 1, "ben");
    quiet("Amy exports", 2, "amy", { entries: [view(it, { operation: "file.export" })] });
    quiet("Amy", 3, "amy");
    it.advance(hours(1));
    quiet("Amy, an hour later", 4, "amy");
    const two = enters(it, 5, "amy", { entries: [view(it), view(it)] });
    expect(it.act("two at once", acts.append, two, signedBy("amy"))).toEqual(["journals.alerted"]);
    expect(it.row(alerts, "many-views", LOG, 6)).toMatchObject({ cites: [4, 5, 6], operator: "amy", owner: "tax", responder: "health" });
    expect(it.row(watches, LOG, "many-views", "amy")?.recent.map(({ number }) => number)).toEqual([0, 3]);
    quiet("Ben", 7, "ben");
    const many = enters(it, 8, "amy", { entries: Array.from({ length: 16 }, () => view(it)) });
    expect(it.act("sixteen", acts.append, many, signedBy("amy"))).toEqual(["journals.alerted"]);
    expect([10, 13, 16, 19, 22].map((number) => it.row(alerts, "many-views", LOG, number)?.cites.length)).toEqual([3, 3, 3, 3, 3]);
    expect(it.row(watches, LOG, "many-views", "amy")?.recent.map(({ number }) => number)).toEqual([0, 3, 23]);
    passes(it, "journals");
  });

  test("may be as many as fit, under as many rules as watch, each an alert", () => {
    const it = watched();
    const long = (name: string): string => name.padEnd(64, "x");
    const names = ["a", "b", "c", "d"].map(long);
    const what = long("file.view");
    for (const rule of names) it.act("a rule", acts.publish, { ...looks, rule, what, times: 1 }, signedBy("courts"));
    it.act("this one no more", acts.unwatch, watchedBy("courts"), signedBy("courts"));
    for (const rule of names) it.act("watched", acts.watch, watchedBy("courts", rule), signedBy("courts"));
    const first = view(it, { operation: what });
    const all = [first, ...Array.from({ length: 15 }, () => ({ ...first, corrects: 0 }))];
    expect(it.act("sixteen", acts.append, enters(it, 0, "amy", { entries: all }), signedBy("amy"))).toEqual(["journals.alerted"]);
    expect(names.map((rule) => it.row(alerts, rule, LOG, 15)?.operator)).toEqual(["amy", "amy", "amy", "amy"]);
    passes(it, "journals");
  });

  test("whose alert is never stood down by their own agency", () => {
    const it = watched();
    it.act("tax is to answer", acts.publish, { ...looks, responder: "tax", times: 1 }, signedBy("courts"));
    it.act("Amy looks", acts.append, enters(it, 0), signedBy("amy"));
    const down = { rule: "many-views", source: LOG, number: 0, by: "tax", finding: "unfounded", ground: "routine" } as const;
    it.refused("tax, though named", "journals.not_responder", acts.standDown, down, signedBy("tax"));
    it.act("whose rule it is", acts.standDown, { ...down, by: "courts", finding: "confirmed" }, signedBy("courts"));
    it.act("retired", acts.retireRule, { rule: "many-views" }, signedBy("courts"));
    expect(it.act("Amy looks on", acts.append, enters(it, 1), signedBy("amy"))).toEqual([]);
    it.act("closed by both", acts.close, { source: LOG, auditor: "courts" }, signedBy("tax", "courts"));
    it.refused("nothing more", "journals.source_retired", acts.append, enters(it, 2), signedBy("amy"));
    passes(it, "journals");
  });
});

test("an audit finds a row that the rules did not make", () => {
  const it = town();
  const batch = levels(it, 0, 340, 360, 365, 355);
  it.act("risen", acts.report, batch.report(noBatch.last), signedBy("gauge"));
  it.act("the rule", acts.publish, flood, signedBy("land"));
  const alert = { rule: "flood", version: 1, source: GAUGE, by: GAUGE, metric: "cm", readings: [1, 2, 3].map((i) => batch.shown(i)) };
  it.act("raised", acts.alert, alert, signedBy("gauge"));
  operator(it, "amy");
  it.act("watched for", acts.publish, { ...looks, times: 2 }, signedBy("courts"));
  it.act("watched", acts.watch, watchedBy("courts"), signedBy("courts"));
  it.act("Amy looks", acts.append, enters(it, 0, "amy", { entries: [view(it), view(it)] }), signedBy("amy"));
  const down = { rule: "flood", source: GAUGE, number: 3, by: "health", finding: "confirmed", ground: "evacuated" } as const;
  it.act("stood down", acts.standDown, down, signedBy("health"));
  passes(it, "journals");
  const finds = (...change: any[]) => (findsTampered as any)(it, "journals", ...change);
  expect(finds(batches, [GAUGE, 0], { size: 5 })).toEqual(["unbroken"]);
  expect(finds(batches, [GAUGE, 0], { root: batch.hashes[0] })).toEqual(["unbroken"]);
  expect(finds(sources, [LOG], { next: 3 })).toEqual(["unbroken"]);
  expect(finds(entries, [LOG, 1], { operator: "ben" })).toEqual(["named", "cited"]);
  expect(finds(entries, [LOG, 1], { operation: "file.list" })).toEqual(["cited"]);
  expect(finds(entries, [LOG, 1], { corrects: 1 })).toEqual(["unbroken"]);
  expect(finds(operators, ["tax", "assessor", "amy"], {})).toEqual([]);
  expect(finds(alerts, ["flood", GAUGE, 3], { cites: [2, 3] })).toEqual(["cited"]);
  expect(finds(alerts, ["flood", GAUGE, 3], { stood_down_by: "tax" })).toEqual(["cited"]);
  expect(finds(alerts, ["flood", GAUGE, 3], { $status: "raised" })).toEqual(["cited"]);
  expect(finds(alerts, ["many-views", LOG, 1], { operator: "ben" })).toEqual(["cited", "counted"]);
  expect(finds(versions, ["flood", 1], { times: 4 })).toEqual(["cited"]);
});

test("the acts of its reference page happen", () => {
  const it = founded({ grants: [...keepers, grant("courts", "journals.auditor"), grant("land", "eid.registrar")] });
  register(it, "land", "d:gauge-7");
  it.advance(days(1));
  const example = (action: { readonly options: { readonly example?: any } }): any => action.options.example;
  it.act("enrol", acts.enrol, example(acts.enrol), signedBy("land", "gauge-7"));
  it.act("report", acts.report, example(acts.report), signedBy("gauge-7"));
  it.advance(minutes(1));
  it.act("lost", acts.declareLost, example(acts.declareLost), signedBy("land", "gauge-7"));
  it.act("each week", acts.schedule, example(acts.schedule), signedBy("land"));
  it.act("a rule", acts.publish, example(acts.publish), signedBy("land"));
  it.act("a log", acts.openLog, example(acts.openLog), signedBy("tax"));
  post(it, "tax", "assessor", "amy");
  it.act("an operator", acts.appoint, { ...example(acts.appoint), key: keyOf("amy") }, signedBy("tax"));
  it.act("enters", acts.append, example(acts.append), signedBy("amy"));
  it.act("is dismissed", acts.dismiss, example(acts.dismiss), signedBy("tax"));
  it.act("a rule for it", acts.publish, looks, signedBy("courts"));
  it.act("watch", acts.watch, example(acts.watch), signedBy("courts"));
  it.act("names", acts.fixNames, example(acts.fixNames), signedBy("courts"));
  it.act("no more", acts.unwatch, example(acts.unwatch), signedBy("courts"));
  it.act("close", acts.close, example(acts.close), signedBy("tax", "courts"));
  it.act("hand over", acts.handOver, example(acts.handOver), signedBy("land", "health"));
  it.act("retire", acts.retire, example(acts.retire), signedBy("health"));
  it.act("retire the rule", acts.retireRule, example(acts.retireRule), signedBy("land"));
});

test("what is said of whom is sealed; who reads is the owner, who answers, and auditors", () => {
  const readers = Object.fromEntries(journals.options.records.map(({ name, options }) => [name, options.read]));
  expect(readers).toEqual({
    ...{ source: ["owner", "auditor"], operator: ["agency", "auditor"], rule: "members", version: "members" },
    ...{ alert: ["owner", "responder", "auditor"], batch: ["owner", "auditor"], entry: ["owner", "auditor"], watch: ["auditor"] },
  });
});

// ── the meter of a real roof ─────────────────────────────────────────────────────────────────────────────────────────────────────────
const data = new URL("../../../../shared/data/solar-pv/serf_east_15min_ac_power.csv", import.meta.url);
test.skipIf(!existsSync(data) || process.env["CHANCERY_QUICK"] === "1")(
  "10,000 real readings are reported day by day; each alert shows three draws that are too large (skipped without ../shared/data)",
  () => {
    const read = readFileSync(data, "utf8").trim().split("\n").slice(1);
    const values = read
      .map((line) => line.split(",") as [string, string])
      .filter(([, watts]) => watts !== undefined && watts !== "")
      .map(([at, watts]) => ({ at: Date.parse(at.replace(" ", "T")), value: Math.round(10 * Number(watts)) }));
    expect(values.length).toBeGreaterThanOrEqual(10_000);
    const it = founded({ grants: [...keepers, grant("land", "eid.registrar")] });
    register(it, "land", "d:roof");
    it.act("the roof", acts.enrol, { source: "d:roof", owner: "land", kind: "inverter" }, signedBy("land", "roof"));
    const draw = { rule: "draw", author: "land", on: "readings", kind: "inverter", what: "dW", least: -50, times: 3 } as const;
    it.act("draws more than 5 W", acts.publish, { ...draw, within: hours(12), responder: "land", answer: days(1) }, signedBy("land"));
    let last = noBatch.last;
    let raised = 0;
    for (let first = 0; first < values.length; first += 96) {
      const batch = new Batch("d:roof", "dW", first, values.slice(first, first + 96));
      it.act("a day", acts.report, batch.report(last), signedBy("roof"));
      last = batch.root;
      const low = batch.values.flatMap(({ value }, i) => (value < -50 ? [i] : [])).slice(0, 3);
      const args = { rule: "draw", version: 1, source: "d:roof", by: "d:roof", metric: "dW", readings: low.map((i) => batch.shown(i)) };
      if (low.length === 3) raised += it.submit([operation(acts.alert, args)], signedBy("roof")).outcome === 0 ? 1 : 0;
    }
    expect(it.row(sources, "d:roof")?.next).toBe(values.length);
    expect(raised).toBeGreaterThan(0);
    const found = audit(it, "journals");
    expect(found.map(({ figures }) => figures)).toEqual([
      { readings: values.length, lost: 0, operations: 0 },
      {},
      { "alerts open": raised },
      {},
    ]);
    passes(it, "journals");
  },
);

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["amy", "ben"] as const;
const devices = ["d:gauge", "d:probe"] as const;
const MAX = Number.MAX_SAFE_INTEGER;
const huge = [-1, MAX, MAX - 3] as const;
const plus = (n: number, off: number): number => Math.min(MAX, n + off);
const step = fc.record({
  act: fc.constantFrom(
    ...(["report", "report", "report", "alert", "alert", "append", "append", "append", "append", "standDown", "standDown"] as const),
    ...([
      "declareLost",
      "appoint",
      "dismiss",
      "watch",
      "unwatch",
      "publish",
      "setKey",
      "wait",
      "handOver",
      "schedule",
      "fixNames",
    ] as const),
  ),
  device: fc.constantFrom(...devices),
  who: fc.constantFrom(...people),
  off: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constantFrom(1, -1) },
    { weight: 1, arbitrary: fc.constantFrom(...huge) },
  ),
  values: fc.array(
    fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 340, max: 370 }) },
      { weight: 1, arbitrary: fc.constantFrom(-(2 ** 53 - 1), 2 ** 53 - 1) },
    ),
    { minLength: 1, maxLength: 5 },
  ),
  n: fc.nat(7),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom("land", "tax", "health", "courts", "gauge", "probe", ...people), { maxLength: 3 }),
});

describe("whatever devices, operators, agencies and auditors do", () => {
  test("nothing is missing or twice, operators are who they say, alerts are what happened, and nobody judges himself", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = town();
        register(it, "land", "d:probe");
        it.act("the probe", acts.enrol, { source: "d:probe", owner: "land", kind: "water-level" }, signedBy("land", "probe"));
        for (const name of people) operator(it, name);
        it.act("the rule", acts.publish, flood, signedBy("land"));
        it.act("the other", acts.publish, looks, signedBy("courts"));
        // The model: what each source has, who serves, what is watched, which operations stand towards the next alert.
        const have = new Map<string, Batch[]>(devices.map((device) => [device, []]));
        const next = new Map<string, number>([...devices.map((device) => [device, 0] as const), [LOG, 0]]);
        const last = new Map<string, Bytes>(devices.map((device) => [device, noBatch.last]));
        const owner = new Map<string, string>(devices.map((device) => [device, "land"]));
        const heard = new Map<string, number>(devices.map((device) => [device, 0]));
        const serves = new Map<string, boolean>(people.map((name) => [name, true]));
        const live = new Map<string, boolean>(people.map((name) => [name, true]));
        const recent = new Map<string, { number: number; at: number; entered: number }[]>(people.map((name) => [name, []]));
        const open: { rule: string; source: string; number: number; answer: number }[] = [];
        let watching = false;
        let names: readonly string[] = [];
        let version = { flood: 1, "many-views": 1 };
        let times = { flood: 3, "many-views": 3 };
        for (const s of steps) {
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(minutes(s.n * 40))) expect(result.flags).toEqual([]);
            continue;
          }
          const is = (action: string, args: object, ...should: string[]): [string, object, string[]] => [
            `journals.${action}`,
            args,
            should,
          ];
          const batch = new Batch(
            s.device,
            "cm",
            next.get(s.device)!,
            s.values.map((value, i) => ({ at: Math.max(0, it.time - 9 + i), value })),
          );
          const of = have.get(s.device)!;
          const cited = of
            .slice(-1 - (s.n % 3))
            .flatMap((one) => one.values.map((_, i) => one.shown(i)))
            .filter(({ value }) => s.n === 7 || value > 350)
            .slice(0, 3 + (s.n % 2));
          const target = open[s.n % Math.max(1, open.length)];
          const key = s.device.slice(2);
          const name = s.n % 2 === 0 ? "flood" : "many-views";
          const [action, args, should] = {
            report: () =>
              is("report", { ...batch.report(s.n === 7 ? batch.root : last.get(s.device)!), first: plus(batch.first, s.off) }, key),
            declareLost: () =>
              is(
                "declareLost",
                {
                  ...{ source: s.device, first: plus(batch.first, s.off), size: s.values.length, ground: "lost" },
                  witness: s.n < 4 ? s.device : s.n < 7 ? "courts" : owner.get(s.device)!,
                },
                owner.get(s.device)!,
                s.n < 4 ? key : s.n < 7 ? "courts" : owner.get(s.device)!,
              ),
            alert: () =>
              is(
                "alert",
                {
                  rule: "flood",
                  version: version.flood + (s.off === 1 ? 1 : 0),
                  source: s.device,
                  by: s.device,
                  metric: "cm",
                  readings: cited,
                },
                key,
              ),
            append: () => {
              const entered = s.values.map(() => ({
                operation: s.n === 7 ? "file.export" : "file.view",
                at: it.time - (s.n === 6 ? hours(2) : 0),
                content: sealed(10),
              }));
              return is(
                "append",
                { source: LOG, first: plus(next.get(LOG)!, s.off), post: "assessor", operator: s.who, entries: entered },
                s.who,
              );
            },
            standDown: () => {
              const by = s.n < 5 ? "health" : s.n === 5 ? "tax" : target?.rule === "flood" ? "land" : "courts";
              const at = { rule: target?.rule ?? "flood", source: target?.source ?? LOG, number: target?.number ?? 0 };
              return is("standDown", { ...at, by, finding: "unfounded", ground: "g" }, by);
            },
            appoint: () =>
              is("appoint", { agency: "tax", post: "assessor", operator: s.who, key: keyOf(s.n === 7 ? "amy" : s.who) }, "tax"),
            dismiss: () => is("dismiss", { agency: "tax", post: "assessor", operator: s.who }, "tax"),
            watch: () => is("watch", watchedBy(s.n === 7 ? "tax" : "courts"), s.n === 7 ? "tax" : "courts"),
            unwatch: () => is("unwatch", watchedBy(s.n > 2 ? "tax" : "courts"), s.n > 2 ? "tax" : "courts"),
            fixNames: () => {
              const fixed = s.n === 7 ? ["file.view"] : s.n > 3 ? ["file.view", "file.export"] : [];
              return is("fixNames", { source: LOG, names: fixed, auditor: "courts" }, "courts");
            },
            schedule: () => is("schedule", { source: s.device, every: days(1) }, owner.get(s.device)!),
            publish: () =>
              is(
                "publish",
                { ...(name === "flood" ? flood : looks), times: s.off < 0 ? s.off : 1 + s.n },
                name === "flood" ? "land" : "courts",
              ),
            handOver: () =>
              is("handOver", { source: s.device, next: s.n < 4 ? "land" : "health" }, owner.get(s.device)!, s.n < 4 ? "land" : "health"),
            setKey: () => ["eid.setKey", { key: keyOf(s.who), to: s.n < 6 ? "live" : "suspended" }, ["tax"]] as [string, object, string[]],
          }[s.act]();
          const signers = [...new Set(s.honest > 0 ? should : s.signers)];
          const { outcome, code, flags } = it.submit([{ action: `${action}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          expect(signers).toEqual(expect.arrayContaining(s.act === "watch" || s.act === "unwatch" ? ["courts"] : should));
          if (s.act === "report" || s.act === "declareLost" || s.act === "append") expect(s.off).toBe(0);
          if (s.act === "report") {
            of.push(batch);
            last.set(s.device, batch.root);
          }
          if (s.act === "declareLost") {
            expect(s.n).toBeLessThan(7);
            expect(s.values.length * 1_000).toBeLessThanOrEqual(it.time - heard.get(s.device)!);
          }
          if (s.act === "report" || s.act === "declareLost") heard.set(s.device, it.time);
          if (s.act === "declareLost") last.set(s.device, noBatch.last);
          if (s.act === "report" || s.act === "declareLost") next.set(s.device, next.get(s.device)! + s.values.length);
          if (s.act === "alert") {
            expect(cited.length).toBeGreaterThanOrEqual(times.flood);
            expect(cited.every(({ value, at }) => value > 350 && at - cited[0]!.at <= hours(1))).toBe(true);
            open.push({ rule: "flood", source: s.device, number: cited.at(-1)!.first + cited.at(-1)!.index, answer: it.time + hours(2) });
          }
          if (s.act === "append") {
            expect([serves.get(s.who), live.get(s.who)]).toEqual([true, true]);
            expect(names.length === 0 || names.includes(s.n === 7 ? "file.export" : "file.view")).toBe(true);
            let raised = 0;
            const { at: done } = (args as { entries: { at: number }[] }).entries[0]!;
            for (let i = 0; i < s.values.length; i++) {
              const number = next.get(LOG)! + i;
              if (!watching || s.n === 7) continue;
              const counted = [...recent.get(s.who)!, { number, at: done, entered: it.time }].slice(-32);
              // By either clock: as many as the rule asks for among those that came, this one with them.
              const near = (clock: "at" | "entered") => {
                const all = [...counted].sort((a, b) => a[clock] - b[clock]);
                const n = times["many-views"];
                for (let from = 0; from + n <= all.length; from++) {
                  const some = all.slice(from, from + n);
                  if (some.includes(counted.at(-1)!) && some[n - 1]![clock] - some[0]![clock] <= hours(1)) return some;
                }
                return undefined;
              };
              const some = near("entered") ?? near("at");
              recent.set(
                s.who,
                counted.filter((one) => some?.includes(one) !== true),
              );
              if (some === undefined) continue;
              raised++;
              const alert = it.row(alerts, "many-views", LOG, number)!;
              expect(alert).toMatchObject({
                cites: some.map((one) => one.number).sort((a, b) => a - b),
                operator: s.who,
                version: version["many-views"],
              });
              open.push({ rule: "many-views", source: LOG, number, answer: it.time + days(7) });
            }
            expect(flags).toEqual(raised > 0 ? ["journals.alerted"] : []);
            next.set(LOG, next.get(LOG)! + s.values.length);
          }
          if (s.act === "standDown") {
            expect(["health", target!.rule === "flood" ? "land" : "courts"]).toContain(signers.find((one) => one === should[0]));
            open.splice(open.indexOf(target!), 1);
          }
          if (s.act === "appoint") serves.set(s.who, true);
          if (s.act === "dismiss") serves.set(s.who, false);
          if (s.act === "fixNames") names = (args as { names: string[] }).names;
          if (s.act === "watch") watching = true;
          if (s.act === "unwatch") watching = false;
          if (s.act === "handOver") owner.set(s.device, s.n < 4 ? "land" : "health");
          if (s.act === "setKey") live.set(s.who, s.n < 6);
          if (s.act === "publish") {
            version = { ...version, [name]: version[name] + 1 };
            times = { ...times, [name]: 1 + s.n };
          }
        }
        for (const [source, count] of next) expect(it.row(sources, source)?.next).toBe(count);
        const gauge = it.row(sources, GAUGE)!;
        expect(gauge.$.status).toBe(it.time >= gauge.heard + days(1) ? "silent" : "active");
        for (const { rule, source, number, answer } of open)
          expect(it.row(alerts, rule, source, number)?.$.status).toBe(it.time >= answer ? "overdue" : "raised");
        passes(it, "journals");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 4, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, count]) => count >= 20).length;
    expect(`${often} of 14 happen often: ${[...accepted].join(" ")}`).toMatch(/^14 /);
  });
});

everyRuleIsGiven(journals);
