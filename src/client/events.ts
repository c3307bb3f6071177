// Following what happens: the node's log of acts, from any id on, complete and in order, at least once. docs/reference/http.md, "Events".
// Owns the loop. Does not own: where the reader keeps his place: he saves `event.id` when he has dealt with it. Browser-clean.

import { ChanceryError, type Connection } from "./connection.ts";

/** One act that a committed block holds. */
export interface LedgerEvent {
  /** `height.index` */
  readonly id: string;
  readonly transaction: string;
  readonly height: number;
  readonly index: number;
  readonly time: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly flags: readonly string[];
  readonly writes: readonly { readonly record: string; readonly revision: number; readonly status: string }[];
}
export interface EventFilter {
  readonly after?: string;
  readonly contract?: string;
  readonly collection?: string;
  readonly key?: string;
  readonly party?: string;
  readonly code?: string;
}

const PAGE = 200;
const WAIT_MS = 25_000;
const PAUSE_MS = 1_000;

/** Events after `filter.after` (from the first that is kept if left out), for ever. A node that is gone or behind is asked again, or another one. */
export async function* follow(connection: Connection, filter: EventFilter, signal?: AbortSignal): AsyncGenerator<LedgerEvent> {
  let after = filter.after;
  const stopped = (): boolean => signal?.aborted ?? false;
  while (!stopped()) {
    const query = { ...filter, after, limit: PAGE, wait: `${WAIT_MS}ms` };
    try {
      const { body } = await connection.request<{ items: LedgerEvent[]; next: string }>("/v1/events", {
        query,
        timeoutMs: WAIT_MS,
        ...(signal === undefined ? {} : { signal }),
      });
      yield* body.items;
      after = body.next;
    } catch (error) {
      if (stopped()) return;
      if (!(error instanceof ChanceryError) || error.retry !== "same") throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
