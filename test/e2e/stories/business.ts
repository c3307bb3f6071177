// A company from its founding to its end: its officer signs for it in another contract, until he is no officer, and nobody does once it is dissolved.

import { expect } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { newKey } from "../../../src/base/keyFile.ts";
import { provePossession } from "../../../src/base/member.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Story } from "../stage.ts";

const company = "c:4711";
const document = (n: number): Uint8Array => sha256(new Uint8Array([n]));

export default {
  title: "a company is founded, represented by its officers, suspended, restored, and dissolved in every contract at once",
  async today(stage) {
    const key = newKey("person"); // a seed; which purpose it serves is what is registered
    const proof = provePossession(stage.ledger.network, company, "company", key.publicKey, key.secret);
    const shares = [
      { holder: "p:ann.property", parts: 60 },
      { holder: "p:bob.property", parts: 40 },
    ];
    const officers = [{ officer: "p:ann.property", office: "director", represents: true }];
    const founding = { company, name: "Acme Ltd", normal: "acme", whole: 100, shares, officers, key: key.publicKey, proof };
    const founders = ["tax", "ann.property", "bob.property"];
    expect(await stage.act("business.register", { ...founding, proof: new Uint8Array(64) }, ...founders)).toMatchObject({
      code: "business.key_unproved",
    });
    await stage.applied("business.register", founding, ...founders);

    // Ann signs for it in the land register.
    const parcel = { parcel: "B-1", district: "Q9", area: 100, plan: hex(document(1)), whole: 1, shares: [{ holder: company, parts: 1 }] };
    expect(await stage.call("property.register", parcel, "tax")).toMatchObject({ outcome: "applied" });
    const asAcme = (n: number): object => ({ parcel: "B-1", deed: hex(document(n)), applicant: company });
    expect(await stage.call("property.lodge", asAcme(2), "bob.property")).toMatchObject({ code: "engine.signature_missing" });
    expect(await stage.call("property.lodge", asAcme(2), "ann.property")).toMatchObject({ outcome: "applied" });

    const carl = { company, officer: "p:carl.property", office: "procurator", represents: true };
    expect(await stage.call("business.appoint", { ...carl, voters: ["p:bob.property"] }, "bob.property", "carl.property")).toMatchObject({
      code: "business.majority",
    });
    // Ann and Bob resolve it one after the other; Carl signs when it is carried out.
    const { company: _of, ...office } = carl;
    const resolution = { company, resolution: "2027-1" };
    const until = stage.chainTime() + days(30);
    await stage.applied("business.propose", { ...resolution, by: "p:ann.property", matter: { appoint: office }, until }, "ann.property");
    await stage.applied("business.assent", { ...resolution, by: "p:bob.property" }, "bob.property");
    await stage.applied("business.appoint", { ...carl, voters: [], resolution: "2027-1" }, "carl.property");
    await stage.applied("business.resign", { company, officer: "p:ann.property" }, "ann.property");
    expect(await stage.call("property.lodge", asAcme(3), "ann.property")).toMatchObject({ code: "engine.signature_missing" });
    await stage.applied(
      "business.license",
      { company, activity: "restaurant", licensor: "tax", until: stage.chainTime() + days(30) },
      "tax",
    );

    const restaurant = { company, activity: "restaurant" };
    expect(await stage.ask("business.serves", restaurant)).toEqual({ company: "registered", licence: "live", serves: true });
    expect(await stage.call("business.suspend", { company, ground: "no-address" }, "tax")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("property.lodge", asAcme(3), "carl.property")).toMatchObject({ code: "engine.signature_missing" });
    expect(await stage.call("business.restore", { company, ground: "address-given" }, "tax")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("property.lodge", asAcme(3), "carl.property")).toMatchObject({ outcome: "applied" });
    expect(await stage.proved("business/company", company)).toMatchObject({
      valid: true,
      record: { status: "registered", fields: { name: "Acme Ltd", officers: [{ officer: "p:carl.property" }] } },
    });
    await stage.audited("business");
  },
  async later(stage) {
    await stage.until(`business/licence/${company}/restaurant`, "expired");
    expect(await stage.ask("business.serves", { company, activity: "restaurant" })).toMatchObject({ licence: "expired", serves: false });
    const voters = ["p:ann.property", "p:bob.property"];
    await stage.applied("business.dissolve", { company, voters }, "tax", "ann.property", "bob.property");
    expect(await stage.record(`eid/principal/${company}`)).toMatchObject({ status: "revoked" });
    const last = { parcel: "B-1", deed: document(4), applicant: company };
    expect(await stage.act("property.lodge", last, "carl.property")).toMatchObject({ code: "engine.signature_missing" });
    await stage.audited("business");
  },
} satisfies Story;
