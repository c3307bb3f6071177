// One node, as a person at a terminal and a client over HTTP see it: acts, records, proofs, refusals, exit codes. docs/reference/http.md, cli.md.

import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadKey } from "../../src/base/keyFile.ts";
import { readGenesis } from "../../src/base/genesis.ts";
import { seedSigner } from "../../src/client/build.ts";
import { connect, type Ledger } from "../../src/client/index.ts";
import { verify } from "../../src/client/verify.ts";
import { cli, cliOf, deposit, get, HASH, MAIN, type Network, otherRelease, startDaemon, startNetwork, waitFor } from "./support.ts";

let network: Network;
let ledger: Ledger;
let api: string;
let key: string;
const file = (name: string): string => path.join(network.directory, name);

beforeAll(async () => {
  network = await startNetwork(1);
  api = network.nodes[0]!.api;
  key = network.keys["tax"]!;
  ledger = await connect({ nodes: [api], genesis: network.genesis });
});
afterAll(async () => network?.stop());

/** A signed deposit, ready to be sent. */
async function signedDeposit(name: string): Promise<{ id: string; bytes: Uint8Array }> {
  const me = seedSigner(loadKey(key).secret);
  const draft = ledger.transaction(
    "evidence.deposit@1",
    { deposit: name, kind: "contract", content: new Uint8Array(32).fill(7) },
    { signers: [me.publicKey] },
  );
  return (await draft.sign(me)).finish();
}
const lengthFirst = (...all: Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const parts = all.flatMap((bytes) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(bytes.length);
    return [head, bytes];
  });
  return new Uint8Array(Buffer.concat(parts));
};

describe("metrics", () => {
  test("what the node does is counted: receipts, execution, the writing of blocks, requests", async () => {
    await cli("call", "evidence.deposit", "--args", deposit("M1"), "--key", key, "--node", api, "--json");
    const text = await (await fetch(network.nodes[0]!.metrics)).text();
    const value = (line: string): number =>
      Number(
        text
          .split("\n")
          .find((l) => l.startsWith(`chancery_${line} `))
          ?.split(" ")
          .at(-1),
      );
    for (const line of [
      "height",
      "blocks_total",
      'transactions_total{outcome="applied"}',
      "execute_seconds_count",
      "store_commit_seconds_count",
      "block_transactions_count",
      'http_requests_total{route="/v1/transactions",status_class="2xx"}',
    ])
      expect(value(line), line).toBeGreaterThan(0);
  });
});

