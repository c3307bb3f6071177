// `node tools/reference.ts`: writes docs/reference from the contracts' declarations – a page for each, the engine's codes, the manifest. `--check`
// writes nothing and says what differs. Once `released` is true in manifest.json, it refuses what a release may not change (manifest.ts).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Value } from "../src/base/codec.ts";
import { breaches } from "../src/contracts/engine/manifest.ts";
import { enginePage, referencePage } from "../src/contracts/engine/reference.ts";
import { build, type Composition } from "../src/contracts/engine/registry.ts";

export const referenceFolder = join(dirname(fileURLToPath(import.meta.url)), "../docs/reference");

interface Golden {
  readonly released: boolean;
  readonly manifest: Value;
}

/** The files of docs/reference that follow from the contracts, by name. */
export function referenceFiles(composition: Composition, released: boolean): Map<string, string> {
  const { contracts, manifest } = build(composition);
  const files = new Map([
    ["engine.md", enginePage()],
    ["manifest.json", `${JSON.stringify({ released, manifest }, undefined, 2)}\n`],
  ]);
  for (const module of contracts) files.set(`${module.contract.name}.md`, referencePage(module, contracts));
  return files;
}

export function golden(): Golden | undefined {
  const path = join(referenceFolder, "manifest.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Golden) : undefined;
}

/** Names of files that are not what the contracts say. */
export function stale(files: ReadonlyMap<string, string>): string[] {
  const differs = ([name, text]: [string, string]): boolean => {
    const path = join(referenceFolder, name);
    return !existsSync(path) || readFileSync(path, "utf8") !== text;
  };
  return [...files].filter(differs).map(([name]) => name);
}

async function main(): Promise<number> {
  const { composition } = (await import("../src/contracts/all.ts")) as { composition: Composition };
  const before = golden();
  const files = referenceFiles(composition, before?.released ?? false);
  const broken = before?.released === true ? breaches(before.manifest, build(composition).manifest) : [];
  for (const breach of broken) console.error(`a released contract may not change so: ${breach}`);
  const names = stale(files);
  if (process.argv.includes("--check"))
    for (const name of names) console.error(`docs/reference/${name} is not what the contracts say: node tools/reference.ts`);
  else if (broken.length === 0) {
    mkdirSync(referenceFolder, { recursive: true });
    for (const [name, text] of files) writeFileSync(join(referenceFolder, name), text);
    console.log(names.length === 0 ? "docs/reference is up to date" : `written: ${names.join(", ")}`);
    return 0;
  }
  return broken.length + names.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
