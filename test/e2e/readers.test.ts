// Who reads what: a live node behind a proxy, so that visitors come from elsewhere; tokens of registered keys; what is not for a reader is not told in any
// way. docs/reference/http.md "Who may read".

import fs from "node:fs";
import path from "node:path";
import { generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "../../src/base/bytes.ts";
import { type Key, loadKey, newKey, saveSecretFile, sealKey } from "../../src/base/keyFile.ts";
import { provePossession } from "../../src/base/member.ts";
import { seedSigner } from "../../src/client/build.ts";
import { ChanceryError } from "../../src/client/connection.ts";
import { type Access, accessToken, connect, type Ledger } from "../../src/client/index.ts";
import { cli, deposit, get, type Network, startNetwork, waitFor } from "./support.ts";

const FROM_ELSEWHERE = { "x-forwarded-for": "203.0.113.7" };
const LIMIT = 120_000;
let network: Network;
let ledger: Ledger;
let api: string;
const access: { [who: string]: Access & { file: string } } = {};
/** Ids of the acts. */
const ids: { [what: string]: string } = {};

beforeAll(async () => {
  process.env["CHANCERY_API__TRUSTED_PROXIES"] = "127.0.0.1";
  network = await startNetwork(1);
  delete process.env["CHANCERY_API__TRUSTED_PROXIES"];
  api = network.nodes[0]!.api;
  ledger = await connect({ nodes: [api], genesis: network.genesis });
  for (const who of ["p:ann", "p:bob", "tax"]) access[who] = { ...(await bind(who)), organisation: "tax" };
  ids["grant"] = (await act("eid.grant@1", grant("g-ann", "p:ann"), "ann")).id;
  ids["other"] = (await act("eid.grant@1", grant("g-bob", "p:bob"), "bob")).id;
  ids["public"] = (await act("evidence.deposit@1", { deposit: "open", kind: "contract", content: new Uint8Array(32) }, "tax")).id;
}, LIMIT);
afterAll(async () => network?.stop());

const grant = (name: string, subject: string) => ({
  ...{ grant: name, subject, holder: "tax", user: "p:carl", purpose: "loan" },
  ...{ fields: ["income"], until: Date.now() + 3_600_000 },
});
const keyOf = (name: string): Key => loadKey(network.keys[name]!);

async function act(action: string, args: Parameters<Ledger["transaction"]>[1], by: string): Promise<any> {
  const signer = seedSigner(keyOf(by).secret);
  const draft = await ledger.transaction(action, args, { signers: [signer.publicKey] }).sign(signer);
  const outcome = await ledger.submit(draft.finish());
  expect(outcome).toMatchObject({ status: "applied" });
  return outcome;
}

/** An access key of the principal, bound on the chain by its own key. */
async function bind(principal: string): Promise<{ key: Access["key"]; file: string }> {
  const key = newKey("access");
  const file = path.join(network.directory, `${principal.replace(":", "-")}.access.key`);
  saveSecretFile(file, sealKey(key, undefined));
  const proof = provePossession(ledger.network, principal, "access", key.publicKey, key.secret);
  const args = { principal, key: key.publicKey, proof, purpose: "access", represents: false, from: Date.now() - 60_000 };
  await act("eid.bind@1", args, principal.replace("p:", ""));
  return { key: seedSigner(key.secret), file };
}

const tokenOf = async (who: string): Promise<string> => accessToken(access[who]!, hex(ledger.network));
/** As somebody on another machine: with a token, or as anybody. */
async function far(where: string, who?: string, token?: string): Promise<{ status: number; body: any }> {
  const bearer = token ?? (who === undefined ? undefined : await tokenOf(who));
  return get(`${api}/v1/${where}`, { ...FROM_ELSEWHERE, ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) });
}
async function prepared(action: string, args: object, signer: string, who?: string): Promise<any> {
  const response = await fetch(`${api}/v1/actions/${action}/prepare`, {
    method: "POST",
    headers: {
      ...FROM_ELSEWHERE,
      "content-type": "application/json",
      ...(who === undefined ? {} : { authorization: `Bearer ${await tokenOf(who)}` }),
    },
    body: JSON.stringify({ args, signers: [hex(keyOf(signer).publicKey)] }),
  });
  return response.json();
}

const TOKEN = { status: 401, body: { code: "access.token" } };
const DENIED = { status: 403, body: { code: "access.denied" } };

