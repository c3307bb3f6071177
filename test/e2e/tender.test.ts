// A tender on a live network: three trustees on their own machines make its key; bids, one of which its bidder will not open; award, tranches, release
// in the open standard. Everything by the command line and over HTTP. docs/operations.md, "Trustees".

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex, unhex } from "../../src/base/bytes.ts";
import { coefficientPoints, commitmentOf, maskShare, newDealing, proveConstant, proveReceiving } from "../../src/base/ceremonyKey.ts";
import { readKeyHeader } from "../../src/base/keyFile.ts";
import { multiplyBase } from "../../src/base/ristretto.ts";
import { readOcds } from "../../src/client/ocds.ts";
import { verify } from "../../src/client/verify.ts";
import { cli, get, type Network, type Ran, startNetwork, waitFor } from "./support.ts";

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
    const [commit_until, reveal_until, accept_until] = [1, 2, 3].map((n) => now + n * 3_600_000);
    const trustees = ["courts", "land", "health"];
    await applied("ceremonies.open", { ceremony: "t-1", trustees, threshold: 2, commit_until, reveal_until, accept_until }, "tax");
    expect(await trustee("join", "t-1", "bob", "--unprotected")).toMatchObject({ code: 2, problem: { code: "key.purpose" } });
    expect(
      await cli(
        "trustee",
        "join",
        "t-9",
        "--key",
        network.keys["land"]!,
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
      ...["trustee", "join", "t-1", "--key", network.keys["land"]!, "--secret", file("land.secret"), "--unprotected"],
      ...["--node", api, "--genesis", network.genesis, "--timeout", "1s", "--json"],
    );
    expect(alone).toMatchObject({ code: 5, problem: { code: "ceremony.waits" } });
    expect(readKeyHeader(fs.readFileSync(file("land.secret"), "utf8")).algorithm).toBe("ristretto255+dealing");
    const ran = await Promise.all(["courts", "land", "health"].map(async (name) => trustee("join", "t-1", name, "--unprotected")));
    expect(ran.map(({ code, err }) => `${code} ${err}`)).toEqual(["0 ", "0 ", "0 "]);
    const { json } = await cli("get", "ceremonies", "ceremony", "t-1", "--node", api, "--verify", "--genesis", network.genesis, "--json");
    expect(json).toMatchObject({ verified: true, status: "complete" });
    for (const [i, name] of ["courts", "land", "health"].entries()) {
      expect(ran[i]!.json).toMatchObject({ ceremony: "t-1", index: i + 1, key: json.fields.key });
      const { algorithm, publicKey } = readKeyHeader(fs.readFileSync(file(`${name}.secret`), "utf8"));
      expect([algorithm, Buffer.from(publicKey).toString("hex")]).toEqual(["ristretto255", json.fields.verification[i]]);
      expect(fs.statSync(file(`${name}.secret`)).mode & 0o077).toBe(0);
    }
    // And whoever has the genesis file knows it offline.
    expect(await cli("prove", "ceremonies", "ceremony", "t-1", "--out", file("t-1.proof.json"), "--node", api, "--json")).toMatchObject({
      code: 0,
    });
    expect(await cli("verify", file("t-1.proof.json"), "--genesis", network.genesis, "--json")).toMatchObject({
      code: 0,
      json: { valid: true, record: { status: "complete", fields: { key: json.fields.key } } },
    });
    // Again is no harm; with another's secret it is refused.
    expect(await trustee("join", "t-1", "courts", "--unprotected")).toMatchObject({ code: 0, json: { index: 1 } });
    fs.copyFileSync(file("courts.secret"), file("other.secret"));
    expect(
      await cli(
        ...["trustee", "join", "t-1", "--key", network.keys["land"]!, "--secret", file("other.secret")],
        ...["--node", api, "--genesis", network.genesis, "--unprotected", "--json"],
      ),
    ).toMatchObject({ code: 1, problem: { code: "check.failed" } });
  });
});

