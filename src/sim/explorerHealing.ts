// The network heals and the Byzantine fall silent: whatever an honest node holds must be committed by all of them within a bounded time (§4.6).

import { wakeAt } from "../consensus/timers.ts";
import { Violation } from "./explorerChecks.ts";
import type { World } from "./explorerWorld.ts";

/** Forty of the longest timers. */
const LIMIT_MS = 40 * 8_000;
const MOST_IN_A_MOMENT = 200_000;
const MOST_IDLE_WAKES = 1_000;

/** Simulated ms until everything was committed. Throws `liveness`, `storm` or `busy`. */
export function heal(world: World): number {
  world.calm = true;
  world.isolated.clear();
  world.log?.("── healed ──");
  for (const node of world.byzantine) node.crash();
  for (const node of world.honest) if (!node.up) world.boot(node);
  for (const node of world.honest) world.settle(node);
  const held = new Set(world.honest.flatMap((node) => [...node.held]));
  disseminate(world, held);
  const start = world.wall;
  let idle = 0;
  while (!complete(world, held)) {
    landAll(world);
    if (complete(world, held)) break;
    if (world.wall - start > LIMIT_MS) throw new Violation("liveness", stuck(world, held));
    idle = pass(world) > 0 ? 0 : idle + 1;
    if (idle > MOST_IDLE_WAKES) throw new Violation("busy", "woken without end while no time passes");
  }
  return world.wall - start;
}

function disseminate(world: World, held: ReadonlySet<string>): void {
  const digests = [...held].map((key) => world.ledger.batches.get(key)!.facts.reference.digest);
  for (const node of world.honest) {
    for (const key of held) node.hold(key);
    for (const other of world.honest) if (other !== node) node.give({ kind: "acked", from: other.id, digests });
    world.settle(node);
  }
}

function landAll(world: World): void {
  for (let i = 0; world.flights.length > 0; i++) {
    if (i > MOST_IN_A_MOMENT) throw new Violation("storm", "messages without end while no time passes");
    const { flights } = world;
    world.flights = [];
    for (const flight of flights) world.land(flight);
    i += flights.length;
    world.steps += flights.length;
  }
}

/** Time passes until somebody has something to do. */
function pass(world: World): number {
  let wait = 1_000;
  for (const node of world.honest) wait = Math.min(wait, wakeAt(node.replica) - node.at);
  world.wall += wait;
  for (const node of world.honest) node.at += wait;
  for (const node of world.honest) {
    if (wakeAt(node.replica) > node.at) continue;
    node.give({ kind: "tick" });
    world.steps++;
    world.settle(node);
  }
  return wait;
}

function complete(world: World, held: ReadonlySet<string>): boolean {
  for (const node of world.honest) {
    const done = world.done.get(node)!;
    for (const key of held) if (!done.has(key)) return false;
  }
  return true;
}

function stuck(world: World, held: ReadonlySet<string>): string {
  const states = world.honest.map((node) => {
    const { head, config, view, mode, promise, accepted, ready, silentUntil } = node.replica;
    const missing = [...held].filter((key) => !world.done.get(node)!.has(key)).length;
    const place = `c ${head.height} epoch ${config.epoch} view ${view} ${mode} promise ${promise} tip ${head.height + accepted.length}`;
    return `${node.id}: ${place} lacks ${missing}${ready ? "" : " unready"}${silentUntil > 0 ? ` silent<${silentUntil}` : ""}`;
  });
  return states.join("; ");
}
