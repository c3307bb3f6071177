// Money on a live network, as citizens, offices and auditors use it: by command line and HTTP, proved offline, audited on a node and in a home. Time passes
// by starting the network again with clocks that are ahead: what the chain does by itself is done by real nodes.

import fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inclusionPath, leafHash, rootOf } from "../../src/base/merkle.ts";
import { days, each, hours, minutes, signed } from "../../src/contracts/engine/index.ts";
import { sealedLeaves } from "../../src/contracts/engine/sealed.ts";
import { newStage, type Stage } from "./stage.ts";
import { cli, waitFor } from "./support.ts";

const LIMIT = 300_000;
let stage: Stage;

beforeAll(async () => void (stage = await newStage(4)), LIMIT);
afterAll(async () => stage?.network.stop());

// The words of this story; each is the stage's.
const call: Stage["call"] = async (...args) => stage.call(...args);
const act: Stage["act"] = async (...args) => stage.act(...args);
const applied: Stage["applied"] = async (...args) => stage.applied(...args);
const record: Stage["record"] = async (name) => stage.record(name);
const until: Stage["until"] = async (...args) => stage.until(...args);
const proved: Stage["proved"] = async (...args) => stage.proved(...args);
const audit = async (contract: string, ...args: string[]): Promise<any> => cli("audit", contract, "--json", ...args);

/** The day after tomorrow's noon, and the roof's readings of that day. */
const day = Math.floor(Date.now() / days(1)) + 2;
const noon = day * 96 + 48;
const sealedDay = (): { root: { root: Uint8Array; size: number }; shown: object } => {
  const values = { wh: Array.from({ length: 96 }, (_, i) => (i === 48 ? 350 : -4)) };
  const secret = new Uint8Array(32).fill(9);
  const schema = "energy/day/readings@1";
  const leaves = sealedLeaves({ network: stage.ledger.network, secret, schema, fields: { wh: each(signed, 96) }, values });
  const hashes = leaves.map(leafHash);
  const root = { root: rootOf(hashes), size: hashes.length };
  return { root, shown: { readings: root, wh: 350, leaf: leaves[49]!, path: inclusionPath(hashes, 49) } };
};
const account = { root: new Uint8Array(32).fill(7), size: 2 };
const shift = { employment: "cafe-ann", number: 0 };
const car = { scheme: "ev", subject: "car-1", turn: "once" };

