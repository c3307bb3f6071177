// What anybody recomputes of a poll from the rows alone: the list, each key, answer and ticket, each ballot's proof, the sum, each share, the counts.
// Service 38. Owns these audits. Does not own: the rules that make them hold (polls.ts, pollTallies.ts).

import { type Bytes, equalBytes, hex } from "../../base/bytes.ts";
import { shapeHash } from "../../base/ballotShape.ts";
import { addCiphertexts, countsHold, type DecryptionShare, emptySum, shareHolds } from "../../base/ballotTally.ts";
import { sha256 } from "../../base/hash.ts";
import type { Row } from "../engine/index.ts";
import { formAsked, isBallot } from "../kit/ballots.ts";
import { areAnswers, isIssuerKey, isTicket } from "../kit/tickets.ts";
import { ceremonies } from "../platform/ceremonies.ts";
import { ballots, electorates, electors, issuers, poll, type Poll, polls, questions, requests } from "./pollRecords.ts";
import { servesPoll, shares, tallies, turnouts, voters } from "./pollRecords.ts";

export const listsCounted = poll.audit({
  title: "Each list counts the persons who are entered on it",
  run(audit) {
    const entered = new Map<string, number>();
    audit.each(electors, ({ $, electorate }) => {
      if ($.status === "entered") entered.set(electorate, (entered.get(electorate) ?? 0) + 1);
    });
    audit.each(electorates, ({ electorate, electors: counted }) => {
      audit.require((entered.get(electorate) ?? 0) === counted, "as many are entered as are counted", { entered: entered.get(electorate) });
    });
  },
});

export const ticketsHold = poll.audit({
  title:
    "Each issuer's key is sound, each answer is his signature of what was asked, each poll key on the roll has a ticket of all issuers, and no more are on it than requests were granted",
  run(audit) {
    const known = new Map<
      string,
      { of: Poll; moduli: Bytes[]; answered: number[]; said: number[]; asked: number; granted: number; roll: number }
    >();
    audit.each(polls, (of) => void known.set(of.poll, { of, moduli: [], answered: [], said: [], asked: 0, granted: 0, roll: 0 }));
    audit.each(issuers, ({ poll: key, index, issuer, fingerprint, modulus, proof, granted }) => {
      const it = known.get(key);
      if (it === undefined) return audit.require(false, "a key of no poll");
      audit.require(it.of.issuers[index - 1] === issuer && equalBytes(sha256(modulus), fingerprint), "the key is not its issuer's");
      audit.require(isIssuerKey({ modulus, proof }, audit.network), "the key is not shown to be sound");
      it.moduli[index - 1] = modulus;
      it.said[index - 1] = granted;
    });
    audit.each(requests, ({ $, poll: key, person, blinded, answers }) => {
      const it = known.get(key);
      if (it === undefined) return audit.require(false, "a request in no poll");
      it.asked++;
      if ($.status === "granted") it.granted++;
      audit.require(($.status === "granted") === (answers.length === it.of.issuers.length), "granted is what all issuers have answered");
      for (const { index, answer } of answers) {
        const [modulus, asked] = [it.moduli[index - 1], blinded[index - 1]];
        const holds = modulus !== undefined && asked !== undefined && areAnswers({ modulus, grants: [{ person, blinded: asked, answer }] });
        audit.require(holds, "an answer is not the issuer's signature of what was asked", { index });
        it.answered[index - 1] = (it.answered[index - 1] ?? 0) + 1;
      }
    });
    audit.each(voters, ({ poll: key, poll_key, prefix, signatures }) => {
      const it = known.get(key);
      if (it === undefined) return audit.require(false, "a poll key of no poll");
      it.roll++;
      const byAll = signatures.length === it.of.issuers.length && it.moduli.length === signatures.length;
      const tickets = signatures.map((signature, i) => ({ modulus: it.moduli[i]!, signature }));
      audit.require(byAll && isTicket({ poll: key, poll_key, prefix, tickets }, audit.network), "the ticket is not signed by all issuers");
    });
    audit.each(turnouts, ({ poll: key, keys, requested, granted, admitted }) => {
      const it = known.get(key);
      if (it === undefined) return audit.require(false, "a turnout of no poll");
      const counted = keys === it.said.length && requested === it.asked && granted === it.granted && admitted === it.roll;
      audit.require(counted, "the turnout is not what there is", { requested: it.asked, granted: it.granted, admitted: it.roll });
      audit.require(it.roll <= it.granted, "more are admitted than were granted tickets", { granted: it.granted, admitted: it.roll });
      audit.require(
        it.said.every((n, i) => n === (it.answered[i] ?? 0)),
        "the issuers' grants are not what they answered",
      );
      const begun = !["called", "requesting", "void"].includes(it.of.$.status);
      audit.require(!begun || it.granted === it.asked, "a poll was opened although requests were not granted");
      known.delete(key);
    });
    audit.end(() => audit.require(known.size === 0, "a poll without its turnout", { polls: [...known.keys()].slice(0, 8) }));
  },
});

