import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeAnchor } from "../../../src/base/anchor.ts";
import { type Bytes, base64, hex, unbase64 } from "../../../src/base/bytes.ts";
import { encodeCertificate, encodeSet } from "../../../src/base/certificate.ts";
import { encodeBlock } from "../../../src/base/header.ts";
import { verifyInclusion } from "../../../src/base/merkle.ts";
import { openTrust, verify } from "../../../src/client/verify.ts";
import { historyPath, proveRecord, proveTransaction } from "../../../src/ledger/proof.ts";
import { readProof, writeProof } from "../../../src/ledger/proofFile.ts";
import type { Proved } from "../../../src/ledger/proofVerdict.ts";
import { ChainFixture, GENESIS_TIME, keyOf } from "./chainFixture.ts";

const DEPOSIT = "evidence/deposit";
const put = (key: string, fields: Record<string, string | number> = { size: 1 }) => ({ collection: DEPOSIT, key, fields });
type Json = { [name: string]: any };
const edit = (content: string, change: (file: Json) => void): string => {
  const file = JSON.parse(content) as Json;
  change(file);
  return JSON.stringify(file);
};
const flip = (text: string, at = 0): string => {
  const bytes = unbase64(text);
  bytes[at]! ^= 1;
  return base64(bytes);
};

/**
 * Heights 1 … 30. Record E-1: genesis row none; written at 2 (leaf 1), 5 (due work, leaf 0), 12 (leaf 0). The set changes at 8 (energy joins) and at 20
 * (tax leaves). Other records fill the tree.
 */
function ledger(): ChainFixture {
  const chain = new ChainFixture();
  chain.found([put("founded")]);
  const acts: { [height: number]: Parameters<ChainFixture["add"]> } = {
    2: [
      [
        { puts: [put("E-0")] },
        { puts: [put("other"), put("E-1", { size: 1 })], signers: ["ann", "bob"], flags: ["evidence.late"] },
        { rejected: "evidence.twice" },
      ],
    ],
    5: [
      [
        { due: "review", puts: [put("E-1", { size: 2 })] },
        { puts: [put("x")], skipped: false },
      ],
    ],
    8: [[], { next: ["courts", "energy", "health", "land", "tax"] }],
    12: [[{ puts: [put("E-1", { size: 3 })] }, { skipped: true }, { puts: [put("E-2")] }]],
    20: [[], { next: ["courts", "energy", "health", "land"] }],
  };
  for (let height = 1; height <= 30; height++) chain.add(...(acts[height] ?? [[{ puts: [put(`filler-${height}`)] }]]));
  return chain;
}
const chain = ledger();
const trust = { genesis: chain.genesisText };
const anchorText = (height: number, of = chain): string => {
  const { network, headerBytes, certificate, next } = of.anchor(height);
  return writeAnchor({ network, headerBytes, certificate, next });
};

const prove = async (key: string, options = {}, of = chain): Promise<string> =>
  writeProof(await proveRecord(of, DEPOSIT, keyOf(key), options));
const proved = (content: string, t: Parameters<typeof verify>[1] = trust): Proved => {
  const verdict = verify(content, t);
  expect(verdict).toMatchObject({ valid: true });
  return verdict as Proved;
};
const timeOf = (height: number): number => GENESIS_TIME + height * 1_000;

