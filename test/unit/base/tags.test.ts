// Frames and tags: nothing that is signed or hashed for one purpose, or in one network, can stand for another. docs/protocol.md §1.2.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, equalBytes, hex, utf8 } from "../../../src/base/bytes.ts";
import { encode } from "../../../src/base/codec.ts";
import { sha256 } from "../../../src/base/hash.ts";
import * as tags from "../../../src/base/tagNames.ts";
import { frame, noNetwork, tagged, taggedBytes } from "../../../src/base/tags.ts";

const all = Object.values(tags);
const network = sha256(utf8("network"));

describe("§1.2 frames and tags", () => {
  it("are length ‖ tag ‖ network ‖ bytes", () => {
    const x = utf8("x");
    expect(hex(frame(tags.order, network, x))).toBe(hex(concat(Uint8Array.of(tags.order.length), utf8(tags.order), network, x)));
    expect(hex(tagged(tags.order, network, [1]))).toBe(hex(sha256(frame(tags.order, network, encode([1])))));
    expect(hex(taggedBytes(tags.order, network, x))).toBe(hex(sha256(frame(tags.order, network, x))));
    expect(noNetwork).toEqual(new Uint8Array(32));
    expect(() => frame(tags.order, network.subarray(1), x)).toThrow("bug.assertion");
  });

  it("differ for every purpose, each at most 63 bytes of ASCII with its version: no frame begins like a JWT", () => {
    expect(new Set(all).size).toBe(all.length);
    for (const tag of all) expect(tag).toMatch(/^chancery\/[a-z-]{1,50}\/[1-9]$/);
  });

  it("stand in the specification, all of them and no other", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../docs/protocol.md"), "utf8");
    const list = /`chancery\/` followed by ([\s\S]*?)\. A new purpose/.exec(text)![1]!;
    expect([...list.matchAll(/`([a-z-]+\/\d)`/g)].map((match) => `chancery/${match[1]}`).sort()).toEqual(all.toSorted());
  });

  it("are equal only for equal purpose, network and bytes", () => {
    const part = fc.tuple(fc.constantFrom(...all), fc.constantFrom(network, noNetwork), fc.uint8Array({ maxLength: 80 }));
    fc.assert(
      fc.property(part, part, (a, b) => {
        const same = a[0] === b[0] && a[1] === b[1] && equalBytes(a[2], b[2]);
        expect(equalBytes(frame(...a), frame(...b))).toBe(same);
      }),
    );
  });
});
