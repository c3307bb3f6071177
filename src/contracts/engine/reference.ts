// The reference page of a contract, as a statute: its rules numbered, each act with who signs it, what it takes and under which paragraphs it stands.
// Owns the words around the declarations. Deterministic: tools/reference.ts writes docs/reference, a test compares.

import type { Field, Fields, Shape } from "./fields.ts";
import { described } from "./json.ts";
import { type Module, slotsOf } from "./modules.ts";
import { engineCodes, engineFlags } from "./outcome.ts";
import { describeContract } from "./schema.ts";

const list = (items: readonly string[]): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0
    ? []
    : [`| ${heads.join(" | ")} |`, `|${heads.map(() => "---|").join("")}`, ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`), ""];
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
/** One sentence with one full stop. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export function referencePage(module: Module, all: readonly Module[]): string {
  const { contract } = module;
  const { title, purpose, roles, rules, flags, sector } = contract.options;
  const description = describeContract(module, all);
  const codes = Object.keys(rules);
  const lines = [
    `# ${title}`,
    "",
    "<!-- Made from the declaration by tools/reference.ts. Change the contract, not this page. -->",
    "",
    sentence(purpose),
    "",
    `Contract \`${contract.name}\`. ${sector === undefined ? "It names no persons of a sector of its own." : `Persons are pseudonyms of the sector \`${sector}\`.`}`,
    "",
    "## Rules",
    "",
    ...codes.map((code, i) => `- §${i + 1} ${sentence(rules[code] as string)} \`${contract.name}.${code}\``),
    "",
  ];
  if (Object.keys(flags ?? {}).length > 0) {
    lines.push("## Marks", "", "An act may be applied and marked:", "");
    lines.push(...Object.entries(flags!).map(([code, text]) => `- ${sentence(text)} \`${contract.name}.${code}\``), "");
  }
  lines.push(
    "## Roles",
    "",
    ...table(
      ["role", "who"],
      Object.entries(roles).map(([role, who]) => [`\`${contract.name}.${role}\``, who]),
    ),
  );
  lines.push("## Acts", "");
  for (const action of description.actions) lines.push(...actPart(action, module, codes));
  if (module.dues.length > 0) {
    lines.push("## What the chain does by itself", "");
    for (const due of module.dues) lines.push(`- **${due.name}**, on \`${due.type.collection}\`: ${sentence(due.options.title)}`);
    lines.push("");
  }
  if (module.audits.length > 0) {
    lines.push(
      "## What an audit recomputes",
      "",
      `\`chancery audit ${contract.name}\` recomputes from the rows, on a node or in a home:`,
      "",
    );
    for (const audit of module.audits) lines.push(`- **${audit.name}**: ${sentence(audit.options.title)}`);
    lines.push("");
  }
  lines.push("## Records", "");
  for (const [i, collection] of description.collections.entries())
    lines.push(...recordPart(collection, contract.options.records[i]!.fields as Fields));
  if (description.views.length > 0) {
    lines.push("## Views", "", "Computed from the rows for anybody who asks: `POST /v1/views/NAME`, `chancery ask NAME --args …`.", "");
    for (const [i, view] of description.views.entries())
      lines.push(`### ${view.name}`, "", sentence(view.title), "", ...fieldTable(module.views[i]!.options.input as Fields));
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

type Described = ReturnType<typeof describeContract>;

function actPart(action: Described["actions"][number], module: Module, codes: readonly string[]): string[] {
  const own = module.actions.find(({ name }) => name === action.name)!;
  const signers = slotsOf(own).map(([slot, signer], i) => {
    if (!("role" in signer)) return signer.who;
    return `${slot} (\`${action.by[i]!.role}\`${signer.scope === undefined ? "" : ", in its scope"})`;
  });
  const paragraphs = action.rules.map(({ code, says }) => {
    const at = codes.indexOf(code.slice(module.contract.name.length + 1));
    return code.startsWith(`${module.contract.name}.`) ? `§${at + 1}` : `\`${code}\` (${sentence(says)})`;
  });
  const force =
    action.since === 1 && action.until === null
      ? ""
      : ` In force from chain version ${action.since}${action.until === null ? "" : ` to ${action.until}`}.`;
  return [
    `### ${action.name.slice(module.contract.name.length + 1)}`,
    "",
    `${sentence(action.title)} Signed by ${list(signers)}. ${paragraphs.length === 0 ? "Under no further rule." : `Under ${list(paragraphs)}.`}${force}`,
    "",
    ...fieldTable(own.input as Fields),
    "```json",
    JSON.stringify(action.example, undefined, 2),
    "```",
    "",
  ];
}

function recordPart(collection: Described["collections"][number], fields: Fields): string[] {
  const states = Object.entries(collection.states);
  const moves = states.map(([from, to]) =>
    to.length === 0 ? `\`${from}\` is an end` : `\`${from}\` → ${to.map((status) => `\`${status}\``).join(", ")}`,
  );
  return [
    `### ${collection.collection}`,
    "",
    `${sentence(collection.title)} Key: ${collection.key.map((name) => `\`${name}\``).join(" / ")}. ${readers(collection.read)}`,
    ...(states.length < 2 ? [] : ["", `Status: ${moves.join("; ")}.`]),
    ...(collection.find.length === 0 ? [] : ["", `Found by ${list(collection.find.map((name) => `\`${name}\``))}.`]),
    "",
    ...fieldTable(fields),
  ];
}

/** State is on every member's node: what a node's API shows to whom is policy, not secrecy (engine.md §7). */
function readers(read: Described["collections"][number]["read"]): string {
  if (read === "public") return "Anybody may read it.";
  if (read === "members") return "Members read it.";
  return `A node shows it to ${list(read.map((name) => `\`${name}\``))}; it stands on every member's node.`;
}

function fieldTable(fields: Fields): string[] {
  return table(
    ["field", "what"],
    Object.entries<Field<any>>(fields).map(([name, field]) => [
      `\`${name}\``,
      `${field.optional ? "optional: " : ""}${inWords(field.shape)}`,
    ]),
  );
}
function inWords(shape: Shape): string {
  if (shape.kind === "sealed") return `sealed; on the chain stands the root over ${list(Object.keys(shape.fields))}`;
  return described(shape);
}

/** The page of the engine's own codes. */
export function enginePage(): string {
  const codes = Object.entries(engineCodes).map(([code, says]) => `- ${says} \`engine.${code}\``);
  const flags = Object.entries(engineFlags).map(([code, says]) => `- ${says} \`engine.${code}\``);
  return [
    "# Codes of the engine",
    "",
    "<!-- Made by tools/reference.ts. -->",
    "",
    "Any act may end with one of these; the rules of a contract are on its own page.",
    "",
    ...codes,
    "",
    "Marks:",
    "",
    ...flags,
    "",
  ].join("\n");
}