describe("§5.4 proof of a record", () => {
  it("shows the row, the act that wrote it and who signed it, and which validators confirm it", async () => {
    expect(proved(await prove("E-1"))).toEqual({
      valid: true,
      network: hex(chain.network),
      subject: { collection: DEPOSIT, key: hex(keyOf("E-1")) },
      present: true,
      asOf: { height: 30, time: timeOf(30) },
      stood: null,
      record: {
        revision: 3,
        status: "open",
        since: timeOf(12),
        schemaVersion: 1,
        height: 12,
        index: 0,
        previous: { height: 5, index: 0 },
        fields: { size: 3 },
      },
      transaction: {
        id: hex(chain.at(12).ids[0]!),
        height: 12,
        time: timeOf(12),
        index: 0,
        outcome: 0,
        code: null,
        flags: [],
        operations: [{ action: "evidence.deposit@1", args: { height: 12, index: 0, note: "Nguyễn" } }],
        due: null,
        signers: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      },
      signers: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      confirmedBy: ["courts", "energy", "health"],
      quorum: [3, 4],
      trust: "genesis",
      warnings: ["long_range"],
    });
  });

  it("needs no act for a record of genesis, and none if it is left out", async () => {
    expect(proved(await prove("founded"))).toMatchObject({ present: true, transaction: null, record: { height: 0, previous: null } });
    const without = await prove("E-1", { transaction: false });
    expect(proved(without)).toMatchObject({ present: true, transaction: null, record: { height: 12 }, signers: [] });
    expect(without.length).toBeLessThan((await prove("E-1")).length);
  });

  it("shows that there is no record under a key", async () => {
    const file = await prove("E-404");
    expect(proved(file)).toMatchObject({
      present: false,
      record: null,
      transaction: null,
      subject: { key: hex(keyOf("E-404")) },
      confirmedBy: ["courts", "energy", "health"],
    });
    // An absence claimed of a record that is there, and the other way round.
    const absent = edit(await prove("E-1", { transaction: false }), (f) => (f["record"].row = null));
    expect(verify(absent, trust)).toMatchObject({ valid: false, code: "proof.presence" });
    const present = edit(file, (f) => (f["record"].row = base64(chain.row(DEPOSIT, keyOf("E-1"))!)));
    expect(verify(present, trust)).toMatchObject({ valid: false, code: "proof.presence" });
  });

  it("shows due work as the act, which nobody signed", async () => {
    const small = new ChainFixture();
    small.add([{ puts: [put("a")] }]);
    small.add([{ due: "review", puts: [put("a", { size: 9 })] }, { puts: [put("b")] }]);
    const verdict = proved(await prove("a", {}, small), { genesis: small.genesisText });
    expect(verdict).toMatchObject({
      transaction: { due: "review", signers: [], operations: [], height: 2, index: 0 },
      signers: [],
      warnings: [],
    });
    expect(verdict.transaction!.id.slice(0, 12)).toBe(timeOf(2).toString(16).padStart(12, "0"));
  });

  it("is small: about 5 KB for four validators, and grows little with the chain", async () => {
    const small = new ChainFixture();
    for (let i = 0; i < 20; i++) small.add([{ puts: [put(`k${i}`)] }]);
    expect((await prove("k3", {}, small)).length).toBeLessThan(5_200);
  });

  it("is taken again if another block than the tip's was committed, and says so when none is", async () => {
    const small = new ChainFixture();
    small.add([{ puts: [put("a")] }]);
    let calls = 0;
    small.onCommitted = async (height) => (calls++ === 0 ? new Uint8Array(32) : small.at(height).hash);
    expect(proved(await prove("a", {}, small), { genesis: small.genesisText }).present).toBe(true);
    expect(calls).toBe(2);
    small.onCommitted = async () => undefined;
    await expect(prove("a", {}, small)).rejects.toThrow("network.stalled");
    await expect(prove("a", {}, new ChainFixture())).rejects.toThrow("network.stalled");
  });
});

