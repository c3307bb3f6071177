// The runner of mutants tells a caught mutant from one that survives and from one that proves nothing. Each case is a small project.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { baselinePasses, runMutant, testsOf } from "../../../tools/mutants.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "chancery-mutants-"));
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(root, "node_modules"));
  write("package.json", '{"type":"module"}');
  write("src/a.ts", "export function limit(n: number): number {\n  return n > 5 ? 5 : n;\n}\n");
  const head = 'import { expect, test } from "vitest";\nimport { limit } from "../src/a.ts";\n';
  write("test/a.test.ts", `${head}test("a limit", () => expect(limit(9)).toBe(5));\n`);
  write("test/b.test.ts", `${head}test("below the limit", () => expect(limit(3)).toBe(3));\n`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): string {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  return join(root, file);
}

const diff =
  "--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,3 +1,3 @@\n export function limit(n: number): number {\n-  return n > 5 ? 5 : n;\n+  return n;\n }\n";

describe("the runner of mutants", () => {
  test("a mutant that a test notices is caught, and the source stays as it was", async () => {
    const verdict = await runMutant(root, write("test/mutants/limit.patch", `# rule: §1\n# tests: test/a.test.ts\n${diff}`));
    expect(verdict).toEqual({ mutant: "limit", outcome: "caught", detail: "a limit" });
    expect(await baselinePasses(root, [join(root, "test/mutants/limit.patch")])).toBe(true);
  });

  test("a mutant that no named test notices survives", async () => {
    const verdict = await runMutant(root, write("test/mutants/limit.patch", `# tests: test/b.test.ts\n${diff}`));
    expect(verdict.outcome).toBe("survived");
  });

  test("a patch that does not apply, names no test, or breaks the file proves nothing", async () => {
    const stale = diff.replace("n > 5", "n > 6");
    expect((await runMutant(root, write("test/mutants/a.patch", `# tests: test/a.test.ts\n${stale}`))).outcome).toBe("broken");
    expect((await runMutant(root, write("test/mutants/b.patch", diff))).outcome).toBe("broken");
    expect((await runMutant(root, write("test/mutants/c.patch", `# tests: test/gone.test.ts\n${diff}`))).outcome).toBe("broken");
    const syntax = diff.replace("+  return n;", "+  return (n;");
    expect((await runMutant(root, write("test/mutants/d.patch", `# tests: test/a.test.ts\n${syntax}`))).outcome).toBe("broken");
  });

  test("tests that fail without any mutant are no baseline", async () => {
    write("src/a.ts", "export const limit = (n: number): number => n;\n");
    const said: string[] = [];
    const patch = write("test/mutants/limit.patch", `# tests: test/a.test.ts\n${diff}`);
    expect(await baselinePasses(root, [patch], (text) => said.push(text))).toBe(false);
    expect(said.length).toBe(2);
    expect(said[0]).toContain("a limit");
    expect(said[0]).toContain("expected 9 to be 5");
  });

  test("a test that fails once, and then not, is said and stops nothing", async () => {
    const head = 'import fs from "node:fs";\nimport { expect, test } from "vitest";\n';
    const flag = JSON.stringify(join(root, "ran"));
    write(
      "test/a.test.ts",
      `${head}test("luck", () => {\n  const again = fs.existsSync(${flag});\n  fs.writeFileSync(${flag}, "");\n  expect(again).toBe(true);\n});\n`,
    );
    const said: string[] = [];
    expect(
      await baselinePasses(root, [write("test/mutants/limit.patch", `# tests: test/a.test.ts\n${diff}`)], (text) => said.push(text)),
    ).toBe(true);
    expect(said.length).toBe(1);
    expect(said[0]).toContain("luck");
  });

  test("the head of a patch ends at its first diff line", () => {
    expect(
      testsOf("# rule: §4.4\n# tests: test/a.test.ts, test/b.test.ts\n# test: test/c.test.ts\n--- a/x\n+++ b/x\n# tests: no\n"),
    ).toEqual(["test/a.test.ts", "test/b.test.ts", "test/c.test.ts"]);
  });
});
