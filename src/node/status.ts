// How a node is, as data: for `status`, metrics, readiness. Owns the form and what follows from it (is it ready, what should be done).
// Does not own: where the values come from (node.ts).

export interface PeerInfo {
  readonly id: string;
  readonly role: "validator" | "observer";
  readonly connected: boolean;
  readonly height?: number;
  readonly lag?: number;
  readonly rttMs?: number;
  readonly skewMs?: number;
  readonly address?: string;
  readonly since?: number;
  readonly lastError?: string;
  /** It broke the rules and is not taken until then; ms since 1970. */
  readonly bannedUntil?: number;
  readonly view?: number;
}
export interface NodeStatus {
  readonly organisation: string;
  readonly name: string;
  readonly role: "validator" | "observer";
  readonly version: string;
  readonly protocol: number;
  readonly network: string;
  readonly networkName: string;
  readonly height: number;
  readonly time: number;
  readonly hash: string;
  readonly epoch: number;
  readonly epochEnd: number;
  readonly view: number;
  readonly mode: "active" | "changing" | "following" | "silent";
  readonly primary: string;
  readonly validators: number;
  readonly quorum: number;
  readonly tolerates: number;
  /** Validators of the set that can be reached, this node included. */
  readonly connected: number;
  readonly lastBlockAgeMs: number;
  readonly heartbeatMs: number;
  readonly behind: number;
  /** How far it is with taking the state from its peers. */
  readonly stateSync?: { readonly phase: string; readonly rows: number; readonly records: number; readonly height: number };
  readonly pending: number;
  readonly split: boolean;
  readonly diverged: boolean;
  readonly clockOffMs: number | null;
  /** Own keys that are not those of the chain. */
  readonly replacedKeys: readonly ("peer" | "consensus")[];
  readonly diskFree: number | undefined;
  readonly diskReserve: number;
  readonly paused: boolean;
  readonly stopping: boolean;
  readonly uptimeMs: number;
  readonly peers: readonly PeerInfo[];
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

/** /readyz: does it serve a network that moves? `reading` asks whether its answers are fresh, whatever the quorum does. */
export function readiness(s: NodeStatus, reading: boolean): Check[] {
  const check = (name: string, ok: boolean, reason: string): Check => (ok ? { name, ok } : { name, ok, reason });
  const checks = [
    check("started", s.height > 0, "block 1 has no certificate yet"),
    check("running", !s.stopping, "the node is stopping"),
    check("state", s.stateSync === undefined, "the state is being taken from peers"),
    check("synced", s.behind <= 2, `${s.behind} blocks behind`),
    check("result", !s.diverged, "this node computed another result than the network"),
    check("disk", !s.paused, "free space is below the reserve"),
  ];
  if (reading) return checks;
  checks.push(
    check("head", s.lastBlockAgeMs <= 2 * s.heartbeatMs, `no block for ${Math.round(s.lastBlockAgeMs / 1_000)} s`),
    check("split", !s.split, "no result can reach a quorum"),
    check(
      "quorum",
      s.role === "observer" || s.connected >= s.quorum,
      `${s.connected} of ${s.validators} validators reachable, ${s.quorum} needed`,
    ),
  );
  return checks;
}

/** The one thing to do. */
export function advice(s: NodeStatus): string {
  if (s.diverged) return "This node diverged and does not vote. Send the capsule to the developers. Runbook: Diverged";
  if (s.split) return "No result can reach a quorum. Runbook: SplitResult";
  if (s.replacedKeys.length > 0)
    return `At height ${s.height} the chain names another ${s.replacedKeys[0]} key for this node. Runbook: KeyReplaced`;
  if (s.paused) return "Free space is below the reserve: make room. Runbook: DiskRunsOut";
  const down = s.peers.filter((p) => p.role === "validator" && !p.connected).map((p) => p.id);
  if (s.connected < s.quorum) return `The ledger stands still: ${down.join(", ")} cannot be reached. Runbook: LedgerStalled`;
  if (s.stateSync !== undefined)
    return `Taking the state from peers: ${s.stateSync.phase}, ${s.stateSync.rows} of ${s.stateSync.records} records, height ${s.stateSync.height}.`;
  if (s.behind > 2) return `Catching up: ${s.behind} blocks to go.`;
  if (s.clockOffMs !== null) return `The clock is off by ${s.clockOffMs} ms: set it. Runbook: ClockSkewed`;
  if (s.lastBlockAgeMs > 2 * s.heartbeatMs) return "No block for long. Runbook: LedgerStalled";
  if (down.length > 0 && s.connected === s.quorum)
    return `${down.join(", ")} is down. One more failure stops the ledger. Runbook: QuorumAtRisk`;
  if (down.length > 0) return `${down.join(", ")} is down; the ledger tolerates ${s.connected - s.quorum} more.`;
  if (s.mode === "silent") return "This node follows silently until its journal is trusted again. Nothing to do.";
  return "Nothing to do.";
}