describe("today", () => {
  test("points are funded, awarded and given; the account is proved offline", { timeout: LIMIT }, async () => {
    const walk = { programme: "walk", period: "q1" };
    expect(await call("points.fund", { ...walk, amount: "1000" }, "tax")).toMatchObject({ outcome: "applied" });
    const awards = [{ person: "p:ann.city", amount: "500" }];
    expect(await call("points.award", { ...walk, awards }, "tax")).toMatchObject({ outcome: "applied" });
    expect(await call("points.award", { ...walk, awards }, "tax")).toMatchObject({ outcome: "rejected", code: "points.awarded_once" });
    const gift = { from: "p:ann.city", to: "p:bob.city", amount: 120n };
    expect(await act("points.transfer@1", gift, "bob.city")).toMatchObject({ status: "rejected", code: "engine.signature_missing" });
    expect(await act("points.transfer@1", gift, "ann.city")).toMatchObject({ status: "applied" });
    expect(await proved("points/account", "p:ann.city")).toMatchObject({ valid: true, record: { fields: { balance: 380, held: 0 } } });
  });

  test("they are audited on a node as they stood at one height, while transfers go on", { timeout: LIMIT }, async () => {
    const before = await audit("points", "--node", stage.api);
    expect(before).toMatchObject({ code: 0, json: { holds: true, audits: [{ name: "supply", figures: { awarded: "500" } }, {}, {}, {}] } });
    let going = true;
    const load = (async () => {
      for (let i = 0; going; i++) await act("points.transfer@1", { from: "p:ann.city", to: "p:bob.city", amount: 1n }, "ann.city");
    })();
    expect(await audit("points", "--node", stage.api)).toMatchObject({ code: 0, json: { holds: true } });
    const then = await audit("points", "--node", stage.api, "--at", String(before.json.asOf.height));
    going = false;
    await load;
    expect({ ...then.json, seconds: 0 }).toEqual({ ...before.json, seconds: 0 });
    expect((await audit("points", "--node", stage.api, "--at", "0")).json).toMatchObject({ rows: 0, holds: true });
    expect(await audit("nothing", "--node", stage.api)).toMatchObject({ code: 2, problem: { code: "usage.invalid" } });
    expect(await audit("points", "--node", stage.api, "--at", "999999999")).toMatchObject({ code: 1, problem: { code: "block.unknown" } });
  });

  test("Ann's roof and Bob's house meet for a quarter hour", { timeout: LIMIT }, async () => {
    await stage.register("d:roof", "device");
    await stage.register("d:house", "device");
    await applied(
      "energy.enrol",
      { meter: "roof", owner: "p:ann.city", device: "d:roof", market: "north", rated: 2_000 },
      "tax",
      "ann.city",
    );
    await applied(
      "energy.enrol",
      { meter: "house", owner: "p:bob.city", device: "d:house", market: "north", rated: 2_000 },
      "tax",
      "bob.city",
    );
    const offer = { market: "north", slot: noon, wh: 400 };
    await applied("energy.offer", { ...offer, by: "p:ann.city", meter: "roof", side: "sell", price: 100n }, "ann.city");
    const bid = { ...offer, by: "p:bob.city", meter: "house", side: "buy", price: "200" };
    expect(await call("energy.offer", { ...bid, price: "900000" }, "bob.city")).toMatchObject({ code: "points.balance_short" });
    expect(await call("energy.offer", bid, "bob.city")).toMatchObject({ outcome: "applied" });
    expect((await record("points/account/p:bob.city")).fields.held).toBe("80");
  });

  test("an employment is signed and insured; a subsidy is agreed, approved and paid", { timeout: LIMIT }, async () => {
    await stage.register("c:cafe", "company");
    const begins = stage.chainTime() + minutes(10);
    expect(await call("work.setMinimum", { area: "north", from: begins, hourly: "1200" }, "tax")).toMatchObject({ outcome: "applied" });
    const agreement = { ...{ employment: "cafe-ann", worker: "p:ann.labour", employer: "c:cafe" }, area: "north", hourly: 1_300n };
    const term = { from: begins, until: begins + days(90), terms: { ...account, size: 1 } };
    await applied("work.sign", { ...agreement, ...term }, "ann.labour", "c:cafe");
    await applied("work.insure", { employment: "cafe-ann", until: begins + days(60) }, "tax");

    const fund = { fund: "air", kind: "project", owner: "courts", purpose: "air", currency: "EUR", account, keyholders: ["tax"] };
    await applied("funds.open", { ...fund, budget: 100_000n }, "tax", "courts");
    const ev = { scheme: "ev", kind: "subsidy", fund: "air", purpose: "air", period: "2027", term: days(100), amount: 10_000n };
    await applied("benefits.open", ev, "tax", "courts");
    const lines = [{ fact: "price", above: 20_000, amount: "10", per: 100 }];
    const tariff = { scheme: "ev", base: "0", lines, least: "0", most: "5000" };
    expect(await call("benefits.publish", tariff, "tax")).toMatchObject({ outcome: "applied" });
    const measured = { scheme: "ev", subject: "car-1", holder: "p:bob.city", facts: [{ fact: "price", value: 42_000 }] };
    await applied("benefits.measure", measured, "tax", "bob.city");
    expect(await act("benefits.agree@1", { ...car, amount: 2_201n, account }, "bob.city")).toMatchObject({
      code: "benefits.amount_differs",
    });
    await applied("benefits.agree", { ...car, amount: 2_200n, account }, "bob.city");
    expect(await call("benefits.approve", { ...car, order: "ev-car-1" }, "tax")).toMatchObject({ outcome: "applied" });
    await applied("funds.confirm", { order: "ev-car-1", chunk: 0, amount: 2_200n, reference: "B1", differs: false }, "tax");
    expect(await proved("benefits/case", "ev/car-1/once")).toMatchObject({
      valid: true,
      record: { status: "held", fields: { holder: "p:bob.city", amount: 2_200, version: 1 } },
    });
    // Whoever is shown the case computes its amount again, from two files.
    const [shown, table] = [stage.file("case.proof.json"), stage.file("tariff.proof.json")];
    expect(await proved("benefits/tariff", "ev/1")).toMatchObject({ valid: true });
    expect(await cli("benefits", "recompute", shown, "--tariff", table, "--genesis", stage.network.genesis, "--json")).toMatchObject({
      code: 0,
      json: { facts: [{ fact: "price", value: 42_000 }], version: 1, amount: "2200", due: "2200", holds: true },
    });
    expect(await cli("benefits", "recompute", shown, "--tariff", shown, "--genesis", stage.network.genesis, "--json")).toMatchObject({
      code: 2,
    });
    const falsified = fs.readFileSync(shown, "utf8").replace(/"row": "(.)/, (_, c: string) => `"row": "${c === "A" ? "B" : "A"}`);
    fs.writeFileSync(stage.file("falsified.json"), falsified);
    expect(
      await cli("benefits", "recompute", stage.file("falsified.json"), "--tariff", table, "--genesis", stage.network.genesis, "--json"),
    ).toMatchObject({ code: 1, problem: { code: "check.failed" } });
  });
});

describe("three days later", () => {
  test("the quarter hour was matched by the chain itself; Ann shows what her roof exported, and nothing else", {
    timeout: LIMIT,
  }, async () => {
    await stage.pass((day + 1) * days(1) + hours(1) - Date.now());
    expect((await until(`energy/book/north/${noon}`, "trading")).fields).toMatchObject({ price: "150", trades: [{ wh: 400 }] });
    const { root, shown } = sealedDay();
    await applied("energy.commit", { meter: "roof", day, readings: root }, "d:roof");
    const more = { market: "north", slot: noon, seller: 0, ...shown };
    expect(await act("energy.show@1", { ...more, wh: 400 }, "ann.city")).toMatchObject({ code: "energy.not_in_day" });
    await applied("energy.show", more, "ann.city");
    expect(await proved("energy/reading", `roof/${noon}`)).toMatchObject({ valid: true, record: { fields: { wh: 350 } } });
  });

  test("Ann works a shift", { timeout: LIMIT }, async () => {
    await applied("work.clockIn", { employment: "cafe-ann" }, "ann.labour");
    expect(await call("work.clockIn", { employment: "cafe-ann" }, "ann.labour")).toMatchObject({ code: "work.overlap" });
    await applied("work.clockOut", { worker: "p:ann.labour" }, "ann.labour");
    const { wage } = (await record("work/shift/cafe-ann/0")).fields;
    expect(await call("work.pay", { reference: "w-1", ...{ employment: "cafe-ann", shifts: [0] }, amount: wage }, "tax")).toMatchObject({
      code: "engine.illegal_move",
    });
  });
});

describe("ten days after that", () => {
  test("trades are settled from what was held, silence has approved the shift; it is paid once", { timeout: LIMIT }, async () => {
    await stage.pass(days(10));
    expect((await until(`energy/book/north/${noon}`, "settled")).fields).toMatchObject({ delivered: 350, paid: "52" });
    expect((await record("points/account/p:bob.city")).fields.held).toBe("0");
    const { wage } = (await until("work/shift/cafe-ann/0", "approved")).fields;
    const pay = { reference: "w-1", employment: "cafe-ann", shifts: [0], amount: wage };
    expect(await call("work.pay", pay, "tax")).toMatchObject({ outcome: "applied" });
    expect(await call("work.pay", { ...pay, reference: "w-2" }, "tax")).toMatchObject({ code: "engine.illegal_move" });
    expect(await proved("work/payment", "tax/w-1")).toMatchObject({ valid: true, record: { fields: { shifts: [0] } } });
    expect((await record(`work/shift/${shift.employment}/${shift.number}`)).status).toBe("paid");
  });

  test("a car that was resold: the rest of its time is reclaimed", { timeout: LIMIT }, async () => {
    expect(await call("benefits.reclaim", { ...car, ground: "resold" }, "tax")).toMatchObject({ outcome: "applied" });
    const { owed } = (await record("benefits/case/ev/car-1/once")).fields;
    expect([BigInt(owed) > 1_800n, BigInt(owed) < 2_000n]).toEqual([true, true]); // 86 to 87 days of 100
    await applied("benefits.payBack", { ...car, amount: BigInt(owed), reference: "R1" }, "tax");
    expect((await record("benefits/case/ev/car-1/once")).status).toBe("repaid");
  });

  test("all of it is audited, on a node and in the home of one that is stopped", { timeout: LIMIT }, async () => {
    for (const contract of ["points", "energy", "work", "benefits", "funds"])
      expect(await audit(contract, "--node", stage.api)).toMatchObject({ code: 0, json: { contract, holds: true } });
    const node = stage.network.nodes[3]!;
    expect(await audit("points", "--home", node.home)).toMatchObject({ code: 10, problem: { code: "start.locked" } });
    process.kill(node.pid, "SIGTERM");
    const stopped = await waitFor("the home is free", async () => {
      const ran = await audit("points", "--home", node.home);
      return ran.problem?.code === "start.locked" ? undefined : ran;
    });
    expect(stopped).toMatchObject({ code: 0, json: { holds: true, audits: [{ figures: { retired: "0" } }, {}, {}, {}] } });
    expect(await audit("energy", "--home", node.home)).toMatchObject({ code: 0, json: { holds: true } });
  });
});
