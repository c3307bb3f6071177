// The configuration: HOME/chancery.toml, then CHANCERY_SECTION__KEY of the environment, then the command line. Unknown names are refused with the
// nearest known one and the line. Owns reading and origins. Does not own: which settings there are (settings.ts).

import fs from "node:fs";
import net from "node:net";
import { parse, TomlError } from "smol-toml";
import { LedgerError } from "../base/errors.ts";
import { type Config, type SettingName, settingNames, settings } from "./settings.ts";

/** Where a value came from: "default", "chancery.toml:12", "CHANCERY_API__LISTEN", "command line". */
export type Origins = { readonly [K in SettingName]: string };
export interface Loaded {
  readonly config: Config;
  readonly origins: Origins;
}

/** Variables that are not settings. */
const OTHER_VARIABLES = new Set([
  "CHANCERY_NODE",
  "CHANCERY_HOME",
  "CHANCERY_NO_HASHTREE",
  "CHANCERY_NO_NATIVE",
  "CHANCERY_KEY",
  "CHANCERY_GENESIS",
  "CHANCERY_TEST_CLOCK_MS",
  "CHANCERY_QUICK",
  "CHANCERY_LONG",
]);

/** Throws `config.invalid` naming the line, what was expected, and the nearest name. */
export function loadConfig(
  file: string,
  environment: NodeJS.ProcessEnv = process.env,
  flags: Partial<Record<SettingName, unknown>> = {},
): Loaded {
  const values: { [name: string]: unknown } = {};
  const origins: { [name: string]: string } = {};
  for (const name of settingNames) {
    values[name] = settings[name].default;
    origins[name] = "default";
  }
  const take = (name: SettingName, raw: unknown, origin: string): void => {
    const value = settings[name].read(raw);
    if (value === undefined)
      invalid(origin, `${name} must be ${settings[name].expected}, and is ${shown(raw)}`, `correct ${name} in ${origin}`);
    values[name] = value;
    origins[name] = origin;
  };
  for (const [name, raw, line] of fromFile(file)) take(name, raw, `${file}:${line}`);
  for (const [name, raw, variable] of fromEnvironment(environment)) take(name, raw, variable);
  for (const [name, raw] of Object.entries(flags)) if (raw !== undefined) take(name as SettingName, raw, "command line");
  const config = values as unknown as Config;
  checkTogether(config);
  return { config, origins: origins as unknown as Origins };
}

function fromFile(file: string): [SettingName, unknown, number][] {
  let source: string;
  try {
    source = fs.readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    return invalid(file, (cause as Error).message, `make ${file} readable`);
  }
  let document: Record<string, unknown>;
  try {
    document = parse(source);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    return invalid(`${file}:${cause.line}:${cause.column}`, cause.message.split("\n")[0]!, `correct line ${cause.line}`);
  }
  const out: [SettingName, unknown, number][] = [];
  for (const [section, content] of Object.entries(document)) {
    if (typeof content !== "object" || content === null || Array.isArray(content))
      return unknown(`${file}:${lineOf(source, section)}`, section);
    for (const [key, raw] of Object.entries(content)) {
      const name = `${section}.${key}`;
      const line = lineOf(source, section, key);
      if (!isSetting(name)) return unknown(`${file}:${line}`, name);
      out.push([name, raw, line]);
    }
  }
  return out;
}

function fromEnvironment(environment: NodeJS.ProcessEnv): [SettingName, unknown, string][] {
  const out: [SettingName, unknown, string][] = [];
  for (const [variable, raw] of Object.entries(environment)) {
    if (!variable.startsWith("CHANCERY_") || OTHER_VARIABLES.has(variable) || raw === undefined) continue;
    const name = variable.slice("CHANCERY_".length).toLowerCase().replace("__", ".");
    if (!isSetting(name)) return unknown(variable, name);
    out.push([name, raw, variable]);
  }
  return out;
}

const isSetting = (name: string): name is SettingName => Object.hasOwn(settings, name);

/** The line of a key in its section; of the section where the key is not found. */
function lineOf(source: string, section: string, key?: string): number {
  const lines = source.split("\n");
  let at = 1;
  let inside = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line.startsWith("[")) {
      inside = line.replace(/[[\]\s"']/g, "").split("#")[0] === section;
      if (inside) at = i + 1;
    } else if (inside && key !== undefined && line.split("=")[0]!.replace(/["'\s]/g, "") === key) return i + 1;
    else if (!inside && line.split("=")[0]!.replace(/["'\s]/g, "") === (key === undefined ? section : `${section}.${key}`)) return i + 1;
  }
  return at;
}

function unknown(where: string, name: string): never {
  const nearest = settingNames.map((known) => ({ known, distance: distance(known, name) })).sort((a, b) => a.distance - b.distance)[0]!;
  return invalid(where, `there is no setting "${name}"`, `did you mean "${nearest.known}"? All of them: chancery config show`);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** Host and port, or the path of a unix socket. */
export function listenAddress(text: string): { host: string; port: number } | { path: string } {
  if (text.startsWith("unix:")) return { path: text.slice(5) };
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (net.isIPv4(host) && host.startsWith("127."));
}

function checkTogether(config: Config): void {
  if ((config["api.tls_certificate"] === undefined) !== (config["api.tls_key"] === undefined))
    invalid("api", "TLS needs both a certificate and a key", "set api.tls_certificate and api.tls_key, or neither");
  const address = listenAddress(config["api.listen"]);
  const open = "host" in address && !isLoopback(address.host);
  if (open && config["api.tls_certificate"] === undefined && !config["api.plain_http"])
    invalid(
      "api.listen",
      `${config["api.listen"]} is reachable from other machines without TLS`,
      "set api.tls_certificate and api.tls_key, or api.plain_http = true behind a proxy",
    );
}

function shown(raw: unknown): string {
  return JSON.stringify(raw, (_k, v: unknown) => (typeof v === "bigint" ? v.toString() : v))?.slice(0, 80) ?? String(raw);
}

function invalid(where: string, why: string, todo: string): never {
  throw new LedgerError("config.invalid", { where, why: `${where}: ${why}`, do: todo });
}
