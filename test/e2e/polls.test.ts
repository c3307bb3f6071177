// docs/polls.md as it stands: its commands, in its order, on a live network, each party with its own files; in between what the page says is refused. A poll
// whose hours pass by the clocks of the nodes being set ahead.

import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadKey } from "../../src/base/keyFile.ts";
import { type Json, seedSigner } from "../../src/client/build.ts";
import { connect } from "../../src/client/index.ts";
import { get, MAIN, type Network, startNetwork, waitFor } from "./support.ts";

const page = fs.readFileSync(path.resolve(import.meta.dirname, "../../docs/polls.md"), "utf8");
/** The commands of each block, in order; in a block that says so they run together. */
const blocks = [...page.matchAll(/^```sh(?<how>.*)\n(?<body>[\s\S]*?)^```$/gm)].map(({ groups }) => ({
  together: groups!["how"]!.trim() === "together",
  lines: groups!["body"]!.trim().split("\n"),
}));
const MINUTE = 60_000;
const LIMIT = 240_000;

let network: Network;
let directory: string;
interface Said {
  readonly code: number;
  readonly json: any;
  readonly err: string;
}

/** A line of the page, in the directory where everybody's files are. */
async function run(line: string, node = 0): Promise<Said> {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2]!);
  expect(words.shift()).toBe("chancery");
  const made = /^(trustee join|poll keys|poll request) /.test(words.join(" ")) ? ["--unprotected"] : [];
  const child = spawn(process.execPath, [MAIN, ...words, ...made, "--json", "--timeout", "60s"], {
    cwd: directory,
    env: { ...process.env, CHANCERY_NODE: network.nodes[node]!.api, CHANCERY_GENESIS: network.genesis },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number>((resolve) => child.once("close", (exit) => resolve(exit ?? -1)));
  return { code, json: out === "" ? undefined : JSON.parse(out), err };
}
async function done(line: string, node = 0): Promise<any> {
  const { code, json, err } = await run(line, node);
  expect(`${line}: ${code} ${code === 0 ? "" : `${err} ${JSON.stringify(json)}`}`).toBe(`${line}: 0 `);
  return json;
}
const statusOf = async (): Promise<string> => (await get(`${network.nodes[0]!.api}/v1/records/polls/poll/depot`)).body.status;
let next = 0;
const block = (): { together: boolean; lines: string[] } => blocks[next++]!;
/** All commands of the next block. */
async function doNext(): Promise<any[]> {
  const { together, lines } = block();
  if (together) return Promise.all(lines.map(async (line, i) => done(line, i % network.nodes.length)));
  const said = [];
  for (const line of lines) said.push(await done(line));
  return said;
}

beforeAll(async () => {
  network = await startNetwork(4);
  directory = path.join(network.directory, "people");
  fs.mkdirSync(directory);
  for (const [name, file] of Object.entries(network.keys)) fs.copyFileSync(file, path.join(directory, `${name}.key`));
}, LIMIT);
afterAll(async () => network?.stop());

describe("docs/polls.md", () => {
  let start: number;

  test("before: issuers, a list, a key of three trustees", { timeout: LIMIT }, async () => {
    start = Date.now();
    const ledger = await connect({ nodes: [network.nodes[0]!.api], genesis: network.genesis });
    const act = async (action: string, args: Json, key: string): Promise<void> => {
      const signer = seedSigner(loadKey(network.keys[key]!).secret);
      const { draft } = await ledger.prepare(action, args, { signers: [signer.publicKey] });
      await draft.sign(signer);
      expect(await ledger.submit(draft.finish(), { timeout: "60s" })).toMatchObject({ status: "applied" });
    };
    const role = { proposal: "issuer", member: "tax", kind: "role.grant", agency: "courts", role: "polls.issuer", scope: "" };
    await act("governance.propose", role, "tax");
    await Promise.all(
      ["tax", "courts", "land"].map(async (member) => act("governance.vote", { proposal: "issuer", member, vote: "yes" }, member)),
    );
    const hour = 60 * MINUTE;
    const ceremony = { ceremony: "depot", trustees: ["courts", "land", "health"], threshold: 2 };
    const until = { commit_until: start + hour, reveal_until: start + 2 * hour, accept_until: start + 3 * hour };
    await act("ceremonies.open", { ...ceremony, ...until }, "tax");
    await doNext();
    await doNext();
  });

  test("the call, and tickets that issuers sign unseen", { timeout: LIMIT }, async () => {
    const call = JSON.parse(/^```json\n([\s\S]*?)^```$/m.exec(page)![1]!) as object;
    const times = {
      keys_until: start + 8 * MINUTE,
      requests_until: start + 9 * MINUTE,
      opens: start + 10 * MINUTE,
      closes: start + 20 * MINUTE,
    };
    fs.writeFileSync(path.join(directory, "depot.json"), JSON.stringify({ ...call, ...times }));
    await doNext();
    expect((await run("chancery poll request depot --person p:ann.participation --key ann.participation.key")).code).toBe(5);
    await doNext();
    const { lines: requests } = block();
    await Promise.all(requests.map(async (line) => done(line)));
    expect(await run("chancery poll ticket depot --person p:ann.participation --voter ann.voter.key")).toMatchObject({ code: 5 });
    expect((await doNext()).map(({ granted }) => granted)).toEqual([2, 2]);
    const { lines: tickets } = block();
    await Promise.all(tickets.map(async (line) => done(line)));
    // With another's secret the answers are no ticket.
    expect((await run("chancery poll ticket depot --person p:ann.participation --voter bob.voter.key --ticket x")).code).toBe(1);
  });

  test("voting: tested, cast, cast again", { timeout: LIMIT }, async () => {
    await network.later(11 * MINUTE);
    await waitFor("the poll to open", async () => ((await statusOf()) === "open" ? true : undefined), 60_000);
    const { lines: admissions } = block();
    await Promise.all(admissions.map(async (line, i) => done(line, i)));
    const [annsLines, bobsLines] = [block().lines, block().lines];
    const ann = async (): Promise<void> => {
      const tested = await done(annsLines[0]!);
      await done(annsLines[1]!);
      expect(await done(annsLines[2]!.replace("CODE", tested.code))).toMatchObject({ holds: true, choice: [2] });
      const opened = JSON.parse(fs.readFileSync(path.join(directory, "ann.opened"), "utf8"));
      fs.writeFileSync(path.join(directory, "lie.opened"), JSON.stringify({ ...opened, bits: [true, false, false] }));
      expect((await run(`chancery poll recompute lie.opened --code ${tested.code}`)).code).toBe(1);
      expect((await run(annsLines[4]!)).code).toBe(2); // tested, so never cast
      const made = await done(annsLines[3]!);
      expect(made.code).not.toBe(tested.code);
      expect((await run(`chancery poll check depot --voter ann.voter.key --code ${made.code}`)).code).toBe(1);
      await done(annsLines[4]!);
      expect(fs.readFileSync(path.join(directory, "ann.ballot"), "utf8")).toContain('"r":[]');
      expect(await done(annsLines[5]!.replace("CODE", made.code), 2)).toMatchObject({ holds: true, version: 1 });
    };
    const bob = async (): Promise<void> => {
      expect((await run("chancery poll admit depot --voter bob.voter.key --ticket ann.ticket --within 0s")).code).toBe(1);
      for (const line of bobsLines) await done(line, 1);
    };
    // There is nothing to be opened or counted yet.
    const early = ["chancery trustee share depot --key courts.key --secret courts.part", "chancery poll verify depot"];
    const [, , ...codes] = await Promise.all([ann(), bob(), ...early.map(async (line) => (await run(line)).code)]);
    expect(codes).toEqual([5, 5]);
  });

  test("the result, and counting again", { timeout: LIMIT }, async () => {
    await network.later(21 * MINUTE);
    await waitFor(
      "the sum",
      async () => ((await get(`${network.nodes[0]!.api}/v1/records/polls/tally/depot`)).body.status === "summed" ? true : undefined),
      60_000,
    );
    // A trustee who has answered for another sum answers no more.
    fs.writeFileSync(path.join(directory, "health.part.answered"), '{"network":"","poll":"depot","sum":"00"}\n');
    expect(await run("chancery trustee share depot --key health.key --secret health.part")).toMatchObject({ code: 1 });
    const [first, second] = await doNext();
    expect(first).toMatchObject({ poll: "depot", ballots: 2, counts: null });
    expect(second).toMatchObject({ counts: [0, 2, 0] });
    const [recount, audit] = await Promise.all([done(block().lines[0]!, 1), run("chancery audit polls")]);
    expect(recount).toMatchObject({ holds: true, cast: 2, admitted: 2, counts: [0, 2, 0], findings: [] });
    expect(audit.code).toBe(0);
    expect(next).toBe(blocks.length);
  });
});
