// A process as data: statuses, steps, who takes them, how long a status may last. Used by cases and forms. Soundness is checked when a process is published,
// so that nothing that follows it can come to a standstill, and the chain's own step is legal wherever it is due. Pure.

import { days, flag, id, list, minutes, object, oneOf, optional, range, type ValueOf } from "../engine/index.ts";

const duration = range(minutes(1), days(3_660));
/** The step that only time takes. */
export const CHAIN = "chain";
/** The ground of what time has decided. */
export const TIME_LIMIT = "time-limit";

/** It ends what is in it, or lasts `within` and, with the authority above, `grace` more: then the chain takes `step`. */
const status = object({
  ...{ status: id, ends: optional(oneOf("granted", "refused", "closed")) },
  ...{ within: optional(duration), grace: optional(duration), step: optional(id) },
});
/** Taken from some statuses, at most so many `times`, by whom `by` names; where `ground` says so, for a reason. */
const step = object({ step: id, from: list(id, 6, 1), to: id, by: id, ground: flag, times: range(1, 16) });
/** The first status is where everything begins. */
export const process = object({ statuses: list(status, 12, 2), steps: list(step, 24, 1) });
export type Process = ValueOf<typeof process>;
type Status = Process["statuses"][number];
type Step = Process["steps"][number];

export const first = (p: Process): Status => p.statuses[0]!;
export const statusOf = (p: Process, name: string): Status | undefined => p.statuses.find((s) => s.status === name);
export const stepFrom = (p: Process, from: string, name: string): Step | undefined =>
  p.steps.find((s) => s.step === name && s.from.includes(from));
/** Where time leads from a status that waits. */
export const lapse = (p: Process, from: string): string | undefined => stepFrom(p, from, statusOf(p, from)?.step ?? "")?.to;
/** Where time alone leads in the end; of a process that is sound. */
export function timeLeads(p: Process, from: string): string {
  let at = from;
  for (let hops = 0; hops < p.statuses.length && statusOf(p, at)?.ends === undefined; hops++) at = lapse(p, at) ?? at;
  return at;
}
/** Names of all steps taken so far; a process has at most so many. */
export const taken = list(id, 64);
/** May it be taken once more? */
export const left = ({ step: name, times }: Step, before: readonly string[]): boolean => before.filter((s) => s === name).length < times;

/** What is wrong with it; undefined if nothing is. `actors` are who may take steps, besides time. */
export function unsound(p: Process, actors: readonly string[]): string | undefined {
  const names = p.statuses.map((s) => s.status);
  const distinct = (all: readonly string[]): boolean => new Set(all).size === all.length;
  if (!distinct(names) || !distinct(p.steps.map((s) => s.step))) return "a name stands for two things";
  if (first(p).ends !== undefined) return "it ends where it begins";
  if (p.steps.reduce((sum, { times }) => sum + times, 0) > 64) return "it has more than 64 steps";
  for (const { step: name, from, to, by, ground } of p.steps) {
    if (![...from, to].every((s) => names.includes(s))) return `${name} leads from or to no status`;
    if (by !== CHAIN && !actors.includes(by)) return `nobody takes ${name}`;
    if (by !== CHAIN && !ground && statusOf(p, to)?.ends === "refused") return `${name} refuses without a ground`;
  }
  for (const { status: name, ends, within, grace, step: then } of p.statuses) {
    if (ends !== undefined && (within ?? grace ?? then ?? p.steps.find((s) => s.from.includes(name))) !== undefined)
      return `${name} ends, and goes on`;
    if (ends === undefined && (within === undefined || lapse(p, name) === undefined)) return `${name} may last for ever`;
    if (statusOf(p, timeLeads(p, name))?.ends === undefined) return `time alone never ends ${name}`;
  }
  const reached = new Set([names[0]!]);
  for (const name of reached) // grows while it is walked
    for (const s of p.steps) if (s.from.includes(name) && (s.by !== CHAIN || statusOf(p, name)?.step === s.step)) reached.add(s.to);
  return names.find((name) => !reached.has(name))?.concat(" is never reached");
}