describe("§5.4 proof of what stood at a height", () => {
  it("names the act that wrote the version in force and the one that replaced it", async () => {
    const file = await prove("E-1", { at: 9 });
    expect(JSON.parse(file)).not.toHaveProperty("state");
    expect(proved(file)).toMatchObject({
      present: true,
      asOf: { height: 9, time: null },
      stood: { from: { height: 5, time: timeOf(5) }, until: { height: 12, time: timeOf(12) } },
      record: { revision: 2, fields: { size: 2 } },
      transaction: { due: "review" },
    });
    expect(proved(await prove("E-1", { at: 4 }))).toMatchObject({
      stood: { from: { height: 2 }, until: { height: 5 } },
      signers: { length: 2 },
    });
  });

  it("proves with the state at the head what stands to this day", async () => {
    expect(proved(await prove("E-1", { at: 12 }))).toMatchObject({
      asOf: { height: 12, time: null },
      stood: { from: { height: 12 }, until: null },
      record: { revision: 3 },
    });
  });

  it("claims no height outside the version's time", async () => {
    const file = await prove("E-1", { at: 9 });
    for (const at of [4, 12, 13])
      expect(
        verify(
          edit(file, (f) => (f["at"] = at)),
          trust,
        ),
      ).toMatchObject({ valid: false, code: "proof.at" });
    for (const at of [5, 11]) proved(edit(file, (f) => (f["at"] = at)));
    const now = await prove("E-1", { at: 12 });
    for (const at of [11, 31])
      expect(
        verify(
          edit(now, (f) => (f["at"] = at)),
          trust,
        ),
      ).toMatchObject({ valid: false, code: "proof.at" });
  });

  it("refuses a version that did not follow", async () => {
    const [first, second] = [JSON.parse(await prove("E-1", { at: 4 })), JSON.parse(await prove("E-1", { at: 9 }))] as [Json, Json];
    // Version 1 said to have been replaced by version 3.
    const later = { ...second["replaced"] };
    const early = { ...first["transaction"], history: JSON.parse(JSON.stringify(first["transaction"].history)) };
    const path = historyPath(chain, 2, 12);
    early.history = { size: 12, path: base64(path.path) };
    const forged = { ...first, at: 4, transaction: early, replaced: later, validators: second["validators"] };
    expect(verify(JSON.stringify(forged), trust)).toMatchObject({ valid: false, code: "proof.replaced" });
  });

  it("says what it cannot prove", async () => {
    await expect(prove("E-1", { at: 1 })).rejects.toThrow("record.unknown");
    await expect(prove("E-404", { at: 3 })).rejects.toThrow("record.unknown");
    await expect(prove("E-1", { at: 31 })).rejects.toThrow("block.unknown");
  });
});

describe("§5.4 proof of a transaction", () => {
  it("shows it in its block with its receipt", () => {
    const id = chain.at(2).ids[1]!;
    expect(proved(writeProof(proveTransaction(chain, id)))).toMatchObject({
      subject: { transaction: hex(id) },
      present: true,
      asOf: { height: 2 },
      record: null,
      transaction: { index: 1, outcome: 0, flags: ["evidence.late"] },
      confirmedBy: ["courts", "health", "land"],
      warnings: [],
    });
  });

  it("shows also that it was rejected, and why", () => {
    expect(proved(writeProof(proveTransaction(chain, chain.at(2).ids[2]!)))).toMatchObject({
      transaction: { outcome: 1, code: "evidence.twice" },
    });
  });

  it("counts leaves over skipped transactions and due work", () => {
    for (const [height, leaf] of [
      [5, 0],
      [5, 1],
      [12, 1],
    ] as const)
      expect(proved(writeProof(proveTransaction(chain, chain.at(height).ids[leaf]!)))).toMatchObject({
        transaction: { height, index: leaf },
      });
    expect(() => proveTransaction(chain, new Uint8Array(32))).toThrow("transaction.unknown");
  });
});

