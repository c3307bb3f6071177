// Transactions handed in while a node takes no more: refused before their bodies are read, in the form of every refusal. docs/reference/http.md.

import { connect, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type App, createServer } from "../../../src/node/api/server.ts";
import { loadConfig } from "../../../src/node/config.ts";

const { config } = loadConfig("/nonexistent/chancery.toml", {});
const WHY = "as many wait as may";
const PATH = "/v1/transactions/bulk?wait=final";
let app: App;
let socket: Socket;
let heard: string;
let why: string | undefined;
let answered: [route: string, status: number][];

beforeEach(async () => {
  [why, heard, answered] = [WHY, "", []];
  app = createServer({
    config,
    resolve: (file) => file,
    network: "0123456789abcdef",
    head: () => ({ height: 7, time: 1_700_000_000_000 }),
    reached: async () => true,
    full: () => why,
    log: { info: () => {}, warn: () => {} },
    onBug: (error) => expect.unreachable(String(error)),
    onAnswer: (route, status) => answered.push([route, status]),
  });
  for (const url of ["/v1/transactions", "/v1/transactions/bulk"]) app.post(url, async ({ body }) => ({ taken: body }));
  app.get("/v1/transactions/:id", async () => ({ known: true }));
  await app.listen({ port: 0, host: "127.0.0.1" });
  socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1").setEncoding("latin1");
  socket.on("data", (text: string) => (heard += text));
});
afterEach(async () => {
  socket.destroy();
  await app.close();
});

/** What has come, once it holds `part`; it is taken off. */
async function hears(part: string): Promise<string> {
  while (!heard.includes(part)) await new Promise((resolve) => setTimeout(resolve, 2));
  const said = heard;
  heard = "";
  return said;
}
const head = (method: string, url: string, ...headers: string[]): string =>
  [`${method} ${url} HTTP/1.1`, "host: here", "content-type: application/json", ...headers, "", ""].join("\r\n");

describe("while a node takes no more", () => {
  test("the answer comes before the body, coded, with the time to come again; the body is thrown away and the connection stays", async () => {
    for (let i = 1; i <= 2; i++) {
      socket.write(head("POST", PATH, "content-length: 1000"));
      const said = await hears(`"request":"busy-${i}"}`);
      expect(said).toMatch(/^HTTP\/1\.1 503 /);
      for (const header of [
        "content-type: application/problem+json",
        "retry-after: 1",
        "cache-control: no-store",
        "chancery-height: 7",
        "chancery-network: 0123456789abcdef",
        "connection: keep-alive",
      ])
        expect(said.toLowerCase()).toContain(header);
      const body = said.slice(said.indexOf("\r\n\r\n") + 4);
      expect(Number(/content-length: (\d+)/.exec(said)![1])).toBe(body.length);
      expect(JSON.parse(body)).toMatchObject({ type: "/problems/busy", status: 503, code: "busy", detail: WHY, retry: "same" });
      socket.write("x".repeat(1000));
    }
    expect(answered).toEqual([
      ["/v1/transactions/bulk", 503],
      ["/v1/transactions/bulk", 503],
    ]);
    why = undefined;
    socket.write(`${head("POST", "/v1/transactions", "content-length: 2")}{}`);
    expect(await hears('{"taken":{}}')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("whoever asks first keeps his body; with room he is told to go on", async () => {
    const ask = head("POST", PATH, "content-length: 2", "expect: 100-continue");
    socket.write(ask);
    expect(await hears('"busy-1"}')).not.toContain("100 Continue");
    why = undefined;
    const second = connect((app.server.address() as AddressInfo).port, "127.0.0.1").setEncoding("latin1");
    second.on("data", (text: string) => (heard += text));
    second.write(ask);
    await hears("100 Continue\r\n\r\n");
    second.write("{}");
    await hears('{"taken":{}}');
    second.destroy();
  });

  test("everything else goes on: reading, a body of unknown length, one too large, another site's browser, other paths", async () => {
    const asks: [ask: string, status: number][] = [
      [head("GET", "/v1/transactions/00"), 200],
      [`${head("POST", PATH, "transfer-encoding: chunked")}2\r\n{}\r\n0\r\n\r\n`, 200],
      [`${head("POST", PATH, "content-length: 2", "origin: https://else.where")}{}`, 200],
      [`${head("POST", "/v1/transactions/bulk/more", "content-length: 2")}{}`, 404],
      [head("POST", PATH, "content-length: 2000000"), 413],
    ];
    for (const [ask, status] of asks) {
      socket.write(ask);
      expect(await hears("}"), ask).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
  });
});
