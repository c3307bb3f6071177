// The command line as a whole: each command in one file, loaded alone; `verify` stays light; refusals have their exit codes. docs/reference/cli.md.

import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { codes } from "../../../src/base/codes.ts";
import { LedgerError } from "../../../src/base/errors.ts";
import { groupOf, groups } from "../../../src/cli/groups.ts";
import { buildProgram } from "../../../src/cli/main.ts";
import { exits, report, setOutput } from "../../../src/cli/output.ts";
import { ChanceryError } from "../../../src/client/connection.ts";

const src = path.resolve(import.meta.dirname, "../../../src");

/** Every file and library that a file loads before it does anything. */
function loads(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.startsWith("/")) return seen;
  for (const [, name] of fs.readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)"/gms))
    loads(name!.startsWith(".") ? path.resolve(path.dirname(file), name!) : name!, seen);
  return seen;
}

describe("files", () => {
  test("each group adds exactly the commands it is listed for", async () => {
    for (const group of groups) {
      const program = await buildProgram([group]);
      expect(program.commands.map((c) => c.name()).sort()).toEqual([...group.commands].sort());
    }
    expect(groupOf("verify")).toBe(groupOf("prove"));
    expect(groupOf("nothing")).toBeUndefined();
  });

  test("every command says what it is for, and so does every option", async () => {
    const program = await buildProgram(groups);
    const all = (c: typeof program): (typeof program)[] => c.commands.flatMap((s) => [s, ...all(s)]);
    for (const command of all(program)) {
      expect(command.description(), command.name()).not.toBe("");
      for (const option of command.options) expect(option.description, `${command.name()} ${option.flags}`).not.toBe("");
    }
  });

  test("what docs/operations.md shows to be typed can be typed", async () => {
    const page = fs.readFileSync(path.resolve(src, "../docs/operations.md"), "utf8");
    const lines = [...page.matchAll(/^chancery (.*?)(?: +#.*)?$/gm)].map((m) => m[1]!.split(/ +/));
    expect(lines.length).toBe(24);
    const program = await buildProgram(groups);
    for (const words of lines) {
      let command = program;
      for (let next = command.commands.find((c) => c.name() === words[0]); next !== undefined; ) {
        command = next;
        words.shift();
        next = command.commands.find((c) => c.name() === words[0]);
      }
      const known = [...command.options, ...program.options].map((o) => o.long);
      const operands = words.filter((word, i) => !word.startsWith("--") && !words[i - 1]?.startsWith("--"));
      expect(
        words.filter((word) => word.startsWith("--") && !known.includes(word)),
        words.join(" "),
      ).toEqual([]);
      const operandsOf = command.registeredArguments;
      const most = operandsOf.at(-1)?.variadic === true ? Infinity : operandsOf.length;
      expect(operands.length, words.join(" ")).toBeLessThanOrEqual(most);
      expect(operands.length, words.join(" ")).toBeGreaterThanOrEqual(operandsOf.filter((a) => a.required).length);
    }
  });

  test("what docs/operations.md says that a node logs is what it logs", () => {
    const page = fs.readFileSync(path.resolve(src, "../docs/operations.md"), "utf8");
    const section = page.slice(page.indexOf("## What can happen"), page.indexOf("## Trustees, and bids"));
    const named = new Set([...section.matchAll(/`([a-z]+\.[a-z_]+)`/g)].map((m) => m[1]!));
    expect(named.size).toBeGreaterThan(20);
    const sources = fs.readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const whole = sources.map((name) => fs.readFileSync(path.join(src, name), "utf8")).join("\n");
    const files = ["chancery.toml", "genesis.json", "recovery.json", "plan.toml"];
    expect([...named].filter((name) => !files.includes(name) && !whole.includes(`"${name}`))).toEqual([]);
  });

  test("`verify` waits for no network stack, no server and no database", () => {
    const loaded = [...loads(path.join(src, "cli/prove.ts")), ...loads(path.join(src, "cli/main.ts"))];
    expect(loaded).toContain(path.join(src, "client/verify.ts"));
    expect(loaded.filter((name) => /libp2p|fastify|^level|pino|prom-client|src\/(node|p2p|contracts)\//.test(name))).toEqual([]);
  });
});

describe("exit codes", () => {
  const said: string[] = [];
  const told = (error: unknown): number => {
    said.length = 0;
    const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
    try {
      return report(error);
    } finally {
      write.mockRestore();
    }
  };
  afterEach(() => setOutput({ json: false, color: false, quiet: false }));

  test("usage 2, refused by the ledger 4, nobody answered 3, absent 1, our bug 70", () => {
    expect(told(new LedgerError("usage.invalid", { why: "w", do: "d" }))).toBe(exits.usage);
    expect(told(new ChanceryError({ code: "args.invalid" }, 400, true))).toBe(exits.refused);
    expect(told(new ChanceryError({ code: "evidence.whatever" }, 422, true))).toBe(exits.refused);
    expect(told(new ChanceryError({ code: "node.unreachable" }, 0, false))).toBe(exits.unreachable);
    expect(told(new ChanceryError({ code: "record.unknown" }, 404, true))).toBe(exits.no);
    expect(told(new LedgerError("bug.assertion"))).toBe(exits.bug);
    expect(told(new TypeError("x is not a function"))).toBe(exits.bug);
  });

  test("every code of a daemon has the exit code of the table, and a supervisor can tell them apart", () => {
    expect(
      Object.fromEntries(
        ["start.locked", "store.damaged", "store.write", "chain.diverged", "release.needed", "genesis.mismatch", "bug.assertion"].map(
          (c) => [c, codes[c]!.exit],
        ),
      ),
    ).toEqual({
      "start.locked": 10,
      "store.damaged": 11,
      "store.write": 12,
      "chain.diverged": 13,
      "release.needed": 14,
      "genesis.mismatch": 15,
      "bug.assertion": 70,
    });
  });

  test("with --json the refusal is one problem object on one line", () => {
    setOutput({ json: true, color: false, quiet: false });
    told(new LedgerError("file.exists", { why: "it is there", do: "another name" }));
    expect(said).toHaveLength(1);
    expect(JSON.parse(said[0]!)).toMatchObject({
      type: "/problems/file.exists",
      code: "file.exists",
      detail: "it is there",
      do: "another name",
      exit: 2,
    });
  });
});
