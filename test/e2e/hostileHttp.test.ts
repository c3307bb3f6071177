// Malformed requests at every endpoint that the OpenAPI document of a running node names, and bytes that are no HTTP at all: a coded refusal each, no crash,
// bounded memory. docs/reference/http.md.

import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { utf8 } from "../../src/base/bytes.ts";
import { Random } from "../../src/sim/random.ts";
import { logOf, residentBytes } from "./harness.ts";
import { get, type Network, type RunningNode, startNetwork } from "./support.ts";

const LONG = process.env["CHANCERY_LONG"] !== undefined;
const GROWTH_BYTES = 150 << 20;
const random = new Random(7);
let network: Network;
let node: RunningNode;
let before: number;
let routes: { method: "GET" | "POST"; path: string; bodies: string[] }[];

beforeAll(async () => {
  network = await startNetwork(1);
  [node] = network.nodes as [RunningNode];
  const { paths } = (await get(`${node.api}/openapi.json`)).body as { paths: Record<string, Record<string, any>> };
  routes = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method === "get" || method === "post")
      .map(([method, operation]) => ({
        method: method.toUpperCase() as "GET" | "POST",
        path,
        bodies: Object.keys(operation.requestBody?.content ?? {}),
      })),
  );
  before = residentBytes(node.pid);
});
afterAll(async () => network?.stop());

const noise = (length: number): string => String.fromCharCode(...Array.from({ length }, () => random.between(33, 126)));
/** What stands in place of a parameter. */
const VALUES = [
  "",
  "%00",
  "%ff%fe",
  "..%2f..%2fetc%2fpasswd",
  "__proto__",
  "constructor",
  "-1",
  "1e9",
  "99999999999999999999",
  "NaN",
  "%",
  "a%2fb",
  "🂡".repeat(20),
];
const QUERIES = [
  "limit=-1",
  "limit=1e9",
  "after=%00",
  "at=x",
  "wait=for%20ever",
  "timeout=1y",
  "unknown=1",
  "find.__proto__=1",
  "a=1&a=2",
  "limit=1&limit=2",
  "=",
  "&&&",
];
const HEADERS: Record<string, string>[] = [
  { "chancery-min-height": "-1" },
  { "chancery-min-height": "1e400" },
  { "if-none-match": noise(4_000) },
  { "last-event-id": "../../x" },
  { authorization: `Bearer ${noise(2_000)}` },
  { accept: "text/event-stream;q=2,*/*" },
  { "accept-encoding": "br;q=9" },
];
const BODIES: [type: string, body: string | Uint8Array<ArrayBuffer>][] = [
  ["application/json", ""],
  ["application/json", "null"],
  ["application/json", "[]"],
  ["application/json", '"x"'],
  ["application/json", "{"],
  ["application/json", '{"a":1,"a":2}'],
  ["application/json", '{"__proto__":{"x":1}}'],
  ["application/json", '{"constructor":{"prototype":{"x":1}}}'],
  ["application/json", '{"args":{},"signers":[]}'],
  ["application/json", '{"args":null,"signers":null}'],
  ["application/json", '{"args":{"x":1e999},"signers":["00"],"nonce":5,"notAfter":-1}'],
  ["application/json", '{"body":"zz","signatures":["x"]}'],
  ["application/json", '{"body":"","signatures":[]}'],
  ["application/json", `${"[".repeat(5_000)}${"]".repeat(5_000)}`],
  ["application/json; charset=utf-7", "{}"],
  ["application/vnd.chancery.transaction", ""],
  ["application/vnd.chancery.transactions", ""],
  ["text/html", "<script>"],
  ["multipart/form-data; boundary=x", "--x--"],
  ["", "x"],
];

/** A path with its parameters filled in; the record routes end in a wildcard. */
const filled = (path: string, value: string): string => path.replace(/\{[^}]+\}|\*/g, value);

async function ask(
  method: string,
  url: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const stop = AbortSignal.timeout(20_000);
  const response = await fetch(`${node.api}${url}`, {
    method,
    headers,
    signal: stop,
    redirect: "error",
    ...(body === undefined ? {} : { body }),
  });
  const what = `${method} ${url} ${JSON.stringify(headers)} ${String(body).slice(0, 80)}: ${response.status}`;
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body!.cancel();
    return expect(response.status, what).toBe(200);
  }
  const text = await response.text();
  if (response.status < 400) return;
  expect([400, 401, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 429, 431, 503], what).toContain(response.status);
  expect(JSON.parse(text), what).toMatchObject({
    status: response.status,
    code: expect.stringMatching(/^[a-z]+(\.[a-z_]+)*$/),
    retry: expect.any(String),
  });
}

