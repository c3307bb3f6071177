// The table of targets: each with the command that measures it, the saved result it is read from, and whether it is reached. `report` writes it into
// docs/performance.md between two marks, so that the page says what was measured and nothing else.

export type Result = Record<string, unknown>;
export type Results = ReadonlyMap<string, Result>;

interface Target {
  readonly measure: string;
  readonly target: string;
  /** After `npm run bench -- `. */
  readonly command: string;
  /** Name of the saved result. */
  readonly from: string;
  /** What was measured, as text and whether it is enough; undefined if the result does not say. */
  readonly read: (result: Result, all: Results) => readonly [shown: string, reached: boolean] | undefined;
}

const number = (result: Result | undefined, name: string): number | undefined => {
  const value = result?.[name];
  return typeof value === "number" ? value : undefined;
};
const text = (result: Result, name: string): string => {
  const value = result[name];
  return typeof value === "number" || typeof value === "string" ? String(value) : "?";
};
const part = (result: Result | undefined, name: string): Result | undefined => result?.[name] as Result | undefined;
const atLeast = (value: number | undefined, least: number, unit = ""): readonly [string, boolean] | undefined =>
  value === undefined ? undefined : [`${value}${unit}`, value >= least];
const atMost = (value: number | undefined, most: number, unit = ""): readonly [string, boolean] | undefined =>
  value === undefined ? undefined : [`${value}${unit}`, value <= most];

const NATIVE = "throughput-250-native";
const PLAIN = "throughput-250-libsodium";
const WITHOUT = "CHANCERY_NO_NATIVE=1 ";
const PEER = "throughput --peer ../shared/peers/cometbft/measure";

