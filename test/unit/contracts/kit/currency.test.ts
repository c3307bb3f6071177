// What names a currency.

import { expect, test } from "vitest";
import { namesCurrency } from "../../../../src/contracts/kit/currency.ts";

test("three capital letters, and nothing else", () => {
  for (const code of ["EUR", "JPY", "XXX"]) expect([code, namesCurrency(code)]).toEqual([code, true]);
  for (const code of ["", "EU", "EURO", "eur", "EU1", "ÉUR", "EUR\n", " EUR", "€$¥"])
    expect([code, namesCurrency(code)]).toEqual([code, false]);
});