describe("a ceremony with a false trustee among the honest", () => {
  test("fails and names him: whoever was dealt a false share shows it", { timeout: LIMIT }, async () => {
    const now = Date.now();
    const [commit_until, reveal_until, accept_until] = [1, 2, 3].map((n) => now + n * 3_600_000);
    const trustees = ["courts", "land", "health"];
    await applied("ceremonies.open", { ceremony: "t-2", trustees, threshold: 2, commit_until, reveal_until, accept_until }, "tax");
    const join = async (name: string): Promise<Ran> =>
      cli(
        ...["trustee", "join", "t-2", "--key", network.keys[name]!, "--secret", file(`${name}.t-2`), "--unprotected"],
        ...["--node", api, "--genesis", network.genesis, "--timeout", "180s", "--json"],
      );
    const honest = Promise.all([join("courts"), join("health")]);
    // The land office, by hand.
    const place = { network: Buffer.from(network.network, "hex"), ceremony: "t-2" };
    const dealing = newDealing(2);
    const points = coefficientPoints(dealing);
    const own = { ceremony: "t-2", index: 2 };
    const commitment = hex(commitmentOf(place, 2, points));
    await applied(
      "ceremonies.commit",
      { ...own, key: hex(multiplyBase(dealing.receiving)), proof: hex(proveReceiving(place, 2, dealing)), commitment },
      "land",
    );
    await waitFor(
      "all commitments",
      async () => ((await get(`${api}/v1/records/ceremonies/ceremony/t-2`)).body.status === "revealing" ? true : undefined),
      120_000,
    );
    const shares = [];
    for (const to of [1, 3]) {
      const { body } = await get(`${api}/v1/records/ceremonies/trustee/t-2/${to}`);
      const dealt = to === 1 ? newDealing(2) : dealing; // to the courts another polynomial's value
      const { point, masked } = maskShare(place, 2, to, dealt, unhex(body.fields.key));
      shares.push({ point: hex(point), masked: hex(masked) });
    }
    await applied("ceremonies.reveal", { ...own, points: points.map(hex), proof: hex(proveConstant(place, 2, dealing)), shares }, "land");
    for (const ran of await honest) {
      expect(ran).toMatchObject({ code: 1, problem: { code: "ceremony.failed" } });
      expect(ran.problem.detail).toContain("land");
    }
    expect((await get(`${api}/v1/records/ceremonies/ceremony/t-2`)).body).toMatchObject({ status: "failed", fields: { named: ["land"] } });
  });
});

