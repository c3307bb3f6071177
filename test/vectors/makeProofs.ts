// Writes proof.json beside itself: `npx node test/vectors/makeProofs.ts`. A small ledger made by hand, proofs of all four kinds, and falsified ones. As with
// the other vectors a difference after a change of the sources means that the protocol has changed.

import { writeFileSync } from "node:fs";
import { writeAnchor } from "../../src/base/anchor.ts";
import { base64, hex, unbase64 } from "../../src/base/bytes.ts";
import { verify } from "../../src/client/verify.ts";
import { type ProofOptions, proveRecord, proveTransaction } from "../../src/ledger/proof.ts";
import { writeProof } from "../../src/ledger/proofFile.ts";
import { ChainFixture, keyOf } from "../unit/ledger/chainFixture.ts";

type Json = { [name: string]: any };
const DEPOSIT = "evidence/deposit";
const put = (key: string, size: number) => ({ collection: DEPOSIT, key, fields: { item: key, size } });

const chain = new ChainFixture();
chain.found([put("founded", 1)]);
chain.add([{ puts: [put("E-0", 1)] }, { puts: [put("other", 1), put("E-1", 1)], signers: ["ann", "bob"], flags: ["evidence.late"] }, { rejected: "evidence.twice" }]);
chain.add([{ due: "review", puts: [put("E-1", 2)] }, { puts: [put("x", 1)] }]);
for (let i = 0; i < 20; i++) chain.add([{ puts: Array.from({ length: 40 }, (_, j) => put(`filler-${i}-${j}`, j)) }, { skipped: true }, { puts: [put(`single-${i}`, i)] }]);
chain.add([], { next: ["courts", "energy", "health", "land", "tax"] });
chain.add([{ skipped: true }, { puts: [put("E-1", 3)] }], { signed: ["courts", "energy", "health", "land", "tax"] });
chain.add([], { next: ["courts", "energy", "health", "land"] });
for (let i = 0; i < 5; i++) chain.add([]);

const ANCHOR = 24;
const anchor = chain.anchor(ANCHOR);
const record = async (key: string, options: ProofOptions = {}): Promise<string> => writeProof(await proveRecord(chain, DEPOSIT, keyOf(key), options));
const head = await record("E-1");
const replaced = await record("E-1", { at: 10 });
const below = await record("E-1", { at: 1, anchor });

const files: { what: string; file: string; anchor: boolean }[] = [
  { what: "a record at the head, with the act that wrote it; the set changed twice since genesis", file: head, anchor: false },
  { what: "the same file, judged with an anchor", file: head, anchor: true },
  { what: "the same record, walked to from the anchor", file: await record("E-1", { anchor }), anchor: true },
  { what: "a record of genesis", file: await record("founded"), anchor: false },
  { what: "a record without its act", file: await record("single-7", { transaction: false }), anchor: false },
  { what: "a record among forty writes of one act", file: await record("filler-3-29"), anchor: false },
  { what: "no record under the key", file: await record("E-404"), anchor: false },
  { what: "a record that stood at height 26 and stands at the head", file: await record("E-1", { at: 26 }), anchor: false },
  { what: "a version written by due work, and replaced", file: replaced, anchor: false },
  { what: "a version replaced below the anchor", file: below, anchor: true },
  { what: "a transaction", file: writeProof(proveTransaction(chain, chain.at(1).ids[1]!)), anchor: false },
  { what: "a rejected transaction, below the anchor", file: writeProof(proveTransaction(chain, chain.at(1).ids[2]!, { anchor })), anchor: true },
  { what: "a transaction at the anchor's own height", file: writeProof(proveTransaction(chain, chain.at(22).ids[1]!, { anchor: chain.anchor(22) })), anchor: true },
  { what: "due work by itself", file: writeProof(proveTransaction(chain, chain.at(2).ids[0]!)), anchor: false },
];

