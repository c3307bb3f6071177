// A hospital's bill: claimed from a payer, granted in part, paid; another claim meets silence, which the chain itself calls late.

import { expect } from "vitest";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Story } from "../stage.ts";

const seal = (size: number) => ({ root: new Uint8Array(32).fill(8), size });
const bill = { hospital: "tax", number: "2027-1" };
const first = { ...bill, line: 1, payer: "tax" };

export default {
  title: "a bill is claimed line by line, never reimbursed beyond it, and paid once; a payer's silence is late",
  async today(stage) {
    const lines = [100_00n, 35_57n].map((amount) => ({ amount, content: seal(4) }));
    const issue = { ...bill, patient: "p:ann.health", issued: stage.chainTime() - days(1), currency: "EUR", total: 135_57n, lines };
    expect(await stage.act("bills.issue", { ...issue, total: 135_58n }, "tax")).toMatchObject({ code: "bills.totals_hold" });
    await stage.applied("bills.issue", issue, "tax");
    const claim = { ...bill, payer: "tax", payee: "p:ann.health", lines: [1, 2].map((line) => ({ line, asked: "3557" })) };
    expect(await stage.call("bills.claim", claim, "bob.health")).toMatchObject({ code: "engine.signature_missing" });
    expect(await stage.call("bills.claim", claim, "ann.health")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("bills.claim", claim, "ann.health")).toMatchObject({ code: "bills.claimed_once" });
    const grant = { ...first, grant: 30_00n };
    expect(await stage.act("bills.adjudicate", grant, "tax")).toMatchObject({ code: "bills.ground_given" });
    await stage.applied("bills.adjudicate", { ...grant, ground: "share-85" }, "tax");
    const pay = { payer: "tax", payment: "p-1", claims: [{ ...bill, line: 1 }], amount: "3000" };
    expect(await stage.call("bills.pay", pay, "tax")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("bills.pay", { ...pay, payment: "p-2" }, "tax")).toMatchObject({ code: "engine.illegal_move" });
    const reversal = { ...bill, by: "2027-1-r", ground: "wrong" };
    expect(await stage.act("bills.reverse", reversal, "tax")).toMatchObject({ code: "bills.reimbursed" });
    expect(await stage.proved("bills/claim", "tax/2027-1/1/tax")).toMatchObject({
      valid: true,
      record: { status: "paid", fields: { granted: 3_000, paid: [{ payment: "p-1", amount: 3_000 }], ground: "share-85" } },
    });
    await stage.audited("bills");
  },
  async later(stage) {
    expect((await stage.until("bills/claim/tax/2027-1/2/tax", "late")).fields).toMatchObject({ granted: "0" });
    await stage.applied("bills.appeal", { ...first, line: 2, appeal: seal(1) }, "ann.health");
    await stage.audited("bills");
  },
} satisfies Story;
