// Which file holds which command. A command loads its own file and nothing else: `chancery verify` must not wait for a network stack.

import type { Command } from "commander";
import { commandNames } from "./commandNames.ts";

export interface Group {
  readonly commands: readonly string[];
  /** Adds the group's commands. */
  readonly load: () => Promise<{ register(program: Command): void }>;
}

export const groups: readonly Group[] = [
  { commands: commandNames.keys, load: async () => import("./keys.ts") },
  { commands: commandNames.genesis, load: async () => import("./genesis.ts") },
  { commands: commandNames.start, load: async () => import("./start.ts") },
  { commands: commandNames.devnet, load: async () => import("./devnet.ts") },
  { commands: commandNames.call, load: async () => import("./call.ts") },
  { commands: commandNames.records, load: async () => import("./records.ts") },
  { commands: commandNames.prove, load: async () => import("./prove.ts") },
  { commands: commandNames.audit, load: async () => import("./audit.ts") },
  { commands: commandNames.governance, load: async () => import("./governance.ts") },
  { commands: commandNames.trustee, load: async () => import("./trustee.ts") },
  { commands: commandNames.payments, load: async () => import("./payments.ts") },
  { commands: commandNames.benefits, load: async () => import("./benefits.ts") },
  { commands: commandNames.tender, load: async () => import("./tender.ts") },
  { commands: commandNames.poll, load: async () => import("./poll.ts") },
  { commands: commandNames.ocds, load: async () => import("./ocds.ts") },
  { commands: commandNames.operations, load: async () => import("./operations.ts") },
  { commands: commandNames.rotate, load: async () => import("./rotate.ts") },
  { commands: commandNames.recover, load: async () => import("./recover.ts") },
  { commands: commandNames.backup, load: async () => import("./backup.ts") },
  { commands: commandNames.selftest, load: async () => import("./selftest.ts") },
  { commands: commandNames.tools, load: async () => import("./tools.ts") },
];

/** The group that the first word of the arguments names, if any. */
export function groupOf(word: string | undefined): Group | undefined {
  return groups.find((group) => word !== undefined && group.commands.includes(word));
}
