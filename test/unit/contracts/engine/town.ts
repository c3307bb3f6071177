// The town that the engine's tests live in: two contracts, a librarian for each shelf, two readers.

import { plainRights } from "../scenario.ts";
import * as library from "./loans.ts";
import * as points from "./points.ts";

export const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);
export const book = (number: number, more: object = {}) => ({
  shelf: "a",
  number,
  isbn: `isbn-${number}`,
  title: `Book ${number}`,
  tags: ["red", "old"],
  about: { z: 1, a: [true, null, -5, "ế"] },
  size: { thick: true, height: 20 },
  notes: { root: hash(1), size: 8 },
  ...more,
});
const rights = plainRights(
  { city: ["library.librarian", "points.city"], town: ["library.librarian#a", "library.teller"], other: ["library.librarian#b"] },
  ["p:ann", "p:bob"],
);
export const composition = { modules: [points, library], resolver: rights, found() {} };
