// Golden transcripts of consensus: every *.txt here is run over the real `step` and must give exactly what it says. docs/protocol.md §4.
// `UPDATE=1 npx vitest run test/script` writes what happens now into the files; the difference is then read as a change of the protocol.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseScript, writeScript } from "./language.ts";
import { Script } from "./words.ts";

const update = process.env["UPDATE"] === "1";

describe("golden transcripts", () => {
  for (const name of readdirSync(import.meta.dirname).filter((file) => file.endsWith(".txt")))
    test(name.slice(0, -4), () => {
      const path = join(import.meta.dirname, name);
      const text = readFileSync(path, "utf8");
      const blocks = parseScript(text);
      expect(blocks[0]!.comments.length, "a script begins with its story").toBeGreaterThanOrEqual(2);
      const script = new Script();
      const happened = blocks.map((block) => (block.commands.length === 0 ? block : { ...block, expected: script.run(block.commands) }));
      if (update) writeFileSync(path, writeScript(happened));
      else expect(writeScript(happened)).toBe(text);
    });
});
