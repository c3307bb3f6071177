// Traction batteries: made, handed over, swapped, retired. Service 16. Owns these acts. Does not own: records and rules (vehicleRecords.ts), what a battery
// passport says (public elsewhere; the record has its hash), whose property a leased battery is.

import { count, hash, id, optional, party, signs, time } from "../engine/index.ts";
import { aHash, monday } from "../kit/examples.ts";
import { batteries, free, liens, owned, vehicle as contract } from "./vehicleRecords.ts";

export const make = contract.action({
  title: "Register a battery, which its maker keeps",
  by: "maker",
  input: { battery: id, capacity_wh: count, made: time, passport: hash },
  rules: ["dated_ahead"],
  example: { battery: "urn:batt:1", capacity_wh: 62_000, made: monday, passport: aHash },
  run(tx, it) {
    const maker = tx.signer("maker");
    tx.require(it.made <= tx.time, "dated_ahead");
    tx.create(batteries, { ...it, maker, holder: maker });
  },
});

export const handOver = contract.action({
  title: "Hand over a battery that is in no vehicle",
  by: { holder: signs("who keeps it"), to: signs("who will keep it") },
  input: { battery: id, to: party },
  rules: ["battery_elsewhere", "same_party"],
  example: { battery: "urn:batt:1", to: "c:swaps" },
  run(tx, { battery: key, to }) {
    const it = tx.get(batteries, key);
    tx.signed("holder", it.holder);
    tx.signed("to", to);
    tx.require(to !== it.holder, "same_party");
    tx.require(it.$.status === "kept", "battery_elsewhere");
    tx.put(it, { holder: to });
  },
});

export const swap = contract.action({
  title: "Swap the battery of a vehicle: one is taken out, one is put in, or either",
  by: {
    ...{ owner: signs("the owner of the vehicle"), keeper: signs("who keeps the one and will keep the other") },
    lender: signs("each lender with a lien on the vehicle, where it is left with a smaller battery or none"),
  },
  input: { vehicle: id, take: optional(id), put: optional(id), keeper: party },
  rules: ["battery_elsewhere", "battery_there", "gone", "lender_consents", "not_electric", "stolen"],
  work: 96,
  example: { vehicle: "VIN7", take: "urn:batt:1", put: "urn:batt:2", keeper: "c:swaps" },
  run(tx, { vehicle, take, put, keeper }) {
    const it = free(tx, vehicle);
    const { owner } = owned(tx, it);
    tx.signed("owner", owner);
    tx.signed("keeper", keeper);
    tx.require(it.drive !== "combustion", "not_electric");
    tx.require(take === it.battery && take !== put, "battery_there", { battery: it.battery });
    const [out, battery] = [take, put].map((key) => (key === undefined ? undefined : tx.get(batteries, key)));
    if (out !== undefined && (battery?.capacity_wh ?? 0) < out.capacity_wh)
      for (const lien of it.liens) tx.signed("lender", tx.get(liens, lien).lender, "lender_consents");
    if (out !== undefined) tx.move(out, "kept", { holder: keeper, vehicle: undefined });
    if (battery !== undefined) {
      tx.require(battery.$.status === "kept" && battery.holder === keeper, "battery_elsewhere");
      tx.move(battery, "installed", { holder: owner, vehicle });
    }
    tx.put(it, { battery: put });
  },
});

export const retire = contract.action({
  title: "Retire a battery, on a ground",
  by: { holder: signs("who keeps it") },
  input: { battery: id, ground: id },
  rules: ["battery_elsewhere"],
  example: { battery: "urn:batt:1", ground: "recycled" },
  run(tx, { battery: key, ground }) {
    const it = tx.get(batteries, key);
    tx.signed("holder", it.holder);
    tx.require(it.$.status !== "installed", "battery_elsewhere");
    tx.move(it, "retired", { ground });
  },
});
