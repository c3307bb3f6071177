// The form of a golden script: a story in comments, then blocks of commands, `----`, and what came of them, up to a blank line.
// Owns reading and writing that form. `UPDATE=1` writes what really happened back into the file (script.test.ts); a reader then judges the difference.

import { stop } from "./world.ts";

export interface Block {
  /** Comment lines above the commands, as they stand. */
  readonly comments: readonly string[];
  readonly commands: readonly string[];
  readonly expected: readonly string[];
}

export interface Command {
  readonly word: string;
  readonly plain: readonly string[];
  readonly named: ReadonlyMap<string, string>;
}

export function parseScript(text: string): Block[] {
  const blocks: Block[] = [];
  for (const part of text.split(/\n\s*\n/)) {
    const lines = part.split("\n").filter((line) => line.trim() !== "");
    const comments = lines.filter((line) => line.startsWith("#"));
    const rest = lines.filter((line) => !line.startsWith("#"));
    const rule = rest.indexOf("----");
    if (lines.length === 0) continue;
    blocks.push({ comments, commands: rule < 0 ? rest : rest.slice(0, rule), expected: rule < 0 ? [] : rest.slice(rule + 1) });
  }
  return blocks;
}

export function writeScript(blocks: readonly Block[]): string {
  return `${blocks.map((b) => [...b.comments, ...b.commands, ...(b.commands.length > 0 ? ["----", ...b.expected] : [])].join("\n")).join("\n\n")}\n`;
}

export function parseCommand(line: string): Command {
  const [word, ...rest] = line.trim().split(/\s+/);
  const named = new Map<string, string>();
  const plain: string[] = [];
  for (const item of rest) {
    const at = item.indexOf("=");
    if (at > 0) named.set(item.slice(0, at), item.slice(at + 1));
    else plain.push(item);
  }
  return { word: word ?? stop("an empty command"), plain, named };
}
