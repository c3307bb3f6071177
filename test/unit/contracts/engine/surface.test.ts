// What the compiler refuses in a contract: each line below is an error, and `tsc` says if one no longer is. Nothing here runs but the last test,
// which sees that the refused would also fail at run time where the compiler was not asked.

import { expect, it } from "vitest";
import {
  contract,
  count,
  id,
  list,
  money,
  object,
  optional,
  record,
  sealed,
  signs,
  text,
  type Tx,
} from "../../../../src/contracts/engine/index.ts";

const r = record("x", { title: "X", key: ["x", "n"], fields: { x: id, n: count, m: optional(money) }, states: { a: ["b"], b: [] } });
const k = contract("k", { title: "K", purpose: "P.", records: [r], roles: { clerk: "" }, rules: { one: "One." }, flags: { odd: "Odd." } });
const of = <F extends () => unknown>(never: F): F => never;

export const refused = [
  // @ts-expect-error a key that is no field
  of(() => record("z", { title: "", key: ["y"], fields: { x: id } })),
  // @ts-expect-error a move to a status that does not exist
  of(() => record("y", { title: "", key: ["x"], fields: { x: id }, states: { a: ["c"], b: [] } })),
  // @ts-expect-error a find by no field
  of(() => record("y", { title: "", key: ["x"], fields: { x: id }, find: ["y"] })),
  // @ts-expect-error unknown role
  of(() => k.action({ title: "", by: "clark", input: { x: id }, run() {} })),
  // @ts-expect-error unknown rule in the list
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, rules: ["two"], run() {} })),
  // @ts-expect-error unknown rule given
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx) => tx.reject("two") })),
  // @ts-expect-error unknown flag
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx) => tx.flag("even") })),
  // @ts-expect-error unknown status
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx, a) => void tx.move(tx.get(r, a.x, 1), "c") })),
  // @ts-expect-error half a key
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx, a) => void tx.get(r, a.x) })),
  // @ts-expect-error a key's part of another type
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx, a) => void tx.get(r, a.x, "1") })),
  // @ts-expect-error unknown argument
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx, a) => void tx.create(r, { x: a.y, n: 1 }) })),
  // @ts-expect-error a missing field
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx, a) => void tx.create(r, { x: a.x }) })),
  // @ts-expect-error misspelt field
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx, a) => void tx.put(tx.get(r, a.x, 1), { y: "" }) })),
  // @ts-expect-error money is bigint
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx, a) => void tx.put(tx.get(r, a.x, 1), { m: 5 }) })),
  // @ts-expect-error rows are read-only
  of(() => k.action({ title: "", by: "clerk", input: { l: list(id, 3) }, run: (_tx, a) => void a.l.push("x") })),
  // @ts-expect-error sealed parts are roots in a handler
  of(() => k.action({ title: "", by: "clerk", input: { s: sealed({ name: text(5) }) }, run: (_tx, a) => void a.s.name })),
  // @ts-expect-error a helper whose code this contract lacks
  of(() => k.action({ title: "", by: "clerk", input: { x: id }, run: (tx) => helper(tx) })),
  // @ts-expect-error an asynchronous handler: a promise is not void of anything
  of((): void => k.action({ title: "", by: { a: signs("x") }, input: { o: object({ x: id }) }, run: (_tx, a) => a.o.y })),
];
function helper(tx: Tx<"three">): void {
  tx.reject("three");
}

it("declares what the compiler took", () => {
  expect(refused).toHaveLength(18);
  expect(k.options.records).toEqual([r]);
});
