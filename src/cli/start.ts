// `chancery start`: the daemon. Exit codes of its own: docs/operations.md.

import type { Command } from "commander";
import { globalsOf } from "./globals.ts";
import { usage } from "./output.ts";

export function register(program: Command): void {
  program.command("start").description("run the node of a home until SIGTERM or SIGINT").action(start);
}

async function start(_o: unknown, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const home = globals.home ?? usage("start needs --home", "add --home DIR (or set CHANCERY_HOME)");
  const { runDaemon } = await import("../node/daemon.ts");
  await runDaemon(home, { announce: globals.json, passphraseFile: globals.passphraseFile });
}
