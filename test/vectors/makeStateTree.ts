// Writes stateTree.json from the reference implementation, and checks the real one on the way. Run: npx node test/vectors/makeStateTree.ts

import { writeFileSync } from "node:fs";
import { type Bytes, concat, hex, unhex, utf8 } from "../../src/base/bytes.ts";
import { fail } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { StateTree } from "../../src/ledger/stateTree.ts";
import { referenceRoot } from "../unit/ledger/treeReference.ts";

type Step = { set?: [string, string][]; delete?: string[] };
const value = (n: number): string => hex(sha256(utf8(`value ${n}`)));
const key = (prefix: string, n: number): string => (prefix + hex(sha256(utf8(`key ${n}`)))).slice(0, 64);
const keys = (prefix: string, from: number, to: number): [string, string][] => Array.from({ length: to - from }, (_, i) => [key(prefix, from + i), value(from + i)]);

/** 17 bits: 16 of the prefix, and the next one 0. */
const sharing17 = Array.from({ length: 17 }, (_, n): [string, string] => [`c0de${hex(Uint8Array.of(n))}${key("", n).slice(6)}`, value(n)]);
const twenty = keys("abcd", 0, 20);

const cases: [name: string, steps: Step[], proofs: string[]][] = [
  ["empty", [], [key("", 0)]],
  ["1 key", [{ set: keys("", 0, 1) }], [key("", 0), key("", 1)]],
  ["16 keys of one prefix", [{ set: keys("abcd", 0, 16) }], [key("abcd", 3), key("abcd", 99)]],
  ["17 keys of one prefix", [{ set: keys("abcd", 0, 17) }], [key("abcd", 3), key("abcd", 99)]],
  ["17 keys that share 17 bits", [{ set: sharing17 }], [sharing17[5]![0], `c0de80${"00".repeat(29)}`, `c0de40${"00".repeat(29)}`]],
  ["insert, then delete", [{ set: twenty }, { delete: twenty.slice(0, 6).map(([k]) => k) }], [twenty[10]![0], twenty[2]![0]]],
  ["the same set in another order", [{ set: twenty.slice(13).reverse() }, { set: twenty.slice(6, 13).reverse() }], [twenty[10]![0], twenty[2]![0]]],
  ["60 keys, one changed, one deleted", [{ set: keys("", 0, 60) }, { set: [[key("", 7), value(700)]], delete: [key("", 8)] }], [key("", 7), key("", 8)]],
];

const vectors = cases.map(([name, steps, proofs]) => {
  const tree = new StateTree();
  const model = new Map<string, Bytes>();
  for (const { set = [], delete: gone = [] } of steps) {
    const changes = [...set, ...gone.map((k): [string, string] => [k, "00".repeat(32)])];
    tree.apply(concat(...changes.map(([k]) => unhex(k))), concat(...changes.map(([, v]) => unhex(v))), changes.length);
    for (const [k, v] of set) model.set(k, unhex(v));
    for (const k of gone) model.delete(k);
  }
  const root = hex(referenceRoot(model));
  if (hex(tree.root()) !== root) fail("the tree has the reference's root", { name });
  return {
    name,
    steps,
    root,
    proofs: proofs.map((k) => {
      const { bucket, siblings } = tree.prove(unhex(k));
      return { key: k, present: model.has(k), bucket: hex(bucket), siblings: hex(siblings) };
    }),
  };
});
const about =
  "State tree (docs/protocol.md §5): key hashes and value hashes in hex, applied step by step; the root afterwards; proofs: the bucket on the key's way (key hash ‖ value hash, ascending), the siblings from the bucket upwards.";
writeFileSync(new URL("stateTree.json", import.meta.url), `${JSON.stringify({ about, vectors }, undefined, 1)}\n`);
