// Talking to nodes: one after the other, never from before what this client has seen, never "failed" where bytes may have arrived.

import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ChanceryError, Connection } from "../../../src/client/connection.ts";
import { Ledger } from "../../../src/client/index.ts";

const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
async function node(answer: (request: http.IncomingMessage, response: http.ServerResponse) => void): Promise<string> {
  const server = http.createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const json = (response: http.ServerResponse, status: number, body: unknown, height = 0): void =>
  void response.writeHead(status, { "content-type": "application/json", "chancery-height": height }).end(JSON.stringify(body));
/** A port at which nobody listens. */
async function nowhere(): Promise<string> {
  const url = await node(() => {});
  const server = servers.pop()!;
  await new Promise((resolve) => server.close(resolve));
  return url;
}
const failure = async (act: Promise<unknown>): Promise<ChanceryError> => {
  try {
    await act;
  } catch (error) {
    expect(error).toBeInstanceOf(ChanceryError);
    return error as ChanceryError;
  }
  return expect.unreachable("it should have been refused");
};

describe("which node is asked", () => {
  test("the next one where one is gone or behind; a refusal is a refusal, and nobody else is asked", async () => {
    let asked = 0;
    const busy = await node((_q, r) => json(r, 503, { code: "node.behind", retry: "same" }));
    const good = await node((q, r) => {
      asked++;
      return q.url === "/no" ? json(r, 400, { code: "request.invalid", retry: "never" }) : json(r, 200, { ok: true });
    });
    const connection = new Connection([await nowhere(), busy, good]);
    expect((await connection.request("/yes")).node).toBe(good);
    expect((await connection.request("/yes")).node).toBe(good);
    const refused = await failure(new Connection([good, busy]).request("/no"));
    expect([refused.code, refused.status, refused.retry]).toEqual(["request.invalid", 400, "never"]);
    expect(asked).toBe(3);
  });

  test("whoever has seen a height sends it along: reads never go back", async () => {
    const seen: (string | undefined)[] = [];
    const url = await node((q, r) => {
      seen.push(q.headers["chancery-min-height"] as string | undefined);
      json(r, 200, {}, 10 - seen.length);
    });
    const connection = new Connection([url]);
    for (let i = 0; i < 3; i++) await connection.request("/");
    expect(seen).toEqual([undefined, "9", "9"]);
  });
});

describe("was anything sent?", () => {
  test("nobody listens: nothing was; the connection broke: perhaps", async () => {
    const refused = await failure(new Connection([await nowhere()]).request("/"));
    expect([refused.code, refused.status, refused.sent]).toEqual(["node.unreachable", 0, false]);
    const broken = await node((q) => void q.socket.destroy());
    expect((await failure(new Connection([broken]).request("/"))).sent).toBe(true);
  });

  test("handing in: a broken connection is pending, never failed; an unreachable node throws", async () => {
    const broken = await node((q) => void q.socket.destroy());
    const signed = { id: "00".repeat(32), bytes: new Uint8Array(10) };
    const ledger = (url: string): Ledger => new Ledger(new Connection([url]), new Uint8Array(32), "{}");
    expect(await ledger(broken).submit(signed)).toMatchObject({ status: "pending", id: signed.id });
    expect((await failure(ledger(await nowhere()).submit(signed))).code).toBe("node.unreachable");
  });

  test("a rule that refuses is an outcome with its receipt; a malformed transaction is an error", async () => {
    const receipt = { id: "aa", outcome: "rejected", code: "evidence.x", height: 1, index: 0, time: 1, flags: [], writes: [] };
    const rule = await node((_q, r) => json(r, 422, { code: "evidence.x", title: "No.", receipt }));
    const bad = await node((_q, r) => json(r, 400, { code: "transaction.signature", retry: "never" }));
    const ledger = (url: string): Ledger => new Ledger(new Connection([url]), new Uint8Array(32), "{}");
    expect(await ledger(rule).submit({ id: "aa", bytes: new Uint8Array(1) })).toMatchObject({
      status: "rejected",
      code: "evidence.x",
      title: "No.",
    });
    expect((await failure(ledger(bad).submit({ id: "aa", bytes: new Uint8Array(1) }))).code).toBe("transaction.signature");
  });
});

test("what a node prepared is signed only if it is what was asked for", async () => {
  const { encodeBody } = await import("../../../src/ledger/transaction.ts");
  const signer = new Uint8Array(32).fill(3);
  const other = encodeBody({
    nonce: new Uint8Array(16),
    notAfter: 5,
    signers: [signer],
    operations: [{ action: "evidence.deposit@1", args: { deposit: "somebody else's" } }],
  });
  const liar = await node((_q, r) => json(r, 200, { body: Buffer.from(other).toString("hex"), version: "evidence.deposit@1" }));
  const ledger = new Ledger(new Connection([liar]), new Uint8Array(32), "{}");
  const asked = ledger.prepare("evidence.deposit", { deposit: "mine" }, { signers: [signer], nonce: new Uint8Array(16), notAfter: 5 });
  await expect(asked).rejects.toMatchObject({ code: "prepare.altered", data: { pointer: "/args/deposit" } });
});