describe("the command line", () => {
  test("an act is applied, can be read, proved and verified offline", async () => {
    const called = await cli("call", "evidence.deposit", "--args", deposit("A1"), "--key", key, "--node", api, "--json");
    expect(called).toMatchObject({
      code: 0,
      json: { outcome: "applied", code: null, writes: [{ record: "evidence/deposit/A1", revision: 1 }] },
    });
    const read = await cli("get", "evidence", "deposit", "A1", "--node", api, "--json");
    expect(read).toMatchObject({ code: 0, json: { record: "evidence/deposit/A1", fields: { content: HASH, depositor: "tax" } } });
    expect(await cli("tx", called.json.id, "--node", api, "--json")).toMatchObject({
      code: 0,
      json: { outcome: "applied", height: called.json.height },
    });
    expect(await cli("prove", "evidence", "deposit", "A1", "--node", api, "--out", file("a1.proof.json"), "--json")).toMatchObject({
      code: 0,
      json: { present: true },
    });
    const verified = await cli("verify", file("a1.proof.json"), "--genesis", network.genesis, "--json");
    expect(verified).toMatchObject({
      code: 0,
      json: { valid: true, present: true, record: { fields: { deposit: "A1" } }, transaction: { id: called.json.id } },
    });
    expect(await cli("get", "evidence", "deposit", "A1", "--node", api, "--verify", "--genesis", network.genesis, "--json")).toMatchObject({
      code: 0,
      json: { verified: true, fields: { deposit: "A1" } },
    });
  });

  test("a proof with one character changed proves nothing: exit 1, and the place is named", async () => {
    await cli("call", "evidence.deposit", "--args", deposit("A2"), "--key", key, "--node", api, "--json");
    await cli("prove", "evidence", "deposit", "A2", "--node", api, "--out", file("a2.proof.json"), "--json");
    const proof = JSON.parse(fs.readFileSync(file("a2.proof.json"), "utf8"));
    const row = Buffer.from(proof.record.row, "base64");
    row[row.length - 1]! ^= 1;
    fs.writeFileSync(file("a2.proof.json"), JSON.stringify({ ...proof, record: { ...proof.record, row: row.toString("base64") } }));
    const verified = await cli("verify", file("a2.proof.json"), "--genesis", network.genesis, "--json");
    expect(verified).toMatchObject({ code: 1, json: { valid: false } });
    expect(verified.json.step).toMatch(/record|transaction/);
  });

  test("what is not there can be proved too; get says so with exit 1", async () => {
    expect(await cli("get", "evidence", "deposit", "nothing", "--node", api, "--json")).toMatchObject({ code: 1, json: { absent: true } });
    expect(await cli("prove", "evidence", "deposit", "nothing", "--node", api, "--out", file("none.json"), "--json")).toMatchObject({
      code: 0,
      json: { present: false },
    });
    expect(await cli("verify", file("none.json"), "--genesis", network.genesis, "--json")).toMatchObject({
      code: 0,
      json: { valid: true, present: false },
    });
  });

  test("a rule of the contract refuses: exit 4 with its code, and the receipt", async () => {
    await cli("call", "evidence.deposit", "--args", deposit("A3"), "--key", key, "--node", api, "--json");
    const again = await cli("call", "evidence.deposit", "--args", deposit("A3"), "--key", key, "--node", api, "--json");
    expect(again).toMatchObject({ code: 4, json: { outcome: "rejected", code: "engine.already_exists", writes: [] } });
    const stranger = await cli("call", "evidence.deposit", "--args", deposit("A4"), "--key", network.keys["ann"]!, "--node", api, "--json");
    expect(stranger).toMatchObject({ code: 4, json: { outcome: "rejected", code: "engine.not_entitled" } });
  });

  test("arguments that do not fit are refused with their place and what to do, before anything is signed", async () => {
    const wrong = await cli("call", "evidence.deposit", "--args", '{"deposit":"A5","knd":"x"}', "--key", key, "--node", api, "--json");
    expect(wrong).toMatchObject({ code: 4, problem: { code: "args.invalid", status: 400 } });
    expect(wrong.problem.errors.map((e: { pointer: string }) => e.pointer)).toContain("/args/knd");
  });

  test("exit 2: a wrong call, an unreadable file; exit 3: nobody answers, nothing was sent", async () => {
    expect(await cli("call", "evidence.deposit", "--args", "{", "--key", key, "--node", api, "--json")).toMatchObject({
      code: 2,
      problem: { code: "usage.invalid" },
    });
    expect(await cli("call", "evidence.deposit", "--args", deposit("A6"), "--key", file("no.key"), "--node", api, "--json")).toMatchObject({
      code: 2,
      problem: { code: "file.unusable" },
    });
    expect(await cli("gett", "--json")).toMatchObject({ code: 2 });
    expect(
      await cli("call", "evidence.deposit", "--args", deposit("A6"), "--key", key, "--node", "http://127.0.0.1:9", "--json"),
    ).toMatchObject({ code: 3, problem: { code: "node.unreachable" } });
  });

  test("a refusal speaks in three lines: what, why, what to do", async () => {
    const { err } = await cli("verify", file("no.json"), "--genesis", network.genesis);
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain("no.json");
    expect(lines[2]).toMatch(/^ {2}Do: /);
  });

  test("what can be read: pages of a list, versions, the statute, peers, settings, this release", async () => {
    for (const name of ["P1", "P2", "P3"]) await ledger.submit(await signedDeposit(name));
    const node = ["--node", api, "--json"];
    const page = await cli("list", "evidence", "deposit", "--where", "depositor=tax", "--limit", "2", ...node);
    expect([page.code, page.json.items.length]).toEqual([0, 2]);
    const next = await cli("list", "evidence", "deposit", "--where", "depositor=tax", "--after", page.json.next, ...node);
    expect(next.json.items.map((i: any) => i.record)).not.toContain(page.json.items[0].record);
    const { out } = await cli("list", "evidence", "deposit", "--all", "--limit", "1", ...node);
    const records = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).record);
    expect(records).toEqual(expect.arrayContaining(["evidence/deposit/P1", "evidence/deposit/P2", "evidence/deposit/P3"]));
    expect(await cli("list", "evidence", "deposit", "--where", "depositor", ...node)).toMatchObject({ code: 2 });
    expect(await cli("history", "evidence", "deposit", "P1", ...node)).toMatchObject({ code: 0, json: { items: [{ revision: 1 }] } });
    expect(await cli("history", "evidence", "deposit", "P9", ...node)).toMatchObject({ code: 1, json: { items: [] } });
    expect((await cli("contracts", ...node)).out).toContain('"evidence"');
    expect((await cli("contracts", "evidence.deposit", "--example", ...node)).json).toMatchObject({ deposit: expect.any(String) });
    expect(await cli("contracts", "evidence.destroy", ...node)).toMatchObject({ code: expect.toSatisfy((code: number) => code !== 0) });
    expect((await cli("peers", ...node)).code).toBe(0);
    const { home } = network.nodes[0]!;
    expect(await cli("config", "check", "--home", home, "--json")).toMatchObject({ code: 0, json: { valid: true } });
    expect((await cli("config", "show", "--origin", "--home", home, "--json")).json["api.listen"]).toMatchObject({
      origin: expect.any(String),
    });
    expect(await cli("version", "--json")).toMatchObject({
      code: 0,
      json: { protocol: 1, manifest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    for (const shell of ["bash", "zsh", "fish"]) expect((await cli("completion", shell)).out).toContain("verify-chain");
  });

  test("status ends in the one thing to do", async () => {
    expect(await cli("status", "--node", api)).toMatchObject({ code: 0, out: expect.stringMatching(/→ Nothing to do\.\n$/) });
    expect(await cli("validators", "--node", api, "--json")).toMatchObject({ code: 0, json: { quorum: 1, tolerates: 0 } });
  });
});

describe("one process per home", () => {
  test("the second process refuses with exit 10 and names the first", async () => {
    const second = await startDaemon(network.nodes[0]!.home);
    expect(await second.ended).toBe(10);
    expect(second.err()).toContain(String(network.nodes[0]!.pid));
  });
});

describe("handing in over HTTP", () => {
  test("a retry is the same bytes and gives the same receipt", async () => {
    const { id, bytes } = await signedDeposit("B1");
    const first = await ledger.submit({ id, bytes });
    expect(first).toMatchObject({ status: "applied", id });
    expect(await ledger.submit({ id, bytes })).toEqual(first);
    expect(await ledger.transactionById(id)).toEqual(first);
  });

  test("JSON and canonical bytes are two forms of one transaction; the id is the same", async () => {
    const { id, bytes } = await signedDeposit("B2");
    const body = Buffer.from(bytes.subarray(0, -64)).toString("hex");
    const signatures = [Buffer.from(bytes.subarray(-64)).toString("hex")];
    const answer = await fetch(`${api}/v1/transactions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ body, signatures }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id, outcome: "applied" });
  });

  test("accepted answers at once with 202 and where to look", async () => {
    const { id, bytes } = await signedDeposit("B3");
    const answer = await fetch(`${api}/v1/transactions?wait=accepted`, {
      method: "POST",
      headers: { "content-type": "application/vnd.chancery.transaction" },
      body: new Uint8Array(bytes),
    });
    expect([answer.status, answer.headers.get("location")]).toEqual([202, `/v1/transactions/${id}`]);
    expect((await get(`${api}/v1/transactions/${id}?wait=final`)).body).toMatchObject({ status: "final", outcome: "applied" });
  });

  test("bulk: one line for each; a bad item refuses that item only", async () => {
    const good = await Promise.all(["C1", "C2", "C3"].map(signedDeposit));
    const bad = new Uint8Array(good[1]!.bytes);
    bad[bad.length - 1]! ^= 1;
    const body = lengthFirst(good[0]!.bytes, bad, good[2]!.bytes, new Uint8Array([1, 2, 3]));
    const answer = await fetch(`${api}/v1/transactions/bulk?wait=final`, {
      method: "POST",
      headers: { "content-type": "application/vnd.chancery.transactions" },
      body,
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    const lines = (await answer.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.sort((a, b) => a.item - b.item)).toMatchObject([
      { item: 0, id: good[0]!.id, status: "final", outcome: "applied" },
      { item: 1, status: "refused", code: "transaction.signature" },
      { item: 2, id: good[2]!.id, status: "final", outcome: "applied" },
      { item: 3, status: "refused", code: "transaction.malformed" },
    ]);
  });

  test("an id that nobody knows is 404, and pending is never said of it", async () => {
    const id = `${Date.now().toString(16).padStart(12, "0").replace(/^./, "0")}${"7".repeat(52)}`;
    expect(await get(`${api}/v1/transactions/${(Date.now() + 3_600_000).toString(16).padStart(12, "0")}${id.slice(12)}`)).toMatchObject({
      status: 404,
      body: { code: "transaction.unknown" },
    });
    expect(await get(`${api}/v1/transactions/${"0".repeat(64)}`)).toMatchObject({ status: 200, body: { status: "expired" } });
  });

  test("a refusal by a rule is 422 with the sentence of the statute and the receipt", async () => {
    const again = await signedDeposit("B1");
    const answer = await fetch(`${api}/v1/transactions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.chancery.transaction" },
      body: new Uint8Array(again.bytes),
    });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: "engine.already_exists", retry: "rebuild", receipt: { outcome: "rejected" } });
  });
});