describe("records that are not public", { timeout: LIMIT }, () => {
  const mine = "records/eid/grant/g-ann";

  test("are read on the node's own machine, and by the member's own token from elsewhere", async () => {
    expect(await get(`${api}/v1/${mine}`)).toMatchObject({ status: 200, body: { fields: { subject: "p:ann" } } });
    expect(await far(mine, "tax")).toMatchObject({ status: 200 });
    expect((await far("records/eid/grant", "tax")).body.items).toHaveLength(2);
  });

  test("are not for anybody, neither one nor a list nor its history nor its proof", async () => {
    for (const where of [mine, "records/eid/grant", "history/eid/grant/g-ann", "proofs/eid/grant/g-ann", "records/eid/grant/none"])
      expect(await far(where), where).toMatchObject(TOKEN);
    expect(await far("records/evidence/deposit/open")).toMatchObject({ status: 200 });
  });

  test("are for whom they name, each for his own", async () => {
    for (const where of [mine, "history/eid/grant/g-ann", "proofs/eid/grant/g-ann", "records/eid/grant/g-ann?at=1000000"]) {
      const height = (await get(`${api}/v1/network`)).body.height as number;
      expect(await far(where.replace("1000000", String(height)), "p:ann"), where).toMatchObject({ status: 200 });
      expect((await far(where.replace("1000000", String(height)), "p:bob")).body.items ?? [], where).toEqual([]);
    }
    expect(await far(mine, "p:bob")).toMatchObject(DENIED);
    expect(await far("proofs/eid/grant/g-ann", "p:bob")).toMatchObject(DENIED);
    const list = await far("records/eid/grant", "p:ann");
    expect(list.body.items.map(({ record }: { record: string }) => record)).toEqual(["eid/grant/g-ann"]);
  });

  test("are kept by no cache that others share", async () => {
    const { height } = (await get(`${api}/v1/network`)).body;
    const cached = async (what: string) => {
      const headers = { ...FROM_ELSEWHERE, authorization: `Bearer ${await tokenOf("p:ann")}` };
      return (await get(`${api}/v1/${what}?at=${height}`, headers)).headers.get("cache-control");
    };
    for (const what of [mine, "proofs/eid/grant/g-ann"]) expect(await cached(what), what).toMatch(/^private, /);
    for (const what of ["records/evidence/deposit/open", "proofs/evidence/deposit/open"])
      expect(await cached(what), what).toMatch(/^public, /);
  });

  test("are not told apart from those that there are not", async () => {
    const [there, absent] = [await far("records/eid/grant/g-bob", "p:ann"), await far("records/eid/grant/none", "p:ann")];
    expect([there, absent]).toMatchObject([DENIED, DENIED]);
    expect(there.body.detail).toBe(absent.body.detail);
    expect(await far("proofs/eid/grant/none", "p:ann")).toMatchObject(DENIED);
    for (const where of ["records", "proofs"])
      for (const key of ["g-bob", "none"])
        expect(await far(`${where}/eid/grant/${key}?at=1`, "p:ann"), `${where} ${key}`).toMatchObject(DENIED);
  });

  test("are not told by where a page ends", async () => {
    for (const where of [
      "records/eid/grant?find.subject=p:bob&limit=1",
      "history/eid/grant/g-bob?limit=1",
      "history/eid/grant/none?limit=1",
    ])
      expect((await far(where, "p:ann")).body, where).toEqual({ items: [], next: null, asOf: expect.anything() });
    // g-ann comes first, g-bob behind it.
    expect((await far("records/eid/grant?limit=1", "p:ann")).body).toMatchObject({ items: [{ record: "eid/grant/g-ann" }], next: null });
    const page = (await far("records/eid/grant?limit=1", "tax")).body;
    expect(page).toMatchObject({ items: [{ record: "eid/grant/g-ann" }], next: expect.any(String) });
    const rest = await far(`records/eid/grant?limit=1&after=${page.next as string}`, "tax");
    expect(rest.body).toMatchObject({ items: [{ record: "eid/grant/g-bob" }] });
  });

  test("cannot be read from the transactions that wrote them", async () => {
    expect(await far(`proofs/transactions/${ids["grant"]!}`)).toMatchObject(TOKEN);
    expect(await far(`proofs/transactions/${ids["grant"]!}`, "p:bob")).toMatchObject(DENIED);
    expect(await far(`proofs/transactions/${ids["grant"]!}`, "p:ann")).toMatchObject({ status: 200 });
    expect(await far(`proofs/transactions/${ids["public"]!}`)).toMatchObject({ status: 200 });
    expect(await far("proofs/evidence/deposit/open")).toMatchObject({ status: 200 });
  });

  test("are not told by events: neither their values nor by what a filter finds", async () => {
    const valuesOf = async (who?: string) =>
      (await far("events?contract=eid&collection=grant", who)).body.items.map(({ writes }: any) => writes[0].fields?.subject);
    expect(await valuesOf()).toEqual([undefined, undefined]);
    expect(await valuesOf("p:ann")).toEqual(["p:ann", undefined]);
    expect(await valuesOf("tax")).toEqual(["p:ann", "p:bob"]);
    expect((await far("events?collection=grant&party=p:bob")).body.items).toEqual([]);
    expect((await far("events?collection=grant&party=p:bob", "p:ann")).body.items).toEqual([]);
    expect((await far("events?collection=grant&party=p:bob", "p:bob")).body.items).toHaveLength(1);
  });

  test("are not told by a dry run: the bytes come alone, but to who may see what decides", async () => {
    const withdraw = { grant: "g-ann" };
    expect(await prepared("eid.withdraw", withdraw, "ann")).toEqual({
      ...{ body: expect.any(String), sign: expect.any(String), id: expect.any(String), version: "eid.withdraw@1" },
    });
    expect((await prepared("eid.withdraw", withdraw, "ann", "p:bob")).dryRun).toBeUndefined();
    expect(await prepared("eid.withdraw", withdraw, "ann", "p:ann")).toMatchObject({ dryRun: { outcome: "applied" } });
    // To list oneself as a signer opens nothing; nor does what is not there, where one may not know of it.
    expect((await prepared("eid.withdraw", withdraw, "bob", "p:bob")).dryRun).toBeUndefined();
    expect((await prepared("eid.withdraw", { grant: "none" }, "bob", "p:bob")).dryRun).toBeUndefined();
    const open = JSON.parse(deposit("another")) as object;
    expect(await prepared("evidence.deposit", open, "tax")).toMatchObject({ dryRun: { outcome: "applied" } });
  });

  test("leave a trace when they are searched: whose key, which collection, how many", async () => {
    expect((await far("records/eid/grant?find.subject=p:ann", "p:ann")).body.items).toHaveLength(1);
    // The answer does not wait for the log.
    const key = hex(access["p:ann"]!.key.publicKey);
    const traces = await waitFor("the trace", async () => {
      const lines = fs.readFileSync(path.join(network.nodes[0]!.home, "node.log"), "utf8").split("\n").slice(0, -1);
      const searched = lines.filter((line) => line.includes("records.searched")).map((line) => JSON.parse(line) as { count: number });
      return searched.at(-1)?.count === 1 ? searched : undefined;
    });
    expect(traces.at(-1)).toMatchObject({ collection: "eid/grant", key });
    expect(JSON.stringify(traces)).not.toContain("p:ann");
  });

  test("are paged through for whom they name, past those that are not for him", async () => {
    for (let i = 0; i < 3; i++) {
      await act("eid.grant@1", grant(`h-${i}-bob`, "p:bob"), "bob");
      await act("eid.grant@1", grant(`h-${i}-dora`, "p:dora"), "dora");
    }
    const found: string[] = [];
    let after = "";
    for (let pages = 0; pages < 10; pages++) {
      const { items, next } = (await far(`records/eid/grant?limit=2${after}`, "p:bob")).body;
      found.push(...items.map(({ record }: { record: string }) => record.slice("eid/grant/".length)));
      if (next === null) break;
      after = `&after=${next as string}`;
    }
    expect(found).toEqual(["g-bob", "h-0-bob", "h-1-bob", "h-2-bob"]);
  });
});

