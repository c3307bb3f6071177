// Money from a contract to the bank and back, on four nodes: sealed accounts and wages by the command line, signatures at several nodes, instructions that are the
// same from whichever node, a node that dies in between, a notification that is confirmed at two nodes at once, a wrong amount that stays open, proof and audit.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadKey } from "../../src/base/keyFile.ts";
import { seedSigner } from "../../src/client/build.ts";
import { connect, type Json } from "../../src/client/index.ts";
import { linesOf } from "../../src/client/pain.ts";
import { bankBooks, camtOf } from "../unit/client/bankMessages.ts";
import { cli, get, type Network, startDaemon, startNetwork, waitFor } from "./support.ts";

let network: Network;
const file = (name: string): string => path.join(network.directory, name);
const api = (i: number): string => network.nodes[i]!.api;

beforeAll(async () => {
  network = await startNetwork(4);
});
afterAll(async () => network?.stop());

/** Signs with the keys of these names and hands in at a node, over HTTP; the bytes are the same each time they are sent. */
async function act(node: number, action: string, args: Json, ...by: string[]): Promise<void> {
  const signers = by.map((name) => seedSigner(loadKey(network.keys[name]!).secret));
  const ledger = await connect({ nodes: [api(node)], genesis: network.genesis });
  const { draft } = await ledger.prepare(action, args, { signers: signers.map((s) => s.publicKey) });
  for (const one of signers) await draft.sign(one);
  const signed = draft.finish();
  const outcome = await waitFor(action, async () => {
    const it = await ledger.submit(signed);
    return it.status === "pending" ? undefined : it;
  });
  expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "applied" });
}
const payments = async (node: number, ...args: string[]) => cli("payments", ...args, "--node", api(node), "--json");
const trust = (): string[] => ["--genesis", network.genesis];
async function seal(what: string, name: string, account: string): Promise<Json> {
  const made = await cli(
    "payments",
    "account",
    "--for",
    what,
    "--name",
    name,
    "--account",
    account,
    "--openings",
    file("openings.json"),
    ...trust(),
    "--json",
  );
  expect(made.code, made.err).toBe(0);
  return made.json as Json;
}
const messages = (directory: string): Map<string, string> =>
  new Map(fs.readdirSync(file(directory)).map((name) => [name, fs.readFileSync(path.join(file(directory), name), "utf8")]));

const step = (name: string) => ({ step: name, amount: "500000", keyholders: [] });
const asked = (order: string, more: { [name: string]: Json }) => ({
  order,
  engagement: "main",
  step: "walls",
  amount: "100000",
  chunks: 0,
  ...more,
});
async function signedByAll(order: string): Promise<void> {
  await act(2, "funds.approve", { keyholder: "land", orders: [order] }, "land");
  await act(3, "funds.approve", { keyholder: "health", orders: [order] }, "health");
}

