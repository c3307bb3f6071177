import { describe, expect, it } from "vitest";
import { type Bytes, utf8 } from "../../../src/base/bytes.ts";
import { encodeSet, setHash, sortedSet } from "../../../src/base/certificate.ts";
import { genesisValidators } from "../../../src/base/genesis.ts";
import { blockHash } from "../../../src/base/header.ts";
import { type ProofOptions, proveRecord, proveTransaction } from "../../../src/ledger/proof.ts";
import { writeProof } from "../../../src/ledger/proofFile.ts";
import { type Trust, verifyProof } from "../../../src/ledger/proofVerify.ts";
import { batchOf, NETWORK, put, START_TIME, TestNetwork, testGenesis, transaction, VALIDATORS, validator } from "./testNetwork.ts";
import { ITEMS, keyOf } from "./testRegistry.ts";

const trust: Trust = { network: NETWORK, validators: genesisValidators(testGenesis()) };
const prove = async (network: TestNetwork, name: string, options?: ProofOptions): Promise<string> =>
  writeProof(await proveRecord(network.chain.reader.proofSource(), ITEMS, keyOf(name), options));

describe("§5.4 proofs from the real chain and store", () => {
  it("hold the moment a block commits, of records, of absence, of what genesis wrote and of transactions", async () => {
    const network = await TestNetwork.open();
    const bytes = transaction([put("a", 1), put("b", 2)]);
    const batch = batchOf([bytes, transaction([["test.reject@1", { name: "x" }]])]);
    await network.commit(await network.execute([batch]));
    expect(verifyProof(await prove(network, "a"), trust)).toMatchObject({
      valid: true,
      present: true,
      asOf: { height: 1 },
      transaction: { index: 0 },
    });
    expect(verifyProof(await prove(network, "never"), trust)).toMatchObject({ valid: true, present: false });
    const genesisRow = await proveRecord(network.chain.reader.proofSource(), "governance/network", utf8("network\0\0"));
    expect(verifyProof(writeProof(genesisRow), trust)).toMatchObject({ valid: true, transaction: null, record: { height: 0 } });
    const rejected = proveTransaction(network.chain.reader.proofSource(), batch.ids.slice(32));
    expect(verifyProof(writeProof(rejected), trust)).toMatchObject({ valid: true, transaction: { outcome: 1, code: "test.refused" } });
  });

  it("are taken at the tip and given out with its commit; if another order commits there, they are taken again", async () => {
    const network = await TestNetwork.open();
    await network.block([transaction([put("a", 1)])]);
    const executed = await network.execute([batchOf([transaction([put("a", 2)])])]);
    const asked = prove(network, "a");
    await network.commit(executed);
    expect(verifyProof(await asked, trust)).toMatchObject({ valid: true, asOf: { height: 2 }, record: { fields: { value: 2 } } });

    await network.execute([batchOf([transaction([put("a", 3)])])]);
    const again = prove(network, "a");
    const other = await network.execute([batchOf([transaction([put("a", 4)])])]);
    await network.commit(other);
    expect(verifyProof(await again, trust)).toMatchObject({ valid: true, asOf: { height: 3 }, record: { fields: { value: 4 } } });
  });

  it("walk back to any height, over due work and skipped transactions", async () => {
    const network = await TestNetwork.open();
    const first = transaction([put("a", 1, { due: START_TIME + 250 })]);
    await network.block([first]); // height 1, time + 100
    await network.block([first, transaction([put("b", 1)])]); // the first is skipped as a double
    await network.block([transaction([put("c", 1)])]); // + 300: the due work of a
    await network.block([transaction([put("a", 5)])]);
    await network.block();
    const at = async (height: number): Promise<unknown> => verifyProof(await prove(network, "a", { at: height }), trust);
    expect(await at(1)).toMatchObject({ valid: true, record: { revision: 1 }, stood: { from: { height: 1 }, until: { height: 3 } } });
    expect(await at(3)).toMatchObject({
      valid: true,
      record: { revision: 2 },
      transaction: { due: "expire", index: 0 },
      stood: { until: { height: 4 } },
    });
    expect(await at(5)).toMatchObject({ valid: true, record: { revision: 3 }, stood: { from: { height: 4 }, until: null } });
    expect(verifyProof(await prove(network, "b"), trust)).toMatchObject({ valid: true, transaction: { height: 2, index: 0 } });
    await expect(prove(network, "b", { at: 1 })).rejects.toThrow("record.unknown");
  });

  it("follow the validators over a change, or start at an anchor", async () => {
    const network = await TestNetwork.open();
    const set = sortedSet(["courts", "health", "land", "post"].map(validator));
    const names = set.map((v) => v.id);
    const change = transaction([["test.network@1", { validators: encodeSet(set) }]]);
    await network.block([transaction([put("old", 1)]), change]);
    while (network.chain.epoch.epoch === 0) await network.block();
    const anchorHeight = network.chain.head.height;
    for (let i = 0; i < 300; i++) {
      const executed = await network.execute(i === 5 ? [batchOf([transaction([put("new", 1)])])] : []);
      await network.commit(executed, names);
    }
    const header = network.chain.reader.block(anchorHeight)!.header;
    const anchor = { network: NETWORK, header, hash: blockHash(NETWORK, header), next: set };
    expect(setHash(NETWORK, set)).toEqual(header.validators);
    for (const name of ["old", "new"]) {
      expect(verifyProof(await prove(network, name), trust)).toMatchObject({
        valid: true,
        trust: "genesis",
        warnings: ["long_range"],
        confirmedBy: names.slice(0, 3),
      });
      expect(verifyProof(await prove(network, name, { anchor }), { ...trust, anchor })).toMatchObject({
        valid: true,
        trust: "anchor",
        warnings: [],
      });
    }
    const id: Bytes = batchOf([change]).ids;
    expect(
      verifyProof(writeProof(proveTransaction(network.chain.reader.proofSource(), id, { anchor })), { ...trust, anchor }),
    ).toMatchObject({
      valid: true,
      trust: "anchor",
      quorum: null,
    });
    expect(VALIDATORS).not.toEqual(names);
  });
});
