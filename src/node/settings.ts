// Every setting of a node, declared once: its kind, default, bounds and what it is for. docs/operations.md, "Configuration".
// Owns what may be set locally. Never here: consensus timers, block and window sizes, clock drift, quorum, algorithms, contract versions, validators,
// signature checks, fsync, journal: one node's local timing has hung whole chains.

import { MAX_SETTING_LENGTH, STATE_SYNC_BLOCKS } from "../base/limits.ts";

export interface Setting<T> {
  readonly default: T;
  readonly about: string;
  /** What may be written, for people. */
  readonly expected: string;
  /** The value, or undefined if `raw` (from TOML or the environment) is none. */
  readonly read: (raw: unknown) => T | undefined;
  /** May change with SIGHUP. */
  readonly live?: true;
}

function integer(fallback: number, min: number, max: number, about: string, live?: true): Setting<number> {
  const read = (raw: unknown): number | undefined => {
    const n = typeof raw === "string" && /^\d{1,15}$/.test(raw) ? Number(raw) : raw;
    return typeof n === "number" && Number.isInteger(n) && n >= min && n <= max ? n : undefined;
  };
  return { default: fallback, about, expected: `a whole number from ${min} to ${max}`, read, ...(live ? { live } : {}) };
}

function flag(fallback: boolean, about: string): Setting<boolean> {
  return {
    default: fallback,
    about,
    expected: "true or false",
    read: (raw) => (raw === true || raw === "true" ? true : raw === false || raw === "false" ? false : undefined),
  };
}

function word<const W extends string>(fallback: W, words: readonly W[], about: string, live?: true): Setting<W> {
  return { default: fallback, about, expected: words.join(" | "), read: (raw) => words.find((w) => w === raw), ...(live ? { live } : {}) };
}

const isText = (raw: unknown): raw is string =>
  typeof raw === "string" && raw.length > 0 && raw.length <= MAX_SETTING_LENGTH && !raw.includes("\0");

function text(fallback: string, expected: string, about: string, pattern?: RegExp): Setting<string> {
  return {
    default: fallback,
    about,
    expected,
    read: (raw) => (isText(raw) && (pattern?.test(raw) ?? true) ? raw : undefined),
  };
}

/** A setting that may be absent. */
function optional(expected: string, about: string): Setting<string | undefined> {
  return { default: undefined, about, expected, read: (raw) => (isText(raw) ? raw : undefined) };
}

function texts(max: number, item: RegExp, expected: string, about: string): Setting<readonly string[]> {
  const read = (raw: unknown): readonly string[] | undefined => {
    const list =
      typeof raw === "string"
        ? raw
            .split(",")
            .map((s) => s.trim())
            .filter((s) => s !== "")
        : raw;
    return Array.isArray(list) && list.length <= max && list.every((v) => isText(v) && item.test(v)) ? (list as string[]) : undefined;
  };
  return { default: [], about, expected: `a list of at most ${max}: ${expected}`, read };
}

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000 };
function milliseconds(fallback: number, min: number, max: number, about: string): Setting<number> {
  const read = (raw: unknown): number | undefined => {
    const match = typeof raw === "string" ? /^(\d{1,7})(ms|s|m)$/.exec(raw) : null;
    const ms = match === null ? -1 : Number(match[1]) * UNITS[match[2]!]!;
    return ms >= min && ms <= max ? ms : undefined;
  };
  return { default: fallback, about, expected: `a duration from ${min / 1000}s to ${max / 1000}s, such as "30s"`, read };
}

const MULTIADDR = /^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d{1,5}$/;
const LISTEN = /^((\[[0-9a-fA-F:]+\]|[0-9A-Za-z.-]+):\d{1,5}|unix:.+)$/;
const METRICS = /^((\[[0-9a-fA-F:]+\]|[0-9A-Za-z.-]+):\d{1,5}|off)$/;

export const settings = {
  "node.role": word("auto", ["auto", "observer"], "what the chain says of this member, or an observer in any case"),
  "node.data": text("db", "a directory, in the home or absolute", "where the database lies"),
  "keys.consensus": text("keys/consensus.key", "a file", "the consensus key; without the file the node observes"),
  "keys.peer": text("keys/peer.key", "a file", "the peer key"),
  "keys.checkpoint": text("keys/checkpoint.key", "a file", "the checkpoint key"),
  "keys.passphrase_file": optional("a file, or credential:NAME of systemd", "the passphrase of the keys; never the passphrase itself"),
  "peer.listen": {
    ...texts(4, MULTIADDR, "/ip4/0.0.0.0/tcp/7600", "where peers reach this node"),
    default: ["/ip4/0.0.0.0/tcp/7600"] as readonly string[],
  },
  "peer.keys": texts(
    64,
    /^[a-z][a-z0-9-]{1,31}=[0-9a-f]{64}$/,
    "ORGANISATION=its peer key in hex",
    "peer keys that members took while this node was away, for one that else reaches nobody; the chain's word counts as soon as it knows them",
  ),
  "api.listen": text("127.0.0.1:7601", "host:port or unix:PATH", "where the HTTP API listens", LISTEN),
  "api.tls_certificate": optional("a file", "TLS certificate chain"),
  "api.tls_key": optional("a file", "its key"),
  "api.plain_http": flag(false, "must be true to listen beyond loopback without TLS"),
  "api.trusted_proxies": texts(16, /^[0-9a-fA-F.:]+(\/\d{1,3})?$/, "CIDRs", "reverse proxies whose X-Forwarded-For is believed"),
  "api.max_wait": milliseconds(30_000, 1_000, 60_000, "longest wait of one request"),
  "api.quota_tx_per_s": integer(2_000, 1, 100_000, "transactions a second of each organisation", true),
  "api.quota_anonymous_per_s": integer(20, 0, 1_000, "transactions a second of each address, of senders that are no organisation", true),
  "api.cors_origins": texts(16, /^https?:\/\/[^*/]+$/, "exact origins", "web pages that may call the API"),
  "api.events_connections": integer(256, 1, 4_096, "event streams open at once"),
  "metrics.listen": text("127.0.0.1:7602", "host:port or off", "where metrics are read", METRICS),
  "log.level": word("info", ["trace", "debug", "info", "warn", "error"], "what is logged", true),
  "log.file": optional("a file", "where the log goes; standard error if not set"),
  "store.reserve_mb": integer(1_024, 256, 65_536, "free disk below which the node pauses"),
  "store.retain": word(
    "archive",
    ["archive", "standard", "light"],
    "blocks kept: all, of some days, or as old as a transaction may live",
    true,
  ),
  "store.retain_days": integer(30, 1, 36_500, "with standard: days for which blocks are kept", true),
  "sync.state_behind": integer(
    STATE_SYNC_BLOCKS,
    16,
    1_000_000_000,
    "blocks behind from which on the state is taken from peers instead of executed",
  ),
  "workers.verify": { ...integer(-1, 0, 32, "threads that verify signatures"), expected: "a whole number from 0 to 32", default: -1 },
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
/** The settings in force, by their full names. */
export type Config = { readonly [K in SettingName]: ValueOf<(typeof settings)[K]> };
export const settingNames = Object.keys(settings) as SettingName[];
