// `chancery benefits recompute`: what a tariff gives for a case's facts, from two proof files, offline. Owns the command. Does not own: the rule
// (node/assessment), the proofs (client/verify).

import type { Command } from "commander";
import { type ShownRow, type Trusted, verify } from "../client/verify.ts";
import { refusalText } from "../client/verifyText.ts";
import { readText } from "./globals.ts";
import { answer, exits, green, red, refuse, usage } from "./output.ts";
import { trustedBy } from "./trusted.ts";

export function register(program: Command): void {
  program
    .command("benefits")
    .description("subsidies, compensation and relief")
    .command("recompute <case>")
    .description("what the tariff gives for the facts of a case, from the proof files of both; exit 1 if it is not what was agreed")
    .requiredOption("--tariff <file>", "the proof file of the version of the tariff that the case cites")
    .option("--genesis <file>", "the genesis file that you trust")
    .option("--anchor <file>", "a recently published anchor")
    .action(recompute);
}

async function recompute(file: string, o: { tariff: string; genesis?: string; anchor?: string }): Promise<void> {
  const trusted = trustedBy(o);
  const ofCase = proved(file, "benefits/case", trusted);
  const ofTariff = proved(o.tariff, "benefits/tariff", trusted);
  const { assessed } = await import("../node/assessment.ts");
  const it = assessed(ofCase.fields, ofTariff.fields);
  const holds = it.due === it.amount;
  if (!holds) process.exitCode = exits.no;
  answer({ ...it, due: it.due ?? null, holds }, [
    `${it.scheme} / ${it.subject} / ${it.turn}: ${it.facts.map(({ fact, value }) => `${fact} ${value}`).join(", ")}`,
    `${holds ? green("✓") : red("✗")} version ${it.version} of the tariff gives ${it.due ?? "nothing for these facts"}; agreed was ${it.amount}`,
  ]);
}

/** The row that a proof file shows. */
function proved(file: string, collection: string, trusted: Trusted): ShownRow {
  const verdict = verify(readText(file), trusted);
  if (!verdict.valid)
    return refuse("check.failed", {
      why: `${file} does not hold: ${verdict.code}, ${refusalText(verdict)}`,
      do: "ask for a new proof file",
    });
  if (!("collection" in verdict.subject) || verdict.subject.collection !== collection || verdict.record === null)
    return usage(`${file} proves no record of ${collection}`, `chancery prove ${collection.replace("/", " ")} KEY --out FILE`);
  return verdict.record;
}
