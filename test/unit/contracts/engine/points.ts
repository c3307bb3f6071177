// A contract for the engine's tests: balances whose sum stands still, moved by others through a procedure.

import { contract, id, money, party, record, signs } from "../../../../src/contracts/engine/index.ts";

export const accounts = record("account", {
  title: "An account",
  key: ["holder"],
  fields: { holder: party, balance: money },
  read: ["holder"],
});
const points = contract("points", {
  title: "Points",
  purpose: "Never made from nothing.",
  records: [accounts],
  sector: "city",
  roles: { city: "Gives points" },
  rules: { balance_short: "No balance falls below nothing." },
});

export const award = points.action({
  title: "Award points",
  by: "city",
  input: { holder: party, amount: money, programme: id },
  run(tx, { holder, amount }) {
    credit(tx, holder, amount);
  },
});

export const pay = points.action({
  title: "Pay",
  by: { payer: signs("the payer") },
  input: { from: party, to: party, amount: money },
  rules: ["balance_short"],
  run(tx, { from, to, amount }) {
    tx.signed("payer", from);
    move(tx, from, to, amount);
  },
});

export const move = points.procedure((tx, from: string, to: string, amount: bigint) => {
  const payer = tx.get(accounts, from);
  tx.require(payer.balance >= amount, "balance_short", { balance: payer.balance });
  tx.put(payer, { balance: payer.balance - amount });
  credit(tx, to, amount);
});
const credit = points.procedure((tx, holder: string, amount: bigint) => {
  const account = tx.find(accounts, holder);
  if (account === undefined) tx.create(accounts, { holder, balance: amount });
  else tx.put(account, { balance: account.balance + amount });
});
export default points;
