// What clients saw of a network under faults, and whether one ledger can have answered so. Owns the checks: linearizability of each record (Wing and Gong,
// J. Parallel Distrib. Comput. 17, 1993, in the just-in-time form of Lowe 2017), the order that the chain states, and that nothing acknowledged is lost.
// Does not own: clients (chaosClients.ts), faults (chaos.ts).

/** One client's attempt to move a record from one holder to another: applied if `from` held it at that moment, rejected if not. */
export interface Update {
  readonly id: string;
  readonly record: string;
  readonly from: string;
  readonly to: string;
  /** Monotonic ms of one clock: when the client began, and when it knew the outcome. */
  readonly invoked: number;
  returned: number;
  /** "unknown": no answer ever; it may have happened at any time since, or never. */
  outcome: "applied" | "rejected" | "unknown";
  /** Where the receipt says that it stands. */
  at?: Place;
}
export interface Place {
  readonly height: number;
  readonly index: number;
}
/** A committed state of a record as some node showed it. */
export interface Reading {
  readonly record: string;
  readonly holder: string;
  /** How many updates it had had. */
  readonly entries: number;
  /** The height as of which the node answered. */
  readonly height: number;
}

/** Configurations kept while one record is examined; more means that too many updates were open at once to decide. */
const MAX_CONFIGURATIONS = 200_000;

/** The holder after an update that takes effect here; undefined if it cannot have had this outcome here. */
function effect({ from, to, outcome }: Update, holder: string): string | undefined {
  if (outcome === "rejected") return holder === from ? undefined : holder;
  return holder === from ? to : undefined;
}

interface Configuration {
  /** Open updates that have taken effect. */
  readonly done: ReadonlySet<Update>;
  readonly holder: string;
}

/**
 * Is there an order of the updates of one record, each placed between its beginning and its end, in which every outcome is right? Knows nothing of heights.
 * Gives what is wrong, or undefined.
 */
export function notLinearizable(updates: readonly Update[], initial: string): string | undefined {
  const events = updates.flatMap((update) => [
    { at: update.invoked, update, end: false },
    ...(update.outcome === "unknown" ? [] : [{ at: update.returned, update, end: true }]),
  ]);
  // At the same instant a beginning comes first: the two then overlap, which is the weaker claim.
  events.sort((a, b) => a.at - b.at || Number(a.end) - Number(b.end));
  const numbers = new Map(updates.map((update, i) => [update, i]));
  const nameOf = ({ done, holder }: Configuration): string =>
    [holder, ...[...done].map((u) => numbers.get(u)!).sort((a, b) => a - b)].join(" ");
  const open = new Set<Update>();
  let configurations = new Map<string, Configuration>();
  const start: Configuration = { done: new Set(), holder: initial };
  configurations.set(nameOf(start), start);
  for (const { update, end } of events) {
    if (!end) {
      open.add(update);
      continue;
    }
    // It has ended, so it has taken effect: before that any of the others that are open may have.
    const reached = new Map(configurations);
    const todo = [...configurations.values()];
    for (let configuration = todo.pop(); configuration !== undefined; configuration = todo.pop()) {
      if (configuration.done.has(update)) continue;
      for (const candidate of open) {
        if (configuration.done.has(candidate)) continue;
        const holder = effect(candidate, configuration.holder);
        if (holder === undefined) continue;
        const next = { done: new Set(configuration.done).add(candidate), holder };
        const name = nameOf(next);
        if (reached.has(name)) continue;
        if (reached.size > MAX_CONFIGURATIONS) return `${update.record}: more than ${MAX_CONFIGURATIONS} configurations, undecided`;
        reached.set(name, next);
        todo.push(next);
      }
    }
    open.delete(update);
    configurations = new Map();
    for (const { done, holder } of reached.values()) {
      if (!done.has(update)) continue;
      const rest = new Set(done);
      rest.delete(update);
      const kept = { done: rest, holder };
      configurations.set(nameOf(kept), kept);
    }
    if (configurations.size === 0)
      return `${update.record}: no order explains that ${update.id} (${update.from} to ${update.to}) was ${update.outcome}`;
  }
  return undefined;
}

const before = (a: Place, b: Place): boolean => a.height < b.height || (a.height === b.height && a.index < b.index);
const placed = (updates: readonly Update[]): (Update & { at: Place })[] =>
  updates
    .filter((u): u is Update & { at: Place } => u.at !== undefined)
    .sort((a, b) => (before(a.at, b.at) ? -1 : before(b.at, a.at) ? 1 : 0));

/** The order that the receipts state: no place twice, never against real time, over all records together; and played back it gives each outcome. */
export function disorder(updates: readonly Update[], initial: string): string[] {
  const found: string[] = [];
  const holders = new Map<string, string>();
  let latest: Update | undefined; // of those before in the chain's order, the one that began last
  let last: (Update & { at: Place }) | undefined;
  for (const update of placed(updates)) {
    const where = `${update.at.height}.${update.at.index}`;
    if (last !== undefined && !before(last.at, update.at)) found.push(`${last.id} and ${update.id} both stand at ${where}`);
    if (latest !== undefined && update.returned < latest.invoked)
      found.push(`${update.id} at ${where} stands after ${latest.id}, which began only after it had ended`);
    if (latest === undefined || update.invoked > latest.invoked) latest = update;
    const holder = holders.get(update.record) ?? initial;
    const next = effect(update, holder);
    if (next === undefined) found.push(`${update.id} at ${where} was ${update.outcome}, but ${holder} held ${update.record}`);
    holders.set(update.record, next ?? update.to);
    last = update;
  }
  return found;
}

/** What a record was as of a height, by the receipts. */
function stateAt(updates: readonly Update[], record: string, height: number, initial: string): { holder: string; entries: number } {
  let state = { holder: initial, entries: 0 };
  for (const update of placed(updates))
    if (update.record === record && update.outcome === "applied" && update.at.height <= height)
      state = { holder: update.to, entries: state.entries + 1 };
  return state;
}

/** Every reading must show the state of its height: nothing uncommitted, nothing lost. */
export function wrongReadings(updates: readonly Update[], readings: readonly Reading[], initial: string): string[] {
  const of = Map.groupBy(updates, (u) => u.record);
  const found: string[] = [];
  for (const { record, holder, entries, height } of readings) {
    const right = stateAt(of.get(record) ?? [], record, height, initial);
    if (right.holder !== holder || right.entries !== entries)
      found.push(
        `${record} as of ${height}: ${holder} after ${entries} updates were shown, the receipts say ${right.holder} after ${right.entries}`,
      );
  }
  return found;
}
