// Scenario `services`: each action of each contract alone, in the states that the contracts' own scenarios prepare (test/unit/contracts run with the meter
// in): µs of the engine, rows, bytes.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { contracts } from "../src/node/registry.ts";
import type { Metered } from "./meter.ts";
import { conditions, rounded, spread } from "./report.ts";

const root = path.resolve(import.meta.dirname, "..");

export function services(say: (text: string) => void): Record<string, unknown> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-services-"));
  const file = path.join(folder, "acts.jsonl");
  fs.writeFileSync(file, "");
  say("running the contracts' scenarios");
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const result = spawnSync(process.execPath, [vitest, "run", "--root", root, "test/unit/contracts"], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, CHANCERY_METER: file, CHANCERY_QUICK: "1" },
  });
  if (result.status !== 0) say(`the scenarios ended with exit code ${result.status}: what they measured is shown`);
  const byAction = new Map<string, Metered[]>();
  for (const text of fs.readFileSync(file, "utf8").trim().split("\n").filter(Boolean)) {
    const line = JSON.parse(text) as Metered;
    byAction.set(line.action, [...(byAction.get(line.action) ?? []), line]);
  }
  fs.rmSync(folder, { recursive: true, force: true });
  const rows = Object.fromEntries(
    [...contracts().actions.keys()].map((action) => {
      const lines = byAction.get(action);
      if (lines === undefined) return [action, { measured: 0 }];
      const middle = (of: (m: Metered) => number): number => spread(lines.map(of)).median;
      return [
        action,
        {
          measured: lines.length,
          us: rounded(
            spread(
              lines.map((l) => l.us),
              1,
            ).median,
            1,
          ),
          min_us: rounded(Math.min(...lines.map((l) => l.min_us)), 1),
          rows_read: middle((l) => l.rows_read),
          rows_written: middle((l) => l.rows_written),
          bytes_written: middle((l) => l.bytes_written),
          args_bytes: middle((l) => l.args_bytes),
        },
      ];
    }),
  );
  const missing = Object.entries(rows).filter(([, row]) => row.measured === 0);
  return {
    scenario: "services",
    actions: Object.keys(rows).length,
    not_measured: missing.map(([action]) => action),
    rows,
    conditions: conditions(),
  };
}
