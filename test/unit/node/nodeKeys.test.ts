// Whose node a home is of, also under a peer key that came later, and also when the home was laid anew from a backup. docs/operations.md.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { type Genesis, readGenesis, writeGenesis } from "../../../src/base/genesis.ts";
import { newKey } from "../../../src/base/keyFile.ts";
import { provePossession } from "../../../src/base/member.ts";
import { makeBackup, restoreBackup } from "../../../src/node/backup.ts";
import { completeMember, draftMember, type NodeKeys, planGenesis, writeMember } from "../../../src/node/founding.ts";
import { furnishHome, homeAt } from "../../../src/node/home.ts";
import { organisationOf } from "../../../src/node/nodeKeys.ts";
import { contractsManifest } from "../../../src/node/registry.ts";

const keysOfNode = (): NodeKeys => ({ consensus: newKey("consensus"), peer: newKey("peer"), checkpoint: newKey("checkpoint") });
const [tax, land] = [keysOfNode(), keysOfNode()];
const organisation = newKey("organisation");
const member = (id: string, keys: NodeKeys) =>
  completeMember(draftMember({ id, name: id, addresses: ["/ip4/127.0.0.1/tcp/7600"], contact: "" }, keys), organisation);

let directory: string;
let genesis: Genesis;
let network: Uint8Array;
const at = (...parts: string[]): string => path.join(directory, ...parts);
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-test-"));
  const { manifestHash, protocol } = contractsManifest();
  const plan = { name: "one", purpose: "development" as const, parameters: {}, seats: ["tax"], grants: [] };
  const text = writeGenesis(planGenesis(plan, [member("tax", tax)], 1, protocol, manifestHash), []);
  ({ genesis, network } = readGenesis(text));
  furnishHome(at("land"), land, undefined, "");
  fs.writeFileSync(at("land", "genesis.json"), text);
});
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const whose = (home: string, peer: Uint8Array): string => organisationOf(homeAt(at(home)), genesis, network, peer);

describe("whose node it is", () => {
  test("the founder's with this peer key, else the member's whose file lies in the home", () => {
    expect(whose("land", tax.peer.publicKey)).toBe("tax");
    expect(() => whose("land", land.peer.publicKey)).toThrow("home.invalid");
    fs.writeFileSync(at("land", "land.member.json"), writeMember(member("land", land), organisation));
    expect(whose("land", land.peer.publicKey)).toBe("land");
  });

  test("under a newer peer key the member's for whom that key itself says it is; of another network or name it says nothing", () => {
    const next = newKey("peer");
    const write = (name: string, of: Uint8Array): void => {
      const proof = hex(provePossession(of, "land", "peer", next.publicKey, next.secret));
      fs.writeFileSync(
        at("land", "peer.rotation.json"),
        JSON.stringify({ member: name, purpose: "peer", key: hex(next.publicKey), proof }),
      );
    };
    write("land", new Uint8Array(32).fill(9));
    expect(() => whose("land", next.publicKey)).toThrow("home.invalid");
    write("tax", network);
    expect(() => whose("land", next.publicKey)).toThrow("home.invalid");
    fs.writeFileSync(at("land", "peer.rotation.json"), "no JSON");
    expect(() => whose("land", next.publicKey)).toThrow("home.invalid");
    write("land", network);
    expect(whose("land", next.publicKey)).toBe("land");

    restoreBackup(makeBackup(at("land")), at("again"));
    expect(whose("again", next.publicKey)).toBe("land");
    expect(whose("again", land.peer.publicKey)).toBe("land");
  });
});
