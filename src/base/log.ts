// The logger as a port; the daemon gives pino. Fields only from the list of docs/operations.md: never arguments, rows, record keys, secrets.

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Says nothing. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
