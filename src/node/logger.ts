// The log: pino behind base's port. JSON lines, the event's stable name in `event` (docs/operations.md lists them); no transport thread, no rotation.

import { destination, pino } from "pino";
import type { LogFields, Logger } from "../base/log.ts";

export interface NodeLogger extends Logger {
  setLevel(level: string): void;
  /** Writes what is buffered; before the process ends. */
  flush(): void;
}

/** Logs to a file, or to standard error. */
export function openLog(level: string, file: string | undefined): NodeLogger {
  const out = destination({ dest: file ?? 2, sync: file === undefined, mkdir: true, append: true });
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: "event",
    },
    out,
  );
  const say =
    (at: "debug" | "info" | "warn" | "error") =>
    (event: string, fields?: LogFields): void =>
      fields === undefined ? log[at](event) : log[at](fields, event);
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    setLevel: (to) => {
      log.level = to;
    },
    flush: () => out.flushSync(),
  };
}
