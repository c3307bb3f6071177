import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { concat, hex, utf8 } from "../../../src/base/bytes.ts";
import {
  decodeGenesis,
  encodeGenesis,
  type Genesis,
  genesisHash,
  genesisProblems,
  readGenesis,
  signGenesis,
  writeGenesis,
} from "../../../src/base/genesis.ts";
import {
  fingerprint,
  keyFromSecret,
  type Key,
  keyPurposes,
  loadKey,
  newKey,
  openKey,
  passphraseFrom,
  readKeyHeader,
  saveSecretFile,
  sealKey,
} from "../../../src/base/keyFile.ts";
import {
  decodeMember,
  encodeMember,
  type Member,
  type MemberKeys,
  memberFaults,
  memberKeyPurposes,
  provePossession,
} from "../../../src/base/member.ts";
import { defaultParameters, parameterBounds, parameterNames, parameterProblems, parametersFrom } from "../../../src/base/parameters.ts";
import { noNetwork } from "../../../src/base/tags.ts";

function makeMember(id: string): { member: Member; organisation: Key } {
  const keys = {
    consensus: newKey("consensus"),
    peer: newKey("peer"),
    organisation: newKey("organisation"),
    checkpoint: newKey("checkpoint"),
  };
  const pick = (p: (typeof memberKeyPurposes)[number]): [Uint8Array, Uint8Array] => {
    if (p === "checkpoint") return [keys.checkpoint.publicKey.slice(0, 32), keys.checkpoint.secret.slice(0, 32)];
    if (p === "checkpoint_pq") return [keys.checkpoint.publicKey.slice(32), keys.checkpoint.secret.slice(32)];
    return [keys[p].publicKey, keys[p].secret];
  };
  const of = (f: (p: (typeof memberKeyPurposes)[number]) => Uint8Array): MemberKeys =>
    Object.fromEntries(memberKeyPurposes.map((p) => [p, f(p)])) as MemberKeys;
  const member = {
    id,
    name: id.toUpperCase(),
    addresses: ["/ip4/127.0.0.1/tcp/7600"],
    contact: "",
    keys: of((p) => pick(p)[0]),
    proofs: of((p) => provePossession(noNetwork, id, p, ...pick(p))),
  };
  return { member, organisation: keys.organisation };
}
const founders = ["courts", "health", "land", "tax"].map(makeMember);
const genesis: Genesis = {
  name: "Q-Land",
  purpose: "production",
  time: 1_795_330_000_000,
  protocol: 1,
  manifest: new Uint8Array(32),
  parameters: defaultParameters,
  founders: founders.map((f) => ({ member: f.member, seat: true })),
  grants: [{ role: "eid.ministry", scope: "", agency: "courts" }],
};
const network = genesisHash(encodeGenesis(genesis));
const signatures = founders.map((f) => ({ by: f.member.id, signature: signGenesis(network, f.member.id, f.organisation.secret) }));

describe("§2 key files", () => {
  it("opens with the passphrase and with no other, for every purpose", () => {
    for (const purpose of ["consensus", "checkpoint"] as const) {
      const key = newKey(purpose);
      const file = sealKey(key, utf8("correct horse"));
      expect(openKey(file, passphraseFrom(utf8("correct horse\n")))).toEqual(key);
      expect(() => openKey(file, utf8("correct horse "))).toThrow("key.passphrase_wrong");
      expect(() => openKey(file)).toThrow("key.passphrase_needed");
      expect(file).not.toContain(hex(key.secret));
      expect(readKeyHeader(file)).toMatchObject({ purpose, sealed: true });
      expect(fingerprint(key.publicKey)).toMatch(/^([0-9a-f]{4} ){5}[0-9a-f]{4}$/);
    }
    for (const purpose of keyPurposes) {
      const key = newKey(purpose);
      expect(openKey(sealKey(key))).toEqual(key);
    }
  });
  it("of a ceremony holds a dealing, in the end the trustee's part alone; of a bid one number", () => {
    const scalar = (n: number): Uint8Array => new Uint8Array(32).fill(n, 0, 1);
    const part = keyFromSecret("ceremony", scalar(5));
    const dealing = keyFromSecret("ceremony", concat(scalar(5), scalar(6), scalar(7)));
    expect([part.algorithm, dealing.algorithm, keyFromSecret("bid", scalar(5)).algorithm]).toEqual([
      ...["ristretto255", "ristretto255+dealing", "ristretto255"],
    ]);
    expect(hex(dealing.publicKey)).toBe(hex(part.publicKey));
    expect(openKey(sealKey(dealing, utf8("p")), utf8("p"))).toEqual(dealing);
    expect(() => keyFromSecret("ceremony", new Uint8Array(32).fill(255))).toThrow("key.malformed");
    for (const secret of [new Uint8Array(0), new Uint8Array(33)])
      expect(() => keyFromSecret("ceremony", secret)).toThrow("key.seed_length");
    expect(() => keyFromSecret("bid", new Uint8Array(64))).toThrow("key.seed_length");
  });
  it("refuses a changed file: another purpose, another public key, a costly kdf", () => {
    const key = newKey("peer");
    const sealed = sealKey(key, utf8("p"));
    expect(() => openKey(sealed.replace('"peer"', '"consensus"'), utf8("p"))).toThrow("key.passphrase_wrong");
    const clear = sealKey(key);
    expect(() => openKey(clear.replace(hex(key.publicKey), hex(newKey("peer").publicKey)))).toThrow("key.public_mismatch");
    for (const N of [2 ** 14, 2 ** 21, 2 ** 17 + 1, -1])
      expect(() => openKey(sealed.replace('"N": 131072', `"N": ${N}`), utf8("p"))).toThrow("key.malformed");
    expect(() => openKey("{}")).toThrow("key.malformed");
    expect(() => openKey("not a key")).toThrow("key.malformed");
  });
  it("is written with mode 0600 and does not replace another", () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-key-"));
    const file = path.join(directory, "a.key");
    const key = newKey("person");
    saveSecretFile(file, sealKey(key));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(loadKey(file)).toEqual(key);
    expect(() => saveSecretFile(file, "x")).toThrow("file.exists");
    expect(() => loadKey(path.join(directory, "none.key"))).toThrow("key.unreadable");
    fs.rmSync(directory, { recursive: true });
  });
});

