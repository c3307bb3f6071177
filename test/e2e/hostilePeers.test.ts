// Malformed bytes at the peer port of a node that works: before the handshake, without a seat on the list, and by members with a good key, on every protocol.
// Each ends in a coded refusal; no node dies, none grows, the network goes on. docs/protocol.md §4.11, §6.

import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concat, hex, readU32, u32be, utf8 } from "../../src/base/bytes.ts";
import { decode, encode, type Value } from "../../src/base/codec.ts";
import { PEER_BAN_POINTS, REJECT_POINTS } from "../../src/base/limits.ts";
import { generateSeed, publicKeyOf } from "../../src/base/signature.ts";
import { decodeMessage, encodeMessage } from "../../src/consensus/messages.ts";
import type { Block, Message } from "../../src/consensus/types.ts";
import { makeBatch } from "../../src/ledger/batch.ts";
import { signTransaction } from "../../src/ledger/transaction.ts";
import { control, encodeHello } from "../../src/p2p/hello.ts";
import { peerIdOf } from "../../src/p2p/hostLibp2p.ts";
import { frameOf } from "../../src/p2p/stream.ts";
import type { Channel } from "../../src/p2p/types.ts";
import { Random } from "../../src/sim/random.ts";
import { answerPings, dialAt, openRaw, type RawStream, rawPeerWith, stopRaw } from "../unit/p2p/rawPeer.ts";
import { Cluster, logOf, type Member, residentBytes, sleep } from "./harness.ts";
import { waitFor } from "./support.ts";

const random = new Random(4);
const GROWTH_BYTES = 150 << 20;
const SEATED = "agency5";
/** A breach counts 20 points of 100 and is forgotten with time: the fifth never quite makes them full. Of votes without a signature the first is seen by the second. */
const BREACHES = PEER_BAN_POINTS / REJECT_POINTS + 2;
let cluster: Cluster;
let victim: Member;
/** Members whose nodes never run: each attack goes under another name, since a name that broke the rules is banned for half a minute. */
let names: Member[];
let before: number;

beforeAll(async () => {
  // The fifth has a seat and no node: what only a validator can do is done under its name, to one node after the other.
  cluster = await Cluster.start({ validators: 5, observers: 32, parameters: { heartbeat_ms: 2_000 } }, 4);
  [victim] = cluster.members as [Member];
  names = cluster.members.slice(5);
  await cluster.deposit("before", victim);
  before = residentBytes(victim.daemon!.child.pid!);
});
afterAll(async () => {
  await stopRaw();
  await cluster?.stop();
});

const target = (at = victim) => ({ address: `/ip4/127.0.0.1/tcp/${at.peerPort}`, peerId: peerIdOf(at.keys.peer.publicKey) });

interface Attacker {
  readonly name: string;
  readonly member: Member;
  readonly connection: Awaited<ReturnType<typeof dialAt>>;
  open(channel: Channel): Promise<RawStream>;
  /** What came on the streams that the victim opened. */
  readonly heard: { channel: Channel; bytes: Bytes }[];
}

/** A member with its good key, greeted and taken; what it says then is up to the test. */
async function attacker(member = names.shift()!, at = victim): Promise<Attacker> {
  const heard: Attacker["heard"] = [];
  const node = await rawPeerWith(member.keys.peer.secret, cluster.network, (channel, bytes) => heard.push({ channel, bytes }));
  const connection = await dialAt(node, target(at));
  const hello = await openRaw(connection, "hello");
  const role = member.id === SEATED ? ("validator" as const) : ("observer" as const);
  const greeting = { version: 1, network: cluster.network, organisation: member.id, role, nonce: random.bytes(16) };
  hello.stream.send(frameOf(control.hello, encodeHello(greeting)));
  answerPings(hello);
  await waitFor("the greeting's answer", async () => (hello.received.length > 0 ? true : undefined));
  return { name: member.id, member, connection, heard, open: (channel) => openRaw(connection, channel, cluster.network) };
}

const peerOf = async (name: string, at = victim): Promise<any> =>
  (await cluster.status(at)).peers.find((p: { id: string }) => p.id === name);
const ended = async ({ connection }: Pick<Attacker, "connection">): Promise<true> =>
  waitFor("the end of the connection", async () => (connection.status === "open" ? undefined : true));

