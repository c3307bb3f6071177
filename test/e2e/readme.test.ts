// The README's ten minutes, command by command, as they stand there. If this fails, the README lies.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const readme = fs.readFileSync(path.join(root, "README.md"), "utf8");
const section = readme.slice(readme.indexOf("## Ten minutes"), readme.indexOf("## Where things are"));
const blocks = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map((m) => m[1]!);

let folder: string;
let output = "";
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-readme-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs the blocks as one script in an empty folder, `chancery` being this checkout's sources. Rejects with what was printed. */
async function run(script: string, limitMs: number): Promise<number | null> {
  const main = path.join(root, "src/cli/main.ts");
  const head = `set -euo pipefail\nchancery() { "${process.execPath}" "${main}" "$@"; }\n`;
  const child = spawn("bash", ["-c", head + script], { cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), limitMs);
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  clearTimeout(timer);
  // The two nodes still run, in the script's process group.
  const closed = new Promise((resolve) => child.once("close", resolve));
  process.kill(-child.pid!, "SIGTERM");
  await closed;
  return code;
}

describe("the README", () => {
  it("opens with two commands that exist", () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
    for (const name of ["demo", "test"]) {
      expect(readme).toContain(`npm ci && npm ${name === "test" ? "" : "run "}${name}`);
      expect(scripts[name]).toBeDefined();
    }
  });

  it("leads an operator from keys to a proof, a second agency and a backup", { timeout: 240_000 }, async () => {
    expect(blocks.length).toBe(6);
    const code = await run(blocks.join("\necho '--- next'\n"), 230_000);
    expect(code, output.slice(-3_000)).toBe(0);
    expect(output).toContain("PROVED");
    const backup = fs.readFileSync(path.join(folder, "tax.backup.json"), "utf8");
    expect(backup).not.toContain("journal");
    expect(fs.existsSync(path.join(folder, "tax-restored/keys/consensus.key"))).toBe(true);
    expect(fs.existsSync(path.join(folder, "tax-restored/journal"))).toBe(false);
  });
});
