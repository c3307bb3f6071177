// A question to two holders of data: both are entitled by vote, both consent, it runs once, both attest the same, and what came out is published.

import { expect } from "vitest";
import { hex, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import { attestation } from "../../../src/contracts/kit/attestation.ts";
import type { Story } from "../stage.ts";

const holders = ["courts", "land"] as const;
const result = utf8("1,204 households");
const found = (holder: string) => ({
  query: "q-1",
  round: 1,
  holder,
  result: sha256(result),
  size: result.length,
  salt: sha256(utf8(holder)),
});

export default {
  title: "a joint computation is consented to by each holder, runs once, and its result is what both attest",
  async today(stage) {
    for (const agency of holders) {
      const [proposal, grant] = [`${agency}-holds`, { kind: "role.grant", agency, role: "computation.holder", scope: "" }];
      await stage.applied("governance.propose", { proposal, member: "tax", ...grant }, "tax");
      for (const member of ["tax", "courts", "land"]) await stage.applied("governance.vote", { proposal, member, vote: "yes" }, member);
    }

    const query = {
      holders: [...holders],
      needed: 2,
      purpose: "housing-study",
      program: hex(sha256(utf8("program"))),
      open: true,
      most: 64,
    };
    const until = stage.chainTime() + days(30);
    expect(await stage.call("computation.propose", { query: "q-1", ...query, until }, "tax")).toMatchObject({ outcome: "applied" });
    const run = { query: "q-1", round: 1 };
    expect(await stage.call("computation.run", run, "tax")).toMatchObject({ code: "computation.not_approved" });
    for (const holder of holders)
      await stage.applied("computation.consent", { ...run, holder, input: sha256(utf8(`data of ${holder}`)) }, holder);
    await stage.applied("computation.run", run, "tax");
    expect(await stage.call("computation.run", run, "tax")).toMatchObject({ code: "computation.run_once" });
    for (const holder of holders)
      await stage.applied("computation.attest", { ...run, holder, seal: sha256(attestation(found(holder))) }, holder);
    expect(await stage.act("computation.open", { ...found("land"), size: 1 }, "land")).toMatchObject({
      code: "computation.not_as_attested",
    });
    for (const holder of holders) await stage.applied("computation.open", found(holder), holder);
    expect(await stage.call("computation.publish", { ...run, result: hex(result) }, "tax")).toMatchObject({ outcome: "applied" });
    expect(await stage.proved("computation/run", "q-1/1")).toMatchObject({
      ...{ valid: true, record: { status: "attested", fields: { parties: holders, published: hex(result) } } },
    });
    expect(await stage.call("computation.propose", { query: "q-2", ...query, holders: ["tax", "land"], until }, "tax")).toMatchObject({
      code: "computation.parties_fit",
    });
    await stage.applied("computation.renew", { query: "q-1", until: stage.chainTime() + days(20) }, "tax");
    await stage.audited("computation");
  },
  async later(stage) {
    expect((await stage.until("computation/query/q-1", "lapsed")).fields.round).toBe(2);
    await stage.audited("computation");
  },
} satisfies Story;
