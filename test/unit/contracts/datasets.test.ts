// Data sets and models (service 37): published by hash, licensed before use, used within quotas; and what was built on what was withdrawn is marked.

import fc from "fast-check";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it as test } from "vitest";
import { hex, unhex, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { leafHash, rootOf } from "../../../src/base/merkle.ts";
import { days, hours } from "../../../src/contracts/engine/index.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import datasets, * as acts from "../../../src/contracts/sharing/datasets.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { founded, grant, register } from "./founders.ts";
import { plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const { acceptances, assets, contents, derivations, licences, orders, uses, versions } = acts;
const hashOf = (text: string) => sha256(utf8(text));
const licence = (more: object = {}) => ({
  ...{ licence: "open", words: hashOf("licence"), open: true, term: days(30), quota: 100, window: days(1), ...more },
});
const version = (asset: string, text: string, cites: object[] = []) =>
  ({ asset, content: hashOf(text), description: hashOf(`of ${text}`), size: text.length, cites }) as any;

/** The health office publishes air quality, the land office a model; the courts order; a laboratory uses. */
function town(): Scenario {
  const it = founded({
    grants: [
      ...["health", "land"].map((agency) => grant(agency, "datasets.publisher")),
      ...["courts", "tax"].map((agency) => grant(agency, "datasets.authority")),
      grant("tax", "eid.registrar"),
    ],
  });
  register(it, "tax", "c:lab");
  it.act("a licence", acts.offer, licence(), signedBy("health"));
  it.act("a data set", acts.register, { asset: "air", kind: "dataset", title: "Air", licence: "open" }, signedBy("health"));
  it.act("its first version", acts.release, version("air", "air 0"), signedBy("health"));
  return it;
}
const mine = { asset: "air", user: "c:lab" };
const accepts = { ...mine, licence: "open" };
const takes = (units: number, more: object = {}) => ({ ...mine, number: 0, purpose: "forecast", units, ...more });
/** The laboratory has accepted. */
function accepted(): Scenario {
  const it = town();
  it.act("accepted", acts.accept, accepts, signedBy("lab"));
  return it;
}
/** The land office has built a model on the first version. */
function built(): Scenario {
  const it = town();
  it.act("land accepts", acts.accept, { ...accepts, user: "land" }, signedBy("land"));
  it.act("its licence", acts.offer, licence({ licence: "models" }), signedBy("land"));
  it.act("a model", acts.register, { asset: "model", kind: "model", title: "Model", licence: "models" }, signedBy("land"));
  it.act("trained", acts.release, version("model", "m 0", [{ asset: "air", number: 0 }]), signedBy("land"));
  return it;
}

describe("a version", () => {
  test("is a hash of its publisher, under the publisher's own licence, after the last", () => {
    const it = town();
    const own = { asset: "land-use", kind: "dataset", title: "Land", licence: "open" } as const;
    it.refused("by nobody", "engine.not_entitled", acts.register, own, signedBy("lab"));
    it.refused("under another's licence", "datasets.own_licence", acts.register, own, signedBy("land"));
    it.refused("of another's", "engine.not_entitled", acts.release, version("air", "x"), signedBy("land"));
    expect(it.act("the same again", acts.release, version("air", "air 0"), signedBy("health"))).toEqual(["datasets.seen_before"]);
    it.act("the next", acts.release, version("air", "air 1"), signedBy("health"));
    expect([it.row(assets, "air")?.versions, it.row(contents, hashOf("air 0"))?.number]).toEqual([3, 0]);
    it.refused("retired by another", "engine.not_entitled", acts.retire, { licence: "open" }, signedBy("land"));
    it.act("retired", acts.retire, { licence: "open" }, signedBy("health"));
    it.refused("under it", "datasets.own_licence", acts.register, own, signedBy("health"));
    it.refused("offered again", "datasets.own_licence", acts.relicense, { asset: "air", licence: "open" }, signedBy("health"));
    passes(it, "datasets");
  });

  test("of a model cites what it was built on: published, not withdrawn, by accepted licence", () => {
    const it = built();
    const cites = [{ asset: "air", number: 0 }];
    it.refused("nothing", "datasets.sources_named", acts.release, version("model", "m"), signedBy("land"));
    it.refused("one twice", "datasets.sources_named", acts.release, version("model", "m", [...cites, ...cites]), signedBy("land"));
    it.refused(
      "what is not there",
      "engine.not_found",
      acts.release,
      version("model", "m", [{ asset: "air", number: 7 }]),
      signedBy("land"),
    );
    it.act("a model on the model", acts.release, version("model", "m 1", [{ asset: "model", number: 0 }]), signedBy("land"));
    it.act("given back", acts.surrender, { asset: "air", user: "land" }, signedBy("land"));
    it.refused("without licence", "datasets.source_unlicensed", acts.release, version("model", "m", cites), signedBy("land"));
    it.act("withdrawn", acts.withdraw, { asset: "air", number: 0, ground: "sensor-fault" }, signedBy("health"));
    it.refused("on what was withdrawn", "datasets.source_withdrawn", acts.release, version("model", "m", cites), signedBy("land"));
    expect(it.row(derivations, "air", 0, 0)).toMatchObject({ by: { asset: "model", number: 0 } });
    passes(it, "datasets");
  });
});

describe("withdrawing", () => {
  test("marks the models built on a version, and those built on them, by itself", () => {
    const it = built();
    it.act("a model on the model", acts.release, version("model", "m 1", [{ asset: "model", number: 0 }]), signedBy("land"));
    for (let i = 0; i < 40; i++)
      it.act("more", acts.release, version("air", `air on air ${i}`, [{ asset: "air", number: 0 }]), signedBy("health"));
    const pull = { asset: "air", number: 0, ground: "privacy" };
    it.refused("by another", "engine.not_entitled", acts.withdraw, pull, signedBy("land"));
    it.refused("ordered by the publisher", "engine.not_entitled", acts.order, pull, signedBy("health"));
    it.act("ordered", acts.order, pull, signedBy("courts"));
    it.refused("twice", "engine.illegal_move", acts.withdraw, pull, signedBy("health"));
    const barred = "datasets.content_barred";
    it.refused("released again", barred, acts.release, version("air", "air 0"), signedBy("health"));
    it.refused("by another", "engine.not_entitled", acts.lift, { content: hashOf("air 0") }, signedBy("health"));
    it.refused("by who ordered nothing", "engine.not_found", acts.lift, { content: hashOf("air 0") }, signedBy("tax"));
    passes(it, "datasets"); // while marks are under way, too
    for (const { name, result } of it.advance(1_000)) expect([name, result.flags]).toEqual(["spread", []]);
    expect(it.row(versions, "air", 0)).toMatchObject({ derived: 41, told: 41 });
    it.act("lifted", acts.lift, { content: hashOf("air 0") }, signedBy("courts"));
    it.refused("twice", "engine.illegal_move", acts.lift, { content: hashOf("air 0") }, signedBy("courts"));
    it.act("released as another", acts.release, version("air", "air 0"), signedBy("health"));
    const marks = [it.row(versions, "model", 0), it.row(versions, "model", 1), it.row(versions, "air", 40)].map((row) => row?.mark);
    expect(marks).toMatchObject([1, 2, 3].map(() => ({ asset: "air", number: 0 })));
    expect(it.row(versions, "model", 1)?.$.status).toBe("live");
    const later = it.act("built on the marked", acts.release, version("model", "m 2", [{ asset: "model", number: 1 }]), signedBy("land"));
    expect([later, it.row(versions, "model", 2)?.mark]).toMatchObject([["datasets.built_on_withdrawn"], { asset: "air", number: 0 }]);
    it.act("a user", acts.accept, { asset: "model", user: "c:lab", licence: "models" }, signedBy("lab"));
    expect(it.act("used, and told", acts.use, { ...takes(1), asset: "model" }, signedBy("lab"))).toEqual(["datasets.built_on_withdrawn"]);
    it.act("land withdraws its own", acts.withdraw, { asset: "model", number: 1, ground: "built-on-withdrawn" }, signedBy("land"));
    it.advance(1_000);
    passes(it, "datasets");
    it.indexHolds();
  });
});

describe("an order", () => {
  const pull = (number: number) => ({ asset: "air", number, ground: "privacy" });
  const barred = "datasets.content_barred";

  test("is against a content under every name: its copies are neither used nor built on", () => {
    const it = accepted();
    expect(it.act("a copy", acts.release, version("air", "air 0"), signedBy("health"))).toEqual(["datasets.seen_before"]);
    it.act("ordered", acts.order, pull(0), signedBy("courts"));
    it.refused("what was withdrawn", "datasets.version_withdrawn", acts.use, takes(1), signedBy("lab"));
    it.refused("its copy", barred, acts.use, takes(1, { number: 1 }), signedBy("lab"));
    it.refused("built on", barred, acts.release, version("air", "derived", [{ asset: "air", number: 1 }]), signedBy("health"));
    passes(it, "datasets");
    it.act("the copy is withdrawn, too", acts.order, pull(1), signedBy("courts"));
    it.refused("once", "engine.illegal_move", acts.order, pull(1), signedBy("courts"));
    expect(it.row(contents, hashOf("air 0"))?.barred).toBe(1);
    passes(it, "datasets");
  });

  test("bars also what its publisher had withdrawn by itself", () => {
    const it = town();
    it.act("withdrawn", acts.withdraw, pull(0), signedBy("health"));
    it.act("ordered all the same", acts.order, pull(0), signedBy("courts"));
    expect([it.row(versions, "air", 0)?.by, it.row(orders, hashOf("air 0"), "courts")?.$.status]).toEqual(["health", "stands"]);
    it.refused("released again", barred, acts.release, version("air", "air 0"), signedBy("health"));
    passes(it, "datasets");
  });

  test("is lifted by who gave it, and another's stands", () => {
    const it = town();
    it.act("ordered", acts.order, pull(0), signedBy("courts"));
    it.act("by another as well", acts.order, pull(0), signedBy("tax"));
    it.act("lifted by the second", acts.lift, { content: hashOf("air 0") }, signedBy("tax"));
    it.refused("the first stands", barred, acts.release, version("air", "air 0"), signedBy("health"));
    it.act("lifted by the first", acts.lift, { content: hashOf("air 0") }, signedBy("courts"));
    it.act("released", acts.release, version("air", "air 0"), signedBy("health"));
    it.act("and ordered anew", acts.order, pull(1), signedBy("tax"));
    expect(it.row(orders, hashOf("air 0"), "tax")).toMatchObject({ number: 1, $: { status: "stands" } });
    passes(it, "datasets");
  });
});

test("what has no publisher any more is handed over to another", () => {
  const it = built();
  const over = { asset: "air", to: "land" };
  it.act("accepted", acts.accept, accepts, signedBy("lab"));
  it.refused("while it is published", "datasets.still_published", acts.handOver, over, signedBy("courts", "land"));
  const out = { proposal: "out", member: "tax", kind: "role.revoke", agency: "health", role: "datasets.publisher", scope: "" } as const;
  it.act("health loses its role", governance.propose, out, signedBy("tax"));
  for (const member of ["tax", "courts", "land"])
    it.act("voted", governance.vote, { proposal: "out", member, vote: "yes" }, signedBy(member));
  it.refused("by who will have it", "engine.not_entitled", acts.handOver, over, signedBy("land"));
  it.refused("to who does not sign", "engine.not_entitled", acts.handOver, over, signedBy("courts"));
  it.act("handed over", acts.handOver, over, signedBy("courts", "land"));
  it.act("its own to build on", acts.surrender, { asset: "air", user: "land" }, signedBy("land"));
  it.act("built on", acts.release, version("model", "m 1", [{ asset: "air", number: 0 }]), signedBy("land"));
  it.act("used", acts.use, takes(1), signedBy("lab"));
  expect([it.row(uses, "air", "c:lab", 0)?.publisher, it.row(acceptances, "air", "c:lab")?.publisher]).toEqual(["land", "land"]);
  it.act("withdrawn", acts.withdraw, { asset: "air", number: 0, ground: "old" }, signedBy("land"));
  it.act("under its own licence", acts.relicense, { asset: "air", licence: "models" }, signedBy("land"));
  passes(it, "datasets");
});

describe("a use", () => {
  test("needs a licence, accepted as it stands, in force", () => {
    const it = town();
    it.refused("without", "datasets.not_accepted", acts.use, takes(1), signedBy("lab"));
    it.act("another licence", acts.offer, licence({ licence: "closed", open: false }), signedBy("health"));
    it.refused("that is not offered", "datasets.other_terms", acts.accept, { ...accepts, licence: "closed" }, signedBy("lab"));
    it.refused("in the laboratory's name", "engine.signature_missing", acts.accept, accepts, signedBy("health"));
    it.act("accepted", acts.accept, accepts, signedBy("lab"));
    it.refused("twice", "datasets.accepted_once", acts.accept, accepts, signedBy("lab"));
    it.refused("another uses it", "engine.signature_missing", acts.use, takes(1), signedBy("land"));
    it.act("used", acts.use, takes(1), signedBy("lab"));
    it.refused("a version to come", "engine.not_found", acts.use, takes(1, { number: 1 }), signedBy("lab"));
    expect(it.advance(days(30)).map(({ name }) => name)).toEqual(["expiry"]);
    it.refused("after its term", "datasets.not_accepted", acts.use, takes(1), signedBy("lab"));
    it.act("offered otherwise", acts.relicense, { asset: "air", licence: "closed" }, signedBy("health"));
    it.refused("as before", "datasets.other_terms", acts.accept, accepts, signedBy("lab"));
    it.refused("alone", "engine.signature_missing", acts.accept, { ...accepts, licence: "closed" }, signedBy("lab"));
    it.act("with the publisher", acts.accept, { ...accepts, licence: "closed" }, signedBy("lab", "health"));
    it.act("withdrawn", acts.withdraw, { asset: "air", number: 0, ground: "x" }, signedBy("health"));
    it.refused("of what was withdrawn", "datasets.version_withdrawn", acts.use, takes(1), signedBy("lab"));
    it.act("retired", acts.retire, { licence: "closed" }, signedBy("health"));
    it.refused(
      "no longer offered",
      "datasets.other_terms",
      acts.accept,
      { ...accepts, user: "tax", licence: "closed" },
      signedBy("tax", "health"),
    );
    passes(it, "datasets");
  });

  test("is within the quota of its window, also for who gives the licence back and accepts it again", () => {
    const it = accepted();
    it.refused("of nothing", "engine.args_invalid", acts.use, takes(0), signedBy("lab"));
    it.act("60", acts.use, takes(60), signedBy("lab"));
    it.refused("41", "datasets.quota_reached", acts.use, takes(41), signedBy("lab"));
    it.refused("beyond all numbers", "datasets.quota_reached", acts.use, takes(Number.MAX_SAFE_INTEGER), signedBy("lab"));
    it.act("40", acts.use, takes(40), signedBy("lab"));
    it.refused("one more", "datasets.quota_reached", acts.use, takes(1), signedBy("lab"));
    it.refused("given back by another", "engine.signature_missing", acts.surrender, mine, signedBy("health"));
    it.act("given back", acts.surrender, mine, signedBy("lab"));
    it.refused("used after that", "datasets.not_accepted", acts.use, takes(1), signedBy("lab"));
    it.act("and accepted again", acts.accept, accepts, signedBy("lab"));
    it.refused("nothing is gained", "datasets.quota_reached", acts.use, takes(1), signedBy("lab"));
    it.advance(days(1));
    it.act("the next day", acts.use, takes(100), signedBy("lab"));
    expect(it.row(acceptances, "air", "c:lab")).toMatchObject({ uses: 3, used: 100 });
    expect(it.row(uses, "air", "c:lab", 2)).toMatchObject({ version: 0, purpose: "forecast", units: 100 });
    expect(audit(it, "datasets").find(({ name }) => name === "quotas")?.figures).toEqual({ units: 200n });
    passes(it, "datasets");
  });

  test("ends when the publisher excludes a user, until he is readmitted", () => {
    const it = accepted();
    it.refused("by another", "engine.not_entitled", acts.revoke, { ...mine, ground: "resold" }, signedBy("land"));
    it.refused("readmitted before", "datasets.revoked", acts.readmit, mine, signedBy("health"));
    it.act("excluded", acts.revoke, { ...mine, ground: "resold" }, signedBy("health"));
    it.refused("used", "datasets.not_accepted", acts.use, takes(1), signedBy("lab"));
    it.refused("accepted again", "datasets.revoked", acts.accept, accepts, signedBy("lab"));
    it.refused("given back", "engine.signature_missing", acts.surrender, mine, signedBy("health"));
    it.refused("given back, to accept it anew", "datasets.not_accepted", acts.surrender, mine, signedBy("lab"));
    it.refused("excluded twice", "engine.illegal_move", acts.revoke, { ...mine, ground: "resold" }, signedBy("health"));
    it.refused("readmitted by itself", "engine.not_entitled", acts.readmit, mine, signedBy("lab"));
    it.act("readmitted", acts.readmit, mine, signedBy("health"));
    it.refused("not used yet", "datasets.not_accepted", acts.use, takes(1), signedBy("lab"));
    it.act("accepted", acts.accept, accepts, signedBy("lab"));
    it.act("used", acts.use, takes(1), signedBy("lab"));
    passes(it, "datasets");
  });
});

test("an exclusion is of who gave his licence back before, and of who never had one", () => {
  const it = accepted();
  it.act("given back first", acts.surrender, mine, signedBy("lab"));
  it.act("excluded all the same", acts.revoke, { ...mine, ground: "resold" }, signedBy("health"));
  it.refused("accepted again", "datasets.revoked", acts.accept, accepts, signedBy("lab"));
  it.act("a stranger", acts.revoke, { ...mine, user: "land", ground: "resells" }, signedBy("health"));
  it.refused("accepts", "datasets.revoked", acts.accept, { ...accepts, user: "land" }, signedBy("land"));
  it.act("readmitted", acts.readmit, { ...mine, user: "land" }, signedBy("health"));
  it.act("accepts now", acts.accept, { ...accepts, user: "land" }, signedBy("land"));
  passes(it, "datasets");
});

test("a model of the largest size is released and marked: no act, and no work of the chain, is too large", () => {
  const it = scenario({ modules: [acts], resolver: plainRights(offices), found() {} });
  const name = (layer: string, i: number) => `${layer.repeat(62)}${10 + i}`;
  for (const publisher of ["health", "land"]) it.act("a licence", acts.offer, licence({ licence: publisher }), signedBy(publisher));
  const layer = (of: string, publisher: string, cites: object[]) =>
    Array.from({ length: 32 }, (_, i) => {
      const asset = name(of, i);
      it.act("entered", acts.register, { asset, kind: "dataset", title: "t", licence: publisher }, signedBy(publisher));
      it.act("released", acts.release, version(asset, asset, cites), signedBy(publisher));
      return { asset, number: 0 };
    });
  const first = layer("a", "health", []);
  const second = layer("b", "health", first);
  for (const { asset } of second) it.act("accepted", acts.accept, { asset, user: "land", licence: "health" }, signedBy("land"));
  const third = layer("c", "land", second);
  it.act("withdrawn", acts.withdraw, { ...first[31]!, ground: "g".repeat(64) }, signedBy("health"));
  for (const { result } of it.advance(1_000)) expect(result.flags).toEqual([]);
  for (const { asset } of [...second, ...third]) expect(it.row(versions, asset, 0)?.mark).toMatchObject(first[31]!);
  passes(it, "datasets");
});

// ── real ones ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const folder = new URL("../../../../shared/data/croissant/", import.meta.url);
test.skipIf(!existsSync(folder))(
  "registers two public data sets from their Croissant descriptions, files by their hashes (skipped without ../shared/data)",
  () => {
    const it = town();
    const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
    expect(files.length).toBe(2);
    for (const file of files) {
      const text = readFileSync(new URL(file, folder), "utf8");
      const { name, license, distribution } = JSON.parse(text) as { name: string; license: string; distribution: { sha256?: string }[] };
      const hashes = distribution.flatMap(({ sha256: digest }) => (digest === undefined || digest.length !== 64 ? [] : [unhex(digest)]));
      expect(hashes.length).toBeGreaterThan(0);
      const asset = name.toLowerCase();
      it.act("its licence", acts.offer, licence({ licence: license }), signedBy("health"));
      it.act(name, acts.register, { asset, kind: "dataset", title: name, licence: license }, signedBy("health"));
      const content = rootOf(hashes.map(leafHash));
      const first = { asset, content, description: hashOf(text), size: Buffer.byteLength(text), cites: [] };
      expect(it.act("its files", acts.release, first, signedBy("health"))).toEqual([]);
      expect(it.act("republished", acts.release, first, signedBy("health"))).toEqual(["datasets.seen_before"]);
      it.act("accepted", acts.accept, { asset, user: "c:lab", licence: license }, signedBy("lab"));
      it.act("used", acts.use, { ...takes(100), asset }, signedBy("lab"));
      it.refused("beyond", "datasets.quota_reached", acts.use, { ...takes(1), asset }, signedBy("lab"));
    }
    passes(it, "datasets");
  },
);

test("audits find rows that the rules did not make", () => {
  const it = built();
  it.act("withdrawn", acts.withdraw, { asset: "air", number: 0, ground: "x" }, signedBy("health"));
  it.advance(1_000);
  it.act("accepted", acts.accept, { asset: "model", user: "c:lab", licence: "models" }, signedBy("lab"));
  it.act("used", acts.use, { ...takes(60), asset: "model" }, signedBy("lab"));
  it.act("used", acts.use, { ...takes(40), asset: "model" }, signedBy("lab"));
  passes(it, "datasets");
  const finds = (type: any, key: any, change: object) => findsTampered(it, "datasets", type, key, change);
  expect(finds(versions, ["air", 0], { content: hashOf("x") })).toEqual(["lineage"]);
  expect(finds(versions, ["air", 0], { derived: 2 })).toEqual(["lineage"]);
  expect(finds(versions, ["model", 0], { cites: [] })).toEqual(["lineage"]);
  expect(finds(versions, ["model", 0], { mark: undefined })).toEqual(["lineage"]);
  expect(finds(versions, ["air", 0], { ground: undefined })).toEqual(["lineage"]);
  expect(finds(contents, [hashOf("m 0")], { barred: 1 })).toEqual(["lineage"]);
  expect(finds(assets, ["air"], { versions: 2 })).toEqual(["lineage"]);
  expect(finds(uses, ["model", "c:lab", 1], { units: 41 })).toEqual(["quotas"]);
  expect(finds(licences, ["models"], { quota: 99 })).toEqual(["quotas"]);
  expect(finds(acceptances, ["model", "c:lab"], { uses: 1 })).toEqual(["quotas"]);
  expect(finds(uses, ["model", "c:lab", 1], { version: 7 })).toEqual(["served"]);
  it.act("another content", acts.release, version("model", "m 1", [{ asset: "model", number: 0 }]), signedBy("land"));
  it.act("of the first a copy", acts.release, version("model", "m 0", [{ asset: "model", number: 1 }]), signedBy("land"));
  it.act("ordered", acts.order, { asset: "model", number: 0, ground: "x" }, signedBy("courts"));
  it.advance(days(1));
  it.act("used", acts.use, { ...takes(1), asset: "model", number: 1 }, signedBy("lab"));
  passes(it, "datasets");
  for (const other of [0, 2]) expect(finds(uses, ["model", "c:lab", 2], { version: other })).toEqual(["served"]);
  expect(finds(orders, [hashOf("m 0"), "courts"], { number: 1 })).toEqual(["lineage"]);
  expect(finds(orders, [hashOf("m 0"), "courts"], { $status: "lifted" })).toEqual(["lineage"]);
  expect(finds(contents, [hashOf("m 0")], { barred: 0 })).toEqual(["lineage"]);
});

test("the acts of its reference page are a story that happens", () => {
  const it = founded({ grants: ["datasets.publisher", "datasets.authority", "eid.registrar"].map((role) => grant("tax", role)) });
  register(it, "tax", "c:lab");
  const example = (action: any): any => action.options.example;
  const acted = (action: any) => it.act(action.options.title, action, example(action), signedBy("tax", "lab"));
  for (const action of [acts.offer, acts.register, acts.release, acts.accept, acts.use, acts.revoke, acts.readmit, acts.accept])
    acted(action);
  for (const action of [acts.surrender, acts.withdraw, acts.retire]) acted(action);
  it.act("another", acts.offer, { ...example(acts.offer), licence: "city-open-2" }, signedBy("tax"));
  acted(acts.relicense);
  it.act("the next", acts.release, example(acts.release), signedBy("tax"));
  it.act("ordered", acts.order, { ...example(acts.order), number: 1 }, signedBy("tax"));
  acted(acts.lift);
  passes(it, "datasets");
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const users = ["p:ann", "c:lab", "health", "land"] as const;
/** The old office publishes until it is one no more. */
const offices = {
  ...{ health: ["datasets.publisher"], land: ["datasets.publisher"], old: ["datasets.publisher"] },
  ...{ courts: ["datasets.authority"], tax: ["datasets.authority"] },
};
const step = fc.record({
  act: fc.constantFrom(
    ...([
      "offer",
      "retire",
      "register",
      "register",
      "relicense",
      "release",
      "release",
      "release",
      "release",
      "withdraw",
      "order",
      "order",
      "lift",
      "handOver",
    ] as const),
    ...([
      "accept",
      "accept",
      "accept",
      "accept",
      "use",
      "use",
      "use",
      "use",
      "surrender",
      "use",
      "use",
      "revoke",
      "revoke",
      "readmit",
      "readmit",
      "lift",
      "wait",
    ] as const),
  ),
  publisher: fc.constantFrom("health", "land", "old"),
  authority: fc.constantFrom("courts", "tax"),
  user: fc.constantFrom(...users),
  n: fc.nat(1_000),
  m: fc.nat(1_000),
  odd: fc.nat(19),
  units: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, -1, Number.MAX_SAFE_INTEGER) },
  ),
  hours: fc.constantFrom(1, 6, 24, 200),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...users, "old"), { maxLength: 3 }),
});

