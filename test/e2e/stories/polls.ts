// A poll from the list of electors to its result: three voters whose tickets two issuers sign blind, poll keys without names, one who thinks again, the sum
// that the chain makes by itself, two of three trustees, counts that a citizen publishes and anybody proves offline.

import { expect } from "vitest";
import { seedSigner } from "../../../src/client/build.ts";
import { hours } from "../../../src/contracts/engine/index.ts";
import { PollFixture, pollKey } from "../../unit/contracts/pollsTown.ts";
import { seedOf } from "../../unit/contracts/scenario.ts";
import { Trustees } from "../../unit/contracts/trustees.ts";
import type { Stage, Story } from "../stage.ts";

const names = ["ann", "bob", "carl"];
const issuerNames = ["tax", "courts"];
const trusteeNames = ["courts", "land", "health"];
const person = (name: string): string => `p:${name}.participation`;
let poll: PollFixture;

/** Signed by a poll key alone, and sent by whoever has it. */
async function anonymously(stage: Stage, action: string, args: object, name: string): Promise<any> {
  const signer = seedSigner(seedOf(pollKey(name)));
  const draft = stage.ledger.transaction(action, args as never, { signers: [signer.publicKey], notAfter: stage.chainTime() + hours(1) });
  return stage.ledger.submit((await draft.sign(signer)).finish(), { timeout: "90s" });
}
const together = async (of: readonly string[], act: (name: string, i: number) => Promise<unknown>): Promise<void> =>
  void (await Promise.all(of.map(act)));

export default {
  title: "a poll is called, its tickets are signed blind, ballots are cast and cast again, and the counts are proved",
  async today(stage) {
    const { ledger } = stage;
    const applied: Stage["applied"] = async (...it) => stage.applied(...it);
    const chainTime = (): number => stage.chainTime();
    // Two agencies sign the tickets: the members have agreed that the courts may.
    const issuer = { proposal: "polls-issuer", member: "tax", kind: "role.grant", agency: "courts", role: "polls.issuer", scope: "" };
    await applied("governance.propose", issuer, "tax");
    for (const member of ["tax", "courts", "land"])
      await applied("governance.vote", { proposal: "polls-issuer", member, vote: "yes" }, member);
    const list = { electorate: "district-5", title: "District 5" };
    expect(await stage.call("polls.establish", list, "tax")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("polls.establish", list, "land")).toMatchObject({ code: "engine.not_entitled" });
    await applied("polls.enter", { electorate: "district-5", persons: names.map(person) }, "tax");

    const trustees = new Trustees(ledger.network, "key-depot", trusteeNames, 2);
    await applied("ceremonies.open", trustees.open({ time: chainTime() }), "tax");
    await together(trusteeNames, async (name, i) => applied("ceremonies.commit", trustees.commit(i + 1), name));
    await together(trusteeNames, async (name, i) => {
      const { shares, ...dealt } = trustees.reveal(i + 1);
      await applied("ceremonies.reveal", { ...dealt, shares: shares.map((share) => ({ ...share })) }, name);
    });
    await together(trusteeNames, async (name, i) => applied("ceremonies.accept", { ceremony: "key-depot", index: i + 1 }, name));
    await applied("ceremonies.complete", trustees.complete(1), "courts");

    poll = new PollFixture("depot", { kind: "one", options: 3 }, 3, { network: ledger.network, person, trustees });
    const opens = chainTime() + 7_000;
    const times = { keys_until: opens - 2, requests_until: opens - 1, opens, closes: opens + hours(24) };
    await applied("polls.call", { ...poll.terms({ time: chainTime() }), ...times, issuers: issuerNames }, "tax");
    await together(issuerNames, async (name, i) => applied("polls.putKey", poll.putKey(i + 1), name));
    expect(await stage.act("polls.request", poll.request("ann"), "bob.participation")).toMatchObject({ code: "engine.signature_missing" });
    await together(names, async (name) => applied("polls.request", poll.request(name), `${name}.participation`));
    await together(issuerNames, async (name, i) => applied("polls.grant", poll.grant(i + 1, ...names), name));
    await stage.until("polls/poll/depot", "open");

    await together(names, async (name) =>
      expect(await anonymously(stage, "polls.admit@1", poll.admit(name), name)).toMatchObject({ status: "applied" }),
    );
    expect(await anonymously(stage, "polls.admit@1", poll.admit("ann"), "ann")).toMatchObject({ code: "polls.admitted_once" });
    const cast = async (name: string, option: number, version = 1): Promise<any> =>
      anonymously(stage, "polls.cast@1", poll.ballot(name, [option], version), name);
    await together(names, async (name) => expect(await cast(name, 0)).toMatchObject({ status: "applied" }));
    expect(await cast("ann", 1, 2)).toMatchObject({ status: "applied" });
    expect(await cast("ann", 0, 1)).toMatchObject({ code: "polls.version_next" });
    expect(await stage.act("polls.share", poll.share(1, poll.ballot("bob", [0]).ciphertexts), "courts")).toMatchObject({
      code: "polls.not_summed",
    });
    expect(await stage.record("polls/turnout/depot")).toMatchObject({ fields: { requested: 3, granted: 3, admitted: 3, cast: 3 } });
  },

  async later(stage) {
    const tally = await stage.until("polls/tally/depot", "summed"); // closed and summed by the chain itself
    expect(tally.fields).toMatchObject({ ballots: 3, shares: 0 });
    const sum = new Uint8Array(Buffer.from(tally.fields.sum, "hex"));
    for (const [index, name] of [
      [1, "courts"],
      [3, "health"],
    ] as const)
      await stage.applied("polls.share", poll.share(index, sum), name);
    const result = poll.opened(sum, 1, 3);
    expect(result.counts).toEqual([2, 1, 0]);
    const published = { ...result, counts: [1, 2, 0] };
    expect(await stage.act("polls.publish", published, "carl.participation")).toMatchObject({ code: "polls.counts_wrong" });
    await stage.applied("polls.publish", result, "carl.participation");
    expect(await stage.proved("polls/tally", "depot")).toMatchObject({
      valid: true,
      record: { status: "opened", fields: { counts: [2, 1, 0] } },
    });
    await stage.audited("polls");
  },
} satisfies Story;
