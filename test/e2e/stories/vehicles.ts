// A car from its registration to its sale: pledged, read back by a thousand kilometres, crashed, its battery swapped, resold within the time of its subsidy.

import { expect } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Story } from "../stage.ts";

const document = new Uint8Array(32).fill(6);
const seal = (size: number) => ({ root: new Uint8Array(32).fill(4), size });
const km = (value: number) => ({ value, unit: "km" as const });
const car = { vehicle: "VIN1" };
const subsidy = { scheme: "ev-story", subject: "VIN1", turn: "once" };

export default {
  title: "a car is pledged, read, crashed and sold with both signatures; what was reported of it stays, and its subsidy is reclaimed",
  async today(stage) {
    await stage.register("c:lender", "company");
    const described = { ...car, model: "leaf-40", drive: "electric", document };
    await stage.applied("vehicles.register", { ...described, owner: "p:ann.city", odometer: km(12) }, "tax", "ann.city");
    for (const battery of ["urn:batt:1", "urn:batt:2"])
      await stage.applied("vehicles.make", { battery, capacity_wh: 40_000, made: stage.chainTime() - days(30), passport: document }, "tax");
    await stage.applied("vehicles.swap", { ...car, put: "urn:batt:1", keeper: "tax" }, "ann.city", "tax");
    const swap = { ...car, put: "urn:batt:2", keeper: "tax" };
    expect(await stage.call("vehicles.swap", swap, "ann.city", "tax")).toMatchObject({ code: "vehicles.battery_there" });
    await stage.applied("vehicles.swap", { ...swap, take: "urn:batt:1" }, "ann.city", "tax");

    // Subsidised for a hundred days.
    const account = seal(2);
    const fund = { fund: "air-story", kind: "project", owner: "courts", purpose: "air", currency: "EUR", account, keyholders: ["tax"] };
    await stage.applied("funds.open", { ...fund, budget: 10_000n }, "tax", "courts");
    const scheme = { scheme: "ev-story", kind: "subsidy", fund: "air-story", purpose: "air", period: "1", term: days(100) };
    await stage.applied("benefits.open", { ...scheme, amount: 5_000n }, "tax", "courts");
    await stage.applied("benefits.publish", { scheme: "ev-story", base: 2_000n, lines: [], least: 0n, most: 2_000n }, "tax");
    await stage.applied("benefits.measure", { scheme: "ev-story", subject: "VIN1", holder: "p:ann.city", facts: [] }, "tax", "ann.city");
    await stage.applied("benefits.agree", { ...subsidy, amount: 2_000n, account }, "ann.city");
    await stage.applied("benefits.approve", { ...subsidy, order: "ev-story-1" }, "tax");
    const movement = { order: "ev-story-1", chunk: 0, amount: 2_000n, reference: "EV-STORY-1", differs: false };
    await stage.applied("funds.confirm", movement, "tax");

    await stage.applied("vehicles.pledge", { lien: "loan-1", ...car, lender: "c:lender", loan: seal(2) }, "ann.city", "c:lender");
    expect(await stage.call("vehicles.readOdometer", { ...car, odometer: km(1_500) }, "ann.city")).toMatchObject({ outcome: "applied" });
    const back = await stage.call("vehicles.readOdometer", { ...car, odometer: { value: 300, unit: "mi" } }, "ann.city");
    expect(back).toMatchObject({ outcome: "applied", flags: ["vehicles.reading_lower"] });
    const crash = { ...car, occurred: stage.chainTime() - days(1), severity: "major", reference: "2027-0815", report: seal(1) };
    await stage.applied("vehicles.reportByInsurer", crash, "tax");
    const less = { ...car, number: 0, version: 0, inspector: "tax", ground: "estimate", severity: "minor", report: seal(1) };
    expect(await stage.act("vehicles.correctAccident", less, "tax")).toMatchObject({ code: "vehicles.corrected_by_two" });

    const sale = { ...car, to: "p:bob.city", odometer: km(1_600), release: [], sale: seal(2) };
    expect(await stage.act("vehicles.transfer", sale, "bob.city")).toMatchObject({ code: "engine.signature_missing" });
    expect(await stage.act("vehicles.transfer", sale, "ann.city", "bob.city")).toMatchObject({ code: "vehicles.lien_stands" });
    const sold = await stage.act("vehicles.transfer", { ...sale, release: ["loan-1"] }, "ann.city", "bob.city", "c:lender");
    expect(sold).toMatchObject({ status: "applied", flags: ["vehicles.holding_broken"] });
    expect(await stage.proved("vehicles/title", "VIN1/1")).toMatchObject({
      valid: true,
      record: { status: "live", fields: { owner: "p:bob.city", how: "transferred" } },
    });
    expect((await stage.record("vehicles/vehicle/VIN1")).fields).toMatchObject({ doubtful: 1, accidents: 1, document: hex(document) });
    expect((await stage.record("benefits/case/ev-story/VIN1/once")).status).toBe("broken");
    await stage.audited("vehicles");
  },
  async later(stage) {
    await stage.applied("benefits.reclaim", { ...subsidy, ground: "resold" }, "tax");
    const { owed } = (await stage.record("benefits/case/ev-story/VIN1/once")).fields;
    expect(BigInt(owed) > 1_990n).toBe(true); // by the day of the sale, not by today's
    await stage.audited("benefits");
  },
} satisfies Story;
