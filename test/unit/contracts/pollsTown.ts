// A town for the scenarios of polls: an office, a list of electors, two issuers, three trustees of whom two suffice, voters with their poll keys. What takes
// mathematics – tickets, ballots, shares – is made once and kept by what is in it: a thousand histories hand in the same few.

import { type Ballot, makeBallot } from "../../../src/base/ballot.ts";
import { bitsOf, formOf, type Question } from "../../../src/base/ballotShape.ts";
import { decryptionShare, openCounts } from "../../../src/base/ballotTally.ts";
import { blind, integerOf, mgf1, ticketMessage, unblind } from "../../../src/base/blindSignature.ts";
import { type Bytes, concat, hex, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { multiplyBase } from "../../../src/base/ristretto.ts";
import { type Issuer, issuerOf } from "../../../src/base/issuerKey.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import * as acts from "../../../src/contracts/participation/polls.ts";
import { tallies } from "../../../src/contracts/participation/pollRecords.ts";
import * as ceremonies from "../../../src/contracts/platform/ceremonies.ts";
import { enrol, founded, grant } from "./founders.ts";
import { keyOf, type Options, type Scenario, signedBy } from "./scenario.ts";
import { hold, Trustees } from "./trustees.ts";

const network = sha256(utf8("scenario"));
/** Primes of issuers' keys: making one takes half a second. */
const SECRETS = [
  [
    "9mI6slA9TbSCOfxklBeYSXX/ZHZKvlFiqnjRRwsUPCZJo6G6ttaKnYAIvcvwI8cqgK4pPvajhOVbIKoH3BcyV1xpkf+9aEcNVi6e0iltYcOiEp43hr4uNEVwTfFiTv3J",
    "U1s943oNx11pjQcoIQQ2VevSlAM5i43UXZ1TG8XOmHzZo56JjAQ2QQmzNy20L7as208/lzR3IyAFQVjk7OT2EtcODZVsaoSKzrDiWGnUCWgUxVEyi6KP6J1FGN76cscZ",
    "8iYcDIxt62MbA5IzZPg8/haCPxK+eMOOumPnd4j3VaXlcIKNCAog3yeK6I7F3kvOgPxxKtrCw9zRKk4ySS/8l8fwYF6rQLtDJLRDC3VxWTkxyQJgdiv499J1fnrHmlWF",
    "OciRAcKeJk7l18xtO5KXtblkdpSRX5/sAZVweTc59BGVYQNFf4Z8bAnepE4FlIl8rA/LC+zNYPWGG4hmfYVPIzBfmD1E2CGrHdmKeFKCoKVLxBTo+43SZgoOOHqcbCP5",
  ].join(""),
  [
    "/mNurRsb8b1Kc8gwHyMyUjZ9x90Lgn+c0OPUdzPA6NEdtnDpk+D8jxtyK4BZtkl9nRRClrvWBE9wH8KWDN4Rkk6auhNI5OZrDo/FW0D8PZfMhpHF1OoP7xljXGVM9Gy0",
    "L0s3HEXIDhp7NW+hqVvHPL7DoAqrZaKlcLQll2vz19ghpbJKd8HdurxDeaGGon6wEGVfxGXeQCB+t1BUbV5nY6IGFxHfo4Yir5bnJ85pMp6WGNXxtL2hz9IU5UcxvuvN",
    "9Re+ddF/KzOSf5byIirGo7Yc+NAcdl0w+niLeqRsshRO30A74TGEc8WO52As3uskhWe8u2rVxFOWYETWtQbNugJj/5aRX/h/CvnGF5/dTk2yyNVb2gvLR2Wcr60KCnAd",
    "rRUefwJT6s329LJiT82IZ2EFhneTOQIGggp+zEhXbPRmZ18rCUrwx2FAjxNJ/Zgubn514Qw731ip8GYLXtVT5O8lOLINYE1MHlrtNAFIYzeu9mSh3AmaUrCVowQD0XQv",
  ].join(""),
].map((text) => new Uint8Array(Buffer.from(text, "base64")));
let made: readonly Issuer[] | undefined;
const theIssuers = (): readonly Issuer[] => (made ??= SECRETS.map(issuerOf));
const once = <T>(kept: Map<string, T>, place: string, make: () => T): T => {
  const value = kept.get(place) ?? make();
  kept.set(place, value);
  return value;
};

/** On the list: ann, bob, carl, dora; eve is a person of the sector and not on it. */
export const voters = ["ann", "bob", "carl", "dora"];
export const agencies = ["tax", "courts", "land", "health"];
export const issuerNames = ["courts", "land"];
export const trusteeNames = ["courts", "land", "health"];
export const person = (name: string): string => `p:${name}`;
/** The name under which a voter's poll key signs: nobody sees that it is his. */
export const pollKey = (name: string): string => `poll key of ${name}`;
export const elector = (name: string) => ({ electorate: "district-5", person: person(name) });

/** Whose: the network of scenarios, "p:ann" and trustees of its own unless others are named. */
interface Place {
  readonly network: Bytes;
  readonly person: (name: string) => string;
  readonly trustees: Trustees;
}
/** One poll, and all that its actors compute. */
export class PollFixture {
  readonly poll: string;
  readonly ceremony: string;
  readonly question: Question;
  readonly options: number;
  readonly trustees: Trustees;
  readonly #network: Bytes;
  readonly #person: (name: string) => string;
  readonly issuers: readonly Issuer[];
  readonly #kept = {
    proofs: new Map<string, Bytes>(),
    requests: new Map<string, Bytes[]>(),
    answers: new Map<string, Bytes>(),
    tickets: new Map<string, Bytes[]>(),
    ballots: new Map<string, Ballot>(),
    shares: new Map<string, Bytes>(),
  };

  constructor(poll: string, question: Question, options: number, place: Partial<Place> = {}) {
    this.poll = poll;
    this.question = question;
    this.options = options;
    this.issuers = theIssuers();
    this.#network = place.network ?? network;
    this.#person = place.person ?? person;
    this.trustees = place.trustees ?? new Trustees(this.#network, `key-${poll}`, trusteeNames, 2);
    this.ceremony = this.trustees.ceremony;
  }

  #key: Bytes | undefined;
  get key(): Bytes {
    return (this.#key ??= this.trustees.joint.key);
  }
  get shape() {
    return formOf(this.question)!.shape;
  }
  get asked() {
    const { kind } = this.question;
    return this.question.kind === "budget" ? { ...this.question, kind, options: this.options } : this.question;
  }

  terms(town: Pick<Scenario, "time">) {
    return {
      ...{
        poll: this.poll,
        electorate: "district-5",
        ceremony: this.ceremony,
        issuers: issuerNames,
        title: "What is to become of the depot?",
      },
      ...{ options: Array.from({ length: this.options }, (_, i) => `Option ${i + 1}`), question: this.asked },
      ...{
        keys_until: town.time + days(1),
        requests_until: town.time + days(10),
        opens: town.time + days(11),
        closes: town.time + days(18),
      },
      ...{ share_days: 7, least: 2 },
    };
  }
  putKey(index: number, by = this.issuers[index - 1]!) {
    const proof = once(this.#kept.proofs, hex(by.modulus), () => by.proof(this.#network));
    return { poll: this.poll, index, modulus: by.modulus, proof };
  }

  // ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  prefix = (name: string): Bytes => sha256(utf8(`prefix ${name}`));
  prepared = (name: string): Bytes => concat(this.prefix(name), ticketMessage(this.#network, this.poll, keyOf(pollKey(name))));
  #r = (name: string, i: number): bigint => integerOf(mgf1(utf8(`r ${name} ${i}`), 448)) % integerOf(this.issuers[i]!.modulus);
  blinded(name: string): Bytes[] {
    const salt = (i: number): Bytes => mgf1(utf8(`salt ${name} ${i}`), 48);
    return once(this.#kept.requests, name, () =>
      this.issuers.map(({ modulus }, i) => blind(modulus, this.prepared(name), salt(i), this.#r(name, i))!),
    );
  }
  request = (name: string) => ({ poll: this.poll, person: this.#person(name), blinded: this.blinded(name) });
  answer(name: string, index: number): Bytes {
    return once(this.#kept.answers, `${name} ${index}`, () => this.issuers[index - 1]!.sign(this.blinded(name)[index - 1]!)!);
  }
  grant(index: number, ...names: string[]) {
    const grants = names.map((name) => ({
      person: this.#person(name),
      blinded: this.blinded(name)[index - 1]!,
      answer: this.answer(name, index),
    }));
    return { poll: this.poll, index, modulus: this.issuers[index - 1]!.modulus, grants };
  }
  admit(name: string) {
    const signatures = once(this.#kept.tickets, name, () =>
      this.issuers.map(({ modulus }, i) => unblind(modulus, this.prepared(name), this.answer(name, i + 1), this.#r(name, i))!),
    );
    const tickets = signatures.map((signature, i) => ({ modulus: this.issuers[i]!.modulus, signature }));
    return { poll: this.poll, poll_key: keyOf(pollKey(name)), prefix: this.prefix(name), tickets };
  }

  // ── ballots and shares ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
  ballot(name: string, choice: readonly number[], version = 1) {
    const place = { network: this.#network, poll: this.poll, shape: this.shape, pollKey: keyOf(pollKey(name)), key: this.key };
    const { ciphertexts, proof } = once(this.#kept.ballots, `${name} ${choice.join()}`, () =>
      makeBallot(place, bitsOf(this.question, choice)!),
    );
    const own = { poll: this.poll, poll_key: keyOf(pollKey(name)), key: this.key, question: this.asked };
    return { ...own, version, ciphertexts, proof };
  }
  share(index: number, sum: Bytes) {
    const verification = multiplyBase(this.trustees.secret(index));
    const place = { network: this.#network, poll: this.poll, trustee: index, verification };
    const share = once(this.#kept.shares, `${index} ${hex(sum)}`, () => decryptionShare(place, sum, this.trustees.secret(index)));
    return { poll: this.poll, index, verification, sum, share };
  }
  /** What the shares of these trustees open the sum to. */
  opened(sum: Bytes, ...indexes: number[]) {
    const given = indexes.map((index) => ({ index, share: this.share(index, sum).share }));
    const counts = openCounts(
      sum,
      given.map(({ index, share }) => ({ trustee: index, share })),
      64,
    );
    return { poll: this.poll, sum, shares: given, counts: counts ?? [] };
  }
  /** The same of the sum on the chain. */
  result = (town: Scenario, ...indexes: number[]) => this.opened(town.row(tallies, this.poll)!.sum, ...indexes);
}

let depot: PollFixture | undefined;
/** One of three, by the first two issuers; the same in every scenario of a process. */
export const theDepot = (): PollFixture => (depot ??= new PollFixture("depot", { kind: "one", options: 3 }, 3));

/** The network, founded, with its persons and the list of electors. */
export function district(options: Options = {}): Scenario {
  const town = founded({
    ...options,
    members: agencies,
    grants: [
      ...["polls.office", "polls.roll", "ceremonies.office"].map((role) => grant("tax", role)),
      ...["courts", "land", "health"].map((agency) => grant(agency, "polls.issuer")),
      ...[grant("health", "polls.office"), grant("courts", "eid.ministry"), grant("courts", "eid.registrar")],
    ],
  });
  enrol(town, "courts", "participation", ...voters, "eve", "finn");
  enrol(town, "courts", "identity", "ivan");
  town.act("a list of electors", acts.establish, { electorate: "district-5", title: "District 5" }, signedBy("tax"));
  town.act("who is on it", acts.enter, { electorate: "district-5", persons: voters.map(person) }, signedBy("tax"));
  return town;
}
export function keyed(town: Scenario, it: PollFixture): Scenario {
  town.act("trustees are called", ceremonies.open, it.trustees.open(town), signedBy("tax"));
  hold(town, it.trustees);
  return town;
}
/** … a poll is called. */
export function calling(options: Options = {}, it = theDepot(), more: object = {}): Scenario {
  const town = keyed(district(options), it);
  town.act("the office calls a poll", acts.call, { ...it.terms(town), ...more }, signedBy("tax"));
  return town;
}
export const issuersGive = (town: Scenario, it: PollFixture): void =>
  issuerNames.forEach((name, i) => void town.act(`${name} gives a key`, acts.putKey, it.putKey(i + 1), signedBy(name)));
/** … issuers have given their keys. */
export function requesting(options: Options = {}, it = theDepot(), more: object = {}): Scenario {
  const town = calling(options, it, more);
  issuersGive(town, it);
  return town;
}
/** … these have asked and were granted their tickets, and the poll has opened. */
export function polling(names: readonly string[] = voters, it = theDepot(), more: object = {}): Scenario {
  const town = requesting({}, it, more);
  const others = names.filter((name) => !voters.includes(name)).map(person);
  if (others.length > 0) town.act("more electors", acts.enter, { electorate: "district-5", persons: others }, signedBy("tax"));
  for (const name of names) town.act(`${name} asks`, acts.request, it.request(name), signedBy(name));
  issuerNames.forEach((issuer, i) => void town.act(`${issuer} grants`, acts.grant, it.grant(i + 1, ...names), signedBy(issuer)));
  town.advance(days(11));
  return town;
}
/** … and have cast these ballots: the options chosen. */
export function voted(choices: Readonly<Record<string, readonly number[]>>, it = theDepot(), more: object = {}): Scenario {
  const town = polling(Object.keys(choices), it, more);
  for (const [name, choice] of Object.entries(choices)) {
    town.act("somebody is admitted", acts.admit, it.admit(name), signedBy(pollKey(name)));
    town.act("and casts", acts.cast, it.ballot(name, choice), signedBy(pollKey(name)));
  }
  return town;
}
