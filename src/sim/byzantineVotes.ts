// Habits of Byzantine validators in voting and changing views: two proposals, two votes, bad orders, stale and future views, different claims and
// NewViews to different peers. docs/protocol.md §4.4, §4.5; attacks 1–5, 10, 17, 26. Owns nothing but mischief.

import { equalBytes } from "../base/bytes.ts";
import { quorum } from "../base/certificate.ts";
import { batchesHash, type OrderHeader } from "../base/header.ts";
import { select } from "../consensus/newView.ts";
import { primaryOf } from "../consensus/replica.ts";
import type { Message, NewView, Order, PrePrepare } from "../consensus/types.ts";
import { newViewFrame, newViewHash } from "../consensus/wire.ts";
import type { Byzantine, MakeHabit } from "./byzantine.ts";
import { emptyOrder, forged } from "./byzantineLies.ts";
import { type Breach, breaks } from "./convictions.ts";

type VotingHabit =
  | "equivocates-proposals"
  | "equivocates-prepares"
  | "equivocates-commits"
  | "withholds-votes"
  | "garbage-proposals"
  | "bad-times"
  | "stale-views"
  | "future-views"
  | "splits-view-changes"
  | "splits-new-views"
  | "drags-epochs"
  | "silent";

const slot = (m: { epoch: number; view: number; height: number }): string => `${m.epoch}/${m.view}/${m.height}`;
const proposes = (b: Byzantine, m: Message): m is PrePrepare => m.kind === "prePrepare" && m.prepare.signer === b.node.id;

/** Two orders for one slot, each shown to some. */
const equivocatesProposals: MakeHabit = (b) => {
  const second = new Map<string, PrePrepare>();
  return {
    message(to, m) {
      if (!proposes(b, m) || !b.side(to, slot(m.prepare))) return undefined;
      let other = second.get(slot(m.prepare));
      if (other === undefined) {
        const references = b.random.chance(0.5) ? m.references : m.references.slice(0, -1);
        const order = { ...m.order, time: m.order.time + 1, batches: batchesHash(b.network, references) };
        other = b.proposal(m.view, { order, references });
        second.set(slot(m.prepare), other);
      }
      return b.random.chance(0.1) ? [m, other] : [other];
    },
  };
};

function equivocates(kind: "prepare" | "commit"): MakeHabit {
  return (b) => ({
    message(to, m) {
      if (m.kind !== kind || m.signer !== b.node.id || !b.side(to, slot(m))) return undefined;
      const known =
        kind === "prepare" ? [...b.replica.known.values()].filter((e) => e.height === m.height && !equalBytes(e.digest, m.hash)) : [];
      const hash = known.length > 0 ? b.random.pick(known).digest : b.random.bytes(32);
      return [b.vote(kind, m.epoch, m.view, m.height, hash)];
    },
  });
}

const withholdsVotes: MakeHabit = (b) => {
  const deaf = new Set(b.random.subset(b.others()));
  return { message: (to, m) => ((m.kind === "prepare" || m.kind === "commit") && deaf.has(to) ? [] : undefined) };
};

const garbageProposals: MakeHabit = (b) => {
  const spoil = ({ order, references }: Order): readonly [Order, Breach?] => {
    const { random } = b;
    const changed = (change: Partial<OrderHeader>, refs = references): Order => ({
      order: { ...order, batches: batchesHash(b.network, refs), ...change },
      references: refs,
    });
    const unknown = { digest: random.bytes(32), count: 1, bytes: 200 };
    return random.pick<() => readonly [Order, Breach?]>([
      () => [changed({ parent: random.bytes(32) })],
      () => [changed({ height: order.height + random.between(1, 3) })],
      () => [changed({ protocol: order.protocol + 1 }), "a proposal of another protocol or epoch"],
      () => [changed({ batches: random.bytes(32) }), "a proposal without the references of its order"],
      () => [changed({}, [...references, unknown])],
      () => [changed({}, [...references, ...references, unknown, unknown]), "a proposal beyond the bounds of a block"],
      () => [changed({}, [{ ...unknown, count: 100_000 }]), "a proposal beyond the bounds of a block"],
      () => [
        changed(
          {},
          references.map((r) => ({ ...r, count: r.count + 1 })),
        ),
      ],
      () => [
        changed(
          {},
          references.map((r) => ({ ...r, bytes: r.bytes + 1 })),
        ),
      ],
      () => [changed({ epoch: order.epoch + 1 })],
    ])();
  };
  return {
    message(_to, m) {
      if (!proposes(b, m) || !b.random.chance(0.6)) return undefined;
      const [order, breach] = spoil(m);
      const proposal = b.proposal(m.view, order);
      return [breach === undefined ? proposal : breaks(breach, proposal)];
    },
  };
};

