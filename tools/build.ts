// Builds dist/ from src/: JavaScript with declarations, its own package.json (so that "#crypto" and "#codec" resolve inside dist), an executable bin.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [dist, fresh] = [join(root, "dist"), join(root, "dist.new")];

rmSync(fresh, { recursive: true, force: true });
const tsc = join(root, "node_modules/typescript/bin/tsc");
const result = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh], { stdio: "inherit" });
if (result.status !== 0) {
  rmSync(fresh, { recursive: true, force: true });
  process.exit(result.status ?? 1);
}
const twice = (name: string): object => ({ browser: `./base/${name}Browser.js`, default: `./base/${name}Node.js` });
const imports = { "#codec": twice("codec"), "#crypto": twice("crypto") };
writeFileSync(join(fresh, "package.json"), `${JSON.stringify({ type: "module", imports }, null, 2)}\n`);
const main = join(fresh, "cli/main.js");
if (existsSync(main)) chmodSync(main, 0o755);
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