export const ballotsHold = poll.audit({
  title: "Each ballot answers the poll's question, is made for its poll by its poll key, and stands at that key's place on the roll",
  run(audit) {
    const known = new Map<string, { of: Poll; asked?: Row<typeof questions>["question"]; places: Map<number, string>; cast: number }>();
    audit.each(polls, (of) => void known.set(of.poll, { of, places: new Map(), cast: 0 }));
    audit.each(questions, ({ poll: key, question: asked }) => {
      const it = known.get(key);
      const form = formAsked(asked);
      if (it === undefined || form === undefined) return audit.require(false, "a question of a poll, that can be answered");
      const same = equalBytes(shapeHash(audit.network, form.shape), it.of.shape) && form.counted === it.of.counted;
      audit.require(same, "the shape of the ballots is not that of the question");
      it.asked = asked;
    });
    audit.each(voters, ({ poll: key, place, poll_key }) => {
      const places = known.get(key)?.places;
      audit.require(places?.has(place) === false, "two poll keys at one place", { place });
      places?.set(place, hex(poll_key));
    });
    audit.each(ballots, ({ poll: key, place, poll_key, ciphertexts, proof }) => {
      const it = known.get(key);
      if (it?.asked === undefined) return audit.require(false, "a ballot in no poll");
      it.cast++;
      audit.require(it.places.get(place) === hex(poll_key), "the ballot is not of the poll key at its place");
      const said = { poll: key, poll_key, key: it.of.key, question: it.asked, ciphertexts, proof };
      audit.require(isBallot(said, audit.network), "the ballot does not prove what it must");
    });
    audit.each(turnouts, ({ poll: key, admitted, cast }) => {
      const it = known.get(key);
      const filled = it !== undefined && [...it.places.keys()].every((place) => place >= 1 && place <= admitted);
      audit.require(filled && it.cast === cast, "the turnout is not what there is", { cast: it?.cast });
      audit.figure(`${key} ballots`, it?.cast ?? 0);
    });
  },
});

interface Result {
  readonly of: Poll;
  tally?: Row<typeof tallies>;
  sum: Bytes;
  ballots: number;
  readonly shares: DecryptionShare[];
  ceremony?: Row<typeof ceremonies>;
}
export const resultsHold = poll.audit({
  title: "Each sum is that of the poll's ballots, each share is its trustee's, and the counts are what the shares open the sum to",
  run(audit) {
    const known = new Map<string, Result>();
    const serving = new Map<string, Result>();
    audit.each(polls, (of) => {
      const it: Result = { of, sum: emptySum(of.counted), ballots: 0, shares: [] };
      known.set(of.poll, it);
      serving.set(of.ceremony, it);
    });
    audit.each(tallies, (tally) => {
      const it = known.get(tally.poll);
      if (it === undefined) return audit.require(false, "a tally of no poll");
      const ended = { counting: "closed", summed: "closed", opened: "published", lost: "void" }[tally.$.status];
      audit.require(it.of.$.status === ended, "poll and tally do not stand together", { poll: it.of.$.status });
      audit.require(tally.$.status === "counting" || tally.place === tally.last, "the sum is not of the whole roll", { last: tally.last });
      it.tally = tally;
    });
    audit.each(ballots, ({ poll: key, place, ciphertexts }) => {
      const it = known.get(key);
      if (it?.tally === undefined || place > it.tally.place) return;
      it.sum = addCiphertexts(it.sum, ciphertexts);
      it.ballots++;
    });
    audit.each(shares, ({ poll: key, index: trustee, share }) => {
      const it = known.get(key);
      audit.require(it?.tally !== undefined && it.tally.$.status !== "counting", "a share of what is not summed");
      it?.shares.push({ trustee, share });
    });
    audit.each(turnouts, ({ poll: key, admitted, cast }) => {
      const it = known.get(key);
      const whole = it?.tally === undefined || it.tally.$.status === "counting" || it.ballots === cast;
      const enough = it === undefined || it.tally === undefined || cast >= it.of.least;
      audit.require(whole && enough && (it?.tally?.last ?? admitted) === admitted, "not all ballots are in the sum, or too few", { cast });
    });
    audit.each(ceremonies, (ceremony) => {
      const it = serving.get(ceremony.ceremony);
      if (it !== undefined) it.ceremony = ceremony;
      else audit.require(ceremony.serves?.startsWith("poll:") !== true, "the poll that a key serves is there", { serves: ceremony.serves });
    });
    audit.end(() => {
      let opened = 0;
      for (const it of known.values()) {
        const finding = { poll: it.of.poll };
        const { of, ceremony, tally } = it;
        const same = ceremony?.key !== undefined && equalBytes(ceremony.key, of.key) && ceremony.threshold === of.threshold;
        const theirs = same && ceremony.office === of.office && ceremony.serves === servesPoll(of.poll);
        audit.require(theirs, "the poll's key is not its trustees'", finding);
        if (tally === undefined) {
          audit.require(["called", "requesting", "open", "void"].includes(of.$.status), "a poll was closed without a tally", finding);
          continue;
        }
        const summed = equalBytes(it.sum, tally.sum) && it.ballots === tally.ballots;
        audit.require(summed, "the sum is not that of the ballots", { ...finding, ballots: it.ballots });
        const network = audit.network;
        const holds = it.shares.every(({ trustee, share }) => {
          const verification = ceremony?.verification?.[trustee - 1];
          return verification !== undefined && shareHolds({ network, poll: of.poll, trustee, verification }, tally.sum, share);
        });
        audit.require(holds && it.shares.length === tally.shares, "a share is not its trustee's", finding);
        if (tally.$.status !== "opened") continue;
        opened++;
        const right = it.shares.length >= of.threshold && countsHold(tally.sum, it.shares.slice(0, of.threshold), tally.counts);
        audit.require(right, "the counts are not what the shares open the sum to", finding);
      }
      audit.figure("published", opened);
    });
  },
});
