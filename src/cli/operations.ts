// `chancery status`, `peers`, `doctor`: how a node and its network are, ending in the one thing to do. docs/operations.md.

import type { Command } from "commander";
import type { NodeStatus, PeerInfo } from "../node/status.ts";
import { globalsOf } from "./globals.ts";
import { atHome, connectionOf } from "./nodes.ts";
import { answer, bold, dim, exits, type Globals, green, red, usage, yellow } from "./output.ts";

interface NodeAnswer extends NodeStatus {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly reason?: string }[];
  readonly advice: string;
}

export function register(program: Command): void {
  program
    .command("status")
    .description("how the node and the network are; exit 1 if it is not ready")
    .option("--watch", "again each second", false)
    .action(status);
  program.command("peers").description("who is connected, and why not").action(peers);
  program.command("doctor").description("what could keep a node from working").option("--for <purpose>", "start", "start").action(doctor);
}

async function ask(globals: Globals): Promise<NodeAnswer> {
  const connection = await connectionOf(await atHome(globals));
  return (await connection.request<NodeAnswer>("/v1/node", { timeoutMs: globals.timeoutMs })).body;
}

async function status(o: { watch: boolean }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  if (!o.watch) {
    const s = await ask(globals);
    if (!s.ready) process.exitCode = exits.no;
    return answer(s, table(s));
  }
  let stopped = false;
  process.once("SIGINT", () => {
    stopped = true;
  });
  while (!stopped) {
    const s = await ask(globals);
    if (globals.json) answer(s, []);
    else process.stdout.write(`\x1b[H\x1b[J${table(s).join("\n")}\n`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
function table(s: NodeAnswer): string[] {
  const dots = "●".repeat(Math.min(s.connected, s.validators)) + "○".repeat(Math.max(0, s.validators - s.connected));
  const margin = Math.max(0, s.connected - s.quorum);
  return [
    `${bold(s.name)} · ${s.role} · ${s.ready ? green("ready") : red("not ready")}   network "${s.networkName}" ${s.network.slice(0, 4)} ${s.network.slice(4, 8)} · epoch ${s.epoch} · height ${s.height} · block ${seconds(s.lastBlockAgeMs)} ago`,
    `quorum ${s.quorum} of ${s.validators} ${dots}   tolerates ${margin} more failures   view ${s.view}   primary ${s.primary}   ${s.mode}`,
    ` ${"organisation".padEnd(18)} ${"role".padEnd(10)} ${"height".padStart(9)} ${"lag".padStart(5)} ${"rtt".padStart(8)} ${"clock".padStart(9)}`,
    ` ${`${s.organisation} (me)`.padEnd(18)} ${s.role.padEnd(10)} ${String(s.height).padStart(9)} ${"0".padStart(5)} ${"–".padStart(8)} ${(s.clockOffMs === null ? "ok" : `${s.clockOffMs} ms`).padStart(9)}`,
    ...s.peers.map(peerLine),
    ...s.checks.filter((c) => !c.ok).map((c) => `${red("✗")} ${c.name}: ${c.reason ?? ""}`),
    `→ ${s.advice}`,
  ];
}

const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

function peerLine(p: PeerInfo): string {
  const rtt = p.rttMs === undefined ? "–" : `${p.rttMs.toFixed(1)} ms`;
  const skew = p.skewMs === undefined ? "?" : `${p.skewMs > 0 ? "+" : ""}${(p.skewMs / 1_000).toFixed(2)} s`;
  const trouble = p.connected
    ? ""
    : `  ${red("✗")} ${p.bannedUntil === undefined ? "unreachable" : `cut off until ${clock(p.bannedUntil)}, it broke the rules:`}${p.since === undefined || p.bannedUntil !== undefined ? "" : ` since ${clock(p.since)}`}${p.lastError === undefined ? "" : ` (${p.lastError}${p.address === undefined ? "" : ` ${p.address}`})`}`;
  return ` ${p.id.padEnd(18)} ${p.role.padEnd(10)} ${String(p.height ?? "?").padStart(9)} ${String(p.lag ?? "?").padStart(5)} ${rtt.padStart(8)} ${skew.padStart(9)}${trouble}`;
}

async function peers(_o: unknown, command: Command): Promise<void> {
  const s = await ask(globalsOf(command));
  answer({ peers: s.peers }, s.peers.length === 0 ? dim("no peers") : s.peers.map(peerLine));
}

async function doctor(o: { for: string }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  if (o.for !== "start") usage(`there is no check for "${o.for}"`, "chancery doctor --home DIR");
  const { examine } = await import("../node/examine.ts");
  const findings = await examine(globals.home ?? usage("doctor needs --home", "add --home DIR"));
  const marks = { ok: green("ok  "), warn: yellow("warn"), fail: red("fail") };
  if (findings.some((f) => f.verdict === "fail")) process.exitCode = exits.no;
  answer(
    { findings },
    findings.map((f) => `${marks[f.verdict]} ${f.name.padEnd(16)} ${f.found}${f.do === undefined ? "" : `   Do: ${f.do}`}`),
  );
}
