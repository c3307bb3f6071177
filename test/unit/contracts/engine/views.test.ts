// Views: what a contract computes for whoever asks. They read, within bounds, and say what is wrong with a question.

import { describe, expect, test } from "vitest";
import { isLedgerError } from "../../../../src/base/errors.ts";
import { anyone, contract, count, id, record } from "../../../../src/contracts/engine/index.ts";
import { plainRights, type Scenario, scenario, signedBy } from "../scenario.ts";

const gauges = record("gauge", { title: "A gauge", key: ["gauge"], fields: { gauge: id, level: count } });
const water = contract("water", { title: "Water", purpose: "Levels.", records: [gauges], roles: {}, rules: {} });
const put = water.action({ title: "Put", by: anyone, input: gauges.fields, run: (tx, it) => void tx.create(gauges, it) });
const level = water.view({ title: "Level", input: { gauge: id }, run: (tx, { gauge }) => ({ level: tx.get(gauges, gauge).level }) });
const endless = water.view({
  title: "Never answered",
  input: { gauge: id },
  run(tx, { gauge }) {
    for (;;) tx.find(gauges, gauge);
  },
});

function town(): Scenario {
  return scenario({ modules: [{ default: water, put, level, endless }] as never, resolver: plainRights({}), found() {} });
}
function codeOf(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    if (isLedgerError(error)) return error.code;
    throw error;
  }
  return "answered";
}

describe("a view", () => {
  test("answers from the rows as they are", () => {
    const it = town();
    it.act("a gauge", put, { gauge: "north", level: 7 }, signedBy());
    expect(it.view("water.level", { gauge: "north" })).toEqual({ level: 7 });
  });

  test("says what is wrong: no such view, arguments that do not fit, nothing there, too much to look at", () => {
    const it = town();
    expect(codeOf(() => it.view("water.depth", { gauge: "north" }))).toBe("view.unknown");
    expect(codeOf(() => it.view("water.level", { gauge: 7 }))).toBe("args.invalid");
    expect(codeOf(() => it.view("water.level", { gauge: "south" }))).toBe("record.unknown");
    expect(codeOf(() => it.view("water.endless", { gauge: "south" }))).toBe("request.invalid");
  });
});