describe("a tender", () => {
  const DAY = 86_400_000;
  const seal = (size: number): object => ({ root: "ab".repeat(32), size });
  const tender = async (verb: string, ...more: string[]): Promise<Ran> =>
    cli("tender", verb, "laptops", ...more, "--node", network.nodes[1]!.api, "--genesis", network.genesis, "--timeout", "60s", "--json");
  const bid = async (name: string, amount: string): Promise<Ran> =>
    tender(
      ...["bid", "--bidder", `p:${name}.tax`, "--bid", JSON.stringify({ amount, offer: { days: 30, model: "portátil" } })],
      ...["--key", network.keys[`${name}.tax`]!, "--secret", file(`${name}.bid`), "--unprotected"],
    );
  const row = async (collection: string, key: string): Promise<any> => (await get(`${api}/v1/records/${collection}/${key}`)).body;
  /** The chain's time, moved on by an act: an idle chain makes no blocks. */
  let moves = 0;
  const passed = async (time: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())));
    await waitFor("a block after that time", async () => {
      await call("evidence.deposit", { deposit: `tick-${moves++}`, kind: "tick", content: "ab".repeat(32) }, "tax");
      const { body } = await get(`${api}/v1/records/evidence/deposit/tick-${moves - 1}`);
      return body.since >= time ? true : undefined;
    });
  };

  test("keeps bids sealed until its deadline, opens one that its bidder withholds, and pays by reports", { timeout: LIMIT }, async () => {
    const fund = {
      fund: "it",
      kind: "project",
      owner: "courts",
      purpose: "equipment",
      currency: "MXN",
      account: seal(2),
      keyholders: ["tax"],
    };
    await applied("funds.open", { ...fund, budget: "200000000" }, "tax", "courts");
    const now = Date.now();
    const [bids_until, open_until] = [now + 40_000, now + 41_000];
    const terms = {
      ...{ tender: "laptops", title: "471 portable computers", method: "open", invited: [], currency: "MXN", budget: "140000000" },
      ...{ price_weight: 60, criteria: [{ criterion: "service", weight: 40 }], panel: ["p:ann.tax", "p:dora.tax"], ceremony: "t-1" },
      ...{ fund: "it", purpose: "equipment", bids_until, open_until, standstill_days: 0 },
    };
    await applied("tenders.call", terms, "tax");
    // Bob opens his bid later; Carl will not. Both are sealed on the chain.
    const bids = await Promise.all([bid("bob", "131126400"), bid("carl", "139000000")]);
    expect(bids.map(({ code, err, json }) => `${code} ${json?.outcome ?? err}`)).toEqual(["0 applied", "0 applied"]);
    expect(await trustee("share", "t-1", "land")).toMatchObject({ code: 5, problem: { code: "ceremony.waits" } });
    expect(await bid("carl", "138000000")).toMatchObject({ code: 2, problem: { code: "usage.invalid" } }); // one number, one bid
    const bobOpens = async (): Promise<Ran> =>
      tender("open", "--bidder", "p:bob.tax", "--key", network.keys["bob.tax"]!, "--secret", file("bob.bid"));
    expect(await bobOpens()).toMatchObject({ code: 5 });
    expect((await row("tenders/bid", "laptops/p:carl.tax")).fields.amount).toBeUndefined();
    await passed(bids_until);
    expect(
      await tender(
        "bid",
        "--bidder",
        "p:dora.tax",
        "--bid",
        '{"amount":"1","offer":{}}',
        "--key",
        network.keys["dora.tax"]!,
        "--secret",
        file("dora.bid"),
        "--unprotected",
      ),
    ).toMatchObject({ code: 4, json: { code: "tenders.bidding_over" } });
    expect(await bobOpens()).toMatchObject({ code: 0, json: { outcome: "applied" } });
    expect(await tender("read", "p:carl.tax")).toMatchObject({ code: 1, json: { status: "sealed" } });

    // Two of the three trustees open Carl's for him.
    await passed(open_until);
    expect(await trustee("share", "t-1", "courts")).toMatchObject({ code: 0, json: { shared: ["p:carl.tax"], opened: [] } });
    expect(await trustee("share", "t-1", "health")).toMatchObject({ code: 0, json: { shared: ["p:carl.tax"], opened: ["p:carl.tax"] } });
    expect(await trustee("share", "t-1", "land")).toMatchObject({ code: 0, json: { shared: [], opened: [] } });
    expect(await tender("read", "p:carl.tax")).toMatchObject({
      code: 0,
      json: { amount: "139000000", offer: { days: 30, model: "portátil" } },
    });
    const proof = (await get(`${network.nodes[2]!.api}/v1/proofs/tenders/bid/laptops/p:carl.tax`)).body;
    const genesis = fs.readFileSync(network.genesis, "utf8");
    expect(verify(JSON.stringify(proof), { genesis })).toMatchObject({
      valid: true,
      record: { status: "opened", fields: { amount: 139_000_000 } },
    });

    const score = (member: string, bidder: string, mark: number): object => ({
      tender: "laptops",
      bidder,
      member,
      marks: [mark],
      reasons: seal(1),
    });
    await applied("tenders.declare", { tender: "laptops", member: "p:dora.tax", bidders: ["p:bob.tax"] }, "dora.tax");
    await applied("tenders.declare", { tender: "laptops", member: "p:ann.tax", bidders: [] }, "ann.tax");
    expect(await call("tenders.score", score("p:dora.tax", "p:bob.tax", 100), "dora.tax")).toMatchObject({
      code: 4,
      json: { code: "tenders.conflicted" },
    });
    await applied("tenders.score", score("p:ann.tax", "p:bob.tax", 80), "ann.tax");
    for (const name of ["ann.tax", "dora.tax"]) await applied("tenders.score", score(`p:${name}`, "p:carl.tax", 80), name);
    const award = { tender: "laptops", bidder: "p:bob.tax", amount: "131126400" };
    expect(await call("tenders.award", { ...award, bidder: "p:carl.tax", amount: "139000000" }, "tax")).toMatchObject({
      code: 4,
      json: { code: "tenders.not_first" },
    });
    await applied("tenders.award", award, "tax");
    await applied("tenders.accept", { tender: "laptops" }, "bob.tax");
    const tranches = ["65563200", "65563200"].map((amount, i) => ({ amount, due: now + (i + 1) * DAY }));
    await applied("tenders.conclude", { tender: "laptops", account: seal(2), tranches }, "tax", "courts", "bob.tax");
    expect(await call("tenders.release", { tender: "laptops", number: 0, order: "l-0" }, "tax")).toMatchObject({
      code: 4,
      json: { code: "tenders.no_report" },
    });
    for (const number of [0, 1]) {
      await applied("tenders.report", { tender: "laptops", number, report: "cd".repeat(32) }, "bob.tax");
      await applied("tenders.release", { tender: "laptops", number, order: `l-${number}` }, "tax");
      await applied(
        "funds.confirm",
        { order: `l-${number}`, chunk: 0, amount: "65563200", reference: `BK-${number}`, differs: false },
        "tax",
      );
    }
    expect((await row("tenders/tender", "laptops")).status).toBe("fulfilled");
  });

  test("is published in the open standard, and an auditor recomputes it", { timeout: LIMIT }, async () => {
    expect(await cli("ocds", "export", "laptops", "--prefix", "none", "--node", api, "--json")).toMatchObject({ code: 2 });
    expect(
      await cli("ocds", "export", "laptops", "--prefix", "ocds-abc123", "--out", file("release.json"), "--node", api, "--json"),
    ).toMatchObject({
      code: 0,
      json: { ocid: "ocds-abc123-laptops" },
    });
    const [process] = readOcds(fs.readFileSync(file("release.json"), "utf8"));
    expect(process).toMatchObject({ ocid: "ocds-abc123-laptops", buyer: "tax", tenderers: ["p:bob.tax", "p:carl.tax"] });
    expect(process!.contracts[0]).toMatchObject({ amount: 131_126_400n, paid: 131_126_400n, supplier: "p:bob.tax" });
    expect(process!.contracts[0]!.transactions.length).toBe(2);
    expect(await cli("ocds", "read", file("release.json"), "--json")).toMatchObject({
      code: 0,
      json: { processes: [{ contracts: [{ paid: "131126400" }] }] },
    });
    for (const contract of ["tenders", "ceremonies"]) expect((await cli("audit", contract, "--node", api, "--json")).code).toBe(0);
  });
});
