// Standing: what can be trusted for a time can be suspended, restored, revoked and replaced. Statuses as data, and the one question asked
// of them: does it serve now? Used by whatever is issued to somebody: keys, credentials, licences. Pure.

import type { Time } from "../engine/index.ts";

/** The life of what is issued: suspended is for a while, revoked and replaced are for good. */
export const standing = {
  live: ["suspended", "revoked", "replaced"],
  suspended: ["live", "revoked", "replaced"],
  replaced: [],
  revoked: [],
} as const;

/** From `from` on, before `until`; without an end if there is none. */
export interface Window {
  readonly from?: Time | undefined;
  readonly until?: Time | undefined;
}
export const within = ({ from, until }: Window, now: Time): boolean => (from ?? 0) <= now && (until === undefined || now < until);

/** Live, and in its time. */
export const serves = (row: Window & { readonly $: { readonly status: string } }, now: Time): boolean =>
  row.$.status === "live" && within(row, now);
