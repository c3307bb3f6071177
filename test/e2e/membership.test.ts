// How a network comes to be and changes: founders who do not trust each other, an observer that follows and serves, a seat won by vote, an epoch's end,
// an anchor. docs/operations.md, "Founding a network", "Members and validators".

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli, deposit, get, type Network, startDaemon, startNetwork, waitFor } from "./support.ts";

describe("founding by four agencies", () => {
  let directory: string;
  const at = (...parts: string[]): string => path.join(directory, ...parts);
  beforeAll(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-founding-"));
    fs.writeFileSync(at("passphrase"), "correct horse battery\n", { mode: 0o600 });
  });
  afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));
  const done = async (...args: string[]): Promise<any> => {
    const ran = await cli(...args, "--json");
    expect(ran, `${args.join(" ")}: ${ran.err}`).toMatchObject({ code: 0 });
    return ran.json;
  };

  test("each makes keys and signs; two build the same bytes; a node refuses until the last founder has signed", async () => {
    fs.mkdirSync(at("members"));
    const ids = ["courts", "health", "land", "tax"];
    const prepare = async (id: string): Promise<void> => {
      // A passphrase costs a third of a second and 128 MB for each key: one agency shows it for all.
      const sealed = id === "courts" ? ["--passphrase-file", at("passphrase")] : ["--unprotected"];
      await done("init", "--home", at(id), "--organisation", id, "--name", `The ${id}`, ...sealed);
      await done("keys", "new", "--for", "organisation", "--out", at(`${id}.key`), "--unprotected");
      await done("member", "sign", at(id, `${id}.member.json`), "--key", at(`${id}.key`));
      fs.copyFileSync(at(id, `${id}.member.json`), at("members", `${id}.member.json`));
    };
    await Promise.all(ids.map(prepare));
    fs.writeFileSync(
      at("plan.toml"),
      'name = "Four"\npurpose = "production"\n\n[parameters]\nheartbeat_ms = 5000\n\n[[grants]]\nrole = "evidence.depositor"\nagency = "courts"\n',
    );
    const build = (out: string): Promise<any> =>
      done(
        "genesis",
        "build",
        "--members",
        at("members"),
        "--parameters",
        at("plan.toml"),
        "--time",
        "2026-01-01T00:00:00Z",
        "--out",
        at(out),
      );
    const { network } = await build("genesis.json");
    expect((await build("again.json")).network).toBe(network);

    // Nobody's word is taken: each looks for his own file inside before he signs.
    await done("genesis", "check", at("genesis.json"), "--member", at("tax", "tax.member.json"));
    const parts: string[] = [];
    for (const id of ids.slice(0, 3)) parts.push((await done("genesis", "sign", at("genesis.json"), "--key", at(`${id}.key`))).file);
    await done("genesis", "seal", at("genesis.json"), ...parts);
    fs.copyFileSync(at("genesis.json"), at("courts", "genesis.json"));
    const early = await startDaemon(at("courts"));
    expect(await early.ended).toBe(2);
    expect(early.err()).toContain("tax has not signed");

    const last = await done("genesis", "sign", at("genesis.json"), "--key", at("tax.key"));
    expect(await done("genesis", "seal", at("genesis.json"), last.file)).toMatchObject({ problems: [], network, quorum: 3 });
    expect((await cli("doctor", "--home", at("courts"), "--json")).json.findings).toContainEqual(
      expect.objectContaining({ name: "configuration", verdict: "ok" }),
    );
  });

  test("a founder whose member file was altered does not sign", async () => {
    await done("init", "--home", at("other"), "--organisation", "tax", "--name", "Another tax", "--unprotected");
    const unsigned = await cli("member", "show", at("other", "tax.member.json"), "--json");
    expect(unsigned).toMatchObject({ code: 1, json: { problems: [expect.stringContaining("has not signed")] } });
    await done("member", "sign", at("other", "tax.member.json"), "--key", at("tax.key"));
    const checked = await cli("genesis", "check", at("genesis.json"), "--member", at("other", "tax.member.json"), "--json");
    expect(checked).toMatchObject({ code: 1, problem: { code: "check.failed" } });
  });
});

