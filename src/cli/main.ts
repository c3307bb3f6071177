#!/usr/bin/env node
// `chancery`: reads the global options, loads the one group of commands that is asked for, and turns every ending into an exit code.

import { Command, CommanderError, Option } from "commander";
import { programOptions } from "./globals.ts";
import { type Group, groupOf, groups } from "./groups.ts";
import { exits, report, setOutput, usage } from "./output.ts";

/** The program with the commands of these groups. */
export async function buildProgram(wanted: readonly Group[]): Promise<Command> {
  const program = new Command("chancery");
  program
    .description("A ledger of public records that several agencies keep together, and anyone can prove offline")
    .configureOutput({ writeErr: () => undefined })
    .exitOverride()
    .showSuggestionAfterError()
    .helpOption("-h, --help", "help for a command")
    .helpCommand("help [command]", "help for a command");
  for (const option of programOptions()) program.addOption(option);
  for (const group of await Promise.all(wanted.map(async (g) => g.load()))) group.register(program);
  for (const command of allOf(program)) command.exitOverride().configureOutput({ writeErr: () => undefined });
  return program;
}

function allOf(command: Command): Command[] {
  return command.commands.flatMap((c) => [c, ...allOf(c)]);
}

/** The first word that is neither an option nor an option's value. */
function firstWord(args: readonly string[]): string | undefined {
  const takesValue = new Set(
    programOptions()
      .filter((o: Option) => o.required)
      .flatMap((o) => [o.long, o.short]),
  );
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith("-")) return arg;
    if (takesValue.has(arg)) i++;
  }
  return undefined;
}

/** Runs the command line; the exit code is set, the process ends when nothing is left to do. */
async function main(args: readonly string[]): Promise<void> {
  setOutput({ json: args.includes("--json"), color: !args.includes("--no-color"), quiet: args.includes("-q") || args.includes("--quiet") });
  try {
    const word = firstWord(args);
    const group = groupOf(word);
    if (word === undefined && args.includes("--version")) args = ["version"];
    const program = await buildProgram(group === undefined ? (args[0] === "version" ? [groupOf("version")!] : groups) : [group]);
    if (args.length === 0) {
      program.outputHelp();
      process.exitCode = exits.usage;
      return;
    }
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = ending(error);
  }
}

function ending(error: unknown): number {
  if (!(error instanceof CommanderError)) return report(error);
  if (error.exitCode === 0) return exits.done;
  try {
    usage(error.message.replace(/^error: /, "").replaceAll("\n", " "), "chancery help, or chancery COMMAND --help");
  } catch (refusal) {
    return report(refusal);
  }
}

// A reader that went away (`chancery list | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exits.done);
});

if (import.meta.main) await main(process.argv.slice(2));