describe("the client library", () => {
  test("builds, signs, submits, waits, follows what happens, and verifies what it reads", async () => {
    const signer = seedSigner(loadKey(key).secret);
    const since = (await get(`${api}/v1/events?contract=evidence&limit=500`)).body.next as string;
    const stop = new AbortController();
    const followed = (async () => {
      for await (const event of ledger.events({ contract: "evidence", after: since }, stop.signal)) return event;
      return undefined;
    })();
    const { draft, needs } = await ledger.prepare(
      "evidence.deposit",
      { deposit: "K1", kind: "contract", content: HASH },
      { signers: [signer.publicKey] },
    );
    expect(needs.length).toBeGreaterThan(0);
    const signed = (await draft.sign(signer)).finish();
    const outcome = await ledger.submit(signed, { wait: "final" });
    expect(outcome).toMatchObject({ status: "applied", id: signed.id });
    expect(await followed).toMatchObject({ transaction: signed.id, outcome: "applied", writes: [{ record: "evidence/deposit/K1" }] });
    stop.abort();
    expect(await ledger.get("evidence/deposit", "K1")).toMatchObject({ fields: { content: HASH, depositor: "tax" } });
    const genesis = fs.readFileSync(network.genesis, "utf8");
    expect(verify(JSON.stringify(await ledger.prove("evidence/deposit", "K1")), { genesis })).toMatchObject({
      valid: true,
      transaction: { id: signed.id },
      signers: [Buffer.from(signer.publicKey).toString("hex")],
    });
    expect(verify(JSON.stringify(await ledger.prove("evidence/deposit", "K9")), { genesis })).toMatchObject({
      valid: true,
      present: false,
    });
  });

  test("at the command line: follow prints one line an event, until it is told to stop", async () => {
    const child = spawn(process.execPath, [MAIN, "follow", "--contract", "evidence", "--node", api, "--json"]);
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const lines = (): any[] => out.split("\n").flatMap((line, i, all) => (i < all.length - 1 ? [JSON.parse(line)] : []));
    await waitFor("what was before", async () => (lines().length > 0 ? true : undefined));
    await ledger.submit(await signedDeposit("F1"));
    const seen = await waitFor("what is new", async () =>
      lines().find((e) => e.writes.some((w: any) => w.record === "evidence/deposit/F1")),
    );
    expect(seen).toMatchObject({ outcome: "applied" });
    child.kill("SIGTERM");
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
  });
});

