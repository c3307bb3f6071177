// What is shipped for whoever watches and starts a node: alerts, the board, the unit. They speak of metrics, headings and exit codes that there are.
// docs/operations.md, "Watching a node".

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { codes } from "../../../src/base/codes.ts";
import { createMetrics } from "../../../src/node/metrics.ts";
import type { NodeStatus } from "../../../src/node/status.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const read = (file: string): string => fs.readFileSync(path.join(root, file), "utf8");
const found = (tool: string): boolean => spawnSync(tool, ["--version"]).error === undefined;

async function shown(): Promise<Set<string>> {
  const status = { peers: [], role: "validator", replacedKeys: [] } as unknown as NodeStatus;
  const about = { version: "0", protocol: 1, organisation: "tax", network: "" };
  const text = await createMetrics(
    about,
    () => status,
    () => ({}),
  ).text();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, kind]) =>
    kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name!],
  );
  return new Set(names);
}
const named = (text: string): string[] => [...new Set([...text.matchAll(/\bchancery_[a-z_]+/g)].map(([name]) => name))];

describe("alerts", () => {
  const alerts = read("deploy/alerts.yml");

  test("speak of metrics that a node has, and so does the board", async () => {
    const known = await shown();
    expect(named(alerts).length).toBeGreaterThan(15);
    expect(named(alerts).filter((name) => !known.has(name))).toEqual([]);
    const board = named(read("deploy/grafana.json"));
    expect(board.length).toBeGreaterThan(15);
    expect(board.filter((name) => !known.has(name))).toEqual([]);
  });

  test("each names a heading of the handbook that says what to do, and each runbook of `chancery status` is one", () => {
    const headings = new Set([...read("docs/operations.md").matchAll(/^### (.+)$/gm)].map((m) => m[1]!));
    const runbooks = [...alerts.matchAll(/runbook: "?([^"}]+?)"? }/g)].map((m) => m[1]!);
    expect(runbooks.length).toBe([...alerts.matchAll(/- alert:/g)].length);
    const said = [...read("src/node/status.ts").matchAll(/Runbook: (\w+)/g)].map((m) => m[1]!);
    expect(said.length).toBeGreaterThan(5);
    expect([...runbooks, ...said].filter((name) => !headings.has(name))).toEqual([]);
  });

  test.skipIf(!found("promtool"))(
    "fire where they should and not a moment before (promtool; skipped where it is absent)",
    () => {
      const ran = spawnSync("promtool", ["test", "rules", "deploy/alerts.test.yml"], { cwd: root, encoding: "utf8" });
      expect(ran.status, ran.stdout + ran.stderr).toBe(0);
      const tested = named(read("deploy/alerts.test.yml"));
      expect(named(alerts).filter((name) => !tested.includes(name))).toEqual([]);
    },
    60_000,
  );
});

describe("the unit of systemd", () => {
  const unit = read("deploy/chancery.service");

  test("does not start again what needs a person", () => {
    const never = /^RestartPreventExitStatus=(.*)$/m.exec(unit)![1]!.split(" ").map(Number);
    const needsPerson = Object.values(codes).flatMap(({ exit }) => (exit !== undefined && exit >= 10 && exit < 70 ? [exit] : []));
    expect(never).toEqual([2, ...new Set(needsPerson)].sort((a, b) => a - b));
  });

  test.skipIf(!found("systemd-analyze"))(
    "is one, and shuts what it can (systemd-analyze; skipped where it is absent)",
    () => {
      const analyze = (...args: string[]) =>
        spawnSync("systemd-analyze", [...args, "deploy/chancery.service"], { cwd: root, encoding: "utf8" });
      const verified = analyze("verify");
      expect(verified.status, verified.stderr).toBe(0);
      const level = /exposure level for \S+: ([\d.]+)/.exec(analyze("security", "--offline=true").stdout)?.[1];
      expect(Number(level)).toBeLessThanOrEqual(1.5);
    },
    60_000,
  );
});