describe("§5.3 trust: sets, anchors, history", () => {
  it("walks over each change of the set, certified by the set before", async () => {
    const file = await prove("E-1");
    expect(JSON.parse(file).validators).toHaveLength(2);
    expect(
      verify(
        edit(file, (f) => f["validators"].shift()),
        trust,
      ),
    ).toMatchObject({ valid: false, code: expect.stringMatching(/^proof.certificate/), step: "validators[0].certificate" });
    expect(
      verify(
        edit(file, (f) => f["validators"].pop()),
        trust,
      ),
    ).toMatchObject({ valid: false, step: "state.certificate" });
    expect(
      verify(
        edit(file, (f) => f["validators"].reverse()),
        trust,
      ),
    ).toMatchObject({ valid: false });
    expect(
      verify(
        edit(file, (f) => (f["validators"][0].set = f["validators"][1].set)),
        trust,
      ),
    ).toMatchObject({ valid: false, code: "proof.set" });
    expect(
      verify(
        edit(file, (f) => f["validators"].push(f["validators"][1])),
        trust,
      ),
    ).toMatchObject({ valid: false, code: "proof.set" });
  });

  it("is exact from genesis as long as the set never changed", async () => {
    const small = new ChainFixture();
    small.add([{ puts: [put("a")] }]);
    expect(proved(await prove("a", {}, small), { genesis: small.genesisText })).toMatchObject({ trust: "genesis", warnings: [] });
  });

  it("starts at an anchor, and then needs only the changes since", async () => {
    const at8 = chain.anchor(8);
    const file = await prove("E-1", { anchor: at8 });
    expect(JSON.parse(file)).toMatchObject({ from: { height: 8, hash: hex(at8.hash) }, validators: { length: 1 } });
    expect(proved(file, { ...trust, anchor: anchorText(8) })).toMatchObject({ trust: "anchor", warnings: [] });
    expect(verify(file, trust)).toMatchObject({ valid: false, code: "proof.anchor_needed" });
    expect(verify(file, { ...trust, anchor: anchorText(20) })).toMatchObject({ valid: false, code: "proof.anchor_other" });
  });

  it("removes the warning also from a file made from genesis, if its walk passes through the anchor", async () => {
    const file = await prove("E-1");
    for (const height of [3, 8, 14, 20, 25])
      expect(proved(file, { ...trust, anchor: anchorText(height) })).toMatchObject({ trust: "anchor", warnings: [] });
    expect(verify(file, { ...trust, anchor: anchorText(30) })).toMatchObject({ valid: false, code: "proof.anchor_newer" });
  });

  it("is not deceived by retired keys when it has an anchor", async () => {
    // courts, health and land, three of the first four, sign another past from height 8 on: no change of the set, and a record that never was.
    const forged = new ChainFixture();
    forged.found([put("founded")]);
    for (let height = 1; height <= 30; height++) forged.add([{ puts: [put(height === 12 ? "forged" : `filler-${height}`)] }]);
    const file = await prove("forged", {}, forged);
    expect(proved(file)).toMatchObject({ present: true, trust: "genesis" }); // nothing in the file betrays it
    expect(verify(file, { ...trust, anchor: anchorText(20) })).toMatchObject({ valid: false, code: "proof.anchor_other" });
  });

  it("needs no certificates at or below its anchor: the anchor's history has the block", async () => {
    for (const [at, anchorHeight] of [
      [9, 20],
      [9, 12],
      [4, 25],
    ] as const) {
      const file = await prove("E-1", { at, anchor: chain.anchor(anchorHeight) });
      expect(JSON.parse(file).validators).toEqual([]);
      expect(proved(file, { ...trust, anchor: anchorText(anchorHeight) })).toMatchObject({
        trust: "anchor",
        quorum: null,
        confirmedBy: [],
        asOf: { height: at },
      });
    }
    const old = writeProof(proveTransaction(chain, chain.at(2).ids[0]!, { anchor: chain.anchor(25) }));
    expect(proved(old, { ...trust, anchor: anchorText(25) })).toMatchObject({ transaction: { height: 2 }, trust: "anchor" });
    const file = await prove("E-1", { at: 9, anchor: chain.anchor(20) });
    expect(
      verify(
        edit(file, (f) => (f["history"].size = 19)),
        { ...trust, anchor: anchorText(20) },
      ),
    ).toMatchObject({ valid: false, code: "proof.history", step: "history" });
    expect(
      verify(
        edit(file, (f) => (f["replaced"].header = base64(encodeBlock(chain.at(11).header)))),
        { ...trust, anchor: anchorText(20) },
      ),
    ).toMatchObject({ valid: false });
  });

  it("takes nothing of another network", async () => {
    const other = new ChainFixture(undefined, "R-Land");
    other.add([{ puts: [put("E-1")] }]);
    const file = await prove("E-1", {}, other);
    expect(verify(file, trust)).toMatchObject({ valid: false, code: "proof.network", step: "network" });
    expect(
      verify(
        edit(file, (f) => (f["network"] = hex(chain.network))),
        trust,
      ),
    ).toMatchObject({ valid: false, code: "proof.certificate" });
    expect(verify(await prove("E-1"), { ...trust, anchor: anchorText(1, other) })).toMatchObject({
      valid: false,
      code: "proof.network",
      step: "anchor",
    });
  });

  it("counts q distinct validators, for every size of the set", async () => {
    for (let n = 1; n <= 7; n++) {
      const ids = Array.from({ length: n }, (_, i) => `agency${i}`);
      const of = new ChainFixture(ids);
      of.add([{ puts: [put("a")] }]);
      const file = await prove("a", {}, of);
      const q = Math.floor((n + Math.floor((n - 1) / 3)) / 2) + 1;
      expect(proved(file, { genesis: of.genesisText })).toMatchObject({ quorum: [q, n], confirmedBy: { length: q } });
      const { certificate } = of.at(1);
      const fewer = { ...certificate, signers: certificate.signers.slice(), signatures: certificate.signatures.slice(64) };
      fewer.signers[0]! &= 0x7f;
      const cut = (f: Json): void => {
        f["state"].certificate = base64(
          encodeCertificate({ ...fewer, signatures: fewer.signatures.length === 0 ? new Uint8Array(64) : fewer.signatures }),
        );
      };
      expect(verify(edit(file, cut), { genesis: of.genesisText })).toMatchObject({
        valid: false,
        code: expect.stringMatching(/^proof.certificate_(quorum|bitmap)$/),
        step: "state.certificate",
      });
    }
  });

  it("knows each block by its place in the history of any later one", () => {
    for (let size = 1; size <= 30; size++)
      for (let index = 0; index < size; index++) {
        const { path } = historyPath(chain, index, size);
        const hashes = Array.from({ length: path.length / 32 }, (_, i) => path.subarray(32 * i, 32 * i + 32));
        expect(verifyInclusion({ root: chain.at(size).header.history, size, index, leaf: chain.historyNode(0, index), path: hashes })).toBe(
          true,
        );
      }
  });
});