describe("reading over HTTP", () => {
  test("every answer says as of when; a height not reached yet is waited for, then node.behind", async () => {
    const { headers } = await get(`${api}/v1/network`);
    expect(Number(headers.get("chancery-height"))).toBeGreaterThan(0);
    expect(network.network.startsWith(headers.get("chancery-network")!)).toBe(true);
    expect(await get(`${api}/v1/network`, { "chancery-min-height": "1" })).toMatchObject({ status: 200 });
  });

  test("an unchanged record is 304; a list goes on from its cursor and no other", async () => {
    for (const name of ["L1", "L2", "L3"]) await ledger.submit(await signedDeposit(name));
    const one = await get(`${api}/v1/records/evidence/deposit/L1`);
    expect((await get(`${api}/v1/records/evidence/deposit/L1`, { "if-none-match": one.headers.get("etag")! })).status).toBe(304);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = (await get(`${api}/v1/records/evidence/deposit?limit=2${after === undefined ? "" : `&after=${after}`}`)).body;
      seen.push(...page.items.map((i: { record: string }) => i.record));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen.filter((r) => /L\d$/.test(r))).toEqual(["evidence/deposit/L1", "evidence/deposit/L2", "evidence/deposit/L3"]);
    expect(new Set(seen).size).toBe(seen.length);
    expect(await get(`${api}/v1/records/evidence/deposit?after=AAAAAAAAAAAAAAAA`)).toMatchObject({
      status: 400,
      body: { code: "cursor.invalid" },
    });
  });

  test("events are one ordered log: pages and the stream tell the same, and resume by id", async () => {
    const page = (await get(`${api}/v1/events?contract=evidence&limit=3`)).body;
    expect(page.items).toHaveLength(3);
    const rest = (await get(`${api}/v1/events?contract=evidence&limit=1&after=${page.items[0].id}`)).body;
    expect(rest.items[0]).toEqual(page.items[1]);
    const stop = new AbortController();
    const stream = await fetch(`${api}/v1/events?contract=evidence`, {
      headers: { accept: "text/event-stream", "last-event-id": page.items[0].id },
      signal: stop.signal,
    });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n\n")) text += (await reader.read()).value ?? "";
    stop.abort();
    expect(JSON.parse(/data: (.*)/.exec(text)![1]!)).toEqual(page.items[1]);
  });

  test("a record's history, and how it stood at a height", async () => {
    const { body } = await get(`${api}/v1/history/evidence/deposit/L1`);
    expect(body.items).toHaveLength(1);
    const { height } = body.items[0].written;
    expect(await get(`${api}/v1/records/evidence/deposit/L1?at=${height}`)).toMatchObject({
      status: 200,
      body: { revision: 1, asOf: { height } },
    });
    expect(await get(`${api}/v1/records/evidence/deposit/L1?at=${height - 1}`)).toMatchObject({
      status: 404,
      body: { code: "record.unknown" },
    });
    expect(await get(`${api}/v1/records/evidence/deposit/L1?at=99999999`)).toMatchObject({ status: 404, body: { code: "block.unknown" } });
  });

  test("the OpenAPI document has one operation for each action, and the statute can be read", async () => {
    const { body } = await get(`${api}/openapi.json`);
    expect(body.openapi).toBe("3.1.0");
    expect(Object.keys(body.paths)).toContain("/v1/actions/evidence.deposit@1/prepare");
    expect((await get(`${api}/v1/contracts/evidence`)).body.rules).toBeTypeOf("object");
    expect(await get(`${api}/problems/quota.exceeded`)).toMatchObject({ status: 200, body: { retry: "same" } });
  });

  test("the genesis is served as it is, healthy is healthy, ready is ready", async () => {
    const served = await (await fetch(`${api}/genesis.json`)).text();
    expect(served).toBe(fs.readFileSync(network.genesis, "utf8"));
    expect(Buffer.from(readGenesis(served).network).toString("hex")).toBe(network.network);
    expect((await get(`${api}/healthz`)).status).toBe(200);
    expect(await get(`${api}/readyz`)).toMatchObject({ status: 200, body: { ready: true } });
  });
});

