// Clients under chaos: each moves items of evidence from hand to hand through whichever node answers, hands in the same bytes again until it knows the
// outcome, reads in between, and writes down what it saw and when. Owns the history. Does not own: its judgement (history.ts), faults (chaos.ts).

import { ChanceryError, Connection, Ledger, type Outcome, type SignedTransaction } from "../src/client/index.ts";
import type { Random } from "../src/sim/random.ts";
import { type Cluster, type Member, sleep } from "../test/e2e/harness.ts";
import { get } from "../test/e2e/support.ts";
import type { Reading, Update } from "./history.ts";

/** Who holds an item when it is deposited. */
export const FIRST_HOLDER = "tax";
/** Items in play at a time; each is retired after so many updates, so that its history stays small enough to be judged. */
const ITEMS = 3;
const UPDATES_PER_ITEM = 150;
const ATTEMPT_SECONDS = 4;
/** After this a client goes on with other things; the outcome is asked for again at the end. */
const PATIENCE_MS = 25_000;

interface Item {
  readonly record: string;
  /** The last holder that a client heard of: so that most updates succeed. */
  holder: string;
  updates: number;
}
interface Unsettled {
  readonly update: Update;
  readonly signed: SignedTransaction;
}

export class Clients {
  readonly updates: Update[] = [];
  readonly readings: Reading[] = [];
  /** What a client should never be told. */
  readonly complaints: string[] = [];
  /** When the last outcome was known, and the longest time without any. */
  longestGapMs = 0;
  #lastAt = performance.now();
  readonly #cluster: Cluster;
  readonly #items: Item[] = [];
  readonly #unsettled: Unsettled[] = [];
  readonly #working: Promise<void>[] = [];
  #stopped = false;
  #number = 0;

  constructor(cluster: Cluster, count: number, random: Random) {
    this.#cluster = cluster;
    for (let i = 0; i < count; i++) this.#working.push(this.#work(random.fork(i)));
  }

  get settled(): number {
    return this.updates.filter((u) => u.outcome !== "unknown").length;
  }