describe("a token", { timeout: LIMIT }, () => {
  const where = "records/eid/grant/g-ann";
  const claims = async (change: object, header: object = {}): Promise<string> => {
    const key = await generateKeyPair("EdDSA", { crv: "Ed25519" });
    const jwt = new SignJWT({ aud: `chancery:${hex(ledger.network)}:tax`, exp: Math.floor(Date.now() / 1_000) + 60, ...change });
    return jwt.setProtectedHeader({ alg: "EdDSA", kid: hex(access["p:ann"]!.key.publicKey), ...header }).sign(key.privateKey);
  };
  const refused = async (token: string, why: RegExp): Promise<void> => {
    const { status, body } = await far(where, undefined, token);
    expect({ status, code: body.code }).toEqual({ status: 401, code: "access.token" });
    expect(body.detail).toMatch(why);
  };

  test("is signed by the key that it names", async () => refused(await claims({}), /signature/));

  test("is for this member's node of this network, and for ten minutes at most", async () => {
    const ann = access["p:ann"]!;
    await refused(await accessToken({ ...ann, organisation: "land" }, hex(ledger.network)), /aud/);
    await refused(await accessToken(ann, "00".repeat(32)), /aud/);
    await refused(await accessToken(ann, hex(ledger.network), -60), /exp/);
    await refused(await accessToken(ann, hex(ledger.network), 700), /600 s/);
  });

  test("names a key of purpose access: one that signs transactions reads nothing", async () => {
    await refused(await accessToken({ key: seedSigner(keyOf("ann").secret), organisation: "tax" }, hex(ledger.network)), /purpose access/);
    await refused(
      await accessToken({ key: seedSigner(newKey("access").secret), organisation: "tax" }, hex(ledger.network)),
      /purpose access/,
    );
    await refused(await claims({}, { kid: "../../x" }), /kid/);
  });

  test("that is no token is refused, also where none is needed", async () => {
    const header = Buffer.from(JSON.stringify({ alg: "none", kid: hex(access["p:ann"]!.key.publicKey) })).toString("base64url");
    const payload = Buffer.from(JSON.stringify({ aud: `chancery:${hex(ledger.network)}:tax`, exp: 4_000_000_000 })).toString("base64url");
    for (const token of ["x", "a.b.c", `${header}.${payload}.`, `${header}.${payload}.AAAA`, "a".repeat(4_000)])
      expect(await far("records/evidence/deposit/open", undefined, token), token.slice(0, 40)).toMatchObject(TOKEN);
    for (const authorization of ["", "Basic YTpi", "Bearer"])
      expect(await get(`${api}/v1/${where}`, { ...FROM_ELSEWHERE, authorization })).toMatchObject(TOKEN);
  });

  test("stops with its key: what the chain suspends reads nothing from the next block on", async () => {
    const bob = "records/eid/grant/g-bob";
    expect(await far(bob, "p:bob")).toMatchObject({ status: 200 });
    const { publicKey } = access["p:bob"]!.key;
    const headers = { ...FROM_ELSEWHERE, accept: "text/event-stream", authorization: `Bearer ${await tokenOf("p:bob")}` };
    const stream = await fetch(`${api}/v1/events`, { headers });
    expect(stream.status).toBe(200);
    await act("eid.setKey@1", { key: publicKey, to: "suspended" }, "bob");
    expect(await far(bob, "p:bob")).toMatchObject(TOKEN);
    expect(await stream.text()).toContain('"subject":"p:bob"'); // it ends
    await act("eid.setKey@1", { key: publicKey, to: "live" }, "bob");
    expect(await far(bob, "p:bob")).toMatchObject({ status: 200 });
  });
});