describe("what nobody should send", () => {
  const post = async (route: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<{ status: number; body: any }> => {
    const response = await fetch(`${api}${route}`, { method: "POST", headers: { "content-type": type }, body });
    return { status: response.status, body: await response.json() };
  };
  const noise = (n: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: n }, (_, i) => (i * 131 + 7) & 255);
  const TX = "application/vnd.chancery.transaction";
  const BULK = "application/vnd.chancery.transactions";

  test.each([
    ["not JSON", "/v1/transactions", "application/json", "{", 400],
    ["an empty body", "/v1/transactions", "application/json", "", 400],
    ["unknown fields", "/v1/transactions", "application/json", '{"body":"00","signatures":[],"x":1}', 400],
    ["a poisoned prototype", "/v1/transactions", "application/json", '{"__proto__":{},"body":"00","signatures":[]}', 400],
    ["no transaction", "/v1/transactions", TX, noise(300), 400],
    ["too large a transaction", "/v1/transactions", TX, noise(70_000), 413],
    ["another media type", "/v1/transactions", "text/plain", "hello", 415],
    ["a list that is none", "/v1/transactions/bulk", BULK, noise(300), 400],
    ["an empty list", "/v1/transactions/bulk", BULK, new Uint8Array(0), 400],
    ["too long a list", "/v1/transactions/bulk", BULK, noise(1_100_000), 413],
    [
      "arguments too deep",
      "/v1/actions/evidence.deposit/prepare",
      "application/json",
      `{"signers":["${"00".repeat(32)}"],"args":${"[".repeat(40)}${"]".repeat(40)}}`,
      400,
    ],
    ["an unknown action", "/v1/actions/evidence.destroy/prepare", "application/json", '{"args":{},"signers":[]}', 404],
    [
      "signers that are no keys",
      "/v1/actions/evidence.deposit/prepare",
      "application/json",
      `{"args":${deposit("Z")},"signers":["xyz"]}`,
      400,
    ],
  ])("%s: a coded refusal", async (_what, route, type, body, status) => {
    const answer = await post(route, type, body);
    expect(answer).toMatchObject({ status, body: { status, code: expect.any(String), retry: "never" } });
  });

  test.each([
    ["/nowhere", 404],
    ["/v1/records/evidence/nothing/x", 404],
    ["/v1/records/evidence/deposit/%ff", 400],
    ["/v1/records/evidence/deposit/a/b/c", 400],
    [`/v1/records/evidence/deposit/${"x".repeat(5_000)}`, 413],
    ["/v1/records/evidence/deposit?limit=0", 400],
    ["/v1/records/evidence/deposit?find.nothing=1", 400],
    ["/v1/blocks/-1", 400],
    ["/v1/blocks/99999999", 404],
    ["/v1/events?after=zzz", 400],
    ["/v1/proofs/transactions/00", 400],
    [`/v1/proofs/transactions/${"00".repeat(32)}`, 404],
  ])("GET %.60s: a coded refusal", async (route, status) => {
    expect(await get(`${api}${route}`)).toMatchObject({ status, body: { code: expect.any(String) } });
  });

  test("after all of that the node is as ready as before", async () => {
    expect((await get(`${api}/readyz`)).status).toBe(200);
  });
});

