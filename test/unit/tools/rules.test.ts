// The table rule → code → test: current, complete, and it fails on a rule that nobody wrote or nobody tests.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { placesOf, rulesOf, table, tagsIn } from "../../../tools/rules.ts";

const root = join(import.meta.dirname, "../../..");

describe("the rules of the protocol", () => {
  it("have code and tests, each of them", () => {
    const bare = placesOf(root).filter(({ code, tests }) => code.length === 0 || tests.length === 0);
    expect(bare.map(({ tag, title }) => `§${tag} ${title}`)).toEqual([]);
  });

  it("stand in the table as they are", () => {
    expect(readFileSync(join(root, "docs/reference/rules.md"), "utf8"), "npm run rules").toBe(table(placesOf(root)));
  });

  it("are the numbered bullets, and the sections that have none", () => {
    const text =
      "# 4. Consensus\n## 4.1 Numbers\nwords\n## 4.2 Epochs\n- **§4.2.1 End.** ends\n- **§4.2.2 Commit** (e, v) only if\n- none\n# 7. Privacy\n";
    expect(rulesOf(text).map(({ tag, title }) => `${tag} ${title}`)).toEqual(["4.1 Numbers", "4.2.1 End", "4.2.2 Commit", "7 Privacy"]);
  });

  it("are not found in what other documents number", () => {
    expect([...tagsIn("engine.md §3, RFC 8032 §5.1.7, cryptography.md §1, §2; docs/protocol.md §4.4.2, §4.11 (§7)")].toSorted()).toEqual([
      "4.11",
      "4.4.2",
      "7",
    ]);
  });
});
