// `npm run build:native`: the optional addon of native/, built with cargo and laid where the node looks for it. Nothing needs it; with it, verify workers
// check a batch's signatures in one call.
import { spawnSync } from "node:child_process";
import { copyFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const native = join(dirname(fileURLToPath(import.meta.url)), "../native");
const built = { linux: "libchancery_native.so", darwin: "libchancery_native.dylib", win32: "chancery_native.dll" }[
  process.platform as string
];

const result = spawnSync("cargo", ["build", "--release", "--locked"], { cwd: native, stdio: "inherit" });
if (result.error !== undefined || built === undefined) {
  console.error(`build:native needs cargo (Rust 1.89 or newer) on Linux, macOS or Windows: ${result.error?.message ?? process.platform}`);
  console.error("the node works without it");
  process.exit(1);
}
if (result.status !== 0) process.exit(result.status ?? 1);
// Renamed into place: a node that runs keeps the file it has loaded.
copyFileSync(join(native, "target/release", built), join(native, "chancery-native.node.new"));
renameSync(join(native, "chancery-native.node.new"), join(native, "chancery-native.node"));
console.log("native/chancery-native.node");
