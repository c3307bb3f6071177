// What a node passes on of batches. docs/protocol.md §4.8.2.

import { expect, test } from "vitest";
import { type Bytes, concat } from "../../../src/base/bytes.ts";
import { MAX_VERIFY_BACKLOG_BYTES } from "../../../src/base/limits.ts";
import { silent } from "../../../src/base/log.ts";
import { defaultParameters } from "../../../src/base/parameters.ts";
import { generateSeed, publicKeyOf } from "../../../src/base/signature.ts";
import { makeBatch } from "../../../src/ledger/batch.ts";
import { Mempool } from "../../../src/ledger/mempool.ts";
import { signTransaction } from "../../../src/ledger/transaction.ts";
import { admitBatch } from "../../../src/node/admit.ts";
import { Dissemination } from "../../../src/node/dissemination.ts";
import { contracts } from "../../../src/node/registry.ts";

const network = new Uint8Array(32).fill(1);
const land = generateSeed();
const transaction = signTransaction(
  network,
  { nonce: new Uint8Array(16), notAfter: 1_700_000_000_000, operations: [{ action: "evidence.deposit@1", args: {} }] },
  [generateSeed()],
);

interface Given {
  readonly mempool?: Mempool;
  readonly backlog?: number;
  /** Messages that a peer's queue takes. */
  readonly room?: number;
  readonly keys?: (organisation: string) => Bytes[];
}

/** A node's dissemination, what it sends, and the batches that it has verified. */
function disseminating({ mempool = emptyPool(), backlog = 0, room = Number.POSITIVE_INFINITY, keys = () => [] }: Given): {
  it: Dissemination;
  sent: Bytes[];
  verified: Bytes[];
  acked: { count: number };
  now: { at: number };
} {
  const acked = { count: 0 };
  const now = { at: 0 };
  const sent: Bytes[] = [];
  const verified: Bytes[] = [];
  const it = new Dissemination({
    network,
    host: {
      send: (_peer, _channel, message) => {
        sent.push(message);
        return sent.length <= room ? "sent" : "busy";
      },
      broadcast: () => 0,
      penalise: () => {},
    },
    verifier: {
      backlog,
      batch: (bytes) => {
        verified.push(bytes);
        return new Promise(() => {});
      },
    },
    mempool,
    batchKeysOf: keys,
    primary: () => "tax",
    driver: { batch: () => {}, refused: () => {}, acked: (_from, digests) => void (acked.count += digests.length) },
    now: () => now.at,
    log: silent,
  });
  return { it, sent, verified, acked, now };
}

const emptyPool = (): Mempool =>
  new Mempool({ network, organisation: "tax", peerSeed: generateSeed(), now: 0, parameters: defaultParameters });

/** Asks a node for a batch of land's that came to it with a certified block, in these bytes; the messages that it sends. */
function askedFor(bytes: Bytes, peerKey: Bytes | undefined): Bytes[] {
  const mempool = emptyPool();
  const batch = admitBatch(network, contracts(), 1, bytes, null)!;
  mempool.hold(batch, true);
  const keys = (organisation: string): Bytes[] =>
    organisation === "land" && peerKey !== undefined ? [publicKeyOf(generateSeed()), peerKey] : [];
  const { it, sent } = disseminating({ mempool, keys });
  it.received("courts", concat(Uint8Array.of(3), batch.reference.digest));
  return sent;
}

test("what somebody only acked is not asked for, and not taken, while more waits to be verified than may; what an order names is", () => {
  const bytes = makeBatch(network, "land", 1, [transaction], land);
  const { digest } = admitBatch(network, contracts(), 1, bytes, null)!.reference;
  const keys = (): Bytes[] => [publicKeyOf(land)];
  const asked = (needed: boolean, backlog: number) => {
    const { it, sent, verified } = disseminating({ backlog, keys });
    it.pull(digest, needed, ["courts"]);
    it.receivedBatch("courts", bytes);
    return [sent.length, verified.length];
  };
  expect(asked(false, 0)).toEqual([1, 1]);
  expect(asked(true, 0)).toEqual([1, 1]);
  expect(asked(false, MAX_VERIFY_BACKLOG_BYTES + 1)).toEqual([0, 0]);
  expect(asked(true, MAX_VERIFY_BACKLOG_BYTES + 1)).toEqual([1, 1]);
});

test("a batch that came with a certified block is passed on only under its origin's signature", () => {
  const good = makeBatch(network, "land", 1, [transaction], land);
  expect(askedFor(good, publicKeyOf(land))).toEqual([concat(Uint8Array.of(1), good)]);
  const spoiled = concat(good.subarray(0, -64), new Uint8Array(64).fill(7));
  expect(askedFor(spoiled, publicKeyOf(land))).toEqual([]);
  expect(askedFor(good, undefined)).toEqual([]);
});

test("of one peer so many digests are looked at, and of another's no fewer; who asks for more than its queue holds waits", () => {
  const { it, acked, now } = disseminating({});
  const acks = concat(Uint8Array.of(2), new Uint8Array(32 * 4_000));
  for (let i = 0; i < 100; i++) it.received("health", acks);
  expect(acked.count).toBe(40_000);
  it.received("courts", acks);
  expect(acked.count).toBe(44_000);
  now.at = 1_000;
  for (let i = 0; i < 100; i++) it.received("health", acks);
  expect(acked.count).toBe(64_000);

  const mempool = emptyPool();
  const batch = admitBatch(network, contracts(), 1, makeBatch(network, "land", 1, [transaction], land), null)!;
  mempool.hold(batch, true);
  const full = disseminating({ mempool, keys: () => [publicKeyOf(land)], room: 3 });
  full.it.received("courts", concat(Uint8Array.of(3), ...Array.from({ length: 1_000 }, () => batch.reference.digest)));
  expect(full.sent.length).toBe(4); // the fourth heard that there is no room
});
