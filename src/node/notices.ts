// How loud consensus' notices are in the log: what needs a person now, what will need one, and the life of the node.

import type { NoticeCode } from "../consensus/types.ts";

const ALARMS: ReadonlySet<NoticeCode> = new Set(["split", "divergence", "diverged", "lock"]);
const WARNINGS: ReadonlySet<NoticeCode> = new Set(["view.left", "silence.begun", "equivocation", "clock.off"]);

/** The level of a notice. */
export function levelOf(code: NoticeCode): "error" | "warn" | "info" {
  if (ALARMS.has(code)) return "error";
  return WARNINGS.has(code) ? "warn" : "info";
}
