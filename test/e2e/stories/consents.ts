// Consent from the question to its end: a shop learns that Ann is of age and nothing else, a bank is delivered what Bob agreed to, and revoking is at once.

import { expect } from "vitest";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Stage, Story } from "../stage.ts";

const answer = { root: new Uint8Array(32).fill(8), size: 1 };
const payload = { root: new Uint8Array(32).fill(9), size: 65 };
const age = { definition: "adult", sector: "city", title: "Is 18 or older", kind: "claim", fields: ["born"], answers: ["no", "yes"] };
const loan = { definition: "loan", sector: "city", title: "Data for a loan", kind: "bundle", fields: ["income", "debts"], answers: [] };
const ask = (stage: Stage, more: object) => ({
  ...{ consent: "adult-ann", definition: "adult", subject: "p:ann.city", holder: "tax", user: "c:wine", purpose: "sale", fields: [] },
  ...{ until: stage.chainTime() + days(20), most: 3, ...more },
});
const once = { consent: "adult-ann", number: 0 };

export default {
  title: "a shop is answered, a bank is delivered what was agreed to, and a consent that is revoked serves no more",
  async today(stage) {
    await stage.register("c:wine", "company");
    for (const of of [age, loan]) {
      const limits = { purposes: of === age ? ["sale"] : ["loan"], longest: days(100), most: 10 };
      expect(await stage.call("consents.define", { ...of, ...limits }, "tax")).toMatchObject({ outcome: "applied" });
    }
    const asked = ask(stage, {});
    await stage.applied("consents.request", asked, "c:wine");
    const use = { ...once, purpose: "sale", fields: [] };
    expect(await stage.act("consents.use", use, "c:wine")).toMatchObject({ code: "consents.not_live" });
    const terms = { consent: "adult-ann", fields: [], until: asked.until, most: 1 };
    expect(await stage.act("consents.give", terms, "c:wine")).toMatchObject({ code: "engine.signature_missing" });
    expect(await stage.call("consents.give", terms, "ann.city")).toMatchObject({ outcome: "applied" });
    await stage.applied("consents.use", use, "c:wine");
    await stage.applied("consents.answer", { ...once, answer }, "tax");
    expect(await stage.act("consents.use", { ...use, number: 1 }, "c:wine")).toMatchObject({ code: "consents.used_up" });
    expect(await stage.proved("consents/use", "adult-ann/0/0")).toMatchObject({
      valid: true,
      record: { status: "served", fields: { subject: "p:ann.city", user: "c:wine", fields: [] } },
    });

    const more = { consent: "loan-bob", definition: "loan", subject: "p:bob.city", purpose: "loan", fields: ["income", "debts"] };
    await stage.applied("consents.request", ask(stage, more), "c:wine");
    const less = { consent: "loan-bob", fields: ["income"], until: stage.chainTime() + days(10), most: 2 };
    expect(await stage.call("consents.give", less, "bob.city")).toMatchObject({ outcome: "applied" });
    const both = { consent: "loan-bob", number: 0, purpose: "loan", fields: ["income", "debts"] };
    expect(await stage.act("consents.use", both, "c:wine")).toMatchObject({ code: "consents.beyond_fields" });
    for (const number of [0, 1]) await stage.applied("consents.use", { ...both, number, fields: ["income"] }, "c:wine");
    const income = { consent: "loan-bob", fields: ["income"], payload };
    await stage.applied("consents.deliver", { ...income, number: 0 }, "tax");
    expect(await stage.call("consents.revoke", { consent: "loan-bob" }, "bob.city")).toMatchObject({ outcome: "applied" });
    expect(await stage.act("consents.deliver", { ...income, number: 1 }, "tax")).toMatchObject({ code: "consents.not_live" });

    await stage.applied("consents.request", ask(stage, { consent: "adult-carl", subject: "p:carl.city" }), "c:wine");
    const again = ask(stage, { consent: "adult-carl-again", subject: "p:carl.city" });
    expect(await stage.act("consents.request", again, "c:wine")).toMatchObject({ code: "consents.asked_lately" });
    await stage.audited("consents");
  },
  async later(stage) {
    await stage.until("consents/consent/adult-ann", "expired");
    await stage.until("consents/consent/adult-carl", "lapsed");
    expect((await stage.until("consents/use/loan-bob/1/0", "lapsed")).fields).toMatchObject({ user: "c:wine" });
    await stage.audited("consents");
  },
} satisfies Story;
