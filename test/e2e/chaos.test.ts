// Forty random kill -9 under load, as anybody can run them (`npm run chaos`): nothing acknowledged is lost, every record's updates are linearizable.
// docs/testing.md, "Chaos". The judge of the histories has tests of its own: test/unit/bench/history.test.ts.

import { spawn } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";

const KILLS = process.env["CHANCERY_LONG"] === undefined ? 40 : 400;

test(`${KILLS} kills: one, the primary, two, all four, one that is just starting; the clients' history is that of one ledger`, async () => {
  const chaos = path.resolve(import.meta.dirname, "../../bench/chaos.ts");
  const child = spawn(process.execPath, [chaos, "--kills", String(KILLS), "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, progress] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (progress += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  const result = JSON.parse(out || "{}") as Record<string, number>;
  expect(result, progress.slice(-2_000)).toMatchObject({ problems: [], kills: KILLS });
  expect(code).toBe(0);
  // A history with nothing in it would be judged good as well.
  expect(result["applied"]).toBeGreaterThan(KILLS);
  expect(result["readings"]).toBeGreaterThan(KILLS / 4);
}, 3_600_000);
