// A saver's account and a debtor's entry: a batch that proves its record, a move that nobody receives, a check by authority, an entry that nobody decides on.

import { expect } from "vitest";
import { hex, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import { noBatch } from "../../../src/contracts/kit/journal.ts";
import { recordOf } from "../../../src/contracts/sharing/providentRecords.ts";
import type { Story } from "../stage.ts";

const [ann, bob] = ["p:ann.labour", "p:bob.labour"];
const items = Array.from({ length: 1_000 }, (_, i) => sha256(utf8(`record ${i}, salted`)));
const leaves = items.map((item) => leafHash(recordOf(ann, item)));
const batch = { first: 0, size: items.length, root: rootOf(leaves) };
const sealed = (size: number) => ({ root: sha256(utf8("sealed")), size });
const looks = { authorisation: "auth-1", centre: "ningbo", purpose: "loan", content: hex(sealed(4).root) };

export default {
  title: "a saver has one account, proves a record of a batch of a thousand, moves, and is looked up by authority alone",
  async today(stage) {
    for (const centre of ["hangzhou", "ningbo"]) await stage.applied("provident.establish", { centre }, "tax");
    const open = (account: string, saver: string, centre: string) => ({ account, saver, centre });
    await stage.applied("provident.open", open("hz-1", ann, "hangzhou"), "tax", "ann.labour");
    await stage.applied("provident.open", open("hz-2", bob, "hangzhou"), "tax", "bob.labour");
    expect(await stage.call("provident.open", open("nb-1", ann, "ningbo"), "tax", "ann.labour")).toMatchObject({
      code: "provident.one_active",
    });
    const day = Math.floor(stage.chainTime() / days(1)) - 1;
    const report = { centre: "hangzhou", ...batch, previous: noBatch.last, day, paid_in: 2_000_000n, paid_out: 5_000n };
    await stage.applied("provident.report", report, "tax");
    expect(await stage.act("provident.report", report, "tax")).toMatchObject({ code: "provident.gap" });
    const mine = { centre: "hangzhou", saver: ann, ...batch, item: items[617]!, index: 617, path: inclusionPath(leaves, 617) };
    expect(await stage.act("provident.prove", { ...mine, index: 616 }, "ann.labour")).toMatchObject({ code: "provident.not_in_batch" });
    expect(await stage.act("provident.prove", { ...mine, saver: bob }, "bob.labour")).toMatchObject({ code: "provident.not_in_batch" });
    await stage.applied("provident.prove", mine, "ann.labour");
    expect(await stage.proved("provident/entry", "hangzhou/0/617")).toMatchObject({ valid: true, record: { fields: { saver: ann } } });

    await stage.applied("provident.ask", { transfer: "t-1", account: "hz-1", to: "ningbo" }, "tax", "ann.labour");
    expect(await stage.call("provident.send", { transfer: "t-1", amount: "60000" }, "tax")).toMatchObject({ outcome: "applied" });

    const until = stage.chainTime() + days(30);
    const certificate = { certificate: "cert-1", account: "hz-2", content: sealed(4), until };
    await stage.applied("provident.certify", certificate, "tax", "bob.labour");
    await stage.applied(
      "provident.enter",
      {
        ...{ debt: "debt-1", saver: bob, centre: "ningbo", ground: "art-37-2", facts: sealed(1), until: stage.chainTime() + days(700) },
      },
      "tax",
    );
    const may = {
      authorisation: "auth-1",
      saver: bob,
      centre: "ningbo",
      purpose: "loan",
      certificate: "cert-1",
      debts: true,
      most: 1,
      until,
    };
    await stage.applied("provident.authorise", may, "bob.labour");
    expect(await stage.call("provident.check", looks, "tax")).toMatchObject({ outcome: "applied" });
    expect(await stage.act("provident.check", { ...looks, content: sealed(4).root }, "tax")).toMatchObject({
      code: "provident.no_authority",
    });
    expect(await stage.proved("provident/check", "auth-1/0")).toMatchObject({
      ...{ valid: true, record: { fields: { checker: "tax", serves: "serves", debts: "none" } } },
    });
    await stage.applied("provident.contest", { debt: "debt-1", objection: sealed(1) }, "bob.labour");
    const decides = { debt: "debt-1", decision: "upheld", ground: "art-40" };
    expect(await stage.act("provident.decide", decides, "tax")).toMatchObject({ code: "provident.own_case" });
    await stage.audited("provident");
  },
  async later(stage) {
    await stage.until("provident/transfer/t-1", "returned");
    await stage.until("provident/certificate/cert-1", "expired");
    await stage.until("provident/debt/debt-1", "struck");
    expect(await stage.proved("provident/account", "hz-1")).toMatchObject({
      valid: true,
      record: { fields: { centre: "hangzhou", moves: 0 } },
    });
    expect((await stage.record("provident/centre/hangzhou")).fields).toMatchObject({ held: "1995000", transit: "0" });
    await stage.audited("provident");
  },
} satisfies Story;