const badTimes: MakeHabit = (b) => ({
  message(_to, m) {
    if (!proposes(b, m) || !b.random.chance(0.6)) return undefined;
    const drift = b.replica.config.parameters.clock_drift_ms;
    const off = b.random.pick([-3_600_000, -2 * drift, -drift, drift - 1, 2 * drift, 3_600_000]);
    return [b.proposal(m.view, { order: { ...m.order, time: Math.max(1, m.order.time + off) }, references: m.references })];
  },
});

const staleViews: MakeHabit = (b) => ({
  act() {
    const { config, view, head } = b.replica;
    const { random } = b;
    const past = random.below(view + 1);
    const height = head.height + random.between(-1, 3);
    if (height < 1) return;
    const known = [...b.replica.known.values()];
    const hash = known.length > 0 && random.chance(0.6) ? random.pick(known).digest : random.bytes(32);
    b.scatter(b.vote(random.pick(["prepare", "commit"] as const), config.epoch, past, height, hash));
    if (random.chance(0.3)) b.scatter(b.vote("prepare", Math.max(0, config.epoch - 1), past, height, hash));
  },
});

const futureViews: MakeHabit = (b) => {
  let turn = 0;
  return {
    act() {
      const { config, view, head, promise } = b.replica;
      const { random } = b;
      const ahead = random.pick([1, 2, 5, 1_000, 2 ** 40]);
      const claim = b.claim({
        epoch: config.epoch,
        view: promise + ahead,
        committedHeight: head.height,
        committedHash: head.hash,
        best: null,
      });
      if (random.chance(0.5))
        b.scatter({ kind: "viewChange", claim, committed: head.height < config.start ? null : head.certificate, best: null, orders: [] });
      const height = head.height + random.between(1, 12);
      b.scatter(
        b.vote(random.pick(["prepare", "commit"] as const), config.epoch + random.below(3), view + ahead, height, random.bytes(32)),
      );
      const order = emptyOrder(b);
      b.scatter(b.proposal(view + ahead, { order, references: [] }));
      usurp(b, { order, references: [] }, turn++);
    },
  };
};

/** To one after the other: an order in the view of the day, which somebody else leads. */
function usurp(b: Byzantine, order: Order, turn: number): void {
  const { replica } = b;
  const to = b.others()[turn % b.others().length]!;
  if (primaryOf(replica, replica.view) !== b.node.id)
    b.send(to, breaks("a proposal by who is not the primary", b.proposal(replica.view, order)));
}

/** To some: nothing prepared. */
const splitsViewChanges: MakeHabit = (b) => ({
  message(to, m) {
    if (m.kind !== "viewChange" || m.claim.signer !== b.node.id || !b.side(to, `view ${m.claim.view}`)) return undefined;
    if (b.random.chance(0.2)) return [];
    const { epoch, view, committedHeight, committedHash } = m.claim;
    const back = b.random.chance(0.3)
      ? { ...m, claim: b.claim({ epoch, view: view + 1, committedHeight, committedHash, best: m.claim.best }) }
      : null;
    if (back !== null) return [back];
    return [{ ...m, claim: b.claim({ epoch, view, committedHeight, committedHash, best: null }), best: null, orders: [] }];
  },
});

/** To some: a NewView from other claims, or one that selects what is not the highest. */
const splitsNewViews: MakeHabit = (b) => ({
  message(to, m) {
    if (m.kind !== "newView" || m.signer !== b.node.id) return undefined;
    const first = b.random.chance(0.5) ? forgedNewView(b, m) : alteredNewView(b, m);
    if (b.random.chance(0.3)) return [first, m, anotherNewView(b, m)];
    if (!b.side(to, `view ${m.view}`)) return [first, m];
    return b.random.chance(0.2) ? [first] : [first, anotherNewView(b, m)];
  },
  /** Of the next view that it leads, with its own claim alone. */
  act() {
    const { replica } = b;
    const { config, head, promise } = replica;
    let view = promise + 1;
    while (primaryOf(replica, view) !== b.node.id && view <= promise + config.validators.length) view++;
    const claim = b.claim({ epoch: config.epoch, view, committedHeight: head.height, committedHash: head.hash, best: null });
    const committed = head.height < config.start ? null : head.certificate;
    const body = { epoch: config.epoch, view, claims: [claim], committed, best: null, orders: [], prepare: null };
    const others = b.others();
    b.send(others[++b.made % others.length]!, breaks("a NewView of too few claims", signedNewView(b, body)));
  },
});

