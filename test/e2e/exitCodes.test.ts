// Exit codes of a daemon that no other test shows on real processes: 2 where its address is taken; 13, two certified blocks stand at one height; 14, a release that this network's genesis does
// not name. The others: 0, 10, 11, 12, 15, 70 in idle, oneNode, faultsDamage, faultsDisk and fourNodes. docs/operations.md.

import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { Cluster } from "./harness.ts";
import { otherRelease } from "./support.ts";

let cluster: Cluster | undefined;
afterAll(async () => cluster?.stop());

test("13: the only validator signed two histories, from a copy of its home; whoever followed the one ends when shown the other", async () => {
  cluster = await Cluster.start({ validators: 1, observers: 1, parameters: { heartbeat_ms: 1_000 } });
  const [tax, courts] = [cluster.named("tax"), cluster.named("courts")];
  await cluster.deposit("both", tax);
  await cluster.has(courts, "both");
  await cluster.halt(tax);
  fs.cpSync(tax.home, path.join(cluster.directory, "copy"), { recursive: true });

  await cluster.run(tax);
  await cluster.deposit("one", tax);
  await cluster.has(courts, "one");
  const { height } = await cluster.status(courts);
  await cluster.halt(tax);
  await cluster.halt(courts);

  // The copy stands in its place; nobody is there who could tell it what its key has signed.
  fs.rmSync(tax.home, { recursive: true });
  fs.renameSync(path.join(cluster.directory, "copy"), tax.home);
  await cluster.run(tax);
  await cluster.deposit("other", tax);
  await cluster.reaches(tax, height + 2);

  const daemon = cluster.spawn(courts);
  expect(await daemon.ended).toBe(13);
  expect(daemon.err()).toMatch(/chain\.(conflict|diverged)/);
}, 180_000);

test("14: another release, whose contracts are not those of the genesis: it says which it needs, and signs nothing", async () => {
  const release = otherRelease(
    "contracts/documents/evidenceRecords.ts",
    "    entries: count,",
    "    entries: count,\n    weight: optional(count),",
  );
  try {
    cluster ??= await Cluster.found({ validators: 1 });
    const [tax] = cluster.members;
    await cluster.halt(tax!);
    const own = tax!.main;
    tax!.main = release.main;
    const daemon = cluster.spawn(tax!);
    expect(await daemon.ended).toBe(14);
    expect(daemon.err()).toMatch(/names contracts [0-9a-f]{16}, this release has [0-9a-f]{16}/);
    expect(daemon.err()).toContain("install the release that the founders built the genesis with");
    tax!.main = own;
  } finally {
    release.remove();
  }
}, 60_000);

test("2: another process listens at its API's address: the node ends, and does not go on voting unseen", async () => {
  cluster ??= await Cluster.found({ validators: 1 });
  const [tax] = cluster.members;
  await cluster.halt(tax!);
  const { hostname, port } = new URL(tax!.api);
  const other = net.createServer().listen(Number(port), hostname);
  await new Promise((resolve) => other.once("listening", resolve));
  try {
    const daemon = cluster.spawn(tax!);
    expect(await daemon.ended).toBe(2);
    expect(daemon.err()).toContain("another process listens there");
  } finally {
    other.close();
  }
}, 60_000);
