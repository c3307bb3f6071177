// What the log says and how loud: consensus' notices – what needs a person now, what will need one, and the life of the node – and contracts that failed.

import { type Bytes, hex } from "../base/bytes.ts";
import type { Logger } from "../base/log.ts";
import type { StopReason } from "../consensus/driverPorts.ts";
import type { NoticeCode } from "../consensus/types.ts";
import type { CommittedBlock } from "../ledger/chain.ts";

const ALARMS: ReadonlySet<NoticeCode> = new Set(["split", "divergence", "diverged", "lock"]);
const WARNINGS: ReadonlySet<NoticeCode> = new Set(["view.left", "silence.begun", "equivocation", "clock.off"]);

/** The level of a notice. */
export function levelOf(code: NoticeCode): "error" | "warn" | "info" {
  if (ALARMS.has(code)) return "error";
  return WARNINGS.has(code) ? "warn" : "info";
}

/** Lines about one block: whoever found an act that fails may hand in thousands. */
const MOST_FAILURES_SAID = 4;

/** A contract threw, or passed its declared work: a receipt for the client, an error of the software for whoever runs the node (§3.6, outcome 2). */
export function sayFailures({ height, leaves }: CommittedBlock, log: Logger): void {
  let said = 0;
  for (const [leaf, { id, result }] of leaves.entries()) {
    if (result.outcome !== 2) continue;
    if (++said > MOST_FAILURES_SAID) return;
    log.error("contract.failed", { height, leaf, id: hex(id), code: String(result.code), ...result.data, error: result.fault });
  }
}

/** Of this node's own keys the chain names others (KeyReplaced): said at the start, and as an epoch begins. */
export function sayReplacedKeys(purposes: readonly string[], epoch: number, log: Logger): void {
  for (const purpose of purposes) log.warn("key.replaced", { purpose, epoch });
}

/** Why a node ends whose members follow another genesis than its home (§4.7). `theirs`: hex. */
export function otherGenesis(theirs: string, ours: Bytes, members: number): StopReason {
  const why = `${members} or more members follow genesis ${theirs.slice(0, 16)}, this home has ${hex(ours).slice(0, 16)}`;
  return { exit: 15, code: "genesis.mismatch", data: { why, do: "compare genesis.json with the other members: chancery genesis show" } };
}
