// `chancery start`: the daemon. Exit codes of its own: docs/operations.md.

import { setFlagsFromString } from "node:v8";
import type { Command } from "commander";
import { globalsOf } from "./globals.ts";
import { usage } from "./output.ts";

export function register(program: Command): void {
  program.command("start").description("run the node of a home until SIGTERM or SIGINT").action(start);
}

/**
 * V8 lets garbage grow to a multiple of what lives, and buffers outside its heap by 64 MB besides, before it looks: a node at full load took 340 MB. Counted
 * together and let grow by 60 % of what lives it takes 45 MB less, for 2 to 7 % of CPU (docs/performance.md).
 */
const COLLECT = ["--external-memory-accounted-in-global-limit", "--heap-growing-percent=60"];

async function start(_o: unknown, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const home = globals.home ?? usage("start needs --home", "add --home DIR (or set CHANCERY_HOME)");
  for (const flag of COLLECT) setFlagsFromString(flag);
  const { runDaemon } = await import("../node/daemon.ts");
  await runDaemon(home, { announce: globals.json, passphraseFile: globals.passphraseFile });
}
