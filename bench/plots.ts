// `npm run bench -- report`: the saved results of docs/performance drawn as SVG beside them. Owns the drawing; figures come from the JSON as they are.

import fs from "node:fs";
import path from "node:path";

import { targetTable } from "./targets.ts";

type Json = Record<string, unknown>;
const WIDTH = 720;
const LEFT = 130;
const RIGHT = 30;
const COLOURS = [
  "#1f4e79",
  "#c55a11",
  "#548235",
  "#7f6000",
  "#7030a0",
  "#2e75b6",
  "#a5a5a5",
  "#bf9000",
  "#843c0c",
  "#385723",
  "#5b9bd5",
  "#d6a4a4",
];

const TABLE = /(<!-- targets: written by npm run bench -- report -->)[^]*?(<!-- end of targets -->)/;

export function report(directory: string, say: (text: string) => void): Record<string, unknown> {
  const results = new Map<string, Json>();
  for (const file of fs.readdirSync(directory).sort())
    if (file.endsWith(".json")) results.set(file.slice(0, -5), JSON.parse(fs.readFileSync(path.join(directory, file), "utf8")) as Json);
  const drawn: string[] = [];
  const draw = (name: string, image: string | undefined): void => {
    if (image === undefined) return;
    fs.writeFileSync(path.join(directory, `${name}.svg`), image);
    drawn.push(`${name}.svg`);
    say(`${name}.svg`);
  };
  draw("stages", stages(results));
  draw("throughput", throughputs(results));
  draw("nodes", nodes(results.get("nodes")));
  draw("state", states(results.get("state")));
  draw("overload", overloads(results.get("overload")));
  const page = `${directory}.md`;
  if (fs.existsSync(page)) {
    const before = fs.readFileSync(page, "utf8");
    fs.writeFileSync(
      page,
      before.replace(TABLE, (_, begin: string, end: string) => `${begin}\n${targetTable(results)}\n${end}`),
    );
    say(page);
  }
  return { scenario: "report", directory, drawn };
}

// ── the plots ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** µs a transaction by stage, stacked, for each saved profile. */
function stages(results: ReadonlyMap<string, Json>): string | undefined {
  const profiles = [...results].filter(([, r]) => r["stages"] !== undefined);
  if (profiles.length === 0) return undefined;
  const totals = profiles.map(([name, r]) => ({
    name,
    stages: Object.entries(r["stages"] as Record<string, Record<string, number>>)
      .filter(([stage]) => stage !== "profiler")
      .map(([stage, row]): [string, number] => [stage, Object.values(row).reduce((a, b) => a + b, 0)]),
  }));
  const names = [...new Set(totals.flatMap((t) => t.stages.map(([stage]) => stage)))];
  const most = Math.max(...totals.map((t) => t.stages.reduce((a, [, us]) => a + us, 0)));
  const scale = (WIDTH - LEFT - RIGHT) / most;
  const body: string[] = [];
  totals.forEach(({ name, stages: row }, i) => {
    const y = 50 + i * 46;
    body.push(text(LEFT - 8, y + 18, name, "end"));
    let x = LEFT;
    for (const [stage, us] of row) {
      const width = us * scale;
      body.push(
        `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="28" fill="${colour(names.indexOf(stage))}"><title>${stage} ${us.toFixed(1)} µs</title></rect>`,
      );
      if (width > 26) body.push(text(x + width / 2, y + 18, us.toFixed(0), "middle", "#fff"));
      x += width;
    }
  });
  const bottom = 60 + totals.length * 46;
  names.forEach((name, i) => {
    const x = LEFT + (i % 5) * 118;
    const y = bottom + Math.floor(i / 5) * 20;
    body.push(`<rect x="${x}" y="${y}" width="12" height="12" fill="${colour(i)}"/>`, text(x + 17, y + 11, name));
  });
  return svg("µs of CPU a transaction, all nodes together, by stage", bottom + 20 * Math.ceil(names.length / 5) + 10, body);
}