  /** Lets the clients end, then asks for every outcome that nobody knows yet; the network is whole by now. */
  async finish(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#working);
    const whole = performance.now() + 120_000;
    for (const { update, signed } of this.#unsettled)
      while (update.outcome === "unknown" && performance.now() < whole)
        for (const member of this.#cluster.members) await this.#attempt(update, signed, member);
  }

  async #work(random: Random): Promise<void> {
    let seen = 0;
    while (!this.#stopped) {
      try {
        const item = await this.#item(random);
        if (item === undefined) continue;
        const update = await this.#update(item, random);
        if (update.at !== undefined) seen = Math.max(seen, update.at.height);
        if (random.chance(0.3)) seen = Math.max(seen, await this.#read(item.record, random.pick(this.#cluster.members), seen));
      } catch (error) {
        this.complaints.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
        await sleep(200);
      }
      await sleep(random.below(20));
    }
  }

  /** One of the items in play; first a new one, where there are too few. */
  async #item(random: Random): Promise<Item | undefined> {
    if (this.#items.length >= ITEMS) return random.pick(this.#items);
    const item: Item = { record: `item-${++this.#number}`, holder: FIRST_HOLDER, updates: 0 };
    this.#items.push(item); // its place is taken; nobody updates it before it stands
    const at = this.#items.indexOf(item);
    this.#items.splice(at, 1);
    const args = { deposit: item.record, kind: "contract", content: new Uint8Array(32).fill(7) };
    const signed = await this.#cluster.signed(this.#cluster.named(FIRST_HOLDER).organisation, "evidence.deposit@1", args);
    const outcome = await this.#settle(signed, random, () => true);
    if (outcome === undefined) return undefined; // whether it stands nobody knows: it is not used
    if (outcome.status !== "applied") throw new Error(`a deposit: ${JSON.stringify(outcome)}`);
    this.#items.push(item);
    return item;
  }

  async #update(item: Item, random: Random): Promise<Update> {
    const { members } = this.#cluster;
    const holders = members.map((m) => m.id);
    const from = random.chance(0.8) ? item.holder : random.pick(holders);
    const to = random.pick(holders.filter((id) => id !== from));
    const id = `u${++this.#number}`;
    const signed = await this.#cluster.signed(
      [this.#cluster.named(from).organisation, this.#cluster.named(to).organisation],
      "evidence.handOver@1",
      { deposit: item.record, from, to, reason: id },
    );
    if (++item.updates === UPDATES_PER_ITEM) this.#items.splice(this.#items.indexOf(item), 1);
    const update: Update = { id, record: item.record, from, to, invoked: performance.now(), returned: Infinity, outcome: "unknown" };
    this.updates.push(update);
    await this.#settle(signed, random, (outcome) => this.#note(update, outcome));
    if (update.outcome === "unknown") this.#unsettled.push({ update, signed });
    if (update.outcome === "applied") item.holder = to;
    return update;
  }

  /** Hands in the same bytes, at one node after another, until the outcome is known; undefined if patience ends first. */
  async #settle(signed: SignedTransaction, random: Random, note: (outcome: Outcome) => void): Promise<Outcome | undefined> {
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end) {
      const outcome = await this.#submit(signed, random.pick(this.#cluster.members));
      if (outcome !== undefined) {
        note(outcome);
        return outcome;
      }
      await sleep(20 + random.below(100));
    }
    return undefined;
  }

  async #attempt(update: Update, signed: SignedTransaction, at: Member): Promise<void> {
    const outcome = await this.#submit(signed, at);
    if (outcome !== undefined) this.#note(update, outcome);
    else await sleep(100);
  }

  /** A final outcome, or undefined: not now, not here, or nobody answered. Anything else a node may not say of good bytes. */
  async #submit(signed: SignedTransaction, at: Member): Promise<Outcome | undefined> {
    try {
      const ledger = new Ledger(new Connection([at.api]), this.#cluster.network, "");
      const outcome = await ledger.submit(signed, { timeout: `${ATTEMPT_SECONDS}s` });
      return outcome.status === "pending" ? undefined : outcome;
    } catch (error) {
      if (error instanceof ChanceryError && (error.status === 0 || error.retry === "same")) return undefined;
      throw error;
    }
  }

  #note(update: Update, outcome: Outcome): void {
    if (update.outcome !== "unknown") return;
    if (outcome.status !== "applied" && outcome.status !== "rejected")
      return void this.complaints.push(`${update.id}: ${JSON.stringify(outcome)}`);
    if (outcome.status === "rejected" && outcome.code !== "evidence.custody_broken")
      this.complaints.push(`${update.id}: rejected by ${outcome.code}`);
    const now = performance.now();
    update.returned = now;
    update.outcome = outcome.status;
    update.at = { height: outcome.height, index: outcome.index };
    this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastAt);
    this.#lastAt = now;
  }

  /** Reads an item at a node that must be at least at the height this client knows of; gives the height of the answer. */
  async #read(record: string, at: Member, seen: number): Promise<number> {
    const answer = await get(
      `${at.api}/v1/records/evidence/deposit/${record}`,
      seen > 0 ? { "chancery-min-height": String(seen) } : {},
    ).catch(() => undefined);
    if (answer === undefined || answer.status === 503) return 0;
    const { height } = answer.body.asOf ?? {};
    if (answer.status === 404 && seen === 0) return 0;
    if (answer.status !== 200) throw new Error(`reading ${record} at ${at.id}: ${answer.status} ${JSON.stringify(answer.body)}`);
    if (height < seen) throw new Error(`${at.id} answered as of ${height}, although ${seen} was asked for`);
    this.readings.push({ record, holder: answer.body.fields.holder, entries: Number(answer.body.fields.entries), height });
    return height as number;
  }

  // ── what must be so at the end ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Every acknowledged outcome is still what every node says, and each item's chain of custody is what the receipts tell. */
  async lost(): Promise<string[]> {
    const found: string[] = [];
    const applied = Map.groupBy(
      this.updates.filter((u) => u.outcome === "applied").sort((a, b) => a.at!.height - b.at!.height || a.at!.index - b.at!.index),
      (u) => u.record,
    );
    for (const member of this.#cluster.members)
      for (const [record, updates] of applied) {
        const last = updates.at(-1)!;
        const { body } = await get(`${member.api}/v1/records/evidence/deposit/${record}`);
        if (body.fields?.holder !== last.to || Number(body.fields?.entries) !== updates.length)
          found.push(
            `${member.id}: ${record} is ${JSON.stringify(body.fields)}, acknowledged were ${updates.length} updates, the last to ${last.to}`,
          );
        if (body.written?.height !== last.at!.height || body.written?.index !== last.at!.index)
          found.push(`${member.id}: ${record} was written at ${JSON.stringify(body.written)}, acknowledged at ${JSON.stringify(last.at)}`);
        for (const [number, update] of updates.entries()) {
          const { body: entry } = await get(`${member.api}/v1/records/evidence/custody/${record}/${number}`);
          if (entry.fields?.reason !== update.id) found.push(`${member.id}: entry ${number} of ${record} is not ${update.id}`);
        }
      }
    return found;
  }
}