describe("§5.5 a falsified file is refused, and the falsehood named", () => {
  it("names the first falsehood in the order of the checks", async () => {
    const file = await prove("E-1");
    const cases: [string, string, (f: Json) => void][] = [
      ["proof.network", "network", (f) => (f["network"] = "00".repeat(32))],
      [
        "proof.certificate_signature",
        "validators[0].certificate",
        (f) => (f["validators"][0].certificate = flip(f["validators"][0].certificate, unbase64(f["validators"][0].certificate).length - 1)),
      ],
      ["proof.header", "state.header", (f) => (f["state"].header = base64(unbase64(f["state"].header).subarray(1)))],
      ["proof.certificate", "state.certificate", (f) => (f["state"].certificate = f["validators"][1].certificate)],
      ["proof.state", "record.path", (f) => (f["record"].path = flip(f["record"].path))],
      ["proof.state", "record.path", (f) => (f["record"].bucket = flip(f["record"].bucket, 40))],
      ["proof.row", "record.row", (f) => (f["record"].row = base64(chain.at(5).writes[0]![0]!.row))],
      ["proof.row", "record.row", (f) => (f["record"].row = base64(Uint8Array.of(1)))],
      ["proof.history", "transaction.history", (f) => (f["transaction"].history.path = flip(f["transaction"].history.path))],
      ["proof.history", "transaction.history", (f) => f["transaction"].history.size--],
      ["proof.receipt", "transaction.receipt", (f) => (f["transaction"].receipt = base64(Uint8Array.of(0xc0)))],
      [
        "proof.transaction_signature",
        "transaction.bytes",
        (f) => (f["transaction"].bytes = flip(f["transaction"].bytes, unbase64(f["transaction"].bytes).length - 1)),
      ],
      [
        "proof.transaction",
        "transaction.bytes",
        (f) => (f["transaction"].bytes = base64(unbase64(f["transaction"].bytes).subarray(0, -1))),
      ],
      ["proof.transaction_path", "transaction.path", (f) => f["transaction"].index++],
      ["proof.transaction_path", "transaction.path", (f) => (f["transaction"].path = flip(f["transaction"].path))],
      ["proof.write", "transaction.write", (f) => f["transaction"].write.index++],
    ];
    for (const [code, step, change] of cases)
      expect(verify(edit(file, change), trust), `${code} ${step}`).toMatchObject({ valid: false, code, step });
  });

  it("is not taken in by the act of another record, or another act of the same", async () => {
    const [mine, other] = [JSON.parse(await prove("E-1")) as Json, JSON.parse(await prove("E-2")) as Json];
    expect(verify(JSON.stringify({ ...mine, transaction: other["transaction"] }), trust)).toMatchObject({
      valid: false,
      code: "proof.write",
    });
    const rejected = JSON.parse(writeProof(proveTransaction(chain, chain.at(2).ids[2]!))) as Json;
    const { certificate: _, ...act } = rejected["transaction"] as Json;
    const history = historyPath(chain, 2, 30);
    const forged = { ...act, write: { index: 0, path: "" }, history: { size: 30, path: base64(history.path) } };
    expect(verify(JSON.stringify({ ...mine, transaction: forged }), trust)).toMatchObject({ valid: false, code: "proof.write" });
  });

  it("is refused for any flipped bit of any part", async () => {
    const files = [
      [await prove("E-1"), trust],
      [await prove("E-404"), trust],
      [await prove("E-1", { at: 9 }), trust],
      [await prove("E-1", { at: 4, anchor: chain.anchor(20) }), { ...trust, anchor: anchorText(20) }],
      [writeProof(proveTransaction(chain, chain.at(2).ids[1]!)), trust],
    ] as const;
    fc.assert(
      fc.property(fc.nat({ max: files.length - 1 }), fc.nat(), fc.nat(), fc.nat({ max: 7 }), (which, a, b, bit) => {
        const [content, t] = files[which]!;
        const file = JSON.parse(content) as Json;
        const places = leaves(file);
        const [holder, name] = places[a % places.length]!;
        const value = holder[name] as string | number;
        if (typeof value === "number") holder[name] = value + (b % 2 === 0 ? 1 : -1);
        else if (/^[0-9a-f]{64}$/.test(value))
          holder[name] = hex(
            flipBit(
              Uint8Array.from(value.match(/../g)!, (d) => Number.parseInt(d, 16)),
              b,
              bit,
            ),
          );
        else if (name === "format" || name === "from" || name === "collection" || name === "name") holder[name] = `${value}x`;
        else holder[name] = value === "" ? base64(new Uint8Array(32)) : base64(flipBit(unbase64(value), b, bit));
        // The height asked about is the reader's question, not part of what is proved: within the version's time any height holds.
        if (name === "at") return;
        const verdict = verify(JSON.stringify(file), t);
        // An empty subtree has no key at all: its proof of absence is one for every other key that belongs there, and says for which it is given.
        if (verdict.valid && which === 1 && (name === "key" || name === "collection")) {
          expect(verdict).toMatchObject({
            present: false,
            subject: { [name]: expect.not.stringMatching(hex(keyOf("E-404"))) },
          });
          return;
        }
        expect(verdict).toMatchObject({ valid: false, code: expect.stringMatching(/^proof\./) });
      }),
      { numRuns: 1_500 },
    );
  });

  it("is refused for any part left out, put in, or of another kind", async () => {
    for (const [content, t] of [
      [await prove("E-1"), trust],
      [await prove("E-1", { at: 9 }), trust],
      [await prove("E-1", { at: 9, anchor: chain.anchor(20) }), { ...trust, anchor: anchorText(20) }],
    ] as const) {
      const count = objects(JSON.parse(content)).reduce((n, o) => n + Object.keys(o).length, 0);
      for (let i = 0; i < count; i++)
        for (const act of ["remove", "null", "array", "number"] as const) {
          const file = JSON.parse(content) as Json;
          let left = i;
          const holder = objects(file).find((o) => (left -= Object.keys(o).length) < 0)!;
          const name = Object.keys(holder)[left + Object.keys(holder).length]!;
          // Parts that may be left out, and then something less is proved (or the file is of another kind).
          if (act === "remove" && (name === "at" || name === "transaction")) continue;
          if (act === "array" && name === "validators" && holder[name].length === 0) continue;
          if (act === "remove") delete holder[name];
          else holder[name] = act === "null" ? null : act === "array" ? [] : 1.5;
          expect(verify(JSON.stringify(file), t), `${act} ${name}`).toMatchObject({ valid: false });
        }
      for (let i = 0; i < objects(JSON.parse(content)).length; i++) {
        const file = JSON.parse(content) as Json;
        (objects(file)[i] as Json)["extra"] = 1;
        expect(verify(JSON.stringify(file), t)).toMatchObject({ valid: false, code: "proof.malformed" });
      }
    }
  });

  it("is strict about its JSON: no field twice, no padding, no upper-case hash, bounded size and depth", async () => {
    const content = await prove("E-1");
    const refused = [
      "",
      "null",
      "[]",
      "{",
      content.replace('"from"', '"network": "00", "from"'),
      content.replace('"network"', '"__proto__": {}, "network"'),
      content.replace(hex(chain.network), hex(chain.network).toUpperCase()),
      content.replace(/"index": (\d+)/, '"index": $1.5'),
      content.replace(/"index": (\d+)/, '"index": -0'),
      content.replace(/"key": "([^"]*)"/, '"key": "$1="'),
      `{"validators":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      content.replace('"validators": [', `"validators": [${"[".repeat(1_000)}${"]".repeat(1_000)},`),
      " ".repeat((16 << 20) + 1),
    ];
    for (const text of refused) expect(verify(text, trust), text.slice(0, 80)).toMatchObject({ valid: false, code: "proof.malformed" });
    fc.assert(fc.property(fc.json(), (json) => !verify(json, trust).valid));
    fc.assert(
      fc.property(fc.nat({ max: content.length - 1 }), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const changed = content.slice(0, at) + character + content.slice(at + 1);
        const verdict = verify(changed, trust);
        if (verdict.valid) expect(JSON.parse(changed)).toEqual(JSON.parse(content));
      }),
      { numRuns: 300 },
    );
    expect(readProof(content)).toEqual(await proveRecord(chain, DEPOSIT, keyOf("E-1")));
    expect(writeProof(readProof(content))).toBe(content);
  });

  it("takes the genesis file as it is: a set of its own makes a network of its own", async () => {
    const content = await prove("E-1");
    expect(openTrust(chain.genesisText)).toMatchObject({ name: "Q-Land", validators: { length: 4 } });
    expect(encodeSet(openTrust(chain.genesisText).validators)).toEqual(encodeSet(chain.genesisValidators));
    const other = new ChainFixture(["courts", "health", "land"]);
    expect(verify(content, { genesis: other.genesisText })).toMatchObject({ valid: false, code: "proof.network" });
    for (const text of ["", "{}", chain.genesisText.replace("chancery-genesis/1", "chancery-anchor/1")])
      expect(() => verify(content, { genesis: text })).toThrow(/document\./);
  });
});

function flipBit(bytes: Bytes, at: number, bit: number): Bytes {
  bytes[at % bytes.length]! ^= 1 << bit;
  return bytes;
}
function leaves(value: Json): [Json, string][] {
  return Object.entries(value).flatMap(([name, item]) =>
    item !== null && typeof item === "object" ? leaves(item as Json) : item === null ? [] : [[value, name] as [Json, string]],
  );
}
function objects(value: Json): Json[] {
  return [
    ...(Array.isArray(value) ? [] : [value]),
    ...Object.values(value).flatMap((item) => (item !== null && typeof item === "object" ? objects(item as Json) : [])),
  ];
}
