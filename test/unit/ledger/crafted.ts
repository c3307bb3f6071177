// A transaction whose signature only the full rule accepts, for tests of the paths that lead there.

import { ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, concat, hex, u32be, unhex } from "../../../src/base/bytes.ts";
import { sha256, sha512 } from "../../../src/base/hash.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import * as tags from "../../../src/base/tagNames.ts";
import { frame } from "../../../src/base/tags.ts";
import { encodeBody } from "../../../src/ledger/transaction.ts";

/** R has a torsion part, so that libsodium's equation fails and the cofactored one holds. `n` makes it another transaction. */
export function crafted(network: Bytes, seed: Bytes, n: number): Bytes {
  const { Point } = ed25519;
  const body = encodeBody({
    nonce: sha256(u32be(n)).slice(0, 16),
    notAfter: 7,
    signers: [publicKeyOf(seed)],
    operations: [{ action: "a.b@1", args: {} }],
  });
  const message = frame(tags.transaction, network, body);
  const torsion = Point.fromBytes(unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), false); // of order 8
  const littleEndian = (b: Bytes): bigint => BigInt(`0x${hex(b.slice().reverse())}`);
  const r = 123_456_789n + BigInt(n);
  const R = Point.BASE.multiply(r).add(torsion).toBytes();
  const k = littleEndian(sha512(concat(R, publicKeyOf(seed), message)));
  const S = (r + k * ed25519.utils.getExtendedPublicKey(seed).scalar) % Point.Fn.ORDER;
  return concat(body, R, unhex(S.toString(16).padStart(64, "0")).reverse());
}
