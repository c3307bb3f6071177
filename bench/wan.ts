// A network whose nodes stand far from each other: each in a network namespace of its own, so many milliseconds from the others; we stand beside each of them.
// Owns nothing but the join of the parts that the fault tests made. Needs root, iproute2, nftables and python3.

import { Cluster } from "../test/e2e/harness.ts";
import { Switch, whyNoDelay, whyNot } from "../test/e2e/namespaces.ts";
import type { Devnet } from "./devnet.ts";

/** `ms`: one way, from each node to each. Throws where namespaces cannot be had. */
export async function startFar(validators: number, ms: number, environment: NodeJS.ProcessEnv): Promise<Devnet> {
  const missing = whyNot() ?? whyNoDelay();
  if (missing !== undefined) throw new Error(`no distance between nodes on this machine: ${missing}`);
  const network = new Switch(validators);
  const cluster = await Cluster.found({ validators, hosts: network.hosts, prefix: (i) => network.prefix(i) });
  const stop = async (): Promise<void> => {
    network.heal();
    await cluster.stop();
    network.remove();
  };
  try {
    await Promise.all(cluster.members.map((m) => cluster.run(m, environment)));
    await Promise.all(cluster.members.map((m) => cluster.reaches(m, 1)));
    await network.delay(ms);
  } catch (error) {
    await stop();
    throw error;
  }
  const halt = async (): Promise<void> => {
    await Promise.all(cluster.members.map((m) => cluster.halt(m)));
  };
  return {
    directory: cluster.directory,
    genesis: cluster.genesis,
    nodes: cluster.members.map((m) => ({ api: m.api, pid: m.daemon!.child.pid!, home: m.home })),
    keys: Object.fromEntries(cluster.members.map((m) => [m.id, m.keyFile])),
    halt,
    stop,
  };
}
