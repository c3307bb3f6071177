// `chancery config`, `version`, `completion`: what this installation is and how it is set.

import fs from "node:fs";
import type { Command } from "commander";
import { loadConfig } from "../node/config.ts";
import { homeAt } from "../node/home.ts";
import { settingNames, settings } from "../node/settings.ts";
import { globalsOf } from "./globals.ts";
import { commandNames } from "./commandNames.ts";
import { answer, dim, green, usage } from "./output.ts";

export function register(program: Command): void {
  const config = program.command("config").description("a node's settings");
  config.command("check").description("is the configuration valid?").action(check);
  config
    .command("show")
    .description("every setting, its value and what it is for")
    .option("--origin", "where each value comes from", false)
    .action(show);
  program.command("version").description("of this release and its contracts").action(version);
  program.command("completion <shell>").description("bash | zsh | fish").action(completion);
}

function configFile(command: Command): string {
  return homeAt(globalsOf(command).home ?? process.cwd()).config;
}

function check(_o: unknown, command: Command): void {
  const file = configFile(command);
  loadConfig(file);
  answer({ file, valid: true }, `${green("✓")} ${file}`);
}

function show(o: { origin: boolean }, command: Command): void {
  const { config, origins } = loadConfig(configFile(command));
  const document = Object.fromEntries(
    settingNames.map((name) => [name, o.origin ? { value: config[name] ?? null, origin: origins[name] } : (config[name] ?? null)]),
  );
  answer(
    document,
    settingNames.map(
      (name) =>
        `${name.padEnd(28)} ${JSON.stringify(config[name] ?? null).padEnd(28)} ${dim(o.origin ? origins[name] : settings[name].about)}`,
    ),
  );
}

async function version(_o: unknown, command: Command): Promise<void> {
  const { contractsManifest } = await import("../node/registry.ts");
  const { version: release } = JSON.parse(fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  const { manifestHash, protocol } = contractsManifest();
  const manifest = Buffer.from(manifestHash).toString("hex");
  globalsOf(command);
  answer(
    { version: release, protocol, manifest, node: process.version, platform: `${process.platform}-${process.arch}` },
    `chancery ${release}   protocol ${protocol}   contracts ${manifest.slice(0, 16)}   Node ${process.version}`,
  );
}

function completion(shell: string): void {
  const words = Object.values(commandNames).flat().join(" ");
  if (shell === "bash") return answer({ shell }, `complete -W "${words}" -o default chancery`);
  if (shell === "zsh") return answer({ shell }, `#compdef chancery\n_arguments '1:command:(${words})' '*:file:_files'`);
  if (shell === "fish") return answer({ shell }, `complete -c chancery -n __fish_use_subcommand -a "${words}"`);
  usage(`there is no completion for "${shell}"`, "chancery completion bash | zsh | fish");
}
