// A tender on a live network: three trustees on their own machines make its key; bids, one of which its bidder will not open; award, tranches, release
// in the open standard. Everything by the command line and over HTTP. docs/operations.md, "Trustees".

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readKeyHeader } from "../../src/base/keyFile.ts";
import { cli, type Network, type Ran, startNetwork } from "./support.ts";

let network: Network;
let api: string;
const file = (name: string): string => path.join(network.directory, name);
const LIMIT = 240_000;

/** An act by the command line. */
async function call(action: string, args: object, ...keys: string[]): Promise<Ran> {
  const signers = keys.flatMap((name) => ["--key", network.keys[name]!]);
  return cli("call", action, "--args", JSON.stringify(args), ...signers, "--node", api, "--timeout", "60s", "--json");
}
async function applied(action: string, args: object, ...keys: string[]): Promise<void> {
  const ran = await call(action, args, ...keys);
  expect(`${action}: ${ran.json?.outcome ?? ran.err} ${ran.json?.code ?? ""}`).toBe(`${action}: applied `);
}
const trustee = async (verb: "join" | "share", ceremony: string, name: string, ...more: string[]): Promise<Ran> =>
  cli(
    ...["trustee", verb, ceremony, "--key", network.keys[name]!, "--secret", file(`${name}.secret`)],
    ...[
      "--node",
      network.nodes[name.length % network.nodes.length]!.api,
      "--genesis",
      network.genesis,
      "--timeout",
      "120s",
      "--json",
      ...more,
    ],
  );

beforeAll(async () => {
  network = await startNetwork(4);
  api = network.nodes[0]!.api;
}, LIMIT);
afterAll(async () => network?.stop());

describe("a ceremony", () => {
  test("of three trustees at three machines makes a key; each keeps his part of it and nothing else", { timeout: LIMIT }, async () => {
    const now = Date.now();
    const [commit_until, reveal_until, accept_until] = [1, 2, 3].map((n) => now + n * 600_000);
    const trustees = ["tax", "courts", "p:ann"];
    await applied("ceremonies.open", { ceremony: "t-1", trustees, threshold: 2, commit_until, reveal_until, accept_until }, "tax");
    expect(await trustee("join", "t-1", "bob", "--unprotected")).toMatchObject({ code: 2, problem: { code: "key.purpose" } });
    expect(
      await cli(
        "trustee",
        "join",
        "t-9",
        "--key",
        network.keys["ann"]!,
        "--node",
        api,
        "--genesis",
        network.genesis,
        "--unprotected",
        "--json",
      ),
    ).toMatchObject({ code: 2 });
    // One begins alone and is told that he waits; the same command goes on where he was.
    const alone = await cli(
      ...["trustee", "join", "t-1", "--key", network.keys["ann"]!, "--secret", file("ann.secret"), "--unprotected"],
      ...["--node", api, "--genesis", network.genesis, "--timeout", "1s", "--json"],
    );
    expect(alone).toMatchObject({ code: 5, problem: { code: "ceremony.waits" } });
    expect(readKeyHeader(fs.readFileSync(file("ann.secret"), "utf8")).algorithm).toBe("ristretto255+dealing");
    const ran = await Promise.all(["tax", "courts", "ann"].map(async (name) => trustee("join", "t-1", name, "--unprotected")));
    expect(ran.map(({ code, err }) => `${code} ${err}`)).toEqual(["0 ", "0 ", "0 "]);
    const { json } = await cli("get", "ceremonies", "ceremony", "t-1", "--node", api, "--verify", "--genesis", network.genesis, "--json");
    expect(json).toMatchObject({ verified: true, status: "complete" });
    for (const [i, name] of ["tax", "courts", "ann"].entries()) {
      expect(ran[i]!.json).toMatchObject({ ceremony: "t-1", index: i + 1, key: json.fields.key });
      const { algorithm, publicKey } = readKeyHeader(fs.readFileSync(file(`${name}.secret`), "utf8"));
      expect([algorithm, Buffer.from(publicKey).toString("hex")]).toEqual(["ristretto255", json.fields.verification[i]]);
      expect(fs.statSync(file(`${name}.secret`)).mode & 0o077).toBe(0);
    }
    // Again is no harm; with another's secret it is refused.
    expect(await trustee("join", "t-1", "tax", "--unprotected")).toMatchObject({ code: 0, json: { index: 1 } });
    fs.copyFileSync(file("tax.secret"), file("bob.secret"));
    expect(
      await cli(
        ...["trustee", "join", "t-1", "--key", network.keys["ann"]!, "--secret", file("bob.secret")],
        ...["--node", api, "--genesis", network.genesis, "--unprotected", "--json"],
      ),
    ).toMatchObject({ code: 1, problem: { code: "check.failed" } });
  });
});