describe("§6.1 member files", () => {
  it("proves possession of all five keys, each for its own purpose and principal", () => {
    const { member } = founders[0]!;
    expect(decodeMember(encodeMember(member))).toEqual(member);
    expect(memberFaults(member)).toEqual([]);
    expect(memberFaults({ ...member, id: "crown" })).toEqual([...memberKeyPurposes]);
    const swapped = {
      ...member,
      keys: { ...member.keys, peer: member.keys.consensus },
      proofs: { ...member.proofs, peer: member.proofs.consensus },
    };
    expect(memberFaults(swapped)).toEqual(["peer"]);
  });
});

describe("§3.5 genesis", () => {
  it("is the same network whoever signs, and another when a byte differs", () => {
    const text = writeGenesis(genesis, signatures);
    const read = readGenesis(text);
    expect(read.genesis).toEqual(genesis);
    expect(hex(read.network)).toBe(hex(genesisHash(encodeGenesis(genesis))));
    expect(read.validators.map((v) => v.id)).toEqual(["courts", "health", "land", "tax"]);
    expect(hex(genesisHash(encodeGenesis({ ...genesis, name: "Q-land" })))).not.toBe(hex(network));
    expect(genesisProblems(read.genesis, read.network, read.document.signatures)).toEqual([]);
  });
  it("names each missing or false founder's signature in production, and lets development off", () => {
    expect(genesisProblems(genesis, network, signatures.slice(1))).toEqual(["courts has not signed"]);
    const swapped = [{ by: "courts", signature: signatures[1]!.signature }, ...signatures.slice(1)];
    expect(genesisProblems(genesis, network, swapped)).toEqual(["courts: the signature does not fit"]);
    const development = { ...genesis, purpose: "development" as const, founders: genesis.founders.slice(0, 1) };
    expect(genesisProblems(development, network, [])).toEqual([]);
    expect(genesisProblems({ ...development, purpose: "production" }, network, [])).toContain("production needs 4 validators, this has 1");
    expect(genesisProblems({ ...development, grants: [{ role: "x.y", scope: "", agency: "land" }] }, network, [])).toHaveLength(1);
  });
  it("refuses founders out of order and malformed bodies", () => {
    expect(() => decodeGenesis(encodeGenesis({ ...genesis, founders: [...genesis.founders].reverse() }))).toThrow("genesis.malformed");
    expect(() => readGenesis(writeGenesis(genesis, []).replace("chancery-genesis/1", "chancery-member/1"))).toThrow("document.format");
  });
});

describe("§4.6 parameters", () => {
  it("has defaults inside hard bounds and refuses what lies outside", () => {
    expect(parameterProblems(defaultParameters)).toEqual([]);
    for (const name of parameterNames) {
      const { min, max } = parameterBounds[name];
      for (const value of [min - 1, max + 1, "1", undefined])
        expect(parameterProblems({ ...defaultParameters, [name]: value as number })).not.toEqual([]);
    }
    expect(() => parametersFrom({ ...defaultParameters, speed: 1 })).toThrow("parameters.invalid");
    expect(parameterProblems({ ...defaultParameters, timeout_base_ms: 3_000, timeout_cap_ms: 2_999 })).toEqual([
      "timeout_cap_ms: at least timeout_base_ms",
    ]);
  });
});
