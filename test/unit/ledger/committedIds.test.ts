import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, hex, u48be, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { RECENT_IDS } from "../../../src/base/limits.ts";
import { CommittedIds } from "../../../src/ledger/committedIds.ts";

const id = (notAfter: number, n: number): Bytes => concat(u48be(notAfter), sha256(utf8(String(n))).slice(0, 26));

describe("has it a receipt already? (§2)", () => {
  test("whatever was committed is known, whatever was not is not, and the disk is asked for little else", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(20)), { maxLength: 60 }), (blocks) => {
        const stored = new Set<string>();
        let asked = 0;
        const ids = new CommittedIds((given) => (asked++, stored.has(hex(given))), undefined);
        let time = 1_700_000_000_000;
        const known: Bytes[] = [];
        blocks.forEach(([count, life], block) => {
          time += 1_000;
          const own = Array.from({ length: count }, (_, i) => id(time + 1_000_000 + 60_000 * life, block * 100 + i));
          for (const one of own) stored.add(hex(one));
          ids.add(concat(...own), time);
          known.push(...own);
        });
        for (const one of known) expect(ids.has(one)).toBe(true);
        asked = 0;
        for (let n = 0; n < 200; n++) expect(ids.has(id(time + 1_000_000 + 60_000 * (n % 21), 1_000_000 + n))).toBe(false);
        expect(asked).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test("what falls out of memory is still known, by a look at the index for seconds that had some", () => {
    const stored = new Set<string>();
    let asked = 0;
    const ids = new CommittedIds((given) => (asked++, stored.has(hex(given))), undefined);
    const start = 1_700_000_000_000;
    const first = id(start + 500_000, 0);
    stored.add(hex(first));
    ids.add(first, start);
    const filler = new Uint8Array(32 * 8_192);
    for (let n = 0; n < 3 * RECENT_IDS; n += 8_192) {
      const view = new DataView(filler.buffer);
      for (let i = 0; i < 8_192; i++) {
        filler.set(u48be(start + 900_000), 32 * i);
        view.setUint32(32 * i + 6, n + i + 1);
        view.setUint32(32 * i + 10, 7);
      }
      ids.add(filler, start + n / 100);
    }
    expect(ids.has(first)).toBe(true);
    expect(asked).toBe(1);
    expect(ids.has(id(start + 500_001, 5))).toBe(false);
    expect(asked).toBe(2);
    expect(ids.has(id(start + 400_000, 6))).toBe(false);
    expect(asked).toBe(2);
  });

  test("after a start everything that may have been committed before is looked up", () => {
    let asked = 0;
    const ids = new CommittedIds(() => (asked++, true), id(1_700_000_500_000, 1));
    expect(ids.has(id(1_700_000_500_000, 2))).toBe(true);
    expect(ids.has(id(1_700_000_500_001, 2))).toBe(false);
    expect(asked).toBe(1);
  });
});
