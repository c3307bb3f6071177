// Errors with codes: one class, one registry. Owns the codes of node, ledger and interfaces (contract rules are declared in contracts).
// Does not own: how an error is shown (cli/output, node/api/problems). architecture.md "Errors".

/** How a sender may go on: never (it will not help), same (these bytes again, later), rebuild (a new transaction). */
export type Retry = "never" | "same" | "rebuild";
export interface CodeEntry {
  readonly title: string;
  /** HTTP status where the code reaches a client. */
  readonly status?: number;
  readonly retry?: Retry;
  /** Exit code of `chancery start` (or another command) that ends with it. */
  readonly exit?: number;
}

/** An error that a caller can act on. `data` holds no secrets; it may be shown and logged. */
export class LedgerError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;
  constructor(code: string, data?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super(data === undefined ? code : `${code} ${JSON.stringify(data, shown)}`, cause === undefined ? undefined : { cause });
    this.name = "LedgerError";
    this.code = code;
    this.data = data;
  }
}

function shown(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `0x${Array.from(value.subarray(0, 32), (b) => b.toString(16).padStart(2, "0")).join("")}`;
  return value;
}

/** An assertion of ours failed: a bug. The process stops before it signs anything more (exit 70). */
export function fail(message: string, data?: Readonly<Record<string, unknown>>): never {
  throw new LedgerError("bug.assertion", { message, ...data });
}

/** True for a `LedgerError`, of the given code if one is named. */
export function isLedgerError(error: unknown, code?: string): error is LedgerError {
  return error instanceof LedgerError && (code === undefined || error.code === code);
}
