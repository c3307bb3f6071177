// A voter's part in a poll: the same request from the same secret, tickets of all issuers or none, codes that a second device works out; and the recount, which
// finds whatever row was tampered with (cryptography.md §5.1, §5.2, §5.4, mistake 9).
import { spawnSync } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { ballotHolds, makeBallot } from "../../../src/base/ballot.ts";
import { bitsOf, formOf, type Question, shapeHash } from "../../../src/base/ballotShape.ts";
import { decryptionShare } from "../../../src/base/ballotTally.ts";
import { signatureHolds, ticketMessage } from "../../../src/base/blindSignature.ts";
import { type Bytes, concat, hex, unhex } from "../../../src/base/bytes.ts";
import { evaluateScalars, multiplyBase } from "../../../src/base/ristretto.ts";
import { useSodium } from "../../../src/base/ristrettoSodium.ts";
import { noNetwork } from "../../../src/base/tags.ts";
import type * as client from "../../../src/client/ballot.ts";
import {
  ballotFor,
  blindedTickets,
  choiceIn,
  openedBallot,
  placeOf,
  pollKeyOf,
  pollSeed,
  questionOf,
  recomputed,
  spoken,
  type Ticket,
  ticketFrom,
  unsoundIssuer,
  type Voter,
} from "../../../src/client/ballot.ts";
import { recount, requestsHold, type RequestRow, resultHolds, type Roll, type TallyRow } from "../../../src/client/recount.ts";
import { PollFixture } from "../contracts/pollsTown.ts";

const voterOf = (byte: number, over: Partial<Voter> = {}): Voter => ({
  network: noNetwork,
  poll: "school",
  secret: new Uint8Array(32).fill(byte),
  ...over,
});
/** Their keys are made already: making one takes half a second. */
const { issuers } = new PollFixture("school", { kind: "one", options: 3 }, 3);
const moduli = issuers.map(({ modulus }) => modulus);
const question: Question = { kind: "one", options: 3 };
const signedBy = (blinded: readonly Bytes[]): Bytes[] => blinded.map((of, i) => issuers[i]!.sign(of)!);
beforeAll(async () => useSodium());

const hasPython = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;
if (!hasPython) console.warn("skipped: no python3 (3.9 or later) on this machine, so the recount in Python was not run");

describe("what is derived from a voter's secret", () => {
  it("is the same on every machine (a vector of our own) and another in every poll and network", () => {
    expect(hex(pollSeed(voterOf(7)))).toBe("6e48152af45b435ce0c0c8c59bae7fed3290afb4eb3b606e0b5462459483786b");
    expect(hex(pollKeyOf(voterOf(7)))).toBe("a23761c0de3463c2007c45ac10d2688ade55acb1a807b894522db0138ec5c95d");
    const others = [voterOf(7), voterOf(8), voterOf(7, { poll: "hospital" }), voterOf(7, { network: new Uint8Array(32).fill(1) })];
    expect(new Set(others.map((voter) => hex(pollKeyOf(voter)))).size).toBe(4);
    expect(new Set(others.flatMap((voter) => blindedTickets(voter, moduli)!.map(hex))).size).toBe(8);
  });

  it("makes the same request again, and a ticket of all answers", () => {
    const voter = voterOf(7);
    const blinded = blindedTickets(voter, moduli)!;
    expect(blindedTickets(voter, moduli)!.map(hex)).toEqual(blinded.map(hex));
    const ticket = ticketFrom(voter, moduli, signedBy(blinded)) as Ticket;
    const prepared = concat(ticket.prefix, ticketMessage(noNetwork, "school", ticket.pollKey));
    expect(ticket.signatures.map((signature, i) => signatureHolds(moduli[i]!, prepared, signature))).toEqual([true, true]);
  });

  it("makes no ticket of what an issuer did not sign, and says which", () => {
    const [ann, bob] = [voterOf(7), voterOf(8)];
    const [first, second] = signedBy(blindedTickets(ann, moduli)!) as [Bytes, Bytes];
    expect(ticketFrom(ann, moduli, [first, first])).toBe(2);
    expect(ticketFrom(ann, moduli, [second, second])).toBe(1);
    expect(ticketFrom(bob, moduli, [first, second])).toBe(1);
    // Two voters who ask crosswise have two tickets' worth of answers and no more: one answer of each issuer fits one poll key.
    const crosswise = signedBy(blindedTickets(bob, moduli)!);
    expect(ticketFrom(ann, moduli, [first, crosswise[1]!])).toBe(2);
    expect(ticketFrom(bob, moduli, [first, crosswise[1]!])).toBe(1);
  });

  it("is not used on a key that does not show that it hides what it signs", () => {
    const sound = issuers.map((issuer) => ({ modulus: issuer.modulus, proof: issuer.proof(noNetwork) }));
    expect(unsoundIssuer(noNetwork, sound)).toBeUndefined();
    expect(unsoundIssuer(noNetwork, [sound[0]!, { ...sound[1]!, proof: sound[0]!.proof }])).toBe(2);
    expect(unsoundIssuer(new Uint8Array(32).fill(1), sound)).toBe(1);
  });
});