const targets: readonly Target[] = [
  {
    measure: "tx/s to CometBFT's in one sitting, 250 B, libsodium",
    target: "≥ 1.5",
    command: `${WITHOUT}${PEER}`,
    from: PLAIN,
    read: (r) => atLeast(number(r, "ratio_to_peer"), 1.5, " ×"),
  },
  {
    measure: "the same with the addon",
    target: "≥ 2.3",
    command: PEER,
    from: NATIVE,
    read: (r) => atLeast(number(r, "ratio_to_peer"), 2.3, " ×"),
  },
  {
    measure: "tx/s, 250 B, of the verification limit, libsodium",
    target: "≥ 50 %",
    command: `${WITHOUT}throughput`,
    from: PLAIN,
    read: (r) => {
      const share = number(r, "of_limit");
      return share === undefined
        ? undefined
        : [`${Math.round(share * 100)} % (${text(r, "tx_per_s")} of ${text(r, "limit_tx_per_s")})`, share >= 0.5];
    },
  },
  {
    measure: "the same with the addon (the limit is libsodium's)",
    target: "≥ 50 %",
    command: "throughput",
    from: NATIVE,
    read: (r) => {
      const share = number(r, "of_limit");
      return share === undefined
        ? undefined
        : [`${Math.round(share * 100)} % (${text(r, "tx_per_s")} of ${text(r, "limit_tx_per_s")})`, share >= 0.5];
    },
  },
  {
    measure: "CPU per tx, all nodes, libsodium",
    target: "≤ 350 µs",
    command: `${WITHOUT}throughput`,
    from: PLAIN,
    read: (r) => atMost(number(r, "cpu_us_per_tx"), 350, " µs"),
  },
  {
    measure: "CPU per tx, all nodes, with the addon",
    target: "≤ 350 µs",
    command: "throughput",
    from: NATIVE,
    read: (r) => atMost(number(r, "cpu_us_per_tx"), 350, " µs"),
  },
  {
    measure: "tx/s, 1,024 B, to the peer's",
    target: "≥ 1.5",
    command: `${PEER} --act define --bytes 1024`,
    from: "throughput-1024-native",
    read: (r) => atLeast(number(r, "ratio_to_peer"), 1.5, " ×") ?? [`${text(r, "tx_per_s")} tx/s, ${text(r, "cpu_us_per_tx")} µs`, false],
  },
  {
    measure: "tx/s of transfers between 1,000 persons (two rows)",
    target: "stated",
    command: "throughput --act transfer",
    from: "throughput-transfer-native",
    read: (r) => [`${text(r, "tx_per_s")} tx/s, ${text(r, "cpu_us_per_tx")} µs`, true],
  },
  {
    measure: "records/s in batches of 100",
    target: "≥ 50,000",
    command: "batch",
    from: "batch",
    read: (r) => atLeast(number(r, "records_per_s"), 50_000),
  },
  {
    measure: "tx/s, n = 7, to the peer's",
    target: "≥ 1.5",
    command: `${PEER} --validators 7`,
    from: "throughput-n7-native",
    read: (r) => atLeast(number(r, "ratio_to_peer"), 1.5, " ×") ?? [`${text(r, "tx_per_s")} tx/s, ${text(r, "cpu_us_per_tx")} µs`, false],
  },
  {
    measure: "p50 / p99 at 500 tx/s",
    target: "≤ 50 / ≤ 150 ms",
    command: "throughput --rate 500",
    from: "latency-500",
    read: (r) => [`${text(r, "p50_ms")} / ${text(r, "p99_ms")} ms`, Number(r["p50_ms"]) <= 50 && Number(r["p99_ms"]) <= 150],
  },
  {
    measure: "RSS at saturation, ≤ 100,000 records",
    target: "≤ 300 MB",
    command: "throughput",
    from: NATIVE,
    read: (r) => atMost(Math.max(...(r["rss_mb_to_100k_records"] as number[])), 300, " MB"),
  },
  {
    measure: "tx/s at the greatest state, to the empty one",
    target: "≥ 80 % at 10 M",
    command: "state",
    from: "state",
    read: (r) => {
      const rows = r["rows"] as Result[];
      const [first, last] = [rows[0], rows.at(-1)];
      const ratio = Number(last?.["tx_per_s"]) / Number(first?.["tx_per_s"]);
      return [`${Math.round(ratio * 100)} % at ${Number(last?.["records"])}`, ratio >= 0.8 && Number(last?.["records"]) >= 1e7];
    },
  },
  {
    measure: "disk per 250 B tx, all in",
    target: "≤ 3 ×",
    command: "throughput",
    from: NATIVE,
    read: (r) => {
      const bytes = number(r, "disk_bytes_per_tx");
      return bytes === undefined ? undefined : [`${bytes} B = ${(bytes / 250).toFixed(1)} ×`, bytes <= 750];
    },
  },
  {
    measure: "overload: what goes on of the peak",
    target: "≥ 90 %",
    command: "overload",
    from: "overload",
    read: (r) => {
      const share = number(r, "of_peak");
      return share === undefined ? undefined : [`${Math.round(share * 100)} %, p99 ${text(r, "p99_ms")} ms`, share >= 0.9];
    },
  },
  {
    measure: "idle: of a core, each node",
    target: "< 2 %",
    command: "idle",
    from: "idle",
    read: (r) => atMost(number(r, "core_percent_per_node"), 2, " %"),
  },
  {
    measure: "primary killed: longest gap",
    target: "≤ 2.5 s (base timer 2 s)",
    command: "failover",
    from: "failover",
    read: (r) => atMost(number(part(r, "primary_killed"), "longest_gap_s"), 2.5, " s"),
  },
];

/** The table in Markdown. */
export function targetTable(results: Results): string {
  const lines = ["| measure | target | measured | | command: `npm run bench -- …` | load before, at |", "|---|---|---|---|---|---|"];
  for (const { measure, target, command, from, read } of targets) {
    const result = results.get(from);
    const [shown, reached] = (result && read(result, results)) ?? ["not measured", undefined];
    const load = number(part(result, "conditions"), "load_average");
    const env = command.startsWith(WITHOUT) ? WITHOUT : "";
    const words = `${env}npm run bench -- ${command.slice(env.length)} --save ${from}`;
    const at = result === undefined ? "" : `${load ?? "?"}, ${text(result, "measured")}`;
    lines.push(`| ${measure} | ${target} | ${shown} | ${reached === undefined ? "" : reached ? "yes" : "**no**"} | \`${words}\` | ${at} |`);
  }
  return lines.join("\n");
}
