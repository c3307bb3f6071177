// What follows from the contracts is what they say: the pages of docs/reference, the golden manifest; and each contract has its scenarios, whose last
// test wants every rule given (everyRule.ts).

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { composition } from "../../../src/contracts/all.ts";
import { breaches } from "../../../src/contracts/engine/manifest.ts";
import { build } from "../../../src/contracts/engine/registry.ts";
import { golden, referenceFiles, stale } from "../../../tools/reference.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const { contracts, manifest } = build(composition, { strict: true });

describe("every contract", () => {
  it.each(contracts.map(({ contract }) => contract.name))("%s has scenarios that give each of its rules", (name) => {
    const file = join(folder, `${name}.test.ts`);
    expect(existsSync(file) && readFileSync(file, "utf8").includes("everyRuleIsGiven(")).toBe(true);
  });

  it("has its page in docs/reference as it is declared (npx node tools/reference.ts writes them)", () => {
    expect(stale(referenceFiles(composition, golden()?.released ?? false))).toEqual([]);
  });

  it("keeps what a release promised", () => {
    const before = golden()!;
    expect(before.released ? breaches(before.manifest, manifest) : []).toEqual([]);
    expect(before.released).toBe(false); // at the first release: true, in manifest.json and here
  });
});
