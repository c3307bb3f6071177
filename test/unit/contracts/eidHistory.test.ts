// Digital identity at random: whatever people, thieves, guardians and offices do, a key signs for whom it is, as long as it is his, and for nobody else. Beside the
// contract a plain model: lists of keys, written from what the statute says and not from its code.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guardiansRoot, vouch } from "../../../src/base/guardians.ts";
import { days, hours } from "../../../src/contracts/engine/index.ts";
import * as acts from "../../../src/contracts/identity/eid.ts";
import { actsFor, signerOf } from "../../../src/contracts/identity/principals.ts";
import { passes } from "./audited.ts";
import { enrol, founded, grant, register, shown } from "./founders.ts";
import { keyOf, type Scenario, seedOf, signedBy } from "./scenario.ts";

const parties = ["p:ann", "p:bob", "c:acme"] as const;
type Name = (typeof parties)[number];
/** Keys that anybody may come to have. */
const spare = Array.from({ length: 10 }, (_, i) => `spare ${i}`);
const own = ["ann", "bob", "acme"];
const keyNames = [...own, ...spare];
const friends = [0, 1, 2].map((i) => `guardian ${i}`);
const guardians = { root: guardiansRoot(friends.map(keyOf)), size: 3, needed: 2 };
const authorityOf = (who: Name): string => (who === "c:acme" ? "tax" : "courts");

interface Key {
  of: Name;
  status: "live" | "suspended" | "gone";
  revision: number;
  represents: boolean;
  barred: boolean;
}
interface Principal {
  status: "live" | "suspended";
  revision: number;
  waiting?: { key: string; until: number } | undefined;
}

/** What the statute says. */
class Model {
  readonly keys = new Map<string, Key>();
  readonly principals = new Map<Name, Principal>();
  /** "principal agent" → whose word it was, and of which revision. */
  readonly agents = new Map<string, { guardian: boolean; revision: number; live: boolean }>();
  constructor() {
    for (const of of parties) {
      this.principals.set(of, { status: "live", revision: 0 });
      this.keys.set(of.slice(2), { of, status: "live", revision: 0, represents: true, barred: false });
    }
  }
  /** For whom the key signs now. */
  signs(name: string): Name | undefined {
    const key = this.keys.get(name);
    const of = key && this.principals.get(key.of)!;
    return key?.status === "live" && of?.status === "live" && key.revision === of.revision ? key.of : undefined;
  }
  own(name: string, who: Name): boolean {
    return this.signs(name) === who && this.keys.get(name)!.represents;
  }
  actsFor(name: string, who: Name): boolean {
    const by = this.signs(name);
    if (by === undefined || !this.keys.get(name)!.represents) return false;
    const agent = this.agents.get(`${who} ${by}`);
    const { status, revision } = this.principals.get(who)!;
    return by === who || (status === "live" && agent?.live === true && (agent.guardian || agent.revision === revision));
  }
  add(name: string, of: Name, represents = true, revision = this.principals.get(of)!.revision): void {
    this.keys.set(name, { of, status: "live", revision, represents, barred: false });
  }
  pass(now: number): void {
    for (const it of this.principals.values())
      if (it.waiting !== undefined && it.waiting.until <= now) {
        if (this.keys.get(it.waiting.key)!.status !== "gone") it.revision++;
        it.waiting = undefined;
      }
  }
}

