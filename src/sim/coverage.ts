// Which rules of docs/protocol.md some scenario has exercised, and how often: a checker that never sees a rule at work proves nothing about it.
// Owns the table from rules to the counters of watch.ts. A name that ends in "…" stands for all that begin so.

import { provable } from "./convictions.ts";
import { habits } from "./scenario.ts";

/** [section, rule, counters of which any will do] */
const rules: readonly (readonly [section: string, rule: string, counters: readonly string[]])[] = [
  ["§2", "a transaction that is not live is skipped", ["§2 skipped"]],
  ["§2", "a transaction expires by committed time", ["§2 expired"]],
  ["§2", "one transaction handed in at two nodes", ["§2 handed in twice"]],
  ["§2", "applied, and rejected with a code", ["§2 applied"]],
  ["§2", "a rejection is a receipt", ["§2 rejected"]],
  ["§3", "an order is executed before it commits", ["executed"]],
  ["§3", "an empty block", ["§3 empty block"]],
  ["§3", "a proposal whose time is off is not prepared", ["view.left silence", "clock.off"]],
  ["§3", "a wrong result is noticed and executed again, cold", ["§3 re-executed cold"]],
  ["§3", "a lasting wrong result: signs nothing more", ["diverged"]],
  ["§3", "the result lock holds a vote back", ["lock"]],
  ["§4.3", "an epoch begins", ["epoch.entered"]],
  ["§4.3", "an epoch ends early", ["§4.3 early end"]],
  ["§4.3", "the set changes at the barrier", ["§4.3 set changed"]],
  ["§4.3", "parameters change at the barrier", ["§4.3 parameters changed"]],
  ["§4.3", "a consensus key changes", ["§4.3 key changed"]],
  ["§4.4", "a proposal, a Prepare, a Commit", ["sent commit"]],
  ["§4.4", "several heights in flight", ["§4.4 pipelined"]],
  ["§4.4", "a certified order replaces the accepted one", ["adopted"]],
  ["§4.4", "a block commits in a later view", ["§4.4 committed in a later view"]],
  ["§4.5", "a view is left", ["view.left…"]],
  ["§4.5", "f + 1 others are joined", ["view.left joined"]],
  ["§4.5", "a NewView is sent", ["sent newView"]],
  ["§4.5", "a selected tip above the committed head is prepared first", ["§4.5 tip selected"]],
  ["§4.6", "silence", ["view.left silence"]],
  ["§4.6", "censorship", ["view.left censorship"]],
  ["§4.6", "the new view's timer", ["view.left new_view_timer"]],
  ["§4.6", "two proposals for one slot: left at once", ["view.left equivocation"]],
  ["§4.6", "a malformed proposal: left at once", ["view.left malformed"]],
  ["§4.6", "a primary that syncs steps down", ["view.left self"]],
  ["§4.6", "a head is forwarded to the primary", ["sent forward"]],
  ["§4.7", "a crash between journal and send", ["crash at journal.synced", "crash at send"]],
  ["§4.7", "a crash before the sync", ["crash at journal.written"]],
  ["§4.7", "a crash in the middle of the database's write", ["crash at database.under_way"]],
  ["§4.7", "a start with votes in the journal", ["§4.7 restored votes"]],
  ["§4.7", "a start in the middle of a view change", ["§4.7 restored while changing"]],
  ["§4.7", "a start in a view entered by a NewView", ["§4.7 restored in a later view"]],
  ["§4.7", "own votes are asked for at the start", ["sent ask"]],
  ["§4.7", "no intact journal: silence", ["silence.begun"]],
  ["§4.7", "silence settled", ["silence.settled"]],
  ["§4.7", "silence over", ["silence.over"]],
  ["§4.7", "an old image of a disk", ["image restored"]],
  ["§4.7", "a disk that fails stops the node", ["stopped store.write"]],
  ["§4.8", "a batch beyond its origin's share is not held", ["batch.too_many"]],
  ["§4.8", "a batch with an ill-formed transaction is refused", ["rejected transaction.signature"]],
  ["§4.9", "blocks for whoever is behind", ["sent block"]],
  ["§4.9", "range sync", ["heard give"]],
  ["§4.9", "an order is asked for", ["sent get"]],
  ["§4.10", "evidence of two Prepares", ["evidence prepare"]],
  ["§4.10", "evidence of two Commits", ["evidence commit"]],
  ["§4.10", "evidence of two NewViews", ["evidence newView"]],
  ["§4.10", "a conflict is told to all", ["sent conflict"]],
  ["§4.10", "evidence becomes a record", ["§4.10 recorded"]],
  ["§4.2", "a claim that its attachments do not prove is refused", ["rejected view_change.unproven"]],
  ["§4.2", "a vote sent by somebody else is refused", ["rejected vote.signer"]],
  ["§4.9", "a block with a bad certificate is refused", ["rejected block.certificate…"]],
  ["§4.11", "a breach that its bytes prove is scored", ["breach proved"]],
  ["§4.11", "a peer that misbehaves is cut off", ["peer cut off"]],
  ["§4.11", "what cannot be read is refused", ["rejected codec…", "rejected message…"]],
];

/** Each fault and each habit of a Byzantine validator occurs as well (names: scenario.ts, faults.ts). */
const faultNames = [
  ...["loss", "duplication", "reordering", "tail", "partition", "one-way partition", "flap", "kill", "power cut", "dead"],
  ...["unsynced records lost", "unsynced batch lost", "slowDisk", "diskFailure", "clock", "rate", "image", "broken"],
  ...["wipe disk", "wipe journal", "wipe damage"],
];
const occurrences = [
  ...Object.keys(provable).map((name) => ["breach", `${name}: scored under its code`, [`breach ${name}`]] as const),
  ...faultNames.map((name) => ["fault", name, [`fault ${name}`]] as const),
  ...habits.map((name) => ["Byzantine", name, [`habit ${name}`]] as const),
];

export interface Covered {
  readonly section: string;
  readonly rule: string;
  readonly times: number;
}

export function coverage(counts: ReadonlyMap<string, number>): Covered[] {
  const times = (name: string): number => {
    if (!name.endsWith("…")) return counts.get(name) ?? 0;
    let sum = 0;
    for (const [counter, n] of counts) if (counter.startsWith(name.slice(0, -1))) sum += n;
    return sum;
  };
  return [...rules, ...occurrences].map(([section, rule, counters]) => ({
    section,
    rule,
    times: counters.reduce((sum, name) => sum + times(name), 0),
  }));
}