describe("whatever publishers and users do", () => {
  test("nothing is used without licence or beyond its quota, and whatever was built on what was withdrawn is marked", () => {
    const happened = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const grants = { ...offices };
        const it = scenario({ modules: [acts], resolver: plainRights(grants, ["p:ann", "c:lab"]), found() {} });
        /** Who bars which content. */
        const bars = new Map<string, Set<string>>();
        const contentOf = (asset: string, number: number): string => hex(it.row(versions, asset, number)?.content ?? hashOf("none"));
        const excluded = new Set<string>();
        const [offered, entries] = [[] as string[], [] as string[]];
        const parents = new Map<string, string[]>();
        const gone = new Set<string>();
        const spent = new Map<string, number>();
        let next = 0;
        for (const s of steps) {
          total++;
          if (total % 260 === 180) grants.old = [];
          if (s.act === "wait") {
            for (const { result } of it.advance(hours(s.hours))) expect(result.flags).toEqual([]);
            continue;
          }
          const asset = entries[s.n % Math.max(1, Math.min(6, entries.length))] ?? "none";
          const row = it.row(assets, asset);
          const own = offered.filter((name) => s.odd === 0 || it.row(licences, name)!.publisher === (row?.publisher ?? s.publisher));
          const terms = (s.act === "accept" && s.odd > 2 ? row?.licence : undefined) ?? own[s.m % Math.max(1, own.length)] ?? "none";
          const number = s.m % Math.max(1, row?.versions ?? 1);
          const publisher = row?.publisher ?? "health";
          const kind = s.n % 2 === 0 ? "dataset" : "model";
          const all = entries
            .slice(0, 6)
            .flatMap((name) => Array.from({ length: it.row(assets, name)!.versions }, (_, i) => ({ asset: name, number: i })));
          const cites = all.filter((_, i) => (i + s.m) % 7 === 0).slice(0, row?.kind === "model" ? 3 : s.n % 3);
          const is = (args: object, ...should: string[]): [object, string[]] => [args, should];
          const [args, should] = {
            offer: () => {
              const more = {
                licence: `l-${next++}`,
                open: s.odd > 4,
                quota: 20 + (s.n % 80),
                term: days(1 + (s.n % 9)),
                window: hours(6 + (s.n % 2)),
              };
              return is(licence(more), s.publisher);
            },
            retire: () => is({ licence: s.odd < 5 ? terms : "none" }, it.row(licences, terms)?.publisher ?? "health"),
            register: () =>
              is({ asset: `a-${next++}`, kind, title: "t", licence: terms }, it.row(licences, terms)?.publisher ?? s.publisher),
            relicense: () => is({ asset, licence: terms }, publisher),
            release: () => is(version(asset, s.odd === 1 ? "again" : `${next++}`, cites), publisher),
            withdraw: () => is({ asset: s.odd < 6 ? asset : "none", number, ground: "x" }, publisher),
            order: () => is({ asset: s.odd < 6 ? asset : "none", number, ground: "x" }, s.authority),
            lift: () => {
              const [of] = [...bars].find(([, by]) => by.has(s.authority) || (s.odd === 0 && by.size > 0)) ?? [hex(hashOf("none"))];
              return is({ content: unhex(of) }, s.authority);
            },
            handOver: () => {
              const of = entries.find((name) => it.row(assets, name)!.publisher === "old" || s.odd < 3) ?? "none";
              return is({ asset: of, to: s.publisher }, s.authority, s.publisher);
            },
            accept: () =>
              is({ asset, user: s.user, licence: terms }, s.user, ...(it.row(licences, terms)?.open === false ? [publisher] : [])),
            use: () => is({ asset, number, user: s.user, purpose: "p", units: s.units }, s.user),
            surrender: () => is({ asset: s.odd < 6 ? asset : "none", user: s.user }, s.user),
            revoke: () => is({ asset: s.odd < 6 ? asset : "none", user: s.user, ground: "x" }, publisher),
            readmit: () => {
              const [of = asset, user = s.user] = [...excluded][0]?.split(" ") ?? [];
              return is({ asset: of, user }, it.row(assets, of)?.publisher ?? publisher);
            },
          }[s.act]();
          const signers = [...new Set(s.honest > 1 ? should : s.signers)];
          const acceptance = it.row(acceptances, asset, s.user);
          const { outcome, code } = it.submit([{ action: `datasets.${s.act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          happened.set(s.act, (happened.get(s.act) ?? 0) + 1);
          if (s.act !== "offer") expect(signers).toEqual(expect.arrayContaining(should));
          if (s.act === "offer") offered.push((args as { licence: string }).licence);
          if (s.act === "register") entries.push((args as { asset: string }).asset);
          if (s.act === "release") {
            for (const cited of cites) expect(gone.has(`${cited.asset} ${cited.number}`)).toBe(false);
            parents.set(
              `${asset} ${row!.versions}`,
              cites.map((cited) => `${cited.asset} ${cited.number}`),
            );
          }
          if (s.act === "release") expect([...(bars.get(hex((args as { content: Uint8Array }).content)) ?? [])]).toEqual([]);
          if (s.act === "withdraw" || s.act === "order") gone.add(`${asset} ${number}`);
          if (s.act === "order") bars.set(contentOf(asset, number), (bars.get(contentOf(asset, number)) ?? new Set()).add(signers[0]!));
          if (s.act === "lift") expect(bars.get(hex((args as { content: Uint8Array }).content))!.delete(signers[0]!)).toBe(true);
          if (s.act === "handOver") expect(it.row(assets, (args as { asset: string }).asset)!.publisher).toBe(s.publisher);
          if (s.act === "revoke") excluded.add(`${asset} ${s.user}`);
          if (s.act === "readmit") excluded.delete(`${(args as typeof mine).asset} ${(args as typeof mine).user}`);
          if (s.act === "accept") expect(excluded.has(`${asset} ${s.user}`)).toBe(false);
          if (s.act === "use") {
            expect([...(bars.get(contentOf(asset, number)) ?? [])]).toEqual([]);
            expect(excluded.has(`${asset} ${s.user}`)).toBe(false);
            const { quota, window } = it.row(licences, acceptance!.licence)!;
            expect([acceptance!.$.status, acceptance!.until > it.time]).toEqual(["live", true]);
            const key = `${asset} ${s.user} ${acceptance!.licence} ${Math.floor(it.time / window)}`;
            spent.set(key, (spent.get(key) ?? 0) + s.units);
            expect(spent.get(key)).toBeLessThanOrEqual(quota);
          }
        }
        it.advance(1_000);
        // By the model's own walk through what was built on what.
        const marked = (name: string): boolean => gone.has(name) || (parents.get(name) ?? []).some(marked);
        for (const name of parents.keys()) {
          const [asset, number] = name.split(" ") as [string, string];
          expect(`${name} ${it.row(versions, asset, Number(number))!.mark !== undefined}`).toBe(`${name} ${marked(name)}`);
        }
        passes(it, "datasets");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 37, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...happened].filter(([, times]) => times >= 10).length;
    expect(`${often} of 14 happen often: ${[...happened].join(" ")}`).toMatch(/^14 of 14/);
  });
});

everyRuleIsGiven(datasets);
