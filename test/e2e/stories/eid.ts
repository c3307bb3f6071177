// A key that is lost: two of three guardians vouch for a new one, and three days later it serves and no other; one that nobody asked for is stopped.

import fs from "node:fs";
import { expect } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { loadKey } from "../../../src/base/keyFile.ts";
import { provePossession } from "../../../src/base/member.ts";
import type { Stage, Story } from "../stage.ts";
import { cli } from "../support.ts";

const names = ["grandma", "neighbour", "priest"];

async function newKeyFile(stage: Stage, name: string, purpose: string): Promise<string> {
  const out = stage.file(`${name}.key`);
  if (!fs.existsSync(out)) expect((await cli("keys", "new", "--for", purpose, "--out", out, "--unprotected")).code).toBe(0);
  return out;
}
/** What eid.recover takes, on the word of the first two guardians. */
async function renewal(stage: Stage, person: string, name: string): Promise<{ key: string } & Record<string, any>> {
  const file = await newKeyFile(stage, name, "person");
  const { publicKey, secret } = loadKey(file);
  const key = hex(publicKey);
  const list = ["--guardians", stage.file("guardians.json")];
  const words = [];
  for (const guardian of names.slice(0, 2)) {
    const about = ["--of", person, "--new", key, "--revision", "1"];
    const said = await cli("keys", "vouch", stage.file(`${guardian}.key`), "--genesis", stage.network.genesis, ...list, ...about, "--json");
    words.push(said.json);
  }
  const proof = hex(provePossession(stage.ledger.network, person, "person", publicKey, secret));
  return { principal: person, key, proof, revision: 1, guardians: words };
}
const bound = (person: string, status: string) => ({ status, fields: { principal: person } });

export default {
  title: "a lost key is replaced on the word of two guardians of three, in three days in which the old one may object",
  async today(stage) {
    const files = [];
    for (const name of names) files.push(await newKeyFile(stage, name, "recovery"));
    const made = await cli("keys", "guardians", ...files, "--needed", "2", "--out", stage.file("guardians.json"), "--json");
    const { guardians } = made.json;
    expect(await cli("keys", "guardians", ...files, "--needed", "4", "--json")).toMatchObject({ code: 2 });
    for (const person of ["ann", "bob"]) {
      const named = { principal: `p:${person}`, guardians };
      expect(await stage.call("eid.guard", named, person)).toMatchObject({ code: "eid.not_authority" });
      expect(await stage.call("eid.guard", named, person, "courts")).toMatchObject({ outcome: "applied" });
    }
    const [ann, bob] = [await renewal(stage, "p:ann", "ann-thief"), await renewal(stage, "p:bob", "bob-new")];
    const short = { ...ann, guardians: ann["guardians"].slice(1) };
    expect(await stage.call("eid.recover", short, "courts")).toMatchObject({ code: "eid.guardians_short" });
    const swapped = { ...ann, guardians: bob["guardians"] };
    expect(await stage.call("eid.recover", swapped, "courts")).toMatchObject({ code: "eid.guardian_unproved" });
    for (const it of [ann, bob]) expect(await stage.call("eid.recover", it, "courts")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("eid.veto", { principal: "p:ann" }, "bob")).toMatchObject({ code: "eid.not_authority" });
    expect(await stage.call("eid.veto", { principal: "p:ann" }, "ann")).toMatchObject({ outcome: "applied" });
    expect(await stage.record(`eid/key/${ann.key}`)).toMatchObject(bound("p:ann", "revoked"));
    expect(await stage.proved("eid/recovery", "p:bob")).toMatchObject({ valid: true, record: { status: "waiting" } });
    // What Bob does in other stories he does until then.
    await stage.applied("eid.veto", { principal: "p:bob" }, "bob");
    const person = "p:gus";
    const key = loadKey(await newKeyFile(stage, "gus-lost", "person"));
    const proof = provePossession(stage.ledger.network, person, "person", key.publicKey, key.secret);
    const enrolled = { person, key: key.publicKey, proof, guardians: { ...guardians, root: Buffer.from(guardians.root, "hex") } };
    await stage.applied("eid.enrol", { sector: "identity", persons: [enrolled] }, "courts");
    expect(await stage.call("eid.recover", await renewal(stage, person, "gus-new"), "courts")).toMatchObject({ outcome: "applied" });
    await stage.audited("eid");
  },
  async later(stage) {
    await stage.until("eid/recovery/p:gus", "done");
    expect(await stage.record("eid/principal/p:gus")).toMatchObject({ fields: { revision: 1 } });
    for (const [name, serves] of [
      ["gus-new", true],
      ["gus-lost", false],
    ] as const) {
      const flow = {
        grant: `g-${name}`,
        subject: "p:gus",
        holder: "tax",
        user: "land",
        purpose: "loan",
        fields: ["income"],
        until: stage.chainTime() + 86_400_000,
      };
      const { code } = await stage.call("eid.grant", flow, name);
      expect([name, code]).toEqual([name, serves ? null : "engine.signature_missing"]);
    }
    await stage.audited("eid");
  },
} satisfies Story;
