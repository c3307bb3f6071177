// The layering check fails on what it must: each case plants one violation in a tree of its own, beside a file that is in order.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkLayers } from "../../../tools/layers.ts";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "chancery-layers-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function plant(files: Record<string, string>): string[] {
  for (const [file, text] of Object.entries({ "base/bytes.ts": "export const a = 1;\n", ...files })) {
    mkdirSync(dirname(join(root, "src", file)), { recursive: true });
    writeFileSync(join(root, "src", file), text);
  }
  return checkLayers(root).map(({ file, line, rule }) => `${file}:${line} ${rule}`);
}

const violations: [name: string, file: string, text: string, rule: string][] = [
  ["p2p imports ledger", "p2p/host.ts", 'import { a } from "../ledger/store.ts";', "folder"],
  ["consensus imports contracts", "consensus/step.ts", 'import type { A } from "../contracts/all.ts";', "folder"],
  ["ledger imports consensus", "ledger/chain.ts", 'export { a } from "../consensus/step.ts";', "folder"],
  ["base imports anything", "base/hash.ts", 'import "../ledger/block.ts";', "folder"],
  ["client imports a handler", "client/build.ts", 'const a = await import("../contracts/documents/evidence.ts");', "folder"],
  ["cli imports p2p", "cli/main.ts", 'import { a } from "../p2p/host.ts";', "folder"],
  ["ledger starts a worker of node", "ledger/pool.ts", 'new Worker(new URL("../node/verifyWorker.ts", import.meta.url));', "folder"],
  ["a folder of no row", "extra/a.ts", 'import { a } from "../base/bytes.ts";', "folder"],
  ["contracts import the clock", "contracts/a.ts", 'import { systemClock } from "../base/time.ts";', "folder"],
  ["contracts import the log", "contracts/kit/a.ts", 'import type { Logger } from "../../base/log.ts";', "folder"],
  ["level outside the store", "ledger/chain.ts", 'import { Level } from "level";', "level"],
  ["libp2p outside the host", "p2p/stream.ts", 'import type { Stream } from "@libp2p/interface";', "libp2p"],
  ["multiaddr in node", "node/config.ts", 'import { multiaddr } from "@multiformats/multiaddr";', "libp2p"],
  ["node:crypto in ledger", "ledger/chain.ts", 'import { createHash } from "node:crypto";', "crypto"],
  ["noble in client", "client/verify.ts", 'import { sha256 } from "@noble/hashes/sha2.js";', "crypto"],
  ["sodium in node", "node/node.ts", 'import sodium from "sodium-native";', "crypto"],
  ["jose outside the api", "node/node.ts", 'import { jwtVerify } from "jose";', "crypto"],
  ["#crypto outside base", "ledger/block.ts", 'import { sha256 } from "#crypto";', "crypto"],
  ["#codec beside codec.ts", "base/header.ts", 'import { decode } from "#codec";', "codec"],
  ["node: in a deterministic file", "contracts/a.ts", 'import { readFileSync } from "node:fs";', "node"],
  ["Date in contracts", "contracts/a.ts", "const t = Date.now();", "Date"],
  ["Date inside a template", "contracts/a.ts", "const t = `now ${Date.now()}`;", "Date"],
  ["Math.random in consensus", "consensus/step.ts", "const r = Math.random();", "random"],
  ["a float in execute", "ledger/execute.ts", "const rate = 1.5;", "float"],
  ["a small float in contracts", "contracts/a.ts", "const rate = 1e-3;", "float"],
  ["Math.log2 in the tree", "ledger/stateTree.ts", "const d = Math.log2(n);", "inexact Math"],
  ["performance.now in verify", "ledger/verify.ts", "const t = performance.now();", "performance.now"],
  ["a timer in consensus", "consensus/timers.ts", "setTimeout(f, 5);", "timer"],
  ["setImmediate in overlay", "ledger/overlay.ts", "setImmediate(f);", "timer"],
  ["async in contracts", "contracts/a.ts", "export async function run() {}", "async"],
  ["a promise in batch", "ledger/batch.ts", "export const p: Promise<void> = f();", "async"],
  ["Intl in contracts", "contracts/a.ts", "new Intl.NumberFormat();", "locale"],
  ["localeCompare in proofVerify", "ledger/proofVerify.ts", "a.localeCompare(b);", "locale"],
  ["toLocaleString in contracts", "contracts/a.ts", "n.toLocaleString();", "locale"],
  ["toLowerCase in contracts", "contracts/a.ts", "s.toLowerCase();", "locale"],
  ["normalize in contracts", "contracts/a.ts", 's.normalize("NFC");', "locale"],
  ["the environment in contracts", "contracts/a.ts", "const a = process.env.A;", "process"],
  ["a bare error", "node/node.ts", 'throw new Error("no");', "bare error"],
];

describe("the layering check", () => {
  test.each(violations)("refuses: %s", (_name, file, text, rule) => {
    expect(plant({ [file]: `// a file\n${text}\n` })).toEqual([`src/${file}:2 ${rule}`]);
  });

  test("refuses an import over several lines, and names the line of the path", () => {
    expect(plant({ "p2p/a.ts": 'import {\n  a,\n  b,\n} from "../ledger/block.ts";\n' })).toEqual(["src/p2p/a.ts:4 folder"]);
  });

  test("refuses a circle of imports, once; an import of types makes none, since it is erased", () => {
    const circle = { "base/x.ts": 'import "./y.ts";\n', "base/y.ts": 'import { Z } from "./z.ts";\n', "base/z.ts": 'import "./x.ts";\n' };
    expect(plant(circle)).toEqual(["src/base/x.ts:1 circle"]);
    expect(plant({ ...circle, "base/y.ts": 'import type { Z } from "./z.ts";\n' })).toEqual([]);
    expect(plant({ "p2p/a.ts": 'import type { A } from "../ledger/block.ts";\n' })).toEqual(["src/p2p/a.ts:1 folder"]);
  });

  test("refuses a file of more than 400 lines, and takes one of 400", () => {
    expect(plant({ "base/long.ts": "//\n".repeat(401), "base/full.ts": "//\n".repeat(400) })).toEqual(["src/base/long.ts:401 length"]);
  });

  test("takes what is in order: comments, strings, the driver and the journal, base's crypto, the store's level", () => {
    const files = {
      "base/hash.ts": 'import { hash } from "node:crypto";\nimport { a } from "#crypto";\n',
      "contracts/a.ts":
        '// Date.now() and new Error( in a comment\n/* await */\nconst s = "Math.random() 1.5 https://x";\nconst version = 2_000;\n',
      "consensus/driver.ts": "export async function run(): Promise<void> { await 1; setTimeout(f, 1.5); }\n",
      "consensus/journalSegments.ts": 'import { open } from "node:fs/promises";\n',
      "ledger/store.ts": 'import { Level } from "level";\nimport { a } from "../base/bytes.ts";\n',
      "ledger/chain.ts": 'import "./store.ts";\nexport async function commit() {}\n',
      "p2p/host.ts": 'import { createLibp2p } from "libp2p";\nimport type { A } from "@libp2p/interface";\n',
      "node/api/server.ts": 'import { jwtVerify } from "jose";\nimport "../../ledger/chain.ts";\n',
      "client/verify.ts": 'import { verify } from "../ledger/proofVerify.ts";\n',
      "ledger/proofVerify.ts": 'import { a } from "../base/bytes.ts";\n',
    };
    expect(plant(files)).toEqual([]);
  });
});