async function unharmed(): Promise<void> {
  expect(await get(`${node.api}/readyz`)).toMatchObject({ status: 200 });
  expect(logOf(node.home).filter((l) => l.event === "fatal" || l.event === "api.bug")).toEqual([]);
  expect(residentBytes(node.pid) - before).toBeLessThan(GROWTH_BYTES);
}

describe("every endpoint", () => {
  test("is in the document: the fixed ones and one for each action", () => {
    expect(routes.length).toBeGreaterThan(40);
    for (const path of ["/v1/transactions", "/v1/transactions/bulk", "/v1/node", "/v1/events", "/healthz"])
      expect(routes.map((r) => r.path)).toContain(path);
  });

  test("with nonsense for its parameters, query and headers: a coded refusal or an answer", async () => {
    for (const { method, path } of routes.filter((r) => r.method === "GET")) {
      for (const value of VALUES) await ask(method, filled(path, value));
      for (const query of QUERIES) await ask(method, `${filled(path, "x")}?${query}`);
    }
    for (const headers of HEADERS)
      for (const path of ["/v1/network", "/v1/records/evidence/deposit", "/v1/events"]) await ask("GET", path, headers);
    await unharmed();
  });

  test("with nonsense for a body, of every media type: a coded refusal", async () => {
    const posts = routes.filter((r) => r.method === "POST");
    // The routes of actions are made by one function: some of them stand for all.
    const some = posts.filter(({ path }, i) => !path.startsWith("/v1/actions/") || LONG || i % 9 === 0);
    for (const { method, path, bodies } of some) {
      for (const [type, body] of BODIES) await ask(method, filled(path, "x"), type === "" ? {} : { "content-type": type }, body);
      for (const type of bodies)
        for (const length of [1, 64, 1_000, 70_000])
          await ask(method, filled(path, "x"), { "content-type": type }, new Uint8Array(random.bytes(length)));
    }
    await unharmed();
  });

  test("by other methods, and where there is nothing", async () => {
    for (const { path } of routes.filter((_, i) => i % 5 === 0))
      for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) await ask(method, filled(path, "x"));
    for (const path of [
      "/",
      "//",
      "/v2/transactions",
      `/${noise(50).replace(/[#?%]/g, "x")}`,
      "/v1/%2e%2e/%2e%2e",
      `/${"x/".repeat(1_500)}`,
    ])
      await ask("GET", path);
    await unharmed();
  });
});

/** Sends bytes as they are and gives what comes back until the node hangs up. */
async function raw(...parts: (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(node.api);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(typeof part === "string" ? utf8(part) : part);
      socket.end();
    });
    socket.setEncoding("latin1").on("data", (text: string) => (answer += text));
    socket.on("error", () => {}).once("close", () => resolve(answer));
  });
}

describe("bytes that are no HTTP", () => {
  test.each([
    ["noise", random.bytes(10_000)],
    ["zeros", new Uint8Array(10_000)],
    ["a request line without end", `GET /${"a".repeat(100_000)}`],
    ["headers without end", `GET / HTTP/1.1\r\n${"x: y\r\n".repeat(20_000)}`],
    ["two lengths", "POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!"],
    [
      "a length and chunks",
      "POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "a chunk that is none",
      "POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
    ["an unknown method", "BREW /v1/node HTTP/1.1\r\nhost: x\r\n\r\n"],
  ])("%s: 4xx with a code, or hung up on", async (_what, bytes) => {
    const answer = await raw(bytes);
    if (answer !== "") {
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).toContain('"code":"');
    }
    await unharmed();
  });

  test("two hundred connections that say nothing keep nobody else out", async () => {
    const { hostname, port } = new URL(node.api);
    const silent = Array.from({ length: 200 }, () => connect(Number(port), hostname).on("error", () => {}));
    await unharmed();
    for (const socket of silent) socket.destroy();
  });

  test.runIf(LONG)("a request that trickles in is hung up on in time", async () => {
    const { hostname, port } = new URL(node.api);
    const socket = connect(Number(port), hostname).on("error", () => {});
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const timer = setInterval(() => socket.write("x"), 500);
    socket.write("GET /healthz HTTP/1.1\r\nx-slow: ");
    await closed;
    clearInterval(timer);
    await unharmed();
  });
});
