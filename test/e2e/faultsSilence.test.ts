// Nodes that lost what they had signed: wiped, without their journal, put back from an old image. Each notices by itself, follows silently, asks for
// epoch ends, votes again from epoch x + 2 on, and contradicts nothing. docs/protocol.md §4.7.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster, Load, logged, logOf, type Member } from "./harness.ts";
import { waitFor } from "./support.ts";

let cluster: Cluster;
let load: Load;
const down = new Set<Member>();

beforeAll(async () => {
  cluster = await Cluster.start({ validators: 4, parameters: { epoch_length: 1_000, heartbeat_ms: 1_000, proposal_interval_ms: 20 } });
  // Light load all the while, at whoever is up.
  load = new Load(cluster, "load", () => cluster.members.filter((m) => !down.has(m)), 30);
}, 240_000);
afterAll(async () => {
  await load?.stop();
  await cluster?.stop();
});

const remove = (member: Member, ...parts: string[]): void => {
  for (const part of parts) fs.rmSync(path.join(member.home, part), { recursive: true, force: true });
};
const halt = async (member: Member, signal?: NodeJS.Signals): Promise<void> => {
  down.add(member);
  await cluster.halt(member, signal);
};

/** Starts it again; it gets load only once it has caught up. */
async function restart(member: Member, height: number): Promise<void> {
  await cluster.run(member);
  await cluster.reaches(member, height);
  down.delete(member);
}

/** Follows a silent node to its first vote: no certificate that the others hold names it in an epoch before the settled one. */
async function votesAgain(victim: Member, witness: Member, silentFrom: number, lines: number): Promise<void> {
  const { from } = await logged(victim.home, "silence.settled", undefined, undefined, lines);
  await logged(victim.home, "silence.over", undefined, undefined, lines);
  const first = await cluster.signs(victim.id, witness);
  expect((await cluster.block(witness, first)).epoch).toBeGreaterThanOrEqual(from);
  for (let height = silentFrom; height <= first; height++) {
    const { epoch, confirmedBy } = await cluster.block(witness, height);
    if (epoch < from) expect(confirmedBy, `block ${height} of epoch ${epoch}`).not.toContain(victim.id);
  }
  await waitFor("the same block", async () => ((await cluster.sameBlock(first)) ? true : undefined));
  expect(await cluster.equivocations(witness)).toBe(0);
  expect(load.failed).toEqual([]);
}

describe("a node that lost what it signed", () => {
  test("wiped but for its keys: syncs by itself, is silent until epoch x + 2, asks for epoch ends, votes again", async () => {
    const [witness, victim] = [cluster.named("tax"), cluster.named("land")];
    await halt(victim, "SIGKILL");
    const { height, epoch } = await cluster.status(witness);
    remove(victim, "db", "state", "journal");
    const lines = logOf(victim.home).length;
    await restart(victim, height);
    expect(await logged(victim.home, "silence.begun", undefined, undefined, lines)).toMatchObject({ reason: "no intact journal" });
    expect((await logged(victim.home, "silence.settled", undefined, undefined, lines))["from"]).toBeGreaterThanOrEqual(epoch + 2);
    await votesAgain(victim, witness, height + 1, lines);
    // Epochs of a thousand blocks have ended because it asked.
    expect(logOf(victim.home, "act.submitted").length).toBeGreaterThanOrEqual(2);
  }, 240_000);

  test("the journal alone is gone: the same; a restart in between does not end the silence", async () => {
    const [witness, victim] = [cluster.named("land"), cluster.named("tax")];
    await halt(victim);
    const { height } = await cluster.status(witness);
    remove(victim, "journal");
    const lines = logOf(victim.home).length;
    await restart(victim, height);
    await logged(victim.home, "silence.settled", undefined, undefined, lines);
    await halt(victim, "SIGKILL");
    const again = logOf(victim.home).length;
    await restart(victim, height);
    expect(await logged(victim.home, "start.ready", undefined, undefined, again)).toMatchObject({ silent: true });
    await votesAgain(victim, witness, height + 1, lines);
  }, 240_000);

  const images: [when: string, another: boolean][] = [
    ["of this epoch", false],
    ["of an epoch that is over", true],
  ];
  test.each(process.env["CHANCERY_LONG"] === undefined ? images.slice(0, 1) : images)(
    "an old image of the home %s is put back: its own votes are shown to it, and it is silent",
    async (_when, another) => {
      const [witness, victim] = [cluster.named("courts"), cluster.named("health")];
      const image = path.join(cluster.directory, `image-${another}`);
      await halt(victim);
      fs.cpSync(victim.home, image, { recursive: true });
      await restart(victim, (await cluster.status(witness)).height);
      const { epoch } = await cluster.status(witness);
      await cluster.signsForAll(victim.id);
      if (another) {
        await cluster.act(witness, witness, "governance.endEpoch@1", { member: witness.id }, "30s", witness.keys.consensus);
        await waitFor("the next epoch", async () => ((await cluster.status(witness)).epoch > epoch ? true : undefined));
      }
      await halt(victim, "SIGKILL");
      const { height } = await cluster.status(witness);
      fs.rmSync(victim.home, { recursive: true });
      fs.renameSync(image, victim.home);
      const lines = logOf(victim.home).length;
      await restart(victim, height);
      expect(await logged(victim.home, "silence.begun", undefined, undefined, lines)).toMatchObject({
        reason: "own votes that the journal lacks",
      });
      await votesAgain(victim, witness, height + 5, lines);
    },
    240_000,
  );
});
