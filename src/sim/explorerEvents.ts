// What happens in a schedule: phases, each with its own losses and its own nodes cut off, and in them one random event after the other.
// Owns the bias. A uniform random walk rarely gets to the half-finished states that matter: one node that knows of a commit, a quorum that does not.

import { hex, latin1 } from "../base/bytes.ts";
import { faults } from "../base/certificate.ts";
import { viewTimeout, wakeAt } from "../consensus/timers.ts";
import type { Message } from "../consensus/types.ts";
import type { ExplorerNode, Image } from "./explorerNode.ts";
import type { Payload, Random } from "./explorerPorts.ts";
import type { Flight, World } from "./explorerWorld.ts";

export class Events {
  private readonly world: World;
  private readonly random: Random;
  private readonly images: { node: ExplorerNode; image: Image }[] = [];
  private readonly crashes: number;
  private readonly timeouts: number;
  private readonly submits: number;
  private readonly acts: number;
  /** Whoever commits first is often cut off at once. */
  private readonly hides: boolean;
  /** Heights up to which that was decided. */
  private hidden = 0;
  /** Events left in this phase. */
  private left = 0;

  constructor(world: World) {
    const { random } = world;
    this.world = world;
    this.random = random;
    world.promptness = random.pick([1, 1, 0.9, 0.6]);
    this.crashes = random.pick([0, 0, 0.01, 0.03]);
    this.timeouts = random.pick([0, 0, 0.005, 0.02]);
    this.submits = random.pick([0.02, 0.04, 0.08]);
    this.acts = world.byzantine.length === 0 ? 0 : random.pick([0.1, 0.2, 0.3]);
    this.hides = world.drifting || random.chance(0.6);
  }

  run(): void {
    const { world, random } = this;
    for (const node of world.nodes) world.boot(node);
    if (random.chance(0.85))
      while (world.flights.length > 0 && world.nodes.some((node) => !node.replica.ready)) world.land(world.flights.shift()!);
    for (let i = 1 + random.below(4); i > 0; i--) this.submit();
    world.calm = false;
    for (let phases = 2 + random.below(5); phases > 0; phases--) {
      this.beginPhase();
      for (this.left = 20 + random.below(60); this.left > 0; this.left--) this.event();
    }
  }

  private beginPhase(): void {
    const { world, random } = this;
    world.loss = losses(random, world.drifting);
    world.reluctance = random.pick([0, 0.2, 0.5]);
    const { honest, isolated, knower } = world;
    isolated.clear();
    if (knower !== null && this.hides && random.chance(0.8)) isolated.add(knower.id);
    else if (random.chance(0.3)) isolated.add(random.pick(honest).id);
    if (random.chance(0.1)) isolated.add(random.pick(honest).id);
    if (random.chance(0.6)) world.flights = world.flights.filter(({ from, to }) => !isolated.has(from) && !isolated.has(to.id));
    const rest = honest.filter(({ id }) => !isolated.has(id));
    if (world.drifting && random.chance(0.4)) for (const node of rest) this.upgrade(node);
    if (this.crashes > 0) for (const node of rest) if (random.chance(0.3)) this.crashOrReturn(node);
    if (random.chance(0.4)) for (const node of rest) this.timeout(node);
  }

  private event(): void {
    const { world, random } = this;
    world.steps++;
    const passed = random.below(12);
    world.wall += passed;
    for (const node of world.nodes) node.at += passed;
    const { knower } = world;
    if (knower !== null && knower.head.height > this.hidden) {
      this.hidden = knower.head.height;
      const alone = world.honest.every((node) => node === knower || !node.up || node.replica.committing < knower.head.height);
      if (this.hides && alone && random.chance(0.5)) this.hide(knower);
    }
    let roll = random.next();
    if ((roll -= this.timeouts) < 0) return this.timeout(random.pick(world.honest));
    if ((roll -= this.crashes) < 0) return this.crashOrReturn(random.pick(world.honest));
    if ((roll -= this.acts) < 0) return world.adversary.act();
    if ((roll -= this.submits) < 0) return this.submit();
    if ((roll -= 0.03) < 0) return this.tick(random.pick(world.nodes));
    if ((roll -= 0.05) < 0) {
      const node = random.pick(world.nodes);
      node.flush();
      return node.work();
    }
    if (world.flights.length === 0) return this.pass();
    world.land(this.take());
  }