describe("stopping", () => {
  test("SIGTERM ends the network within 5 s; the whole chain then verifies, and goes on where it was", async () => {
    const { height } = (await get(`${api}/v1/network`)).body;
    const { home, pid } = network.nodes[0]!;
    const started = performance.now();
    process.kill(pid, "SIGTERM");
    while (fs.existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8")))
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(performance.now() - started).toBeLessThan(5_000);
    const verified = await cli("verify-chain", "--home", home, "--signatures", "--json");
    expect(verified).toMatchObject({ code: 0, json: { valid: true } });
    expect(verified.json.blocks).toBeGreaterThanOrEqual(height);
    const again = await startDaemon(home);
    expect((await get(`${api}/v1/records/evidence/deposit/L1`)).status).toBe(200);
    again.child.kill("SIGTERM");
    expect(await again.ended).toBe(0);
  });
});

test("a node that lacks one of its libraries ends at once and says which, and a devnet of such nodes too", async () => {
  const release = otherRelease("base/ristrettoSodium.ts", 'import("libsodium-wrappers-sumo")', 'import("not-installed" as string)');
  try {
    const ran = await cliOf(release.main, "devnet", "--nodes", "1", "--dir", file("lacking"));
    expect(ran.err).toContain("ended with exit code 70");
    expect(ran.err).toContain("Cannot find package 'not-installed'");
    expect(ran.err).toContain("npm ci");
    expect(ran.code).not.toBe(0);
  } finally {
    release.remove();
  }
});
