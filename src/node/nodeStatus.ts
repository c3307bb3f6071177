// A running node as data: from chain, replica, peers and disk. Owns the gathering. Does not own: the form and what follows from it (status.ts).

import { hex } from "../base/bytes.ts";
import { faults, primaryIndex, quorum } from "../base/certificate.ts";
import { STATUS_MS } from "../base/limits.ts";
import type { Node } from "./node.ts";
import { RELEASE } from "./release.ts";
import type { NodeStatus, PeerInfo } from "./status.ts";

const STATUS_FRESH_MS = 5 * STATUS_MS;

export function statusOf(node: Node): NodeStatus {
  const { chain, driver, host, membership, genesis, network, mempool, disk } = node;
  const { organisation, config } = node.options;
  const { head, epoch } = chain;
  const replica = driver?.replica;
  const n = epoch.validators.length;
  const peers = peersOf(node);
  const connected = epoch.validators.filter((v) => v.id === organisation || host?.isConnected(v.id) === true).length;
  const view = replica?.view ?? 0;
  const { role } = node;
  const silent = replica !== undefined && replica.silentUntil > epoch.epoch;
  return {
    organisation,
    name: membership.own?.name ?? organisation,
    role,
    version: RELEASE,
    protocol: epoch.protocol,
    network: hex(network),
    networkName: genesis.name,
    height: head.height,
    time: head.time,
    hash: hex(head.hash),
    epoch: epoch.epoch,
    epochEnd: epoch.end,
    view,
    mode: role === "observer" ? "following" : silent ? "silent" : (replica?.mode ?? "active"),
    primary: epoch.validators[primaryIndex(n, epoch.epoch, view)]!.id,
    validators: n,
    quorum: quorum(n),
    tolerates: faults(n),
    connected,
    lastBlockAgeMs: Math.round(performance.now() - node.lastCommitAt),
    heartbeatMs: epoch.parameters.heartbeat_ms,
    behind: node.behind(),
    ...(node.stateSync.progress === undefined ? {} : { stateSync: node.stateSync.progress }),
    pending: mempool.pending,
    split: node.splitAt > head.height,
    diverged: node.diverged,
    clockOffMs: node.clockOffMs,
    replacedKeys: node.replacedKeys(),
    diskFree: disk.free,
    diskReserve: config["store.reserve_mb"] << 20,
    paused: disk.paused,
    stopping: node.stopping,
    uptimeMs: Math.round(performance.now() - node.started),
    peers,
  };
}

function peersOf(node: Node): PeerInfo[] {
  const { host, driver, chain } = node;
  const { organisation } = node.options;
  return (host?.peers() ?? [])
    .filter((p) => p.id !== organisation)
    .map((p) => {
      const known = driver?.replica.peers.get(p.id);
      // Validators tell observers nothing by themselves: what was said once is not what is.
      const fresh = known !== undefined && performance.now() - known.statusAt < STATUS_FRESH_MS;
      const status = fresh ? known.status : undefined;
      return {
        id: p.id,
        role: p.role,
        connected: p.connected,
        since: p.since,
        ...(status === null || status === undefined
          ? {}
          : {
              height: status.committed,
              lag: Math.max(0, chain.head.height - status.committed),
              view: status.view,
              skewMs: Math.round(known!.offset),
            }),
        ...(p.rttMs === undefined ? {} : { rttMs: p.rttMs }),
        ...(p.address === undefined ? {} : { address: p.address }),
        ...(p.lastError === undefined || p.connected ? {} : { lastError: `${p.lastError.code} ${p.lastError.detail}`.trim() }),
        ...(p.bannedUntil === undefined ? {} : { bannedUntil: Math.round(p.bannedUntil) }),
      };
    });
}
