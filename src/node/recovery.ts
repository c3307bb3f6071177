// The recovery file of a home: what the operators agreed on after a split. Read once at the start; if q validators' organisations have signed it, this node
// may vote for another result than it did. docs/protocol.md §3.7.4. Owns reading it and the count. Does not own: the release itself (consensus).

import fs from "node:fs";
import { hex } from "../base/bytes.ts";
import { readRecovery, recoveryFault } from "../base/recovery.ts";
import type { Node } from "./node.ts";

export function applyRecovery(node: Node): void {
  const { home, log } = node.options;
  if (!fs.existsSync(home.recovery)) return;
  const recovery = readRecovery(fs.readFileSync(home.recovery, "utf8"));
  const { height, order, abandon } = recovery;
  if (height <= node.chain.head.height) return log.info("recovery.over", { height });
  const { members, epoch } = node.membership;
  const validators = epoch.validators.flatMap(({ id }) => {
    const member = members.find((m) => m.id === id);
    return member === undefined ? [] : [{ id, organisation: member.keys.organisation }];
  });
  const fault = recoveryFault(recovery, node.network, validators);
  if (fault !== undefined) return log.error("recovery.refused", { file: home.recovery, why: fault });
  log.warn("recovery.released", { height, abandoned: hex(abandon).slice(0, 16) });
  node.driver!.recovered(height, order, abandon);
}