/** Transactions a second of every saved throughput, with the spread of its runs. */
function throughputs(results: ReadonlyMap<string, Json>): string | undefined {
  const rows = [...results]
    .filter(([, r]) => r["scenario"] === "throughput" && r["refusals"] !== undefined)
    .map(([name, r]) => ({ name, value: r["tx_per_s"] as number, spread: r["tx_per_s_spread"] as { min: number; max: number } }));
  if (rows.length === 0) return undefined;
  const scale = (WIDTH - LEFT - RIGHT - 60) / Math.max(...rows.map((r) => r.spread.max));
  const body = rows.flatMap(({ name, value, spread }, i) => {
    const y = 45 + i * 34;
    const at = (v: number): string => (LEFT + v * scale).toFixed(1);
    return [
      text(LEFT - 8, y + 15, name.replace(/^throughput-/, ""), "end"),
      `<rect x="${LEFT}" y="${y}" width="${(value * scale).toFixed(1)}" height="22" fill="${colour(0)}"/>`,
      `<line x1="${at(spread.min)}" x2="${at(spread.max)}" y1="${y + 11}" y2="${y + 11}" stroke="#000" stroke-width="2"/>`,
      text(LEFT + spread.max * scale + 8, y + 15, String(value)),
    ];
  });
  return svg("transactions a second (bar: median of the runs; line: least to greatest)", 60 + rows.length * 34, body);
}

function nodes(result: Json | undefined): string | undefined {
  const rows = result?.["rows"] as Json[] | undefined;
  if (rows === undefined) return undefined;
  return lines("transactions a second by the number of validators", "validators", [
    { name: "tx/s", points: rows.map((r) => [r["validators"] as number, r["tx_per_s"] as number]) },
    { name: "verification limit", points: rows.map((r) => [r["validators"] as number, r["limit_tx_per_s"] as number]) },
  ]);
}

function states(result: Json | undefined): string | undefined {
  const rows = result?.["rows"] as Json[] | undefined;
  if (rows === undefined) return undefined;
  const points = rows.map((r): [number, number] => [Math.log10(Math.max(1_000, r["records"] as number)), r["tx_per_s"] as number]);
  return lines("transactions a second by records in the state (powers of ten)", "log10 of records", [{ name: "tx/s", points }]);
}

function overloads(result: Json | undefined): string | undefined {
  const perSecond = result?.["per_second"] as number[] | undefined;
  if (result === undefined || perSecond === undefined) return undefined;
  const peak = result["peak_tx_per_s"] as number;
  return lines(`applied a second while ${Number(result["offered_tx_per_s"])} a second are offered`, "seconds", [
    { name: "applied", points: perSecond.map((v, i) => [i + 1, v]) },
    {
      name: "saturation",
      points: [
        [1, peak],
        [perSecond.length, peak],
      ],
    },
  ]);
}

// ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

function lines(title: string, axis: string, all: readonly Line[]): string {
  const height = 320;
  const [top, bottom] = [45, height - 50];
  const xs = all.flatMap((l) => l.points.map(([x]) => x));
  const [lowX, highX] = [Math.min(...xs), Math.max(...xs)];
  const highY = niceAbove(Math.max(1, ...all.flatMap((l) => l.points.map(([, y]) => y))));
  const px = (x: number): number => LEFT + ((x - lowX) / Math.max(1e-9, highX - lowX)) * (WIDTH - LEFT - RIGHT);
  const py = (y: number): number => bottom - (y / highY) * (bottom - top);
  const body: string[] = [];
  for (let i = 0; i <= 4; i++) {
    const y = (highY * i) / 4;
    body.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(y)}" y2="${py(y)}" stroke="#ddd"/>`,
      text(LEFT - 8, py(y) + 4, String(Math.round(y)), "end"),
    );
  }
  for (const x of [...new Set(xs)].filter((_, i, list) => list.length <= 12 || i % Math.ceil(list.length / 12) === 0))
    body.push(text(px(x), bottom + 18, String(Math.round(x * 10) / 10), "middle"));
  body.push(text((LEFT + WIDTH - RIGHT) / 2, bottom + 38, axis, "middle"));
  all.forEach(({ name, points }, i) => {
    body.push(
      `<polyline fill="none" stroke="${colour(i)}" stroke-width="2" points="${points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(" ")}"/>`,
      ...points.map(
        ([x, y]) => `<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="3" fill="${colour(i)}"><title>${y}</title></circle>`,
      ),
      `<rect x="${WIDTH - 170}" y="${top + i * 18 - 30}" width="12" height="12" fill="${colour(i)}"/>`,
      text(WIDTH - 153, top + i * 18 - 19, name),
    );
  });
  return svg(title, height, body);
}

/** The next of 1, 2, 4, 5, 10 … × a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 6, 8, 10].map((n) => n * power).find((n) => n >= value) ?? 10 * power;
}
const colour = (i: number): string => COLOURS[i % COLOURS.length]!;
const escape = (s: string): string => s.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const text = (x: number, y: number, s: string, anchor = "start", fill = "#222"): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${fill}">${escape(s)}</text>`;

function svg(title: string, height: number, body: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${text(12, 22, title)}
${body.join("\n")}
</svg>
`;
}
