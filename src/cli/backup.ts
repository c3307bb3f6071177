// `chancery backup` and `chancery restore`: what a node cannot get back from the others. docs/operations.md, "Back up and restore".

import type { Command } from "commander";
import { saveSecretFile } from "../base/keyFile.ts";
import { makeBackup, readBackup, restoreBackup } from "../node/backup.ts";
import { globalsOf, readText } from "./globals.ts";
import { answer, green, usage, yellow } from "./output.ts";

export function register(program: Command): void {
  const backup = program
    .command("backup")
    .description("keys, configuration and genesis of a home in one file; the chain comes back from the others")
    .option("--out <file>", "where to write it");
  backup.action(make);
  backup.command("verify <file>").description("is a backup whole, and of which network?").action(check);
  program
    .command("restore <file>")
    .description("lay a new home from a backup; it follows silently until it is safe to vote")
    .action(restore);
}

function make(o: { out?: string }, command: Command): void {
  const home = globalsOf(command).home ?? usage("backup needs --home", "add --home DIR");
  const out = o.out ?? usage("backup needs --out", "add --out FILE");
  const text = makeBackup(home);
  saveSecretFile(out, text);
  const { network, files, keys } = readBackup(text);
  const clear = keys.filter((k) => !k.sealed).map((k) => k.purpose);
  answer({ file: out, network, files: files.map((f) => f.path), unprotected: clear }, [
    `${green("✓")} ${out}: ${files.map((f) => f.path).join(", ")}`,
    ...(clear.length > 0
      ? [
          yellow(
            `! the ${clear.join(", ")} key${clear.length > 1 ? "s lie" : " lies"} in it without a passphrase: keep the file as you would keep them`,
          ),
        ]
      : []),
    `Check it where you keep it: chancery backup verify ${out}`,
  ]);
}

function check(file: string): void {
  const { network, files, keys } = readBackup(readText(file));
  answer(
    { file, valid: true, network, files: files.map((f) => f.path), keys },
    `${green("✓")} ${file} is whole: network ${network.slice(0, 16)}, keys ${keys.map((k) => k.purpose).join(", ")}`,
  );
}

function restore(file: string, _o: unknown, command: Command): void {
  const home = globalsOf(command).home ?? usage("restore needs --home", "add --home DIR");
  const { network, files } = restoreBackup(readText(file), home);
  answer({ home, network, files: files.map((f) => f.path), votes: "after two epochs" }, [
    `${green("✓")} ${home} is made, for network ${network.slice(0, 16)}`,
    "It has no vote journal, so it fetches the chain, follows, and votes again two epochs on: nothing that it signed before can be contradicted.",
    `Next: chancery start --home ${home}   (never while the old home runs)`,
  ]);
}