describe("a ballot", () => {
  const key = multiplyBase(9n);
  it("says its code before it is decided about, and what it says when it is tested", () => {
    const place = placeOf(voterOf(7), question, key);
    const made = ballotFor(place, question, [1])!;
    expect(spoken(made.code)).toMatch(/^([a-z2-7]{4} ){5}[a-z2-7]{4}$/);
    const opened = JSON.parse(JSON.stringify(openedBallot(place, question, made))) as ReturnType<typeof openedBallot>;
    expect(recomputed(opened)).toEqual({ code: made.code, choice: [1] });
    expect(recomputed({ ...opened, bits: [true, false, false] })).toBeUndefined();
    expect(recomputed({ ...opened, r: opened.r.toReversed() })).toBeUndefined();
    expect(recomputed({ ...opened, question: { kind: "one", options: 4 } })).toBeUndefined();
    expect(recomputed({ ...opened, question: { kind: "one", options: 0 } })).toBeUndefined();
    expect(recomputed({ ...opened, poll: "hospital" })?.code).not.toBe(made.code);
    for (const strange of [{}, { ...opened, bits: null }, { ...opened, key: "x" }, { ...opened, question: { kind: "all", options: 3 } }])
      expect(recomputed(strange as never)).toBeUndefined();
    expect(ballotFor(place, question, [0, 1])).toBeUndefined();
  });

  it("says what was chosen, of every kind of question", () => {
    const cases: [Question, number[]][] = [
      [question, [2]],
      [{ kind: "some", options: 4, min: 1, max: 3 }, [0, 3]],
      [{ kind: "approval", options: 3 }, []],
      [{ kind: "ranking", options: 4 }, [2, 0, 3, 1]],
      [{ kind: "budget", costs: [3, 5, 2], total: 7 }, [0, 2]],
    ];
    for (const [asked, choice] of cases) expect(choiceIn(asked, bitsOf(asked, choice)!)).toEqual(choice);
    expect(questionOf({ kind: "one", options: 3 })).toEqual(question);
    expect(questionOf({ kind: "one", options: 65 })).toBeUndefined();
  });
});

