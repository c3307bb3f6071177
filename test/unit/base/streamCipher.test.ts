// ChaCha20-Poly1305 of the connections: RFC 8439's example, and one result on both sides of the length at which the library changes.

import crypto from "node:crypto";
import { describe, expect, it } from "vitest";
import { hex, utf8 } from "../../../src/base/bytes.ts";
import { streamOpen, streamSeal } from "../../../src/base/streamCipher.ts";

const bytes = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, "hex"));
const key = bytes("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");

describe("the cipher of a connection", () => {
  it("agrees with RFC 8439, section 2.8.2", () => {
    const nonce = bytes("070000004041424344454647");
    const associated = bytes("50515253c0c1c2c3c4c5c6c7");
    const text = utf8("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.");
    const sealed = streamSeal(key, nonce, associated, text);
    expect(hex(sealed.subarray(0, 16))).toBe("d31a8d34648e60db7b86afbc53ef7ec2");
    expect(hex(sealed.subarray(-16))).toBe("1ae10b594f09e26a7e902ecbd0600691");
    expect(streamOpen(key, nonce, associated, sealed)).toEqual(text);
  });

  it("is one cipher at every length, and refuses what was changed", () => {
    const nonce = new Uint8Array(12);
    for (const length of [0, 1, 64, 32_767, 32_768, 65_519]) {
      const message = new Uint8Array(crypto.randomBytes(length));
      const sealed = streamSeal(key, nonce, new Uint8Array(0), message);
      const cipher = crypto.createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
      const theirs = Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]);
      expect(Buffer.compare(sealed, theirs), String(length)).toBe(0);
      expect(Buffer.compare(streamOpen(key, nonce, new Uint8Array(0), sealed), message)).toBe(0);
      sealed[length]! ^= 1;
      expect(() => streamOpen(key, nonce, new Uint8Array(0), sealed)).toThrow();
    }
    expect(() => streamOpen(key, nonce, new Uint8Array(0), new Uint8Array(15))).toThrow();
  });
});
