// What a tariff gives for the facts, computed again from two proved records: anybody can, with nothing but the two proof files. Owns reading rows as a verifier
// shows them. Does not own: the rule (contracts/kit/rates), the proofs (client/verify), the command (cli/benefits).

import { LedgerError } from "../base/errors.ts";
import type { ShownRow } from "../client/verify.ts";
import { assess, type Facts, type Tariff } from "../contracts/kit/rates.ts";

export interface Assessment {
  readonly scheme: string;
  readonly subject: string;
  readonly turn: string;
  readonly version: number;
  readonly facts: Facts;
  /** What the record says was agreed. */
  readonly amount: bigint;
  /** What the tariff gives; undefined if these facts are not those that it counts. */
  readonly due: bigint | undefined;
}

/** A row of `benefits/case` and the row of `benefits/tariff` that it cites. Throws `check.failed` if it cites none, or another one. */
export function assessed(ofCase: ShownRow["fields"], ofTariff: ShownRow["fields"]): Assessment {
  const it = ofCase as unknown as { scheme: string; subject: string; turn: string; version?: number; facts: Facts; amount: Units };
  const table = ofTariff as unknown as { scheme: string; version: number };
  if (it.version === undefined) throw new LedgerError("check.failed", { why: "nothing was agreed in this case", do: "nothing to compute" });
  if (it.scheme !== table.scheme || it.version !== table.version) {
    const why = `the case cites version ${it.version} of ${it.scheme}, the other file is version ${table.version} of ${table.scheme}`;
    throw new LedgerError("check.failed", { why, do: `chancery prove benefits tariff ${it.scheme}/${it.version} --out tariff.proof.json` });
  }
  const { scheme, subject, turn, version, facts, amount } = it;
  return { scheme, subject, turn, version, facts, amount: BigInt(amount), due: assess(tariffFrom(ofTariff), facts) };
}

/** As the verifier shows integers: a number, or decimal text beyond 2^53. */
type Units = number | string;

function tariffFrom(fields: ShownRow["fields"]): Tariff {
  type Shown<T> = { readonly [name in keyof T]: T[name] extends bigint ? Units : T[name] };
  const { base, lines, least, most } = fields as unknown as Shown<Omit<Tariff, "lines">> & {
    lines: readonly Shown<Tariff["lines"][number]>[];
  };
  const rows = lines.map((line) => ({ ...line, amount: BigInt(line.amount) })) as unknown as Tariff["lines"];
  return { base: BigInt(base), lines: rows, least: BigInt(least), most: BigInt(most) };
}