  /** Nothing is in flight: time passes for all, most of them at the same pace. */
  private pass(): void {
    const { world, random } = this;
    const time = random.pick([40, 500, 1_000, 2_000]);
    world.wall += time;
    for (const node of world.nodes) node.at += time;
    for (const node of world.nodes) if (random.chance(0.9)) this.tick(node);
  }

  /** It knows what nobody else does, and is not heard of for a while. */
  private hide(node: ExplorerNode): void {
    const { world } = this;
    world.isolated.clear();
    world.isolated.add(node.id);
    const alone = this.random.chance(0.7); // what would tell the others is lost as well
    world.flights = world.flights.filter(({ from, message }) => from !== node.id && !(alone && message?.kind === "commit"));
    world.log?.(`${node.id} is cut off`);
    if (this.random.chance(0.8)) this.burst();
  }

  /** The rest, a bare quorum with the Byzantine, gets along: in order, without loss, until it has committed something or a few timers have run out. */
  private burst(): void {
    const { world, random } = this;
    const { isolated, honest } = world;
    world.loss = REPAIRS_LOST;
    world.reluctance = 0;
    const rest = honest.filter(({ id }) => !isolated.has(id));
    for (const node of rest) if (!node.up) this.bootAgain(node);
    const before = rest.map((node) => node.head.height);
    for (let rounds = 3 + random.below(6); rounds > 0; rounds--) {
      for (let landed = 0; world.flights.length > 0 && landed < 150; landed++) {
        world.steps++;
        world.land(world.flights.shift()!);
        if (random.chance(0.03) && this.acts > 0) world.adversary.act();
      }
      if (rest.some((node, i) => node.head.height > before[i]!) && random.chance(0.5)) return;
      const time = random.pick([1_000, 1_000, 2_000, 4_000]);
      world.wall += time;
      for (const node of world.nodes) {
        node.at += time;
        if (!isolated.has(node.id)) this.tick(node);
      }
    }
  }

  /** Mostly one of the oldest, sometimes any: reordering. */
  private take(): Flight {
    const { flights } = this.world;
    const at = this.random.below(this.random.chance(0.8) ? Math.min(4, flights.length) : flights.length);
    const flight = flights[at]!;
    if (at < 4) flights.splice(at, 1);
    else {
      flights[at] = flights[flights.length - 1]!;
      flights.pop();
    }
    return flight;
  }

  private tick(node: ExplorerNode): void {
    if (!node.up) return;
    node.at = Math.max(node.at, Math.min(wakeAt(node.replica), node.at + 100));
    node.give({ kind: "tick" });
    this.world.settle(node);
  }

  /** Its patience is over: its own clock runs ahead. */
  private timeout(node: ExplorerNode): void {
    if (!node.up) return;
    const { replica } = node;
    const since = replica.mode === "active" ? replica.silenceSince : replica.newViewSince;
    node.at = Math.max(node.at + 1, (since ?? node.at) + viewTimeout(replica));
    this.world.log?.(`${node.id} timeout (view ${replica.view}, promise ${replica.promise})`);
    node.give({ kind: "tick" });
    this.world.settle(node);
  }

  // ── crashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private crashOrReturn(node: ExplorerNode): void {
    const { random, world } = this;
    if (!node.up) return this.bootAgain(node);
    if (world.fragile > 0 && random.chance(0.3)) this.images.push({ node, image: node.image() });
    if (node.jobs[0]?.kind === "commit" && random.chance(0.5)) node.work(true); // between the database and the core
    node.crash();
    world.log?.(`${node.id} crashes`);
    if (random.chance(0.7)) this.bootAgain(node);
  }

  private bootAgain(node: ExplorerNode): void {
    const { random, world } = this;
    if (world.drifting && random.chance(0.5)) node.variant = 1 - node.variant;
    if (world.fragile > 0 && random.chance(0.2)) {
      world.fragile--;
      const old = this.images.find((entry) => entry.node === node && random.chance(0.5));
      if (old !== undefined) this.putBack(node, old.image);
      else {
        node.journal = [];
        world.wiped.add(node);
      }
    }
    world.boot(node);
  }

  /** Another release, with another result. */
  private upgrade(node: ExplorerNode): void {
    if (node.up) node.crash();
    node.variant = 1;
    this.world.boot(node);
  }

  /** An old image of disk and journal. Connections are gone with the process, so nothing of it is in flight any more. */
  private putBack(node: ExplorerNode, image: Image): void {
    const { world } = this;
    world.log?.(`${node.id} is put back to height ${image.head.height}`);
    world.unbound.add(node.id);
    node.journal = [...image.journal];
    node.chain = [...image.chain];
    node.head = image.head;
    node.config = image.config;
    node.bodies = new Set(image.bodies);
    world.flights = world.flights.filter(({ from }) => from !== node.id);
  }

  // ── batches ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private submit(): void {
    const { random, world } = this;
    const origin = random.pick(world.nodes);
    if (!origin.up) return;
    const facts = world.ledger.makeBatch(origin.id, this.payload(), world.wall + 86_400_000);
    const { digest } = facts.reference;
    const reliably = world.honest.includes(origin) ? 0.9 : 0.5;
    const holders = world.nodes.filter((node) => node === origin || world.byzantine.includes(node) || random.chance(reliably));
    world.log?.(`batch ${hex(digest).slice(0, 8)} of ${origin.id} to ${holders.map((node) => node.id).join(" ")}`);
    for (const node of holders) if (node.up) node.hold(latin1(digest));
    for (const node of holders)
      for (const other of holders)
        if (node !== other && random.chance(0.9)) node.give({ kind: "acked", from: other.id, digests: [digest] });
    for (const node of holders) world.settle(node);
  }

  private payload(): Payload {
    const { random, world } = this;
    const roll = random.next();
    if (roll < 0.85) return { kind: "plain" };
    if (roll < 0.93) return { kind: "end" };
    // One member comes, goes or is replaced: at most f change, and f' still covers whoever may be faulty.
    const all = Array.from({ length: world.members }, (_, i) => i);
    const spare = world.nodes.length > world.members ? [world.members] : [];
    const out = random.below(world.members);
    const options = [all, [...all, ...spare]];
    if (world.members > 4) options.push(all.filter((i) => i !== out));
    if (spare.length > 0) options.push([...all.filter((i) => i !== out), ...spare]);
    const members = random.pick(options);
    return faults(world.members) <= faults(members.length) ? { kind: "members", members } : { kind: "end" };
  }
}

const REPAIRS_LOST: ReadonlyMap<Message["kind"], number> = new Map([
  ["status", 1],
  ["block", 0.8],
]);

/** How likely a message of each kind is lost: which ones get through decides which half-finished states a schedule visits. */
function losses(random: Random, repairsOnly: boolean): ReadonlyMap<Message["kind"], number> {
  if (repairsOnly || random.chance(0.5)) return REPAIRS_LOST;
  const some = random.pick([0, 0, 0.1, 0.3]);
  const loss = new Map<Message["kind"], number>();
  for (const kind of ["prePrepare", "prepare", "commit", "viewChange", "newView"] as const)
    loss.set(kind, random.chance(0.25) ? 0.3 + random.next() / 2 : some);
  for (const kind of ["status", "block", "order", "get"] as const) loss.set(kind, random.chance(0.7) ? 0.9 : some);
  return loss;
}