describe("a recount", () => {
  const secrets = [5n, 11n];
  const secretOf = (j: number): bigint => evaluateScalars(secrets, j);
  const form = formOf(question)!;
  let roll: Roll;
  let requests: RequestRow[];
  let tally: TallyRow;
  let shares: { index: number; share: string }[];
  const verification = [1, 2, 3].map((j) => hex(multiplyBase(secretOf(j))));

  beforeAll(() => {
    const key = multiplyBase(secrets[0]!);
    const people = [7, 8, 9].map((byte) => voterOf(byte));
    const tickets = people.map((voter) => ticketFrom(voter, moduli, signedBy(blindedTickets(voter, moduli)!)) as Ticket);
    requests = people.map((voter, i) => {
      const blinded = blindedTickets(voter, moduli)!;
      return {
        person: `p:${i}`,
        blinded: blinded.map(hex),
        answers: signedBy(blinded).map((answer, j) => ({ index: j + 1, answer: hex(answer) })),
      };
    });
    roll = {
      network: noNetwork,
      poll: {
        ...{ poll: "school", office: "tax", ceremony: "school", issuers: ["courts", "tax"], key: hex(key), threshold: 2, named: [] },
        ...{ shape: hex(shapeHash(noNetwork, form.shape)), counted: form.counted, least: 2, requests_until: 1, opens: 2, closes: 3 },
      },
      question: { title: "?", options: ["a", "b", "c"], question },
      issuers: issuers.map((issuer) => ({ modulus: hex(issuer.modulus), proof: hex(issuer.proof(noNetwork)) })),
      voters: tickets.map(({ pollKey, prefix, signatures }, i) => ({
        poll_key: hex(pollKey),
        place: i + 1,
        prefix: hex(prefix),
        signatures: signatures.map(hex),
      })),
      ballots: [0, 2].map((i) => {
        const made = makeBallot(placeOf(people[i]!, question, key), bitsOf(question, [1])!);
        return { place: i + 1, poll_key: hex(tickets[i]!.pollKey), version: 1, ciphertexts: hex(made.ciphertexts), proof: hex(made.proof) };
      }),
    };
    const { sum, ballots } = recount(roll);
    tally = { ballots, sum: hex(sum), shares: 2, counts: [0, 2, 0] };
    shares = [1, 3].map((index) => ({
      index,
      share: hex(
        decryptionShare(
          { network: noNetwork, poll: "school", trustee: index, verification: unhex(verification[index - 1]!) },
          sum,
          secretOf(index),
        ),
      ),
    }));
  });

  it("of honest rows finds nothing", () => {
    expect(recount(roll).findings).toEqual([]);
    expect(requestsHold(roll, requests)).toEqual([]);
    expect(resultHolds(roll, recount(roll), tally, shares, verification)).toEqual([]);
    expect(resultHolds(roll, recount(roll), { ...tally, counts: [] }, [], verification)).toEqual([]);
  });

  it("finds each row that was tampered with, added or left out", () => {
    const [first, second] = roll.ballots as [Roll["ballots"][number], Roll["ballots"][number]];
    const other = roll.voters[1]!;
    const wrong: Partial<Roll>[] = [
      { poll: { ...roll.poll, shape: "00".repeat(32) } },
      { poll: { ...roll.poll, counted: 2 } },
      { poll: { ...roll.poll, key: verification[0]! } },
      { question: { ...roll.question, question: { kind: "approval", options: 3 } } },
      { issuers: roll.issuers.slice(1) },
      { issuers: roll.issuers.toReversed() },
      { issuers: [roll.issuers[0]!, { ...roll.issuers[1]!, proof: roll.issuers[0]!.proof }] },
      { voters: [...roll.voters, { ...other, place: 4 }] },
      { voters: [...roll.voters, { ...other, poll_key: "ab".repeat(32) }] },
      { voters: roll.voters.with(1, { ...other, signatures: other.signatures.slice(1) }) },
      { voters: roll.voters.with(1, { ...other, prefix: "00".repeat(32) }) },
      { voters: roll.voters.slice(1) },
      { ballots: [first, first] },
      { ballots: [first, { ...second, place: 2 }] },
      { ballots: [first, { ...second, ciphertexts: first.ciphertexts, proof: first.proof }] },
      { ballots: [{ ...first, poll_key: other.poll_key }, second] },
    ];
    for (const [i, over] of wrong.entries()) expect(recount({ ...roll, ...over }).findings.length, `case ${i}`).toBeGreaterThan(0);
    // A ballot left out shows in the sum.
    const short = recount({ ...roll, ballots: [first] });
    expect(short.findings).toEqual([]);
    expect(resultHolds(roll, short, tally, shares, verification)).toEqual(["the sum is not that of the ballots"]);
  });

  it.runIf(hasPython)("whatever the question, judges ballots as another program does", { timeout: 60_000 }, () => {
    const key = multiplyBase(9n);
    const kinds: [Question, number[]][] = [
      [{ kind: "some", options: 3, min: 1, max: 2 }, [1]],
      [{ kind: "approval", options: 2 }, [0, 1]],
      [{ kind: "ranking", options: 2 }, [1, 0]],
      [{ kind: "budget", costs: [3, 5], total: 7 }, [1]],
    ];
    const cases = kinds.flatMap(([asked, choice]) => {
      const place = placeOf(voterOf(7), asked, key);
      const { ciphertexts, proof } = ballotFor(place, asked, choice)!;
      const one = {
        question: asked,
        shape: hex(shapeHash(noNetwork, place.shape)),
        key: hex(place.pollKey),
        c: hex(ciphertexts),
        p: hex(proof),
      };
      return [one, { ...one, p: hex(proof.with(0, proof[0]! ^ 1)) }];
    });
    const program = `
import json, sys
sys.path.insert(0, ${JSON.stringify(path.resolve(import.meta.dirname, "../../python"))})
from verify_poll import form, ballot_holds, H
x, out = bytes.fromhex, []
for it in json.load(sys.stdin):
    bits, equations, _ = form(it["question"])
    shape = H("ballot-shape/1", bytes(32), [bits, equations])
    out.append(shape.hex() == it["shape"] and ballot_holds(bytes(32), "school", shape, bits, equations, x(it["key"]), x("${hex(key)}"), x(it["c"]), x(it["p"])))
print(json.dumps(out))`;
    const { stdout, stderr } = spawnSync("python3", ["-B", "-c", program], { input: JSON.stringify(cases), encoding: "utf8" });
    expect(stdout === "" ? stderr : JSON.parse(stdout)).toEqual(cases.map((_, i) => i % 2 === 0));
  });

  it.runIf(hasPython)(
    "whatever was tampered with, comes to the same by that program, written from docs/polls.md alone",
    { timeout: 60_000 },
    () => {
      const script = path.resolve(import.meta.dirname, "../../python/verify_poll.py");
      const honest = { ...roll, network: hex(roll.network), tally, shares, verification };
      const [first, second] = roll.ballots as [Roll["ballots"][number], Roll["ballots"][number]];
      const verdict = (over: object): unknown => {
        const { stdout, stderr } = spawnSync("python3", ["-B", script], {
          input: JSON.stringify({ ...honest, ...over }),
          encoding: "utf8",
        });
        return stdout === "" ? stderr : JSON.parse(stdout);
      };
      expect(verdict({})).toEqual([]);
      expect(verdict({ ballots: [first, { ...second, proof: first.proof }] })).toEqual(["ballot", "sum", "counts"]);
      expect(verdict({ ballots: [first] })).toEqual(["sum", "counts"]);
      expect(verdict({ voters: roll.voters.with(1, { ...roll.voters[1]!, prefix: "00".repeat(32) }) })).toEqual(["ticket"]);
      expect(verdict({ issuers: roll.issuers.with(0, { ...roll.issuers[0]!, proof: roll.issuers[1]!.proof }) })).toEqual(["issuers"]);
      expect(verdict({ shares: [shares[0], { ...shares[1]!, share: shares[0]!.share }] })).toEqual(["share", "counts"]);
      expect(verdict({ tally: { ...tally, counts: [1, 1, 0] } })).toEqual(["counts"]);
    },
  );

  it("finds false answers, requests twice, tickets beyond the requests, shares and counts that are none", () => {
    const [first] = requests as [RequestRow];
    const [a, b] = first.answers as [RequestRow["answers"][number], RequestRow["answers"][number]];
    for (const changed of [
      requests.slice(1),
      [...requests, first],
      requests.with(0, { ...first, answers: [a, { ...b, answer: a.answer }] }),
      requests.with(0, { ...first, answers: [a, a] }),
      requests.with(0, { ...first, answers: [a] }),
      requests.with(0, { ...first, answers: [a, { ...b, index: 3 }] }),
    ])
      expect(requestsHold(roll, changed).length).toBeGreaterThan(0);
    const counted = recount(roll);
    const [one, two] = shares as [(typeof shares)[number], (typeof shares)[number]];
    expect(resultHolds(roll, counted, { ...tally, counts: [1, 1, 0] }, shares, verification).length).toBe(1);
    expect(resultHolds(roll, counted, { ...tally, ballots: 3 }, shares, verification).length).toBe(1);
    expect(resultHolds(roll, counted, tally, [one], verification).length).toBe(1);
    expect(resultHolds(roll, counted, tally, [one, { ...two, share: one.share }], verification).length).toBe(2);
    expect(resultHolds(roll, counted, tally, [one, { ...two, index: 2 }], verification).length).toBe(2);
    expect(resultHolds(roll, counted, tally, [one, { ...two, index: 9 }], verification).length).toBe(2);
  });
});