const edit = (text: string, change: (file: Json) => void): string => {
  const file = JSON.parse(text) as Json;
  change(file);
  return `${JSON.stringify(file)}\n`;
};
const flip = (part: Json, name: string, at = 0): void => {
  const bytes = unbase64(part[name]);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  part[name] = base64(bytes);
};
const falsified: { what: string; file: string; anchor?: boolean }[] = [
  { what: "not JSON", file: head.slice(0, -3) },
  { what: "a field twice", file: head.replace('"from"', `"network": "${hex(chain.network)}", "from"`) },
  { what: "an unknown field", file: edit(head, (f) => (f["note"] = "true")) },
  { what: "base64 without padding", file: head.replace(/"key": "([^"=]+)=+"/, '"key": "$1"') },
  { what: "another format", file: edit(head, (f) => (f["format"] = "chancery-proof/2")) },
  { what: "another network", file: edit(head, (f) => (f["network"] = "00".repeat(32))) },
  { what: "a replaced version without the height", file: edit(replaced, (f) => delete f["at"]) },
  { what: "an act that shows no write", file: edit(head, (f) => delete f["transaction"].write) },
  { what: "an anchor that is not given", file: below },
  { what: "an anchor above the block", file: edit(replaced, () => {}), anchor: true },
  { what: "a change of the set left out", file: edit(head, (f) => f["validators"].shift()) },
  { what: "changes of the set in another order", file: edit(head, (f) => f["validators"].reverse()) },
  { what: "another set than the header names", file: edit(head, (f) => (f["validators"][0].set = f["validators"][1].set)) },
  { what: "a flipped bit in the header of a change", file: edit(head, (f) => flip(f["validators"][0], "header", -1)) },
  { what: "a flipped bit in a signature", file: edit(head, (f) => flip(f["state"], "certificate", -1)) },
  { what: "a signer more in the bitmap", file: edit(head, (f) => flip(f["state"], "certificate", -67 - 64 * 2)) },
  { what: "the certificate of another block", file: edit(head, (f) => (f["state"].certificate = f["validators"][1].certificate)) },
  { what: "a flipped bit in the header", file: edit(head, (f) => flip(f["state"], "header", -1)) },
  { what: "a header cut short", file: edit(head, (f) => (f["state"].header = base64(unbase64(f["state"].header).subarray(0, -1)))) },
  { what: "an old row", file: edit(head, (f) => (f["record"].row = base64(chain.at(2).writes[0]![0]!.row))) },
  { what: "another key", file: edit(head, (f) => (f["record"].key = base64(keyOf("E-2")))) },
  { what: "absence claimed of a record", file: edit(await record("E-1", { transaction: false }), (f) => (f["record"].row = null)) },
  { what: "a flipped bit in the bucket", file: edit(head, (f) => flip(f["record"], "bucket", 40)) },
  { what: "a flipped bit in the siblings", file: edit(head, (f) => flip(f["record"], "path")) },
  { what: "a flipped bit in the history", file: edit(head, (f) => flip(f["transaction"].history, "path")) },
  { what: "a history of another size", file: edit(head, (f) => f["transaction"].history.size--) },
  { what: "another receipt", file: edit(head, (f) => flip(f["transaction"], "receipt", -1)) },
  { what: "a receipt that is none", file: edit(head, (f) => (f["transaction"].receipt = "wA==")) },
  { what: "a signature of a client flipped", file: edit(head, (f) => flip(f["transaction"], "bytes", -1)) },
  { what: "a transaction cut short", file: edit(head, (f) => (f["transaction"].bytes = base64(unbase64(f["transaction"].bytes).subarray(0, -1)))) },
  { what: "another index", file: edit(head, (f) => f["transaction"].index++) },
  { what: "another place among the writes", file: edit(head, (f) => f["transaction"].write.index++) },
  { what: "due work under another name", file: edit(replaced, (f) => (f["transaction"].due.name = "expiry")) },
  { what: "a height before the version", file: edit(replaced, (f) => (f["at"] = 1)) },
  { what: "the height of its replacement", file: edit(replaced, (f) => (f["at"] = 24)) },
  { what: "a history that does not lead to the anchor", file: edit(below, (f) => flip(f["history"], "path")), anchor: true },
];

const genesis = chain.genesisText;
const anchors: { [height: number]: string } = Object.fromEntries([22, ANCHOR].map((height) => [height, writeAnchor(chain.anchor(height))]));
const anchorFor = (text: string): string => {
  try {
    return anchors[(JSON.parse(text) as Json)["from"].height] ?? anchors[ANCHOR]!;
  } catch {
    return anchors[ANCHOR]!;
  }
};
const judged = [...files, ...falsified].map(({ what, file, anchor: withAnchor }) => {
  const given = withAnchor === true ? anchorFor(file) : undefined;
  return { what, file, ...(given !== undefined && { anchor: given }), verdict: verify(file, { genesis, ...(given !== undefined && { anchor: given }) }) };
});
const odd = judged.filter((j, i) => j.verdict.valid !== i < files.length);
if (odd.length > 0) console.error(odd.map((j) => [j.what, j.verdict]));
writeFileSync(
  new URL("proof.json", import.meta.url),
  `${JSON.stringify(
    {
      about:
        "Proof files, docs/protocol.md §5. `genesis`: the genesis file's text. Each case: the file's text, the anchor file's text if one is given, and the verdict. What stands in `about` is not part of the protocol; `code` and `step` are.",
      genesis,
      cases: judged,
    },
    undefined,
    1,
  )}\n`,
);