describe("the command line and the client library", { timeout: LIMIT }, () => {
  test("a key is made, proved, bound and used", async () => {
    const file = path.join(network.directory, "new.access.key");
    expect(await cli("keys", "new", "--for", "access", "--out", file, "--unprotected", "--json")).toMatchObject({ code: 0 });
    const proved = await cli("keys", "prove", file, "--genesis", network.genesis, "--of", "p:ann", "--json");
    expect(proved).toMatchObject({ code: 0, json: { principal: "p:ann", purpose: "access" } });
    const args = JSON.stringify({ ...proved.json, represents: false, from: Date.now() - 60_000 });
    const bound = await cli("call", "eid.bind", "--args", args, "--key", network.keys["ann"]!, "--node", api, "--json");
    expect(bound).toMatchObject({ code: 0, json: { outcome: "applied" } });

    const as = ["--node", api, "--access-key", file, "--node-of", "tax", "--json"];
    expect(await cli("get", "eid", "grant", "g-ann", ...as)).toMatchObject({ code: 0, json: { fields: { subject: "p:ann" } } });
    expect(await cli("get", "eid", "grant", "g-bob", ...as)).toMatchObject({ code: 4, problem: { code: "access.denied" } });
    expect(await cli("get", "eid", "grant", "g-ann", "--node", api, "--access-key", file, "--json")).toMatchObject({ code: 2 });
    const made = await cli("keys", "token", file, "--genesis", network.genesis, "--node-of", "tax", "--lifetime", "1m");
    expect(made.code).toBe(0);
    expect(await far("records/eid/grant/g-ann", undefined, made.out.trim())).toMatchObject({ status: 200 });
    expect(fs.existsSync(file)).toBe(true);
  });

  test("the client shows its key's token with each request", async () => {
    const ann = await connect({ nodes: [api], genesis: network.genesis, access: access["p:ann"]! });
    expect(await ann.get("eid/grant", "g-ann")).toMatchObject({ fields: { subject: "p:ann" } });
    const refusal = await ann.get("eid/grant", "g-bob").catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ChanceryError);
    expect(refusal).toMatchObject({ code: "access.denied", status: 403 });
  });
});