/** Alive, of a size, quiet about bugs, and a new record is final at it. */
async function unharmed(name: string): Promise<void> {
  await cluster.deposit(name, victim);
  for (const member of cluster.members.slice(0, 4)) {
    expect(member.daemon!.child.exitCode).toBeNull();
    expect(logOf(member.home).filter((l) => l.event === "fatal" || l.event === "api.bug" || l.level === "fatal")).toEqual([]);
  }
  expect(residentBytes(victim.daemon!.child.pid!) - before).toBeLessThan(GROWTH_BYTES);
}

/** Messages of every kind with nonsense inside, in canonical bytes: they pass the decoder. */
function nonsense(signer: string): Message[] {
  const hash = (): Bytes => random.bytes(32);
  const far = 2 ** 47;
  const vote = (kind: "prepare" | "commit", height: number) => ({
    kind,
    epoch: 0,
    view: 0,
    height,
    hash: hash(),
    signer,
    signature: random.bytes(64),
  });
  return [
    vote("prepare", 2),
    vote("commit", far),
    { kind: "status", epoch: far, view: far, promise: far, mode: "changing", committed: far, hash: hash(), tip: far, clock: 0 },
    { kind: "ask", nonce: far },
    { kind: "answer", nonce: 1, epoch: 0, committed: far, votes: [vote("prepare", 3)], claim: null, newView: null, elsewhere: true },
    { kind: "get", what: "block", height: far, hash: hash() },
    { kind: "get", what: "order", height: 1, hash: hash() },
    {
      kind: "viewChange",
      claim: { epoch: 0, view: 9, committedHeight: 0, committedHash: hash(), best: null, signer, signature: random.bytes(64) },
      committed: null,
      best: null,
      orders: [],
    },
    {
      kind: "newView",
      epoch: 0,
      view: 1,
      claims: [],
      committed: null,
      best: null,
      orders: [],
      prepare: null,
      signer,
      signature: random.bytes(64),
    },
  ];
}

const flipped = (bytes: Bytes): Bytes => {
  const out = bytes.slice();
  out[random.below(out.length)]! ^= 1 << random.below(8);
  return out;
};

