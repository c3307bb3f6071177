// How a transaction ends, and what may end it early. Owns the engine's own codes and the exceptions that travel through a handler. Whatever else a
// handler throws is a receipt, `engine.fault`; what is not deterministic (an exhausted stack, a disk that does not answer) stops the node instead.
// docs/protocol.md §3.4 (receipt), attacks.md trace 8.

/** The engine's own codes, beside those that contracts declare. Append-only. */
export const engineCodes = {
  not_found: "The record named does not exist.",
  already_exists: "A record under this key exists already.",
  illegal_move: "The record's status does not allow this step.",
  signature_missing: "A party that must sign has not signed.",
  not_entitled: "No signer, or more than one, holds the role that this action asks for.",
  not_in_force: "No such version of an action is in force.",
  args_invalid: "The arguments do not fit the action.",
  work_exceeded: "The operation needs more work than it declares.",
  other_sector: "A person is named by a pseudonym of another sector than the contract's: to it, the same person would be two.",
  fault: "The contract failed; nothing was done. This is an error of the software.",
} as const;
/** Marks of the engine, beside the flags that contracts declare. */
export const engineFlags = {
  parked: "Due work was refused; it waits until somebody writes the record.",
} as const;

export type Data = Readonly<Record<string, unknown>>;

/** What the registry answers for one transaction or one run of due work. `data` is for the API and is never hashed. */
export interface Result {
  readonly outcome: 0 | 1 | 2;
  readonly code: string | null;
  readonly flags: readonly string[];
  readonly data?: Data;
  /** What a contract's failure threw: for the log and the alarm, never shown to a client. */
  readonly fault?: string;
}

/** A rule is given: the transaction is undone and ends with its code. No stack trace: a refusal is not an error. */
export class Rejection {
  readonly code: string;
  readonly data: Data | undefined;
  constructor(code: string, data?: Data) {
    this.code = code;
    this.data = data;
  }
}

/** The operation passed its declared work. */
export class Exceeded {
  readonly work: number;
  constructor(work: number) {
    this.work = work;
  }
}

/** A contract misused the engine (a stale row, a foreign record, a value that does not fit): the receipt `engine.fault`, and an alarm. */
export class Fault extends Error {}

/** Not the handler's doing and not deterministic: passes through everything and stops the node. */
export class Stop extends Error {
  constructor(cause: unknown) {
    super("the engine cannot go on", { cause });
  }
}

/** Is this an exhausted stack or heap? V8 throws RangeErrors for those and for much else that every node sees alike (1n / 0n). */
export function isExhaustion(error: unknown): boolean {
  return error instanceof RangeError && /call stack|allocation failed|out of memory/i.test(error.message);
}

/** The result of what a handler threw. Throws `Stop`s on, with their cause. */
export function resultOf(error: unknown): Result {
  if (error instanceof Rejection) {
    return { outcome: 1, code: error.code, flags: [], ...(error.data === undefined ? {} : { data: error.data }) };
  }
  if (error instanceof Exceeded) return { outcome: 2, code: "engine.work_exceeded", flags: [], data: { work: error.work } };
  if (error instanceof Stop) throw error.cause;
  if (isExhaustion(error)) throw error;
  return { outcome: 2, code: "engine.fault", flags: [], fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