describe("an observer wins a seat", () => {
  let network: Network;
  beforeAll(async () => {
    network = await startNetwork(4, "--observers", "1");
  }, 240_000);
  afterAll(async () => network?.stop());

  test("it follows, serves reads, and hands its clients' acts to a validator", async () => {
    const observer = network.nodes[4]!;
    expect((await get(`${observer.api}/v1/node`)).body).toMatchObject({ organisation: "agency5", role: "observer" });
    const called = await cli(
      "call",
      "evidence.deposit",
      "--args",
      deposit("O1"),
      "--key",
      network.keys["tax"]!,
      "--node",
      observer.api,
      "--json",
    );
    expect(called, called.err).toMatchObject({ code: 0, json: { outcome: "applied" } });
    expect(await cli("get", "evidence", "deposit", "O1", "--node", observer.api, "--json")).toMatchObject({ code: 0 });
  });

  test("more than two thirds of the members vote for it; at the epoch's end it validates, and an anchor carries trust over the change", async () => {
    const [first, observer] = [network.nodes[0]!, network.nodes[4]!];
    const ready = async (): Promise<true | undefined> =>
      (await get(`${first.api}/v1/records/governance/member/agency5`)).body.fields.ready === undefined ? undefined : true;
    await waitFor("agency5 to say that it is ready", ready);
    const act = async (...args: string[]): Promise<any> => {
      const ran = await cli(...args, "--node", first.api, "--json");
      expect(ran, ran.err).toMatchObject({ code: 0, json: { outcome: "applied" } });
      return ran.json;
    };
    await act("propose", "validator.add", "agency5", "--id", "seat", "--key", network.keys["tax"]!);
    for (const voter of ["tax", "courts", "land", "health"]) await act("vote", "seat", "yes", "--key", network.keys[voter]!);
    expect(await cli("proposals", "seat", "--node", first.api, "--json")).toMatchObject({ code: 0, json: { status: "enacted" } });
    await waitFor("the new set", async () => ((await get(`${first.api}/v1/validators`)).body.items.length === 5 ? true : undefined));
    await act("call", "evidence.deposit", "--args", deposit("O2"), "--key", network.keys["tax"]!);
    await waitFor("agency5 to validate", async () => ((await get(`${observer.api}/v1/node`)).body.role === "validator" ? true : undefined));

    await waitFor("O2 at agency5", async () =>
      (await get(`${observer.api}/v1/records/evidence/deposit/O2`)).status === 200 ? true : undefined,
    );

    const file = (name: string): string => path.join(network.directory, name);
    expect(await cli("anchor", "--genesis", network.genesis, "--out", file("anchor.json"), "--node", first.api, "--json")).toMatchObject({
      code: 0,
    });
    await cli("prove", "evidence", "deposit", "O2", "--out", file("o2.json"), "--node", observer.api, "--json");
    const byGenesis = await cli("verify", file("o2.json"), "--genesis", network.genesis, "--json");
    expect(byGenesis).toMatchObject({ code: 0, json: { valid: true, trust: "genesis", warnings: ["long_range"], quorum: [4, 5] } });
    await cli(
      "prove",
      "evidence",
      "deposit",
      "O2",
      "--out",
      file("o2a.json"),
      "--anchor",
      file("anchor.json"),
      "--node",
      observer.api,
      "--json",
    );
    const byAnchor = await cli("verify", file("o2a.json"), "--genesis", network.genesis, "--anchor", file("anchor.json"), "--json");
    expect(byAnchor).toMatchObject({ code: 0, json: { valid: true, trust: "anchor", warnings: [] } });
    expect(fs.statSync(file("o2a.json")).size).toBeLessThan(fs.statSync(file("o2.json")).size);
  });
});