describe("the peer port", () => {
  test("strangers: garbage, a half handshake, silence, and a key on no list are hung up on", async () => {
    const sockets: Socket[] = [];
    const line = (text: string): Bytes => concat(Uint8Array.of(text.length + 1), utf8(`${text}\n`));
    const inputs = [
      random.bytes(200_000),
      new Uint8Array(200_000),
      utf8("POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello"),
      concat(line("/multistream/1.0.0"), line("/noise"), Uint8Array.of(0, 200), random.bytes(200)),
      new Uint8Array(0),
    ];
    const closed = inputs.map(
      (input) =>
        new Promise<void>((resolve) => {
          const socket = connect(victim.peerPort, "127.0.0.1", () => void socket.write(input));
          sockets.push(socket);
          socket.on("error", () => {}).once("close", () => resolve());
        }),
    );
    await Promise.all(closed);
    const seed = generateSeed();
    const stranger = await rawPeerWith(seed, cluster.network);
    const refused = dialAt(stranger, target()).then(async (connection) => ended({ connection }));
    await refused.catch(() => undefined);
    const line2 = await waitFor("the refusal in its log", async () =>
      logOf(victim.home, "peer.refused").find((l) => l["peer"] === peerIdOf(publicKeyOf(seed))),
    );
    expect(line2["organisation"]).toBe("unknown");
    await unharmed("after-strangers");
  });

  const wire: [what: string, channel: Channel, bytes: () => Bytes][] = [
    ["a frame of four gigabytes", "votes", () => concat(u32be(0xffffffff), new Uint8Array(1_000))],
    ["a frame larger than batches are", "batches", () => concat(u32be(5 << 20), random.bytes(1_000))],
    ["an unknown kind of frame", "batches", () => frameOf(200, random.bytes(50))],
    ["an answer to no question", "blocks", () => frameOf(2, random.bytes(50), 9)],
  ];
  test.each(wire)("%s: the member is cut off with a code", async (_what, channel, bytes) => {
    const evil = await attacker();
    (await evil.open(channel)).stream.send(bytes());
    await ended(evil);
    expect((await peerOf(evil.name)).lastError).toMatch(/p2p\.frame/);
    await unharmed(`after-${evil.name}`);
  });

  test("a greeting that is none: the same", async () => {
    const member = names.shift()!;
    const node = await rawPeerWith(member.keys.peer.secret, cluster.network);
    const connection = await dialAt(node, target());
    (await openRaw(connection, "hello")).stream.send(frameOf(control.hello, random.bytes(90)));
    await ended({ connection });
    expect((await peerOf(member.id)).lastError).toMatch(/p2p\.hello/);
  });

  test.each([
    ["random bytes", () => random.bytes(random.between(1, 400))],
    ["messages of every kind with one bit turned", () => flipped(encodeMessage(random.pick(nonsense("tax"))))],
    ["votes of a stranger's signature", () => encodeMessage(random.pick(nonsense("tax").slice(0, 2)))],
  ])("consensus: %s: refused one by one, then the sender is cut off", async (_what, make) => {
    const evil = await attacker();
    const { stream } = await evil.open("votes");
    for (let i = 0; i < 400 && evil.connection.status === "open"; i++) {
      if (stream.status === "open") stream.send(frameOf(0, make()));
      if (i % 20 === 19) await sleep(20);
    }
    await ended(evil);
    expect((await peerOf(evil.name)).lastError).toMatch(/^(message|codec|vote|answer|consensus|status|get|p2p)\./);
    await unharmed(`after-${evil.name}`);
  });

  test("consensus: well-formed nonsense of an observer, of every kind, hundreds of times, moves nothing", async () => {
    const evil = await attacker();
    const { stream } = await evil.open("votes");
    const { view, epoch } = await cluster.status(victim);
    for (let i = 0; i < 300 && evil.connection.status === "open"; i++) {
      for (const message of nonsense(evil.name)) if (stream.status === "open") stream.send(frameOf(0, encodeMessage(message)));
      if (i % 10 === 9) await sleep(10);
    }
    await unharmed(`after-${evil.name}`);
    const after = await cluster.status(victim);
    expect([after.view, after.epoch, after.mode, after.behind]).toEqual([view, epoch, "active", 0]);
  });

  test.each([
    ["nothing and unknown kinds", () => frameOf(0, concat(Uint8Array.of(random.between(4, 255)), random.bytes(20)))],
    ["acks and pulls that are no digests", () => frameOf(0, concat(Uint8Array.of(random.between(2, 3)), random.bytes(33)))],
    ["batches that are none", () => frameOf(0, concat(Uint8Array.of(1), random.bytes(random.between(0, 5_000))))],
    [
      "batches in good form that nobody signed",
      () => frameOf(0, concat(Uint8Array.of(1), encode(["tax", 5, random.bytes(300), random.bytes(64)]))),
    ],
  ])("batches: %s: refused, then the sender is cut off", async (_what, make) => {
    const evil = await attacker();
    const { stream } = await evil.open("batches");
    for (let i = 0; i < 200 && evil.connection.status === "open"; i++) {
      if (stream.status === "open") stream.send(make());
      if (i % 20 === 19) await sleep(20);
    }
    await ended(evil);
    expect((await peerOf(evil.name)).lastError).toMatch(/^(batch(es)?|codec|transaction|message)\./);
    await unharmed(`after-${evil.name}`);
  });

  // ── every provable breach, by its code ─────────────────────────────────────────────────────────────────────────────────────
  /** The victim's place in the protocol, its last block as it gives it to anybody. */
  interface Place {
    readonly epoch: number;
    readonly view: number;
    readonly height: number;
    readonly primary: string;
    readonly block: Block;
  }
  /** One that asks and does no harm, connected to each victim once. */
  const scouts = new Map<string, { scout: Attacker; questions: RawStream; asked: number }>();
  let scouting: Member | undefined;
  const placeOf = async (at: Member): Promise<Place> => {
    scouting ??= names.shift()!;
    let known = scouts.get(at.id);
    if (known === undefined) {
      const scout = await attacker(scouting, at);
      known = { scout, questions: await scout.open("blocks"), asked: 0 };
      scouts.set(at.id, known);
    }
    const { scout, questions } = known;
    const { epoch, view, height, primary } = await cluster.status(at);
    const question = ++known.asked;
    questions.stream.send(frameOf(1, encode(["blocks", height, height]), question));
    const { payload } = await waitFor("a block", async () => answerTo(scout, "blocks", question));
    const { message } = decodeMessage((decode(payload) as Value[][])[0]![0] as Bytes);
    return { epoch, view, height, primary, block: message as Block };
  };
  const zeros = new Uint8Array(32);
  const certificate = {
    kind: "commit" as const,
    epoch: 0,
    view: 0,
    height: 1,
    hash: zeros,
    signers: Uint8Array.of(0x80),
    signatures: new Uint8Array(64),
  };
  const ofBlock = ({ block, height }: Place, changed: Partial<Block>): Message => {
    const order = { ...block.header.order, height: height + 2 };
    return { ...block, header: { ...block.header, order }, certificate: null, ...changed };
  };
  const slotOf = ({ epoch, view, height }: Place, name: string, ahead = 2) =>
    ({ epoch, view, height: height + ahead, hash: random.bytes(32), signer: name, signature: random.bytes(64) }) as const;
  const batch = (evil: Attacker, transactions: Bytes[]): Bytes =>
    concat(
      Uint8Array.of(1),
      makeBatch(cluster.network, evil.name, random.between(1, 1_000_000), transactions, evil.member.keys.peer.secret),
    );
  const forged = (evil: Attacker): Bytes => {
    const args = { deposit: "forged", kind: "contract", content: zeros };
    const operations = [{ action: "evidence.deposit@1", args }];
    const bytes = signTransaction(cluster.network, { nonce: random.bytes(16), notAfter: Date.now() + 60_000, operations }, [
      evil.member.organisation.secret,
    ]);
    bytes[bytes.length - 1]! ^= 1;
    return bytes;
  };
  type Breach = readonly [code: string, channel: "votes" | "batches", make: (place: Place, evil: Attacker) => Bytes];
  const says =
    (make: (place: Place, name: string) => Message) =>
    (place: Place, { name }: Attacker): Bytes =>
      encodeMessage(make(place, name));
  const byAnybody: Breach[] = [
    ["codec.truncated", "votes", (place, { name }) => encodeMessage({ kind: "prepare", ...slotOf(place, name) }).subarray(0, 60)],
    ["message.kind", "votes", () => encode([99, []])],
    ["message.malformed", "votes", () => encode([5, [0, 0, 0, 9, 0, zeros, 0, 0]])],
    ["message.too_large", "votes", () => encode([6, [new Uint8Array(2_000)]])],
    ["vote.signer", "votes", says((place) => ({ kind: "commit", ...slotOf(place, "courts") }))],
    ["block.references", "votes", says((place) => ofBlock(place, { references: [{ digest: zeros, count: 1, bytes: 100 }] }))],
    ["block.certificate", "votes", says((place) => ofBlock(place, { certificate }))],
    [
      "new_view.invalid",
      "votes",
      says(({ epoch, view, primary }) => {
        const seats = cluster.members
          .slice(0, 5)
          .map((m) => m.id)
          .sort();
        const signer = seats[(seats.indexOf(primary) + 1) % seats.length]!;
        const body = { epoch, view: view + 1, claims: [], committed: null, best: null, orders: [], prepare: null };
        return { kind: "newView", ...body, signer, signature: random.bytes(64) };
      }),
    ],
    ["batches.malformed", "batches", () => Uint8Array.of(2, 1, 2, 3)],
    ["batch.malformed", "batches", () => Uint8Array.of(1, 1, 2, 3)],
    ["batch.signature", "batches", () => concat(Uint8Array.of(1), encode(["tax", 5, random.bytes(300)]), random.bytes(64))],
    ["transaction.malformed", "batches", (_place, evil) => batch(evil, [random.bytes(200)])],
    ["transaction.signature", "batches", (_place, evil) => batch(evil, [forged(evil)])],
  ];
  const byAValidator: Breach[] = [
    ["vote.signature", "votes", says((place, name) => ({ kind: "commit", ...slotOf(place, name) }))],
    [
      "view_change.unproven",
      "votes",
      says(({ epoch, view }, signer) => {
        const claim = { epoch, view: view + 1, committedHeight: 0, committedHash: zeros, best: null, signer, signature: zeros64 };
        return { kind: "viewChange", claim, committed: null, best: null, orders: [] };
      }),
    ],
    [
      "proposal.not_primary",
      "votes",
      says(({ epoch, view, height, block }, signer) => {
        const order = { ...block.header.order, epoch, height: height + 2 };
        const prepare = { kind: "prepare" as const, epoch, view, height: height + 2, hash: zeros, signer, signature: zeros64 };
        return { kind: "prePrepare", view, order, references: [], prepare };
      }),
    ],
  ];
  const zeros64 = new Uint8Array(64);
  const everyBreach = [
    ...byAnybody.map(([code, ...how]) => [code, "an observer", ...how] as const),
    ...byAValidator.map(([code, ...how]) => [code, "a validator", ...how] as const),
  ];

  test.each(everyBreach)(
    "%s, by %s: a handful of times, and it is cut off, hung up on, and not taken again",
    async (code, who, channel, make) => {
      // A validator that was cut off here is still welcome elsewhere.
      const at = who === "a validator" ? cluster.members[byAValidator.findIndex(([name]) => name === code) + 1]! : victim;
      const place = await placeOf(at);
      const evil = await attacker(who === "a validator" ? cluster.named(SEATED) : undefined, at);
      const { stream } = await evil.open(channel);
      for (let i = 0; i < BREACHES; i++) if (stream.status === "open") stream.send(frameOf(0, make(place, evil)));
      await ended(evil);
      const cut = await waitFor("the cut", async () => logOf(at.home, "peer.cut").find((line) => line["organisation"] === evil.name));
      expect(cut).toMatchObject({ level: "warn", code });
      const peer = await peerOf(evil.name, at);
      expect(peer).toMatchObject({ connected: false, lastError: expect.stringContaining(code) });
      expect(peer.bannedUntil).toBeGreaterThan(Date.now());
      // Its good key does not help while the ban lasts: hung up on before any greeting.
      const again = await rawPeerWith(evil.member.keys.peer.secret, cluster.network);
      await dialAt(again, target(at)).then(
        (connection) => ended({ connection }),
        () => undefined,
      );
      expect(await peerOf(evil.name, at)).toMatchObject({ connected: false, lastError: expect.stringContaining(code) });
      await unharmed(`after-${evil.name}-${code.replace(/[^a-z]/g, "-")}`);
    },
  );

  test("questions for blocks and handed-over transactions that are none get a refusal with a code each; a good one in between gets its answer", async () => {
    const evil = await attacker();
    const ask = async (channel: Channel, questions: Bytes[]): Promise<string[]> => {
      const raw = await evil.open(channel);
      const answers: string[] = [];
      for (const [i, question] of questions.entries()) {
        raw.stream.send(frameOf(1, question, i + 1));
        const { kind, payload } = await waitFor(`an answer to question ${i + 1}`, async () => answerTo(evil, channel, i + 1));
        answers.push(kind === 2 ? `answer ${payload.length > 0}` : new TextDecoder().decode(payload));
      }
      return answers;
    };
    const blocks = await ask("blocks", [
      random.bytes(100),
      new Uint8Array(0),
      encode(["blocks", 0, 5]),
      encode(["blocks", 2 ** 47, 2 ** 48]),
      encode(["blocks", 1, 2 ** 48]),
      encode(["blocks", "1", []]),
      encode([[[[[[["blocks"]]]]]]]),
      random.bytes(200_000),
    ]);
    expect(blocks[4]).toBe("answer true");
    expect(blocks[3]).toBe("answer true"); // an empty list
    for (const i of [0, 1, 2, 5, 6, 7]) expect(blocks[i]).toMatch(/^(request|codec)\./);
    const transactions = await ask("transactions", [
      random.bytes(100),
      new Uint8Array(0),
      concat(u32be(3), random.bytes(3)),
      concat(u32be(0xffffffff), random.bytes(9)),
    ]);
    for (const answer of transactions) expect(answer).toMatch(/^(answer true|(request|codec|transaction|batch)\.)/);
    await unharmed(`after-${evil.name}`);
  });

  test("after all of that: the network is whole, and nobody honest was cut off", async () => {
    await unharmed("the-end");
    const honest = cluster.members.slice(0, 4);
    for (const member of honest) {
      const { peers, mode } = await cluster.status(member);
      expect(mode).toBe("active");
      for (const { id } of honest.filter((m) => m !== member))
        expect(peers.find((p: { id: string }) => p.id === id)).toMatchObject({ connected: true });
      for (const line of logOf(member.home, "peer.cut")) expect(honest.map((m) => m.id)).not.toContain(line["organisation"]);
    }
    expect(await cluster.equivocations(victim)).toBe(0);
    const counted = await (await fetch(victim.metrics)).text();
    expect(counted).toMatch(/chancery_peer_penalties_total\{reason="\w+\.\w+"\} [1-9]/);
    expect(hex(cluster.network)).toHaveLength(64);
  });
});

/** The answer or refusal with this number. */
function answerTo({ heard }: Attacker, channel: Channel, id: number): { kind: number; payload: Bytes } | undefined {
  const bytes = concat(...heard.filter((h) => h.channel === channel).map((h) => h.bytes));
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = readU32(bytes, at);
    if (at + 4 + length > bytes.length) return undefined;
    // Kind 1 is a question of the node's own, under a number of its own.
    if (bytes[at + 4] !== 1 && readU32(bytes, at + 5) === id)
      return { kind: bytes[at + 4]!, payload: bytes.slice(at + 9, at + 4 + length) };
    at += 4 + length;
  }
  return undefined;
}
