// Network namespaces for nodes: each node a machine of its own on one switch, and rules that cut, deafen, lose or delay. Needs root, iproute2, nftables and a
// kernel that lets us; `whyNot` says what is missing. Owns making and removing them. Loss and partitions are nftables' drops, distance is delay.py's (kernels
// without netem are common): real TCP has to cope with all of them.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";

let made = 0;

function run(command: string, args: readonly string[], input?: string): string {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", input });
  return status === 0 ? "" : `${command} ${args.join(" ")}: ${(error?.message ?? stderr).trim()}`;
}
const ip = (...args: string[]): string => run("ip", args);
function must(failure: string): void {
  if (failure !== "") throw new Error(failure);
}

/** Why namespaces cannot be had here; undefined if they can. */
export function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return "not root";
  const name = `chtry${process.pid}`;
  const failure =
    ip("netns", "add", name) ||
    ip("link", "add", `${name}a`.slice(-15), "type", "bridge") ||
    run(
      "ip",
      ["netns", "exec", name, "nft", "-f", "-"],
      "table inet t {\nchain c {\ntype filter hook input priority 0;\nnumgen random mod 100 < 1 drop\n}\n}\n",
    );
  ip("link", "del", `${name}a`.slice(-15));
  ip("netns", "del", name);
  return failure === "" ? undefined : failure;
}

/** Why packets cannot be delayed here; undefined if they can. */
export function whyNoDelay(): string | undefined {
  if (!fs.existsSync("/dev/net/tun")) return "no /dev/net/tun";
  return run("python3", ["--version"]) === "" ? undefined : "no python3";
}

/** One switch, `count` machines on it at 10.x.y.1 …, reached from here too. */
export class Switch {
  readonly hosts: string[] = [];
  readonly #names: string[] = [];
  readonly #bridge: string;
  #delay: ChildProcess | undefined;

  constructor(count: number) {
    const id = `${(process.pid % 10_000) * 10 + made++}`;
    const net = `10.${100 + (Number(id) % 100)}.${Number(id) % 250}`;
    this.#bridge = `chb${id}`;
    must(ip("link", "add", this.#bridge, "type", "bridge"));
    must(ip("addr", "add", `${net}.254/24`, "dev", this.#bridge));
    must(ip("link", "set", this.#bridge, "up"));
    for (let i = 1; i <= count; i++) {
      const [name, here, there] = [`ch${id}-${i}`, `chv${id}${i}`, `chw${id}${i}`];
      must(ip("netns", "add", name));
      this.#names.push(name);
      this.hosts.push(`${net}.${i}`);
      must(ip("link", "add", here, "type", "veth", "peer", "name", there));
      must(ip("link", "set", here, "master", this.#bridge, "up"));
      must(ip("link", "set", there, "netns", name));
      must(ip("-n", name, "addr", "add", `${net}.${i}/24`, "dev", there));
      must(ip("-n", name, "link", "set", there, "up"));
      must(ip("-n", name, "link", "set", "lo", "up"));
    }
  }

  /** What a process of machine `i` runs under. */
  prefix(i: number): string[] {
    return ["ip", "netns", "exec", this.#names[i]!];
  }

  /** Machine `i` drops all that comes from these; its own packets still leave. */
  deafen(i: number, from: readonly number[]): void {
    this.#rules(
      i,
      from.map((j) => `ip saddr ${this.hosts[j]} drop`),
    );
  }

  /** The machines of each group hear only each other (and us). */
  partition(...groups: readonly (readonly number[])[]): void {
    for (const group of groups) for (const i of group) this.deafen(i, groups.filter((g) => g !== group).flat());
  }

  /** Everybody loses so many of a hundred packets that come from the others. */
  lose(percent: number): void {
    for (const i of this.hosts.keys())
      this.#rules(
        i,
        this.hosts.filter((_, j) => j !== i).map((host) => `ip saddr ${host} numgen random mod 100 < ${percent} drop`),
      );
  }

  /** What each machine sends to another takes so long, more or less by a quarter, until `heal`. Connections that stand go on, slowly. */
  async delay(ms: number): Promise<void> {
    const machines = this.hosts.map((host, i) => `${this.#names[i]}=${host}`);
    this.#delay = spawn("python3", [path.join(import.meta.dirname, "delay.py"), String(ms), String(ms / 4), ...machines], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = await Promise.race([once(this.#delay.stdout!, "data"), once(this.#delay, "exit")]);
    if (String(said[0]).trim() !== "ready") throw new Error(`delay.py ended with ${said[0]}`);
  }

  heal(): void {
    for (const i of this.hosts.keys()) this.#rules(i, []);
    this.#delay?.kill("SIGKILL"); // its devices and their routes go with it
    this.#delay = undefined;
  }

  #rules(i: number, rules: readonly string[]): void {
    const table = `table inet faults {\n}\ndelete table inet faults\ntable inet faults {\nchain hear {\ntype filter hook input priority 0; policy accept;\n${rules.join("\n")}\n}\n}\n`;
    must(run("ip", ["netns", "exec", this.#names[i]!, "nft", "-f", "-"], table));
  }

  remove(): void {
    this.#delay?.kill("SIGKILL");
    for (const name of this.#names) ip("netns", "del", name);
    ip("link", "del", this.#bridge);
  }
}
