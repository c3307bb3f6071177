// The log: pino behind base's port. JSON lines, the event's stable name in `event` (docs/operations.md lists them); no transport thread, no rotation.

import { destination, pino } from "pino";
import type { LogFields, Logger } from "../base/log.ts";

const FLUSH_LIMIT_MS = 500;

export interface NodeLogger extends Logger {
  setLevel(level: string): void;
  /** Resolves when what was said last is written, or cannot be; before the process ends. */
  flush(): Promise<void>;
}

/** Logs to a file, or to standard error. */
export function openLog(level: string, file: string | undefined): NodeLogger {
  const out = destination({ dest: file ?? 2, sync: file === undefined, mkdir: true, append: true });
  // A log on a full disk must neither end the node nor keep it from ending: the stream's own flush at the exit would try for ever.
  let failing = false;
  out.on("error", () => (failing = true));
  out.on("write", () => (failing = false));
  process.prependListener("exit", () => failing && out.destroy());
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
    flush: async () => {
      if (file === undefined || failing) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, FLUSH_LIMIT_MS);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        out.once("drain", done).once("error", done);
      });
    },
  };
}