/** With a commit certificate that nobody signed: of the block that comes of what it has accepted, as others have. */
function forgedNewView(b: Byzantine, m: NewView): NewView {
  const { accepted, results, head } = b.replica;
  const result = accepted[0] && results.get(accepted[0].key);
  const committed = forged(b, "commit", m.view, head.height + 1, result?.hash ?? b.random.bytes(32));
  return breaks("a NewView with a forged certificate", signedNewView(b, { ...m, committed }));
}

/** One of its claims names an epoch that its signer did not sign. */
function alteredNewView(b: Byzantine, m: NewView): NewView {
  const which = b.random.below(m.claims.length);
  const claims = m.claims.map((claim, i) => (i === which ? { ...claim, epoch: claim.epoch + 1 } : claim));
  return breaks("a NewView with an altered claim", signedNewView(b, { ...m, claims }));
}

function signedNewView(b: Byzantine, m: Omit<NewView, "kind" | "signer" | "signature">): NewView {
  const { epoch, view } = m;
  const signature = b.sign(newViewFrame(b.network, { epoch, view, hash: newViewHash(m), signer: b.node.id }));
  return { ...m, kind: "newView", signer: b.node.id, signature };
}

function anotherNewView(b: Byzantine, m: NewView): NewView {
  const { config } = b.replica;
  const q = quorum(config.validators.length);
  const own = m.claims.find((claim) => claim.signer === b.node.id)!;
  const heard = [...b.viewChanges.values()].filter(
    ({ claim }) => claim.view === m.view && claim.epoch === m.epoch && claim.signer !== b.node.id,
  );
  const chosen = b.random.shuffle(heard).slice(0, q - 1);
  const claims = [b.random.chance(0.5) ? own : b.claim({ ...own, best: null }), ...chosen.map(({ claim }) => claim)];
  const { committed, best, tip } = select(claims);
  const proof = heard.find(
    ({ claim }) => claim.best !== null && best !== null && claim.best.view === best.view && claim.best.height === best.height,
  );
  const honestly = proof !== undefined || best === null;
  const body = {
    ...m,
    claims,
    committed: committed === own ? m.committed : (heard.find(({ claim }) => claim === committed)?.committed ?? m.committed),
    best: honestly ? (proof?.best ?? null) : m.best,
    orders: honestly ? (tip === null ? [] : proof!.orders.filter(({ order }) => order.height > committed.committedHeight)) : m.orders,
    prepare: tip === null ? null : b.vote("prepare", m.epoch, m.view, tip.height, tip.digest),
  };
  return signedNewView(b, body);
}

/** Keeps back its votes for the last heights of an epoch. */
const dragsEpochs: MakeHabit = (b) => ({
  message: (_to, m) => ((m.kind === "prepare" || m.kind === "commit") && m.height >= b.replica.end - 1 ? [] : undefined),
  act() {
    if (b.random.chance(0.2)) b.asksForEpochEnd();
  },
});

/** Says nothing for a while, then is there again. */
const silent: MakeHabit = (b) => {
  let quiet = true;
  return {
    packet: () => (quiet ? [] : undefined),
    message: () => (quiet ? [] : undefined),
    act: () => void (quiet = b.random.chance(0.7)),
  };
};

export const votingHabits: { readonly [name in VotingHabit]: MakeHabit } = {
  "equivocates-proposals": equivocatesProposals,
  "equivocates-prepares": equivocates("prepare"),
  "equivocates-commits": equivocates("commit"),
  "withholds-votes": withholdsVotes,
  "garbage-proposals": garbageProposals,
  "bad-times": badTimes,
  "stale-views": staleViews,
  "future-views": futureViews,
  "splits-view-changes": splitsViewChanges,
  "splits-new-views": splitsNewViews,
  "drags-epochs": dragsEpochs,
  silent,
};
