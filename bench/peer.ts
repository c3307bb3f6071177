// `--peer DIR/measure`: a program that measures another ledger on this machine runs before and after ours, in one sitting, and the ratio is printed.
// It must print one line of JSON, last, with tx_per_s. Skipped, saying so, where it or what it needs is absent.

import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { rounded, spread } from "./report.ts";

export interface PeerOptions {
  readonly measure: string;
  readonly validators: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** Runs `ours` between two runs of the peer, and adds the ratio to what it gives. */
export async function besidePeer(
  o: PeerOptions,
  say: (text: string) => void,
  ours: () => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const missing = lacking(o.measure);
  if (missing !== undefined) {
    say(`the peer is not measured: ${missing}`);
    return { ...(await ours()), peer: { skipped: missing } };
  }
  const before = await measure(o, say);
  const mine = await ours();
  const after = await measure(o, say);
  const theirs = spread([before, after].map((m) => m.tx_per_s));
  const mean = (before.tx_per_s + after.tx_per_s) / 2;
  return { ...mine, peer: { before, after, tx_per_s: theirs }, ratio_to_peer: rounded((mine["tx_per_s"] as number) / mean, 2) };
}

function lacking(program: string): string | undefined {
  if (!fs.existsSync(program)) return `${program} does not exist`;
  if (spawnSync("go", ["version"]).status !== 0) return "there is no Go on this machine";
  return undefined;
}

interface Measured {
  readonly tx_per_s: number;
  readonly [more: string]: unknown;
}

async function measure({ measure: program, validators, bytes, seconds }: PeerOptions, say: (text: string) => void): Promise<Measured> {
  const args = ["--validators", String(validators), "--size", String(bytes), "--secs", String(seconds)];
  say(`measuring the peer: ${program} ${args.join(" ")}`);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      const last = out.trim().split("\n").at(-1) ?? "";
      if (code !== 0 || !last.startsWith("{")) return reject(new Error(`the peer ended with exit code ${code}: ${last}`));
      const measured = JSON.parse(last) as Measured;
      say(`  the peer: ${measured.tx_per_s} tx/s`);
      resolve(measured);
    });
  });
}
