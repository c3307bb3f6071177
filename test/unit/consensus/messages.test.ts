// Messages in canonical bytes: every kind comes back as it was, and whatever is flipped, cut or made up is refused with a code or read as exactly what
// its bytes say. docs/protocol.md §4.2, sizes §4.11.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, equalBytes } from "../../../src/base/bytes.ts";
import { encode, type Value } from "../../../src/base/codec.ts";
import { MAX_NEW_VIEW_BYTES, MAX_SMALL_MESSAGE_BYTES, MAX_VIEW_CHANGE_BYTES } from "../../../src/base/limits.ts";
import { decodeMessage, encodeMessage } from "../../../src/consensus/messages.ts";
import type { Message } from "../../../src/consensus/types.ts";

// Byte strings as the decoder makes them: plain Uint8Arrays.
const bytes = (length: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((b) => new Uint8Array(b));
const hash = bytes(32);
const signature = bytes(64);
const counter = fc.nat({ max: 2 ** 31 - 1 });
const time = fc.maxSafeNat().map((n) => n % 2 ** 47);
const id = fc.stringMatching(/^[a-z][a-z0-9-]{1,20}$/);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null, freq: 2 });

const vote = <K extends "prepare" | "commit">(kind: fc.Arbitrary<K>) =>
  fc.record({ kind, epoch: counter, view: counter, height: counter, hash, signer: id, signature });
const prepare = vote(fc.constant("prepare" as const));
const commit = vote(fc.constant("commit" as const));
const anyVote = vote(fc.constantFrom("prepare" as const, "commit" as const));
const reference = fc.record({ digest: hash, count: fc.integer({ min: 1, max: 1_000 }), bytes: fc.integer({ min: 100, max: 262_144 }) });
const references = fc.array(reference, { maxLength: 3 });
const order = fc.record({
  protocol: fc.constant(1),
  epoch: counter,
  height: fc.integer({ min: 1, max: 2 ** 31 }),
  parent: hash,
  time,
  batches: hash,
});
const withBatches = fc.record({ order, references });
const header = fc.record({
  order,
  parentBlock: hash,
  transactionsRoot: hash,
  leaves: fc.nat({ max: 10_000 }),
  stateRoot: hash,
  validators: hash,
  parameters: hash,
  history: hash,
});
const ofKind = <K extends "prepare" | "commit">(kind: K) =>
  fc.record({
    kind: fc.constant(kind),
    epoch: counter,
    view: counter,
    height: counter,
    hash,
    signers: fc.constant(Uint8Array.of(0b1110_0000)),
    signatures: bytes(3 * 64),
  });
const orderCertificate = fc.oneof(
  fc.record({ certificate: ofKind("prepare"), header: fc.constant(null) }),
  fc.record({ certificate: ofKind("commit"), header }),
);
const claim = fc.record({
  epoch: counter,
  view: counter,
  committedHeight: counter,
  committedHash: hash,
  best: maybe(fc.record({ view: counter, height: counter, digest: hash })),
  signer: id,
  signature,
});
const signedNewView = fc.record({ epoch: counter, view: counter, hash, signer: id, signature });
const kinds: Record<Message["kind"], fc.Arbitrary<unknown>> = {
  prepare,
  commit,
  prePrepare: fc.record({ kind: fc.constant("prePrepare"), view: counter, order, references, prepare }),
  viewChange: fc.record({
    kind: fc.constant("viewChange"),
    claim,
    committed: maybe(ofKind("commit")),
    best: maybe(orderCertificate),
    orders: fc.array(withBatches, { maxLength: 2 }),
  }),
  newView: fc.record({
    kind: fc.constant("newView"),
    epoch: counter,
    view: counter,
    claims: fc.array(claim, { minLength: 1, maxLength: 3 }),
    committed: maybe(ofKind("commit")),
    best: maybe(orderCertificate),
    orders: fc.array(withBatches, { maxLength: 2 }),
    prepare: maybe(prepare),
    signer: id,
    signature,
  }),
  status: fc.record({
    kind: fc.constant("status"),
    epoch: counter,
    view: counter,
    promise: counter,
    mode: fc.constantFrom("active", "changing"),
    committed: counter,
    hash,
    tip: counter,
    clock: time,
  }),
  ask: fc.record({ kind: fc.constant("ask"), nonce: counter }),
  answer: fc.record({
    kind: fc.constant("answer"),
    nonce: counter,
    epoch: counter,
    committed: counter,
    votes: fc.array(anyVote, { maxLength: 2 }),
    claim: maybe(claim),
    newView: maybe(signedNewView),
    elsewhere: fc.boolean(),
  }),
  get: fc.record({ kind: fc.constant("get"), what: fc.constantFrom("order", "block"), height: counter, hash }),
  order: fc.record({ kind: fc.constant("order"), order, references }),
  block: fc.record({ kind: fc.constant("block"), header, references, certificate: maybe(ofKind("commit")) }),
  forward: fc.record({ kind: fc.constant("forward"), digest: hash }),
  conflict: fc.record({ kind: fc.constant("conflict"), first: anyVote, second: anyVote }),
};
const message = fc.oneof(...Object.values(kinds)) as fc.Arbitrary<Message>;

describe("§4.2 messages", () => {
  for (const [kind, arbitrary] of Object.entries(kinds))
    test(`${kind} comes back as it was`, () => {
      fc.assert(
        fc.property(arbitrary as fc.Arbitrary<Message>, (it) => {
          const decoded = decodeMessage(encodeMessage(it));
          expect(decoded.reject).toBeUndefined();
          expect(decoded.message).toEqual(it);
        }),
        { numRuns: 60 },
      );
    });

  test("altered bytes are refused with a code, or are exactly the message that they say", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.constantFrom("flip", "cut", "append"), (it, at, by, how) => {
        const original = encodeMessage(it);
        const altered =
          how === "append" ? Uint8Array.of(...original, by) : original.slice(0, how === "cut" ? at % original.length : undefined);
        if (how === "flip") altered[at % altered.length]! ^= by;
        const decoded = decodeMessage(altered);
        if (decoded.message === undefined) expect(decoded.reject).toMatch(/^[a-z_]+\.[a-z_]+$/);
        else {
          expect(how).toBe("flip");
          expect(equalBytes(encodeMessage(decoded.message), altered)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("whatever a peer makes up never throws past the decoder", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 14 }), (noise, kind) => {
        expect(decodeMessage(new Uint8Array(noise)).reject ?? "").toMatch(/\./);
        const value: Value = [kind, [...noise.subarray(0, 12)].map((n) => (n % 3 === 0 ? null : n % 3 === 1 ? n : new Uint8Array(32)))];
        const decoded = decodeMessage(encode(value));
        if (decoded.message !== undefined) expect(equalBytes(encodeMessage(decoded.message), encode(value))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("§4.11 each kind has its largest size", () => {
    const padded = (kind: number, length: number): Bytes => encode([kind, [new Uint8Array(length)]]);
    expect(decodeMessage(padded(5, MAX_SMALL_MESSAGE_BYTES)).reject).toBe("message.too_large");
    expect(decodeMessage(padded(3, MAX_VIEW_CHANGE_BYTES)).reject).toBe("message.too_large");
    expect(decodeMessage(padded(4, MAX_NEW_VIEW_BYTES)).reject).toBe("message.too_large");
    expect(decodeMessage(padded(13, 10)).reject).toBe("message.kind");
  });
});
