// A town for the scenarios of funds: a project with its tree of contracts, a campaign, and a contract of its own that sets money aside and orders from it, as
// benefits and tenders do.

import { contract, flag, id, list, money, party, record, signs, text } from "../../../src/contracts/engine/index.ts";
import { account } from "../../../src/contracts/descriptors/payments.ts";
import * as acts from "../../../src/contracts/money/funds.ts";
import type { Composition } from "../../../src/contracts/engine/registry.ts";
import { type By, plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const cases = record("case", { title: "A case", key: ["case"], fields: { case: id, account } });
const relief = contract("relief", {
  title: "Relief",
  purpose: "Orders from what a fund sets aside for it.",
  records: [cases],
  roles: { office: "Decides" },
  rules: {},
});
export const setAside = relief.action({
  title: "Set money aside for the relief",
  by: { keyholder: signs("the fund's owner and key-holders") },
  input: { matter: id, fund: id, purpose: id, amount: money },
  rules: [...acts.reserveRules],
  run: (tx, { matter, fund, purpose, amount }) => acts.reserve(tx, "relief", matter, fund, purpose, amount),
});
export const order = relief.action({
  title: "Order a payment",
  by: "office",
  input: { matter: id, order: id, payee: party, amount: money, account, keyholders: list(party, 4) },
  rules: [...acts.drawRules],
  run: (tx, { matter, ...it }) => acts.draw(tx, "relief", matter, it),
});
export const anew = relief.action({
  title: "Order a payment that came back anew",
  by: "office",
  input: { before: id, order: id, account },
  rules: [...acts.orderAnewRules],
  run: (tx, { before, order: key, account: to }) => acts.orderAnew(tx, before, key, to),
});
export const release = relief.action({
  title: "Free what is left",
  by: "office",
  input: { matter: id, end: flag },
  run: (tx, { matter, end }) => acts.free(tx, "relief", matter, end),
});
export const back = relief.action({
  title: "Money came back",
  by: { bank: signs("the fund's bank") },
  input: { matter: id, amount: money, reference: text(35, 1) },
  rules: [...acts.repayRules],
  run: (tx, { matter, amount, reference }) => acts.repay(tx, "relief", matter, amount, reference),
});
const reliefModule = { default: relief, setAside, order, anew, release, back };

export const principals = [
  "city",
  "prime",
  "roofers",
  "masons",
  "engineer",
  "supervision",
  "oversight",
  "p:ann",
  "p:bob",
  "bank",
  "otherbank",
  "court",
  "auditor",
  "office",
];
const grants: Readonly<Record<string, readonly string[]>> = {
  supervision: ["funds.supervisor"],
  oversight: ["funds.supervisor"],
  bank: ["funds.bank"],
  otherbank: ["funds.bank"],
  court: ["funds.court"],
  auditor: ["funds.auditor"],
  office: ["relief.office"],
};

/** A seal of two leaves: an account. */
export const sealedAccount = { root: new Uint8Array(32).fill(7), size: 2 };
export const sealedWages = { root: new Uint8Array(32).fill(8), size: 257 };

/** Roles may be taken from who has them: by changing `of`. */
export function town(of: Record<string, readonly string[]> = { ...grants }): Scenario {
  const composition: Composition = { modules: [acts, reliefModule], resolver: plainRights(of, principals), found() {} };
  return scenario(composition);
}
export const everybodysRoles = (): Record<string, readonly string[]> => ({ ...grants });
export const openers: By = signedBy("supervision", "city", "bank");
export const station = (more: object = {}) => ({
  ...{ fund: "station", kind: "project" as const, owner: "city", purpose: "station", currency: "CNY", account: sealedAccount },
  ...{ keyholders: ["city", "supervision"], budget: 1_000n },
  ...more,
});
export const campaign = (more: object = {}) => ({
  ...{ ...station(), fund: "flood", kind: "campaign" as const, purpose: "flood", keyholders: ["city"], budget: 0n },
  ...more,
});

/** A project of 1,000 with a main contract of 900, a part of it for the roof, and two steps. */
export function building(t = town()): Scenario {
  t.act("the fund is opened", acts.open, station(), openers);
  t.act(
    "the main contract",
    acts.engage,
    { engagement: "main", fund: "station", payee: "prime", purpose: "station", amount: 900n },
    signedBy("city", "prime"),
  );
  const roof = { engagement: "roof", fund: "station", parent: "main", payee: "roofers", purpose: "station", amount: 400n };
  t.act("the roof below it", acts.engage, roof, signedBy("prime", "roofers"));
  const steps = [
    { step: "trusses", amount: 250n, keyholders: ["engineer"] },
    { step: "tiles", amount: 150n, keyholders: [] },
  ];
  t.act("its steps", acts.agree, { engagement: "roof", steps }, signedBy("prime", "roofers"));
  return t;
}
export const asked = (more: object = {}) => ({
  ...{ order: "o1", engagement: "roof", step: "trusses", amount: 200n, account: sealedAccount, chunks: 0 },
  ...more,
});
/** An order signed by all its key-holders. */
export function released(t: Scenario, key: string, holders: readonly string[] = ["city", "supervision", "engineer"]): void {
  for (const keyholder of holders) t.act(`${keyholder} signs ${key}`, acts.approve, { keyholder, orders: [key] }, signedBy(keyholder));
}
export const booked = (reference: string, amount = 200n, more: object = {}) => ({
  order: "o1",
  chunk: 0,
  amount,
  reference,
  differs: false,
  ...more,
});
