// The test of the specification: a verifier in another language, written from docs/protocol.md and test/vectors alone, gives the same verdicts.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeAnchor } from "../../../src/base/anchor.ts";
import { base64, unbase64 } from "../../../src/base/bytes.ts";
import { openTrust, type ProofVerdict, verify } from "../../../src/client/verify.ts";
import { proveRecord, proveTransaction } from "../../../src/ledger/proof.ts";
import { writeProof } from "../../../src/ledger/proofFile.ts";
import { ChainFixture, keyOf } from "../ledger/chainFixture.ts";

const folder = path.resolve(import.meta.dirname, "../../python");
const script = path.join(folder, "verify_proof.py");
const hasPython = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;
if (!hasPython) console.warn("skipped: no python3 (3.9 or later) on this machine, so the verifier in Python was not run");

interface Case {
  readonly what: string;
  readonly file: string;
  readonly anchor?: string;
  readonly verdict: ProofVerdict;
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/proof.json", import.meta.url), "utf8")) as {
  genesis: string;
  cases: Case[];
};

interface PythonVerdict {
  valid: boolean;
  code?: string;
  step?: string;
  present?: boolean;
  height?: number;
  confirmedBy?: string[];
  signers?: string[];
  trust?: string;
}
/** Many verdicts from one process. */
function python(cases: readonly { file: string; anchor?: string; genesis: string }[]): PythonVerdict[] {
  const program = `
import json, sys
sys.path.insert(0, ${JSON.stringify(folder)})
from verify_proof import verify, Denied
for line in sys.stdin:
    case = json.loads(line)
    try: verdict = verify(case["file"], json.loads(case["genesis"]), json.loads(case["anchor"]) if "anchor" in case else None)
    except Denied as no: verdict = {"valid": False, "code": no.args[0], "step": no.args[1]}
    print(json.dumps(verdict))`;
  const out = execFileSync("python3", ["-B", "-c", program], {
    input: cases.map((c) => `${JSON.stringify(c)}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as PythonVerdict);
}

function same(ours: ProofVerdict, theirs: PythonVerdict, what: string): void {
  if (!ours.valid) return expect([theirs.valid, theirs.code], what).toEqual([false, ours.code]);
  expect(theirs, what).toEqual({
    valid: true,
    present: ours.present,
    height: ours.asOf.height,
    confirmedBy: [...ours.confirmedBy],
    signers: [...ours.signers],
    trust: ours.trust,
  });
}

describe.skipIf(!hasPython)("the verifier in Python", () => {
  it("is at most 200 lines, and imports nothing but the standard library's basics", () => {
    const lines = readFileSync(script, "utf8").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(200);
    expect(lines.filter((line) => /^\s*(import|from)\s/.test(line))).toEqual(["import argparse, base64, hashlib, json, re, sys"]);
  });

  it("gives the verdicts of the vectors, with the same codes", () => {
    const theirs = python(
      vectors.cases.map(({ file, anchor }) => ({ file, genesis: vectors.genesis, ...(anchor !== undefined && { anchor }) })),
    );
    vectors.cases.forEach(({ what, verdict }, i) => same(verdict, theirs[i]!, what));
  }, 60_000);

  it("works from the command line: exit 0 and 1", () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), "chancery-python-"));
    try {
      const run = (index: number): { status: number | null; verdict: PythonVerdict } => {
        const { file, anchor } = vectors.cases[index]!;
        const at = (name: string, content: string): string => {
          writeFileSync(path.join(dir, name), content);
          return path.join(dir, name);
        };
        const args = [
          at("p.json", file),
          "--genesis",
          at("g.json", vectors.genesis),
          ...(anchor === undefined ? [] : ["--anchor", at("a.json", anchor)]),
        ];
        const { status, stdout } = spawnSync("python3", ["-B", script, ...args], { encoding: "utf8" });
        return { status, verdict: JSON.parse(stdout) as PythonVerdict };
      };
      expect(run(0)).toMatchObject({ status: 0, verdict: { valid: true, trust: "genesis" } });
      expect(run(1)).toMatchObject({ status: 0, verdict: { valid: true, trust: "anchor" } });
      expect(run(vectors.cases.findIndex((c) => c.what === "an old row"))).toMatchObject({
        status: 1,
        verdict: { valid: false, code: "proof.row", step: "record.row" },
      });
    } finally {
      rmSync(dir, { recursive: true });
    }
  }, 30_000);

  it("agrees about proofs made just now, whole and falsified at random", async () => {
    const chain = new ChainFixture(["one", "two", "three", "four", "five"], "another ledger");
    const put = (key: string) => ({ collection: "evidence/deposit", key, fields: { key } });
    for (let i = 1; i <= 12; i++)
      chain.add(
        [{ puts: [put(`k${i % 5}`), put(`n${i}`)] }, { rejected: "evidence.twice" }],
        i === 6 ? { next: ["one", "two", "three", "four", "five", "six", "seven"] } : {},
      );
    const genesis = chain.genesisText;
    const anchor = writeAnchor(chain.anchor(9));
    const prove = async (key: string, options = {}): Promise<string> =>
      writeProof(await proveRecord(chain, "evidence/deposit", keyOf(key), options));
    const files: [string, string | undefined][] = [
      [await prove("k2"), undefined],
      [await prove("k2"), anchor],
      [await prove("absent"), undefined],
      [await prove("k1", { at: 8, anchor: chain.anchor(9) }), anchor],
      [await prove("k3", { at: 4, anchor: chain.anchor(9) }), anchor],
      [writeProof(proveTransaction(chain, chain.at(3).ids[1]!)), undefined],
    ];
    const cases = files.map(([file, a]) => ({ file, genesis, ...(a !== undefined && { anchor: a }) }));
    const places = (value: { [name: string]: any }): [{ [name: string]: any }, string][] =>
      Object.entries(value).flatMap(([name, item]) =>
        item !== null && typeof item === "object" ? places(item) : [[value, name] as [{ [name: string]: any }, string]],
      );
    const changes = fc.sample(
      fc.tuple(fc.nat({ max: files.length - 1 }), fc.nat(), fc.nat(), fc.nat({ max: 7 }), fc.constantFrom("flip", "remove", "cut")),
      200,
    );
    for (const [which, a, b, bit, kind] of changes) {
      const file = JSON.parse(files[which]![0]) as { [name: string]: any };
      const all = places(file);
      const [holder, name] = all[a % all.length]!;
      const value = holder[name] as unknown;
      if (kind === "remove") delete holder[name];
      else if (typeof value === "number") holder[name] = value + (b % 2 === 0 ? 1 : -1);
      else if (typeof value !== "string") continue;
      else if (kind === "cut" || /^[0-9a-f]{64}$|^genesis$|^chancery|^evidence/.test(value) || value === "")
        holder[name] = value.slice(0, -4);
      else {
        const bytes = unbase64(value);
        bytes[b % bytes.length]! ^= 1 << bit;
        holder[name] = base64(bytes);
      }
      cases.push({ ...cases[which]!, file: JSON.stringify(file) });
    }
    const theirs = python(cases);
    let held = 0;
    cases.forEach((c, i) => {
      const ours = verify(c.file, "anchor" in c ? openTrust(genesis, c.anchor) : openTrust(genesis));
      if (ours.valid) held++;
      same(ours, theirs[i]!, c.file);
    });
    expect(held).toBeGreaterThanOrEqual(files.length);
    expect(held).toBeLessThan(cases.length / 4);
  }, 120_000);

  const speccheck = path.resolve(import.meta.dirname, "../../../../shared/data/ed25519-speccheck/cases.json");
  it.skipIf(!existsSync(speccheck))("has the acceptance rule of §1.3: 000111000000 on ed25519-speccheck", () => {
    const program = `
import json, sys
sys.path.insert(0, ${JSON.stringify(folder)})
from verify_proof import signed
print("".join(str(int(signed(*(bytes.fromhex(c[k]) for k in ("signature", "message", "pub_key"))))) for c in json.load(sys.stdin)))`;
    expect(execFileSync("python3", ["-B", "-c", program], { input: readFileSync(speccheck), encoding: "utf8" }).trim()).toBe(
      "000111000000",
    );
  });

  it("reads canonical MessagePack as the vectors say", () => {
    const codec = JSON.parse(readFileSync(new URL("../../vectors/codec.json", import.meta.url), "utf8")) as {
      accept: { hex: string }[];
      refuse: { hex: string; reason: string }[];
    };
    const program = `
import json, sys
sys.path.insert(0, ${JSON.stringify(folder)})
from verify_proof import canonical, encode, Denied
def verdict(h):
    try: return encode(canonical(bytes.fromhex(h))).hex() == h
    except Denied: return False
print(json.dumps([verdict(h) for h in json.load(sys.stdin)]))`;
    const all = [...codec.accept, ...codec.refuse];
    const verdicts = JSON.parse(
      execFileSync("python3", ["-B", "-c", program], { input: JSON.stringify(all.map((c) => c.hex)), encoding: "utf8" }),
    ) as boolean[];
    all.forEach((c, i) => expect([c.hex.slice(0, 80), verdicts[i]]).toEqual([c.hex.slice(0, 80), i < codec.accept.length]));
  });
});

describe("§2 clients in other languages build the transactions of the vectors, byte for byte", () => {
  const transactions = path.resolve(import.meta.dirname, "../../vectors/transaction.json");

  it.skipIf(!hasPython)("in Python", () => {
    expect(execFileSync("python3", ["-B", path.join(folder, "client.py"), transactions], { encoding: "utf8" })).toBe(
      "5 transactions, byte for byte\n",
    );
  });

  const java = spawnSync("java", ["--version"], { encoding: "utf8" });
  const hasJava = java.status === 0 && Number(/^\D*(\d+)/.exec(java.stdout)?.[1]) >= 17;
  if (!hasJava) console.warn("skipped: no java (17 or later) on this machine, so the client in Java was not run");
  it.skipIf(!hasJava)("in Java", () => {
    const client = path.resolve(import.meta.dirname, "../../java/Client.java");
    expect(execFileSync("java", [client, transactions], { encoding: "utf8" })).toBe("5 transactions, byte for byte\n");
  });
});
