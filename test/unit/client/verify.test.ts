import { readFileSync } from "node:fs";
import zlib from "node:zlib";
import { build, type Plugin } from "esbuild";
import { describe, expect, it } from "vitest";
import { writeAnchor } from "../../../src/base/anchor.ts";
import { openTrust, type ProofVerdict, verify } from "../../../src/client/verify.ts";
import { verdictText } from "../../../src/client/verifyText.ts";
import { proveRecord, proveTransaction } from "../../../src/ledger/proof.ts";
import { writeProof } from "../../../src/ledger/proofFile.ts";
import { ChainFixture, keyOf } from "../ledger/chainFixture.ts";

const chain = new ChainFixture();
chain.add([
  {
    puts: [{ collection: "property/parcel", key: "Q1-000417", fields: { district: "Q1", whole: 1000, note: "two\nlines\u202e" } }],
    signers: ["carl", "dora"],
  },
  { rejected: "property.charge_remains" },
]);
chain.add([], { next: ["courts", "energy", "land", "tax"] });
chain.add([{ due: "expiry", puts: [{ collection: "property/parcel", key: "Q1-000417", fields: { district: "Q2" } }] }]);
chain.add([]);
const trusted = openTrust(chain.genesisText);
const proofOf = async (key: string, options = {}): Promise<string> =>
  writeProof(await proveRecord(chain, "property/parcel", keyOf(key), options));
const words = (content: string, trust = trusted): string => verdictText(verify(content, trust), trust);

const vectors = JSON.parse(readFileSync(new URL("../../vectors/proof.json", import.meta.url), "utf8")) as {
  genesis: string;
  cases: { what: string; file: string; anchor?: string; verdict: ProofVerdict }[];
};

describe("§5.5 proof files of the vectors", () => {
  it.each(vectors.cases)("$what", ({ file, anchor, verdict }) => {
    expect(JSON.parse(JSON.stringify(verify(file, { genesis: vectors.genesis, ...(anchor !== undefined && { anchor }) })))).toEqual(
      verdict,
    );
  });
});

describe("§5.5 the verdict in words", () => {
  it("says what is proved, as of when, by whose act, who confirms it, and what it does not show", async () => {
    const said = words(writeProof(proveTransaction(chain, chain.at(1).ids[0]!)));
    expect(said).toContain("PROVED. Transaction ");
    expect(said).toContain("evidence.deposit@1");
    expect(said).toContain("it was applied");
    expect(said).toContain("Confirmed by 3 of 4 validators (3 are needed): The courts office, The health office, The land office.");
    expect(said).toContain("This file does not show:");
    expect(words(await proofOf("Q1-000417"))).toMatch(
      /^PROVED\. Record property \/ parcel \/ Q1-000417, revision 2, as the ledger "Q-Land" \([0-9a-f]{4} [0-9a-f]{4} …\) held it on 22 November 2026, \d\d:\d\d:\d\d UTC \(height 4\)\.\n {2}status open · district Q2\n {2}Written by the ledger itself, as "expiry" fell due, on 22 November 2026/,
    );
    expect(words(await proofOf("Q9"))).toContain('There is no record property / parcel / Q9, as the ledger "Q-Land"');
    expect(words(writeProof(proveTransaction(chain, chain.at(1).ids[1]!)))).toContain(
      "it was refused under property.charge_remains, and changed nothing",
    );
  });

  it("tells when a version stood, and lets no field write sentences of its own", async () => {
    const said = words(await proofOf("Q1-000417", { at: 2 }));
    expect(said).toContain("held it at height 2. It was written on 22 November 2026");
    expect(said).toContain("and replaced on 22 November 2026");
    expect(said).toContain("note two·lines·");
  });

  it("warns of retired keys until an anchor is given", async () => {
    expect(words(await proofOf("Q1-000417"))).toContain("a recently published anchor (--anchor) excludes that");
    const { network, headerBytes, certificate, next } = chain.anchor(2);
    const withAnchor = openTrust(chain.genesisText, writeAnchor({ network, headerBytes, certificate, next }));
    const said = words(await proofOf("Q1-000417"), withAnchor);
    expect(said).not.toContain("Note:");
    expect(said).toContain("Validators followed from: an anchor of 22 November 2026");
    expect(
      words(await proofOf("Q1-000417", { at: 1, anchor: chain.anchor(4) }), openTrust(chain.genesisText, writeAnchor(chain.anchor(4)))),
    ).toContain("Confirmed by the history of the anchor");
  });

  it("says what is false, and what to make of it", async () => {
    const content = await proofOf("Q1-000417");
    const changed = content.replace(/"row": "(.)/, (_, c: string) => `"row": "${c === "A" ? "B" : "A"}`);
    expect(words(changed)).toContain("NOT PROVED. At record.row:");
    expect(words(changed)).toContain("Nothing in it should be relied on.");
    expect(words(content, openTrust(new ChainFixture(undefined, "R-Land").genesisText))).toContain("It may be true in another ledger");
  });
});

describe("the light verifier by itself", () => {
  it("is small, runs without Node, and brings no code but ours and @noble", async () => {
    // A library that is left out is as if it had been imported from the page: nothing of it is run for its own sake.
    const leftOut: Plugin = {
      name: "left out",
      setup: (b) => b.onResolve({ filter: /^@noble\// }, ({ path }) => ({ path, external: true, sideEffects: false })),
    };
    const bundle = async (plugins: Plugin[]): Promise<Awaited<ReturnType<typeof build>>> =>
      build({
        entryPoints: ["src/client/verify.ts"],
        bundle: true,
        minify: true,
        write: false,
        metafile: true,
        format: "esm",
        platform: "browser",
        conditions: ["browser"],
        plugins,
      });
    const whole = await bundle([]);
    const foreign = Object.keys(whole.metafile!.inputs).filter(
      (name) =>
        !name.startsWith("src/base/") &&
        !name.startsWith("src/ledger/") &&
        !name.startsWith("src/client/") &&
        !name.startsWith("node_modules/@noble/"),
    );
    expect(foreign).toEqual([]);
    const own = (await bundle([leftOut])).outputFiles![0]!.contents;
    expect(own.length).toBeLessThanOrEqual(20_500);
    // and as a page loads it
    expect(zlib.gzipSync(own).length).toBeLessThan(8_500);
    // It gives the same verdicts with @noble alone and the codec in little as the node does with libsodium and the fast one.
    const module = (await import(`data:text/javascript;base64,${Buffer.from(whole.outputFiles![0]!.contents).toString("base64")}`)) as {
      verify: typeof verify;
    };
    for (const { what, file, anchor, verdict } of vectors.cases)
      expect(module.verify(file, { genesis: vectors.genesis, ...(anchor !== undefined && { anchor }) }), what).toEqual(verdict);
    const content = await proofOf("Q1-000417");
    expect(module.verify(content, { genesis: chain.genesisText })).toEqual(verify(content, trusted));
  });
});
