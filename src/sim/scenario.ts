// What a scenario is: a network, and a list of things that befall it. Plain data, made from a seed (generate.ts), so that a failing one can be made smaller
// by leaving things out. docs/testing.md. Owns types only.

import type { Parameters } from "../base/parameters.ts";

/** Times are ms since the simulation began; nodes are named by their index. */
export type Item =
  | /** Dies at the so-manieth effect boundary from `at`; back after `downMs`. */ {
      readonly kind: "crash";
      readonly at: number;
      readonly node: number;
      readonly boundaries: number;
      readonly power: boolean;
      readonly downMs: number;
    }
  | /** Dies and stays away. */ { readonly kind: "dead"; readonly at: number; readonly node: number }
  | /** Nothing passes from any of `from` to any of `to`; both ways if `both`. */ {
      readonly kind: "cut";
      readonly at: number;
      readonly forMs: number;
      readonly from: readonly number[];
      readonly to: readonly number[];
      readonly both: boolean;
    }
  | /** A wire that breaks and mends again and again. */ {
      readonly kind: "flap";
      readonly at: number;
      readonly forMs: number;
      readonly a: number;
      readonly b: number;
      readonly everyMs: number;
    }
  | {
      readonly kind: "weather";
      readonly at: number;
      readonly forMs: number;
      readonly from: readonly number[] | null;
      readonly to: readonly number[] | null;
      readonly loss: number;
      readonly duplication: number;
      readonly reordering: number;
      readonly tail: number;
      readonly tailMs: number;
    }
  | { readonly kind: "slowDisk"; readonly at: number; readonly forMs: number; readonly node: number; readonly factor: number }
  | /** Writes fail; the node stops, and is started again when the disk is well. */ {
      readonly kind: "diskFailure";
      readonly at: number;
      readonly forMs: number;
      readonly node: number;
    }
  | { readonly kind: "clock"; readonly at: number; readonly node: number; readonly jumpMs: number }
  | { readonly kind: "rate"; readonly at: number; readonly node: number; readonly rate: number }
  | /** An image of the disk taken at `takenAt` is put back at `at`. */ {
      readonly kind: "image";
      readonly takenAt: number;
      readonly at: number;
      readonly node: number;
      readonly downMs: number;
    }
  | {
      readonly kind: "wipe";
      readonly at: number;
      readonly node: number;
      readonly downMs: number;
      readonly what: "disk" | "journal" | "damage";
    }
  | /** Its results are wrong at these heights; if `once`, only until it is started again. */ {
      readonly kind: "broken";
      readonly at?: number;
      readonly node: number;
      readonly from: number;
      readonly until: number;
      readonly once?: boolean;
    }
  | { readonly kind: "byzantine"; readonly node: number; readonly habits: readonly Habit[] }
  | /** A client's transaction; `short` ones live that long, `rival` names the record of another. */ {
      readonly kind: "transaction";
      readonly at: number;
      readonly node: number;
      readonly number: number;
      readonly agency: number;
      readonly copies: number;
      readonly shortMs: number;
      readonly rival: number;
    }
  | /** A validator asks for the epoch to end. */ { readonly kind: "endEpoch"; readonly at: number; readonly node: number }
  | /** Members vote a change; one after the other, each from `at` on. */ {
      readonly kind: "change";
      readonly at: number;
      readonly change: Change;
    };

export type Change =
  | { readonly what: "seat"; readonly member: number }
  | { readonly what: "unseat"; readonly member: number }
  | { readonly what: "parameters"; readonly parameters: Partial<Parameters> }
  | { readonly what: "key"; readonly member: number };

/** What a Byzantine validator is given to. */
export const habits = [
  "equivocates-proposals",
  "equivocates-prepares",
  "equivocates-commits",
  "withholds-bodies",
  "withholds-votes",
  "two-bodies",
  "garbage-proposals",
  "bad-times",
  "censors",
  "drips",
  "stale-views",
  "future-views",
  "forges-certificates",
  "replays",
  "splits-view-changes",
  "splits-new-views",
  "lies-in-status",
  "lies-in-sync",
  "lies-in-answers",
  "drags-epochs",
  "silent",
  "garbage-bytes",
] as const;
export type Habit = (typeof habits)[number];

export interface Scenario {
  readonly seed: number;
  /** Founders; the first `seats` of them are validators. */
  readonly members: number;
  readonly seats: number;
  readonly parameters: Partial<Parameters>;
  readonly latencyMs: number;
  readonly executeMs: number;
  readonly segmentBytes: number;
  readonly cachedRows: number;
  /** A peer that was cut off for its misbehaviour stays so for this long. */
  readonly banMs: number;
  /** Ed25519 instead of the keyed hash; evidence then goes on the chain. */
  readonly realSignatures: boolean;
  /** From here on the network is well and everybody but the dead is up. */
  readonly healAt: number;
  readonly items: readonly Item[];
}

/** Of n validators at most f misbehave, lose their disk or stay away. */
export type Budget = Set<number>;
