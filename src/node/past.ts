// What a node does about the past beside its work: taking the state when it is far behind, keeping and fetching blocks as its policy says.
// Owns giving the two tasks their parts of the node.

import { STATE_SYNC_BLOCKS } from "../base/limits.ts";
import type { Node } from "./node.ts";
import { RetentionTask } from "./retention.ts";
import { StateSyncing } from "./stateSync.ts";

/** `tookState`: this node has just come from a state sync; it is behind by what was committed meanwhile, and executes that much. */
export function stateSyncOf(node: Node, tookState: boolean): StateSyncing {
  const { home, config, log, again } = node.options;
  return new StateSyncing({
    network: node.network,
    genesis: node.genesis,
    home: home.directory,
    data: home.resolve(config["node.data"]),
    blocks: Math.max(config["sync.state_behind"], tookState ? STATE_SYNC_BLOCKS : 0),
    height: () => node.chain.head.height,
    validators: () => node.membership.epoch.validators.map((v) => v.id),
    host: () => node.host,
    log,
    done: again,
    failed: (error) => node.bug(error),
  });
}

export function retentionOf(node: Node): RetentionTask {
  const { config, log } = node.options;
  return new RetentionTask({
    network: node.network,
    store: node.store,
    reader: node.chain.reader,
    policy: () => config["store.retain"],
    days: () => config["store.retain_days"],
    host: () => node.host,
    busy: () => node.stateSync.active || node.behind() > 0,
    log,
    failed: (error) => node.bug(error),
  });
}
