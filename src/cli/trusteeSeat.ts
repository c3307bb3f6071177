// A trustee's seat: whose signature, at which place of which ceremony, seen through which node and trusted by which genesis. What `trustee join` and
// `trustee share` have in common. Owns finding the seat and acting from it. Does not own: what is done there (trustee.ts, trusteeShare.ts).

import { hex } from "../base/bytes.ts";
import type { Key } from "../base/keyFile.ts";
import type { Json } from "../client/build.ts";
import type { Ledger } from "../client/index.ts";
import type { Trusted } from "../client/verify.ts";
import { openKeyFile } from "./globals.ts";
import { ledgerOf } from "./nodes.ts";
import { exits, type Globals, refuse, usage } from "./output.ts";
import { actWith, provedRecord, trustedBy } from "./trusted.ts";

export interface CeremonyFields {
  readonly ceremony: string;
  readonly trustees: readonly string[];
  readonly threshold: number;
  readonly done: number;
  readonly named: readonly string[];
  readonly key?: string;
  readonly verification?: readonly string[];
  readonly serves?: string;
}
/** A trustee at work: whose signature, at which place of which ceremony, seen through which node. */
export interface Seat {
  readonly ledger: Ledger;
  readonly trusted: Trusted;
  readonly globals: Globals;
  readonly signing: Key;
  readonly ceremony: string;
  readonly index: number;
}

/** Whose key signs, and where he sits in the ceremony. */
export async function seatOf(ceremony: string, o: { genesis?: string; anchor?: string }, globals: Globals): Promise<Seat> {
  const signing = await openKeyFile(globals.keys[0] ?? usage("a trustee signs with a key of his own", "add --key KEYFILE"), globals, [
    "organisation",
  ]);
  const trusted = trustedBy(o);
  const ledger = await ledgerOf(globals, o.genesis);
  const key = await provedRecord<{ principal: string }>(ledger, trusted, "eid/key", { key: hex(signing.publicKey) });
  if (key === undefined) return refuse("key.purpose", { why: "the key is nobody's on this chain", do: "check --key and --node" });
  const seat = { ledger, trusted, globals, signing, ceremony, index: 0 };
  const { fields } = await ceremonyOf(seat);
  const index = fields.trustees.indexOf(key.fields.principal) + 1;
  if (index === 0)
    refuse("key.purpose", {
      why: `${key.fields.principal} is no trustee of ${ceremony}`,
      do: `chancery get ceremonies ceremony ${ceremony}`,
    });
  return { ...seat, index };
}

export async function ceremonyOf({ ledger, trusted, ceremony }: Seat): Promise<{ status: string; fields: CeremonyFields }> {
  const found = await provedRecord<CeremonyFields>(ledger, trusted, "ceremonies/ceremony", { ceremony });
  return found ?? usage(`there is no ceremony "${ceremony}"`, "chancery list ceremonies ceremony");
}
/** True: the chain has it (or has gone on meanwhile: the next look at it decides). */
export async function submit(seat: Seat, action: string, args: { readonly [name: string]: Json }): Promise<boolean> {
  const { ledger, signing, ceremony, index, globals } = seat;
  const own = action.startsWith("ceremonies.") ? { ceremony, index } : {};
  const outcome = await actWith(ledger, signing, globals, action, { ...own, ...args });
  const code = "code" in outcome ? outcome.code : null;
  const overtaken = ["ceremonies.other_step", "tenders.opening_wrong", "polls.not_summed", "engine.already_exists", "engine.illegal_move"];
  if (outcome.status === "applied" || overtaken.includes(String(code))) return true;
  const pending = outcome.status === "pending";
  return refuse(pending ? "transaction.pending" : "check.failed", {
    why: `${action} ended as ${typeof code === "string" ? code : outcome.status}`,
    do: "run the same command again",
    exit: pending ? exits.pending : exits.refused,
  });
}
