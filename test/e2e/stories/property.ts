// A parcel from its first entry: charged, sold in one act that all sign, stopped by a caveat, passed on by a judgment; a deed that nobody answers is late.

import { expect } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import type { Story } from "../stage.ts";

const deed = (n: number): Uint8Array => sha256(new Uint8Array([n]));
const home = { parcel: "Q1-417" };
const sale = {
  ...{ ...home, deed: hex(deed(2)), moves: [{ from: "p:ann.property", to: "p:bob.property", parts: 100 }] },
  ...{ applicant: "p:ann.property", discharge: ["loan"], tax_office: "tax", receipt: "2027-1", tax: { root: hex(deed(10)), size: 3 } },
};

export default {
  title: "a parcel is charged, sold and freed of its charge in one act, stopped by a caveat and passed on by a judgment",
  async today(stage) {
    await stage.register("c:lender", "company");
    const first = { ...home, district: "Q1", area: 1_200, plan: hex(deed(1)), whole: 100 };
    const shares = [{ holder: "p:ann.property", parts: 100 }];
    expect(await stage.call("property.register", { ...first, whole: 101, shares }, "tax")).toMatchObject({
      code: "property.shares_total_one",
    });
    expect(await stage.call("property.register", { ...first, shares }, "tax")).toMatchObject({ outcome: "applied" });
    const loan = { charge: "loan", ...home, lender: "c:lender", deed: deed(3), terms: { root: deed(4), size: 3 } };
    await stage.applied("property.mortgage", loan, "tax", "ann.property", "c:lender");
    await stage.applied("property.lodge", { ...home, deed: deed(2), applicant: "p:ann.property" }, "ann.property");

    // The registry and the tax office are one agency here; everybody else signs for himself.
    expect(await stage.call("property.transfer", sale, "tax", "ann.property", "bob.property")).toMatchObject({
      code: "property.lender_consents",
    });
    const paid = { root: deed(10), size: 3 };
    const args = { ...sale, deed: deed(2), tax: paid };
    await stage.applied("property.transfer", args, "tax", "ann.property", "bob.property", "c:lender");
    expect(await stage.record("property/charge/loan")).toMatchObject({ status: "discharged" });
    expect(await stage.record(`property/application/Q1-417/${hex(deed(2))}/p:ann.property`)).toMatchObject({ status: "entered" });
    expect(await stage.proved("property/parcel", "Q1-417")).toMatchObject({
      valid: true,
      record: { fields: { shares: [{ holder: "p:bob.property", parts: 100 }], charges: [], entries: 2 } },
    });

    const doubt = { ...home, by: "p:carl.property", ground: "unpaid-price", claim: { root: hex(deed(5)), size: 1 } };
    expect(await stage.call("property.caveat", doubt, "tax", "carl.property")).toMatchObject({ outcome: "applied" });
    const back = { ...home, deed: deed(6), moves: [{ from: "p:bob.property", to: "p:ann.property", parts: 50 }] };
    const stopped = await stage.act(
      "property.transfer",
      { ...back, discharge: [], tax_office: "tax", receipt: "2027-2", tax: paid },
      "tax",
      "ann.property",
      "bob.property",
    );
    expect(stopped).toMatchObject({ code: "property.block_stands" });
    const judgment = { ...home, court: "courts", registry: "tax", judgment: "2027-O-12", ground: "price-unpaid", document: hex(deed(7)) };
    const moves = [{ from: "p:bob.property", to: "p:carl.property", parts: 50 }];
    const carried = { ...judgment, moves, discharge: [], caveats: ["p:carl.property"], seizures: [] };
    expect(await stage.call("property.adjudge", { ...carried, court: "tax" }, "tax")).toMatchObject({ code: "engine.not_entitled" });
    expect(await stage.call("property.adjudge", carried, "tax", "courts")).toMatchObject({
      ...{ outcome: "applied", flags: ["property.by_judgment"] },
    });
    await stage.applied("property.lodge", { ...home, deed: deed(8), applicant: "p:bob.property" }, "bob.property");
    await stage.audited("property");
  },
  async later(stage) {
    await stage.until(`property/application/Q1-417/${hex(deed(8))}/p:bob.property`, "late");
    const refused = { ...home, deed: hex(deed(8)), applicant: "p:bob.property", ground: "form-16" };
    expect(await stage.call("property.refuse", refused, "tax")).toMatchObject({ outcome: "applied" });
    await stage.audited("property");
  },
} satisfies Story;
