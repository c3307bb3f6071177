// Every rule and flag of every contract is given by at least one scenario: a rule that nothing can bring about is a hole or a dead letter
// (engine.md §1: two such were found so). Runs all scenarios of this folder once more, in one process, and looks at what they were given. Also: the
// pages of docs/reference and the golden manifest are what the contracts say.

import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { build, type Composition } from "../../../src/contracts/engine/registry.ts";
import { breaches } from "../../../src/contracts/engine/manifest.ts";
import { golden, referenceFiles, stale } from "../../../tools/reference.ts";
import { given } from "./scenario.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const all = join(folder, "../../../src/contracts/all.ts");
const { composition } = existsSync(all) ? ((await import(all)) as { composition: Composition }) : { composition: undefined };
for (const file of readdirSync(folder)) if (file.endsWith(".test.ts") && file !== "everyRule.test.ts") await import(join(folder, file));

describe.skipIf(composition === undefined)("every contract", () => {
  it("has each of its rules and flags given by a scenario", () => {
    const declared = build(composition!).contracts.flatMap(({ contract }) =>
      [...Object.keys(contract.options.rules), ...Object.keys(contract.options.flags ?? {})].map((rule) => `${contract.name}.${rule}`),
    );
    expect(declared.filter((code) => !given.has(code))).toEqual([]);
  });

  it("has its page in docs/reference as it is declared (node tools/reference.ts writes them)", () => {
    expect(stale(referenceFiles(composition!, golden()?.released ?? false))).toEqual([]);
  });

  it("keeps what a release promised", () => {
    const before = golden();
    if (before?.released === true) expect(breaches(before.manifest, build(composition!).manifest)).toEqual([]);
    else expect(before?.released ?? false).toBe(false);
  });
});
