// How the outcome of a transaction is printed, and which exit code it means. docs/reference/cli.md.

import type { Outcome } from "../client/index.ts";
import { answer, bold, dim, exits, green, red, yellow } from "./output.ts";

interface About {
  readonly action?: string;
  readonly notAfter?: number;
  readonly accepted?: boolean;
  readonly ms?: number;
}

/** Prints an outcome and sets the exit code. A refusal goes to stdout as well: it is the receipt that was asked for. */
export function showOutcome(outcome: Outcome, { action = "transaction", notAfter, accepted, ms }: About): void {
  const name = bold(action.replace(/@\d+$/, ""));
  const took = ms === undefined ? "" : ` (${ms} ms)`;
  switch (outcome.status) {
    case "applied": {
      const { status: _status, ...receipt } = outcome;
      return answer(receipt, [
        `${green("✓")} ${name}  applied at height ${outcome.height}, ${new Date(outcome.time).toISOString()}${took}   tx ${outcome.id}`,
        ...outcome.flags.map((flag) => `  ${yellow("marked")} ${flag}`),
        ...outcome.writes.map((w) => dim(`  ${w.record}  revision ${w.revision}`)),
      ]);
    }
    case "rejected":
    case "failed": {
      const { status: _status, problem: _problem, ...receipt } = outcome;
      const { title, detail } = outcome as { title?: unknown; detail?: unknown };
      process.exitCode = exits.refused;
      return answer(receipt, [
        `${red("✗")} refused by the ledger: ${bold(outcome.code ?? "")}   ${typeof title === "string" ? `"${title}"` : ""}`,
        ...(typeof detail === "string" ? [`  ${detail}`] : []),
        dim(`  nothing was changed; receipt at height ${outcome.height}, tx ${outcome.id}`),
      ]);
    }
    case "expired":
      process.exitCode = exits.refused;
      return answer(
        { id: outcome.id, status: "expired" },
        `${red("✗")} ${outcome.id} expired: its time was over before it was committed. It is safe to make a new one.`,
      );
    case "pending":
      if (accepted === true)
        return answer(
          { id: outcome.id, status: "pending" },
          `${green("✓")} ${name}  accepted, not final yet.   Look: chancery tx ${outcome.id} --wait`,
        );
      process.exitCode = exits.pending;
      return answer({ id: outcome.id, status: "pending", ...(notAfter === undefined ? {} : { notAfter }) }, [
        `${yellow("?")} sent, outcome not known yet.${notAfter === undefined ? "" : ` It may still be applied until ${new Date(notAfter).toISOString()}.`}`,
        `  Do: chancery tx ${outcome.id} --wait`,
      ]);
  }
}
