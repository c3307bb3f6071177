// Which file holds which command. A command loads its own file and nothing else: `chancery verify` must not wait for a network stack.

import type { Command } from "commander";

export interface Group {
  readonly commands: readonly string[];
  /** Adds the group's commands. */
  readonly load: () => Promise<{ register(program: Command): void }>;
}

export const groups: readonly Group[] = [
  { commands: ["keys"], load: async () => import("./keys.ts") },
  { commands: ["init", "member", "genesis"], load: async () => import("./genesis.ts") },
  { commands: ["start"], load: async () => import("./start.ts") },
  { commands: ["devnet"], load: async () => import("./devnet.ts") },
  { commands: ["call", "tx"], load: async () => import("./call.ts") },
  { commands: ["get", "list", "history", "follow", "contracts"], load: async () => import("./records.ts") },
  { commands: ["prove", "verify", "anchor", "verify-chain"], load: async () => import("./prove.ts") },
  { commands: ["validators", "propose", "vote", "proposals"], load: async () => import("./governance.ts") },
  { commands: ["status", "peers", "doctor"], load: async () => import("./operations.ts") },
  { commands: ["backup", "restore"], load: async () => import("./backup.ts") },
  { commands: ["config", "version", "completion"], load: async () => import("./tools.ts") },
];

/** The group that the first word of the arguments names, if any. */
export function groupOf(word: string | undefined): Group | undefined {
  return groups.find((group) => word !== undefined && group.commands.includes(word));
}
