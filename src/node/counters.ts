// What happens on a node, counted for the metrics. Owns which event moves which metric.

import type { Metrics } from "./metrics.ts";
import type { Node } from "./node.ts";
import type { Counters } from "./nodeOptions.ts";

const OUTCOMES = ["applied", "rejected", "failed"] as const;

export function countersOf(metrics: Metrics, node: Pick<Node, "clock">): Counters {
  return {
    notice(code, data) {
      if (code === "view.left") metrics.viewChanges.inc({ reason: String(data["reason"]) });
      if (code === "equivocation") metrics.evidence.inc();
    },
    committed(time, outcomes) {
      metrics.blocks.inc();
      metrics.blockTransactions.observe(outcomes[0] + outcomes[1] + outcomes[2]);
      for (const [i, outcome] of OUTCOMES.entries()) if (outcomes[i]! > 0) metrics.transactions.inc({ outcome }, outcomes[i]);
      metrics.finality.observe({ origin: "block" }, Math.max(0, node.clock.now() - time) / 1_000);
    },
    executed: (ms) => metrics.execute.observe(ms / 1_000),
    written: (ms) => metrics.storeCommit.observe(ms / 1_000),
    voted: () => metrics.votes.inc(),
    penalised: (reason) => metrics.penalties.inc({ reason }),
    quotaRefused: (count) => metrics.quotaRefusals.inc(count),
  };
}