describe("in browsers", () => {
  it("all of a voter's part runs without Node, and makes the same request", async () => {
    const bundle = await build({
      ...{ entryPoints: ["src/client/ballot.ts"], bundle: true, minify: true, write: false, metafile: true, format: "esm" },
      ...{ platform: "browser", conditions: ["browser"] },
    });
    const foreign = Object.keys(bundle.metafile.inputs).filter(
      (name) => !/^(src\/(base|client)\/|node_modules\/@noble\/)/.test(name) || /Node\.ts$|Sodium\.ts$/.test(name),
    );
    expect(foreign).toEqual([]);
    const page = (await import(
      `data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0]!.contents).toString("base64")}`
    )) as typeof client;
    const voter = voterOf(7);
    expect(page.blindedTickets(voter, moduli)!.map(hex)).toEqual(blindedTickets(voter, moduli)!.map(hex));
    expect(page.ticketFrom(voter, moduli, signedBy(blindedTickets(voter, moduli)!))).toMatchObject({ pollKey: pollKeyOf(voter) });
    const place = page.placeOf(voter, question, multiplyBase(9n));
    const made = page.ballotFor(place, question, [2])!;
    expect(ballotHolds(place, made.ciphertexts, made.proof)).toBe(true);
    expect(recomputed(page.openedBallot(place, question, made))).toEqual({ code: made.code, choice: [2] });
  });
});