const step = fc.record({
  act: fc.constantFrom(
    "bind",
    "bind",
    "rotate",
    "setKey",
    "setKey",
    "standing",
    "appoint",
    "dismiss",
    "recover",
    "inPerson",
    "veto",
    "wait",
  ),
  who: fc.constantFrom(...parties),
  other: fc.constantFrom(...parties),
  key: fc.constantFrom(...own, ...own, ...keyNames),
  next: fc.constantFrom(...spare),
  by: fc.constantFrom(...own, ...own, ...keyNames, "courts", "courts", "tax", "tax", "health"),
  n: fc.nat(11),
  yes: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function doing(it: Scenario, m: Model, s: Step): boolean {
  const proof = (name: string): Uint8Array => shown(it, s.who, s.who === "c:acme" ? "company" : "person", name);
  const purpose = s.who === "c:acme" ? ("company" as const) : ("person" as const);
  const principal = m.principals.get(s.who)!;
  const renewing = s.act === "recover" || s.act === "inPerson";
  const by = renewing && s.n % 2 === 0 ? authorityOf(s.who) : s.by;
  const authority = by === authorityOf(s.who);
  const submit = (action: { readonly name: string }, args: object, ...signers: string[]): boolean => {
    const done = it.submit([{ action: action.name, args }], signedBy(...new Set(signers))).outcome === 0;
    m.pass(it.time);
    return done;
  };
  const agree = (done: boolean, allowed: boolean, then: () => void): boolean => {
    expect([s, done]).toEqual([s, allowed]);
    if (done) then();
    return done;
  };
  switch (s.act) {
    case "bind": {
      const args = { principal: s.who, key: keyOf(s.next), proof: proof(s.next), purpose, represents: s.yes, from: it.time };
      const allowed = m.own(s.by, s.who) && !m.keys.has(s.next);
      return agree(submit(acts.bind, args, s.by), allowed, () => m.add(s.next, s.who, s.yes));
    }
    case "rotate": {
      const old = m.keys.get(s.key);
      const allowed = old?.of === s.who && m.signs(s.key) === s.who && !m.keys.has(s.next);
      const args = { principal: s.who, purpose, key: keyOf(s.key), next: keyOf(s.next), proof: proof(s.next) };
      return agree(submit(acts.rotate, args, s.key), allowed, () => {
        m.add(s.next, s.who, old!.represents);
        old!.status = "gone";
      });
    }
    case "setKey": {
      const to = s.n === 11 ? "revoked" : s.n % 2 === 0 ? "live" : "suspended";
      const key = m.keys.get(s.key);
      const his = key !== undefined && m.own(s.by, key.of);
      const barring = !his || key.barred;
      const entitled = key !== undefined && (!barring || s.by === authorityOf(key.of)) && (!barring || to === "live" || s.yes);
      const legal = key !== undefined && key.status !== "gone" && to !== key.status;
      const args = { key: keyOf(s.key), to, ...(s.yes && { ground: "lost" }) };
      return agree(submit(acts.setKey, args, s.by), entitled && legal, () => {
        key!.status = to === "revoked" ? "gone" : to;
        key!.barred = barring && to === "suspended";
      });
    }
    case "standing": {
      const [action, to] = principal.status === "live" ? ([acts.suspend, "suspended"] as const) : ([acts.restore, "live"] as const);
      const args = { principal: s.who, ...(to === "suspended" && { ground: "robbed" }) };
      return agree(submit(action, args, s.by), authority, () => void (principal.status = to));
    }
    case "appoint": {
      const place = `${s.who} ${s.other}`;
      const before = m.agents.get(place);
      const guardian = s.n === 0;
      const guarded = before?.live === true && before.guardian;
      const word = guardian || guarded ? authority : m.own(s.by, s.who) || m.own(s.key, s.who);
      const agent = m.actsFor(s.key, s.other) || m.actsFor(s.by, s.other);
      const args = { principal: s.who, agent: s.other, guardian };
      return agree(
        submit(acts.appoint, args, s.by, s.key),
        word && agent && s.who !== s.other,
        () => void m.agents.set(place, { guardian, revision: principal.revision, live: true }),
      );
    }
    case "dismiss": {
      const standing = [...m.agents].filter(([, { live }]) => live);
      const [place = `${s.who} ${s.other}`, before] = standing[s.n % Math.max(1, standing.length)] ?? [];
      const [whose, agent] = place.split(" ") as [Name, Name];
      const his = s.yes ? whose.slice(2) : s.by;
      const allowed = before !== undefined && (before.guardian ? his === authorityOf(whose) : m.own(his, whose));
      return agree(submit(acts.dismiss, { principal: whose, agent }, his), allowed, () => void (before!.live = false));
    }
    case "recover": {
      const revision = principal.revision + (s.n < 8 ? 1 : 0);
      const to = { principal: s.who, key: keyOf(s.next), revision };
      const words = (s.yes ? [0, 2] : [1]).map((i) => vouch(it.network, to, friends.map(keyOf), i, seedOf(friends[i]!)));
      const allowed = authority && s.who !== "c:acme" && s.yes && s.n < 8 && principal.waiting === undefined && !m.keys.has(s.next);
      return agree(submit(acts.recover, { ...to, proof: proof(s.next), guardians: words }, by), allowed, () => {
        m.add(s.next, s.who, true, revision);
        principal.waiting = { key: s.next, until: it.time + days(3) };
      });
    }
    case "inPerson": {
      const revision = principal.revision + 1;
      const args = { principal: s.who, key: keyOf(s.next), proof: proof(s.next), revision };
      const allowed = authority && s.who === "c:acme" && s.yes && principal.waiting === undefined && !m.keys.has(s.next);
      return agree(submit(acts.recoverInPerson, args, by, ...(s.yes ? ["health"] : [])), allowed, () => {
        m.add(s.next, s.who, true, revision);
        principal.waiting = { key: s.next, until: it.time + days(3) };
      });
    }
    case "veto": {
      const allowed = principal.waiting !== undefined && (m.own(s.by, s.who) || authority);
      return agree(submit(acts.veto, { principal: s.who }, s.by), allowed, () => {
        m.keys.get(principal.waiting!.key)!.status = "gone";
        principal.waiting = undefined;
      });
    }
    default:
      it.advance(hours(6 * (s.n + 1)));
      m.pass(it.time);
      return true;
  }
}

describe("whatever people, thieves, guardians and offices do", () => {
  test("a key signs for whom it is, while it is his, and nobody else's word makes it so", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 190, maxLength: 210 }), (steps) => {
        const it = founded({ grants: [grant("courts", "eid.ministry"), grant("tax", "eid.registrar"), grant("health", "eid.voucher")] });
        enrol(it, "courts", "identity", "ann", "bob");
        register(it, "tax", "c:acme");
        for (const name of ["ann", "bob"]) it.act("named", acts.guard, { principal: `p:${name}`, guardians }, signedBy(name, "courts"));
        const m = new Model();
        for (const s of steps) {
          total++;
          if (doing(it, m, s)) accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          const reader = it.registry.reader(it.state, it.block);
          for (const name of keyNames) {
            const signer = signerOf(reader, keyOf(name));
            expect([name, signer?.principal]).toEqual([name, m.signs(name)]);
            if (signer === undefined) continue;
            for (const who of parties) expect([name, who, actsFor(reader, signer, who)]).toEqual([name, who, m.actsFor(name, who)]);
          }
        }
        passes(it, "eid");
        it.indexHolds();
      }),
      { numRuns: 50 },
    );
    expect(total).toBeGreaterThan(9_500);
    for (const act of ["bind", "rotate", "setKey", "standing", "appoint", "dismiss", "recover", "inPerson", "veto"])
      expect(accepted.get(act) ?? 0, act).toBeGreaterThan(1);
  });
});
