// Money on a live network, as citizens, offices and auditors use it: by command line and HTTP, proved offline, audited on a node and in a home.

import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadKey } from "../../src/base/keyFile.ts";
import { seedSigner } from "../../src/client/build.ts";
import { connect, type Ledger } from "../../src/client/index.ts";
import { cli, type Network, startNetwork, waitFor } from "./support.ts";

let network: Network;
let ledger: Ledger;
let api: string;
const file = (name: string): string => path.join(network.directory, name);

beforeAll(async () => {
  network = await startNetwork(4);
  api = network.nodes[0]!.api;
  ledger = await connect({ nodes: network.nodes.map((node) => node.api), genesis: network.genesis });
}, 180_000);
afterAll(async () => network?.stop());

/** By the command line; the receipt. */
async function call(action: string, args: object, ...keys: string[]): Promise<any> {
  const by = keys.flatMap((name) => ["--key", network.keys[name]!]);
  const { json, problem } = await cli("call", action, "--args", JSON.stringify(args), ...by, "--node", api, "--timeout", "60s", "--json");
  return json ?? problem;
}
/** Over HTTP, by the client library; the outcome. */
async function act(action: string, args: Parameters<Ledger["transaction"]>[1], ...keys: string[]): Promise<any> {
  const signers = keys.map((name) => seedSigner(loadKey(network.keys[name]!).secret));
  let draft = ledger.transaction(action, args, { signers: signers.map((s) => s.publicKey) });
  for (const signer of signers) draft = await draft.sign(signer);
  return ledger.submit(draft.finish(), { timeout: "60s" });
}
/** The record's proof, verified with nothing but files. */
async function proved(collection: string, key: string): Promise<any> {
  const [contract, name] = collection.split("/") as [string, string];
  const out = file(`${name}.proof.json`);
  expect(await cli("prove", contract, name, key, "--node", api, "--out", out, "--json")).toMatchObject({
    code: 0,
    json: { present: true },
  });
  const { json } = await cli("verify", out, "--genesis", network.genesis, "--json");
  return json;
}
const audit = async (contract: string, ...args: string[]): Promise<any> => cli("audit", contract, "--json", ...args);

describe("points", () => {
  test("are funded, awarded and given; the account is proved offline", async () => {
    const walk = { programme: "walk", period: "q1" };
    expect(await call("points.fund", { ...walk, amount: "1000" }, "tax")).toMatchObject({ outcome: "applied" });
    const awards = [{ person: "p:ann.city", amount: "500" }];
    expect(await call("points.award", { ...walk, awards }, "tax")).toMatchObject({ outcome: "applied" });
    expect(await call("points.award", { ...walk, awards }, "tax")).toMatchObject({ outcome: "rejected", code: "points.awarded_once" });
    const gift = { from: "p:ann.city", to: "p:bob.city", amount: 120n };
    expect(await act("points.transfer@1", gift, "bob.city")).toMatchObject({ status: "rejected", code: "engine.signature_missing" });
    expect(await act("points.transfer@1", gift, "ann.city")).toMatchObject({ status: "applied" });
    expect(await proved("points/account", "p:ann.city")).toMatchObject({ valid: true, record: { fields: { balance: 380, held: 0 } } });
  });

  test("are audited on a node, as they stood at one height while transfers go on", async () => {
    const before = await audit("points", "--node", api);
    expect(before).toMatchObject({ code: 0, json: { holds: true, audits: [{ name: "supply", figures: { awarded: "500" } }, {}, {}, {}] } });
    let going = true;
    const load = (async () => {
      for (let i = 0; going; i++) await act("points.transfer@1", { from: "p:ann.city", to: "p:bob.city", amount: 1n }, "ann.city");
    })();
    expect(await audit("points", "--node", api)).toMatchObject({ code: 0, json: { holds: true } });
    const then = await audit("points", "--node", api, "--at", String(before.json.asOf.height));
    going = false;
    await load;
    expect({ ...then.json, seconds: 0 }).toEqual({ ...before.json, seconds: 0 });
    expect((await audit("points", "--node", api, "--at", "0")).json).toMatchObject({ rows: 0, holds: true });
    expect(await audit("nothing", "--node", api)).toMatchObject({ code: 2, problem: { code: "usage.invalid" } });
    expect(await audit("points", "--node", api, "--at", "999999999")).toMatchObject({ code: 1, problem: { code: "block.unknown" } });
  });
});

describe("a node that is stopped", () => {
  test("has its home audited, its rows held against the certified root", async () => {
    const node = network.nodes[3]!;
    const running = await audit("points", "--home", node.home);
    expect(running).toMatchObject({ code: 10, problem: { code: "start.locked" } });
    process.kill(node.pid, "SIGTERM");
    const stopped = await waitFor("the home is free", async () => {
      const ran = await audit("points", "--home", node.home);
      return ran.problem?.code === "start.locked" ? undefined : ran;
    });
    expect(stopped).toMatchObject({
      code: 0,
      json: { holds: true, rows: expect.any(Number), audits: [{ figures: { retired: "0" } }, {}, {}, {}] },
    });
  });
});
