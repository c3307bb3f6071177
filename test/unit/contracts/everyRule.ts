// Every rule and every flag that a contract declares is given by at least one test: a rule that nothing gives is a promise that nothing
// keeps.

import { expect, it } from "vitest";
import type { AnyContract } from "../../../src/contracts/engine/define.ts";
import { given } from "./scenario.ts";

/** The last test of a contract's file. The quick run leaves out histories at random, which may be what gives a rule. */
export function everyRuleIsGiven({ name, options }: AnyContract): void {
  it.skipIf(process.env["CHANCERY_QUICK"] === "1")("gives each of its rules and flags in some test above", () => {
    const declared = [...Object.keys(options.rules), ...Object.keys(options.flags ?? {})].map((code) => `${name}.${code}`);
    expect(declared.filter((code) => !given.has(code))).toEqual([]);
  });
}
