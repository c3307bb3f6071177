// The layering check: an import scan over src/ against the folder table of docs (architecture), circles, who may import which library,
// determinism bans, file length and bare errors. It reads text with comments and strings blanked; it owns the rules and nothing else.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** What each folder of src/ may import besides itself: a folder, or files of one by the start of their path. */
const FOLDERS: Record<string, string[]> = {
  base: [],
  contracts: ["base/"],
  ledger: ["base/", "contracts/"],
  consensus: ["base/"],
  p2p: ["base/"],
  client: ["base/", "ledger/proof", "ledger/transaction", "contracts/descriptors", "contracts/engine/sealed"],
  sim: ["base/", "contracts/", "ledger/", "consensus/", "p2p/peers.ts"],
  node: ["base/", "contracts/", "ledger/", "consensus/", "p2p/", "client/", "sim/"],
  cli: ["base/", "client/", "ledger/", "sim/", "node/"],
};

/** Libraries that only some files may import. */
const LIBRARIES: { rule: string; library: RegExp; only: RegExp }[] = [
  { rule: "level", library: /^(level|classic-level|abstract-level|rave-level)$/, only: /^ledger\/store/ },
  { rule: "libp2p", library: /^(libp2p|@libp2p\/.*|@multiformats\/.*|@chainsafe\/libp2p-.*)$/, only: /^p2p\/host/ },
  { rule: "crypto", library: /^(sodium-native|libsodium-.*|@noble\/.*|(node:)?crypto|tweetnacl)$/, only: /^(base\/|node\/vault)/ },
  { rule: "crypto", library: /^@hpke\//, only: /^node\/vault/ },
  { rule: "crypto", library: /^jose$/, only: /^node\/api/ },
  { rule: "crypto", library: /^#crypto$/, only: /^base\// },
  { rule: "codec", library: /^#codec$/, only: /^base\/codec\.ts$/ },
];

const PURE = [
  /^contracts\//,
  /^consensus\/(?!driver|journal)/,
  /^ledger\/(transaction|batch|verify\.|block|receipt|stateTree|bucket|overlay|execute|proofVerify)/,
];
const BANS: [rule: string, pattern: RegExp][] = [
  ["Date", /\bDate\b/],
  ["random", /\bMath\s*\.\s*random\b|\bgetRandomValues\b|\brandomUUID\b/],
  ["float", /(?<![\w.$\])])\d[\d_]*\.\d|(?<![\w$])\d+e-\d/],
  ["inexact Math", /\bMath\s*\.\s*(?:a?(?:sin|cos|tan)h?|exp|expm1|log|log2|log10|log1p|sqrt|cbrt|pow|hypot|fround|PI|E)\b/],
  ["performance.now", /\bperformance\b/],
  ["timer", /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)\b/],
  ["async", /\basync\b|\bawait\b|\bPromise\b/],
  ["locale", /\bIntl\b|\btoLocale\w*\b|\blocaleCompare\b|\.toUpperCase\b|\.toLowerCase\b|\.normalize\s*\(/],
  ["process", /\bprocess\s*\.|\bglobalThis\b/],
];

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly text: string;
}

const TOKENS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
const blank = (s: string): string => s.replace(/[^\n]/g, " ");

/** Source without comments; `strings` false blanks string contents too, but keeps what stands inside `${…}` of templates. */
function strip(source: string, strings: boolean): string {
  return source.replace(TOKENS, (token) => {
    if (token.startsWith("/")) return blank(token);
    if (strings) return token;
    if (!token.startsWith("`")) return `"${blank(token.slice(1, -1))}"`;
    return token.replace(/\$\{[^}]*\}|[^$]+|\$/g, (part) => (part.startsWith("${") ? part : blank(part)));
  });
}

const IMPORTS =
  /^[ \t]*(?:import|export)\b(?:[^;"']*?\bfrom)?\s*["']([^"']+)["']|\b(?:import|require)\(\s*["']([^"']+)["']|new URL\(\s*["'](\.[^"']+\.ts)["']/gm;

/** `types`: the statement is erased at run time, so it can make no circle. */
function importsOf(source: string): { name: string; line: number; types: boolean }[] {
  const code = strip(source, true);
  const types = (m: RegExpMatchArray): boolean => /^\s*(?:import|export)\s+type\b/.test(m[0]);
  return [...code.matchAll(IMPORTS)].map((m) => ({
    name: m[1] ?? m[2] ?? m[3]!,
    line: lineAt(code, m.index + m[0].length),
    types: types(m),
  }));
}

const lineAt = (source: string, index: number): number => source.slice(0, index).split("\n").length;

/** All violations of the tree under `root`/src, in the order of its files. */
export function checkLayers(root: string): Violation[] {
  const src = join(root, "src");
  const found: Violation[] = [];
  const graph = new Map<string, string[]>();
  const files = existsSync(src) ? readdirSync(src, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".ts")) : [];
  for (const file of files.map((f) => f.replaceAll("\\", "/")).toSorted()) {
    const source = readFileSync(join(src, file), "utf8");
    const report = (line: number, rule: string, text: string): number => found.push({ file: `src/${file}`, line, rule, text });
    const lines = source.split("\n").length - 1;
    if (lines > 400) report(lines, "length", `${lines} lines, 400 at most`);
    const pure = PURE.some((p) => p.test(file));
    const edges: string[] = [];
    for (const { name, line, types } of importsOf(source)) {
      if (name.startsWith(".")) {
        const target = relative(src, join(src, dirname(file), name)).replaceAll("\\", "/");
        if (!types) edges.push(target);
        checkFolder(file, target, (text) => report(line, "folder", text));
      } else {
        for (const { rule, library, only } of LIBRARIES)
          if (library.test(name) && !only.test(file)) report(line, rule, `${name} may be imported by ${only.source} only`);
        if (pure && (name.startsWith("node:") || name === "fs")) report(line, "node", `${name} in a deterministic file`);
      }
    }
    graph.set(file, edges);
    const code = strip(source, false);
    code.split("\n").forEach((text, i) => {
      if (/\bnew\s+Error\s*\(/.test(text)) report(i + 1, "bare error", "throw a LedgerError, or fail()");
      for (const [rule, pattern] of pure ? BANS : []) if (pattern.test(text)) report(i + 1, rule, text.trim());
    });
  }
  for (const circle of circles(graph)) found.push({ file: `src/${circle[0]}`, line: 1, rule: "circle", text: circle.join(" → ") });
  return found;
}

function checkFolder(file: string, target: string, report: (text: string) => void): void {
  const [from, to] = [file.split("/")[0]!, target.split("/")[0]!];
  const allowed = FOLDERS[from];
  if (allowed === undefined) return report(`src/${from} is in no row of the folder table`);
  if (from !== to && !allowed.some((prefix) => target.startsWith(prefix))) report(`${from} may not import ${target}`);
  if (from === "contracts" && /^base\/(time|log)\.ts$/.test(target)) report(`contracts may not import ${target}`);
}

/** Every import circle once, found by depth-first search. */
function circles(graph: ReadonlyMap<string, string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = checkLayers(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), ".."));
  for (const { file, line, rule, text } of found) console.error(`${file}:${line}: ${rule}: ${text}`);
  console.log(found.length === 0 ? "layers: in order" : `layers: ${found.length} violations`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