test("pays once, to whom it was ordered, whatever dies or is said twice in between", { timeout: 400_000 }, async () => {
  // a fund of the land office, a contract with the courts' building yard, two steps
  const opened = {
    fund: "station",
    kind: "project",
    owner: "land",
    purpose: "station",
    currency: "EUR",
    keyholders: ["land", "health"],
    budget: "1000000",
  };
  const account = await seal("fund", "Land office", "DE89370400440532013000");
  await act(0, "funds.open", { ...opened, account }, "tax", "land");
  await act(
    1,
    "funds.engage",
    { engagement: "main", fund: "station", payee: "courts", purpose: "station", amount: "1000000" },
    "land",
    "courts",
  );
  await act(0, "funds.agree", { engagement: "main", steps: [step("walls"), step("roof")] }, "land", "courts");

  // an order to one account, one of 300 wages, one that the bank will get wrong, one that a court stops
  const yard = await seal("order", "Building yard", "GB82WEST12345698765432");
  for (const order of ["o1", "o3", "o4"]) await act(0, "funds.ask", asked(order, { account: yard }), "courts");
  await act(0, "funds.ask", asked("o2", { step: "roof", amount: "450150", chunks: 2 }), "courts");
  const workers = Array.from({ length: 300 }, (_, i) => ({
    worker: `w${i}`,
    name: `Worker ${i}`,
    account: `ACC${i}`,
    amount: `${1_350 + i}`,
  }));
  fs.writeFileSync(file("list.json"), JSON.stringify(workers));
  const wages = ["wages", "o2", file("list.json"), "--openings", file("wages.json"), ...trust(), "--key", network.keys["courts"]!];
  const wrongSum = await payments(0, ...wages);
  expect(wrongSum).toMatchObject({ code: 1, problem: { code: "payment.mismatch" } });
  fs.rmSync(file("wages.json"));
  workers.forEach((worker, i) => (worker.amount = `${1_351 + i}`));
  fs.writeFileSync(file("list.json"), JSON.stringify(workers));
  expect(await payments(1, ...wages)).toMatchObject({ code: 0, json: { lists: 2, listed: 2 } });
  expect(await payments(2, ...wages)).toMatchObject({ code: 0, json: { listed: 0, known: 2 } }); // once more changes nothing

  const instruct = async (node: number, out: string) =>
    payments(
      node,
      "instruct",
      "station",
      "--openings",
      file("openings.json"),
      "--openings",
      file("wages.json"),
      "--out",
      file(out),
      ...trust(),
    );
  expect(await instruct(0, "early")).toMatchObject({ code: 0, json: { written: 0, waiting: 5 } }); // nothing is released
  for (const order of ["o1", "o2", "o3", "o4"]) await signedByAll(order);
  await act(0, "funds.courtStop", { kind: "order", key: "o4", ground: "civ-118" }, "tax");

  // instructions: the same from every node, and after a crash in between
  expect(await instruct(0, "out")).toMatchObject({ code: 0, json: { written: 4, held: 1 } });
  const dead = network.nodes[3]!;
  process.kill(dead.pid, "SIGKILL");
  expect(await instruct(0, "out")).toMatchObject({ code: 0, json: { written: 0, unchanged: 4 } });
  expect(await instruct(1, "again")).toMatchObject({ code: 0, json: { written: 4 } });
  const written = messages("out");
  expect(messages("again")).toEqual(written);
  const daemon = await startDaemon(dead.home);
  try {
    // the bank books them, o3 with a unit too little; the notification is confirmed at two nodes at once
    const entries = bankBooks([...written.values()]).map((entry) => ({ ...entry, lines: [...entry.lines] }));
    const third = [...written.values()].findIndex((xml) => xml.includes("<Ustrd>o3</Ustrd>"));
    entries[third] = { ...entries[third]!, lines: [{ ...entries[third]!.lines[0]!, amount: 99_999n }] };
    const unknown = { reference: "BK-X", lines: [{ endToEnd: "NOTPROVIDED", amount: 5n }] };
    fs.writeFileSync(file("camt.xml"), camtOf([...entries, unknown]));
    const confirm = async (node: number) =>
      payments(node, "confirm", file("camt.xml"), "--instructions", file("out"), "--key", network.keys["tax"]!);
    const both = await Promise.all([confirm(1), confirm(2)]);
    for (const one of both)
      expect(one, one.err).toMatchObject({ code: 1, json: { refused: 0, open: 1, pending: 0, unmatched: [{ why: "no_reference" }] } });
    for (const one of both) expect(one.json.paid + one.json.already).toBe(3);
    const order = async (key: string) => (await get(`${api(0)}/v1/records/funds/order/${key}`)).body;
    await waitFor("the first node knows", async () => ((await order("o2")).status === "settled" ? true : undefined));
    expect(await order("o1")).toMatchObject({ status: "settled", fields: { paid: "100000" } });
    expect(await order("o2")).toMatchObject({ status: "settled", fields: { paid: "450150" } });
    expect(await order("o3")).toMatchObject({ status: "released", fields: { paid: "0" } });
    expect((await get(`${api(0)}/v1/records/funds/fund/station`)).body.fields.paid).toBe("550150");

    // the bank corrects itself
    const [reference] = linesOf(written.get([...written.keys()][third]!)!).lines.keys();
    fs.writeFileSync(file("camt2.xml"), camtOf([{ reference: "BK-Y", lines: [{ endToEnd: reference!, amount: 1n }] }]));
    const corrected = await payments(0, "confirm", file("camt2.xml"), "--instructions", file("out"), "--key", network.keys["tax"]!);
    expect(corrected).toMatchObject({ code: 0, json: { paid: 1, open: 0 } });
    expect(await instruct(0, "out")).toMatchObject({ code: 0, json: { written: 0, unchanged: 0, held: 1 } }); // nothing is due any more

    // proof and audit
    expect(await cli("prove", "funds", "payment", "o2/1", "--out", file("p.json"), "--node", api(1), "--json")).toMatchObject({ code: 0 });
    expect(await cli("verify", file("p.json"), ...trust(), "--json")).toMatchObject({
      code: 0,
      json: { valid: true, record: { status: "paid", fields: { order: "o2", chunk: 1, count: 44 } } },
    });
    const audit = await cli("audit", "funds", "--node", api(2), "--json");
    expect(audit, audit.out).toMatchObject({ code: 0, json: { holds: true } });
    const figures = Object.assign({}, ...(audit.json.audits as { figures: object }[]).map((one) => one.figures)) as Record<string, string>;
    expect(figures).toMatchObject({ paid: "650150", "open items": 0, recipients: 302 });
  } finally {
    daemon.child.kill("SIGTERM");
    await daemon.ended;
  }
});
