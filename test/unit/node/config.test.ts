// The configuration: file, environment, command line; what is wrong is named with its line and the nearest name. docs/operations.md, "Configuration".

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { LedgerError } from "../../../src/base/errors.ts";
import { isLoopback, listenAddress, loadConfig } from "../../../src/node/config.ts";
import { settingNames, settings } from "../../../src/node/settings.ts";

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-config-"));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));
const file = path.join(directory, "chancery.toml");
function load(content: string, environment: NodeJS.ProcessEnv = {}, flags = {}): ReturnType<typeof loadConfig> {
  fs.writeFileSync(file, content);
  return loadConfig(file, environment, flags);
}
function refusal(content: string, environment: NodeJS.ProcessEnv = {}): { why: string; do: string } {
  try {
    load(content, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(LedgerError);
    expect((error as LedgerError).code).toBe("config.invalid");
    return (error as LedgerError).data as { why: string; do: string };
  }
  return expect.unreachable("the configuration should have been refused");
}

describe("where a value comes from", () => {
  test("without a file everything has its default, which is itself a value that may be written", () => {
    const { config, origins } = loadConfig(path.join(directory, "none.toml"), {});
    for (const name of settingNames) {
      expect(config[name]).toEqual(settings[name].default);
      expect(origins[name]).toBe("default");
    }
  });

  test("the command line goes before the environment, that before the file, that before the default; each says so", () => {
    const content = '[api]\nlisten = "127.0.0.1:1"\nquota_tx_per_s = 1\n\n[log]\nlevel = "warn"\n';
    const { config, origins } = load(
      content,
      { CHANCERY_API__LISTEN: "127.0.0.1:2", CHANCERY_API__QUOTA_TX_PER_S: "2" },
      { "api.listen": "127.0.0.1:3" },
    );
    expect([config["api.listen"], config["api.quota_tx_per_s"], config["log.level"]]).toEqual(["127.0.0.1:3", 2, "warn"]);
    expect([origins["api.listen"], origins["api.quota_tx_per_s"], origins["log.level"]]).toEqual([
      "command line",
      "CHANCERY_API__QUOTA_TX_PER_S",
      `${file}:6`,
    ]);
  });
});

describe("what is refused", () => {
  test("an unknown name, with the line and the nearest one that exists", () => {
    const { why, do: todo } = refusal('[api]\nlisten = "127.0.0.1:1"\nquota_tx_per_sec = 1\n');
    expect(why).toContain(`${file}:3`);
    expect(todo).toContain('"api.quota_tx_per_s"');
  });

  test.each([
    ["a number out of bounds", "[store]\nreserve_mb = 1\n", "2"],
    ["a text where a number belongs", '[api]\nquota_tx_per_s = "many"\n', "2"],
    ["a fraction", "[api]\nquota_tx_per_s = 1.5\n", "2"],
    ["another word", '[log]\nlevel = "loud"\n', "2"],
    ["an address that is none", '[api]\nlisten = "everywhere"\n', "2"],
    ["TOML that is none", "[api\n", "1"],
    ["a key twice", '[log]\nlevel = "info"\nlevel = "warn"\n', "3"],
  ])("%s, with its line", (_what, content, line) => {
    expect(refusal(content).why).toContain(`${file}:${line}`);
  });

  test("an unknown variable of ours; others are none of our business", () => {
    expect(refusal("", { CHANCERY_API__LISTN: "x" }).do).toContain("api.listen");
    expect(() => load("", { PATH: "/bin", CHANCERY_NODE: "http://x" })).not.toThrow();
  });

  test("listening for everybody without TLS, unless it is said that this is meant", () => {
    expect(refusal('[api]\nlisten = "0.0.0.0:80"\n').do).toContain("plain_http");
    expect(() => load('[api]\nlisten = "0.0.0.0:80"\nplain_http = true\n')).not.toThrow();
    expect(refusal('[api]\ntls_key = "k"\n').why).toContain("both");
  });

  test("nothing of consensus can be set here: one node's timing has hung whole chains", () => {
    for (const name of settingNames)
      expect(name).not.toMatch(/timeout|view|block|window|epoch|quorum|drift|proposal|heartbeat|fsync|journal|validator/);
  });
});

test("addresses", () => {
  expect(listenAddress("[::1]:80")).toEqual({ host: "::1", port: 80 });
  expect(listenAddress("unix:/run/x.sock")).toEqual({ path: "/run/x.sock" });
  expect(["127.0.0.1", "127.9.9.9", "::1", "localhost"].map(isLoopback)).toEqual([true, true, true, true]);
  expect(["0.0.0.0", "10.0.0.1", "::", "127.example"].map(isLoopback)).toEqual([false, false, false, false]);
});
