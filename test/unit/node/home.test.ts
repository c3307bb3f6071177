// The home and its lock: one process, whatever became of the one before. docs/operations.md, "The home".

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isLedgerError } from "../../../src/base/errors.ts";
import { type Home, homeAt, holderOf, lockHome, openHome } from "../../../src/node/home.ts";

let home: Home;
beforeEach(() => {
  home = homeAt(fs.mkdtempSync(path.join(os.tmpdir(), "chancery-home-")));
  fs.mkdirSync(home.run);
  fs.writeFileSync(path.join(home.directory, "VERSION"), "1\n");
  fs.writeFileSync(home.genesis, "{}");
});
afterEach(() => fs.rmSync(home.directory, { recursive: true, force: true }));
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return isLedgerError(error) ? error.code : String(error);
  }
};

test("while a process holds the home no other takes it; released, it can be taken again", () => {
  const lock = lockHome(home);
  expect(holderOf(home.lock)).toEqual({ pid: process.pid, alive: true });
  expect(codeOf(() => lockHome(home))).toBe("start.locked");
  lock.release();
  expect(codeOf(() => lockHome(home).release())).toBeUndefined();
});

test("a lock of a process that is dead does not count", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  fs.writeFileSync(home.lock, `${pid} 12345\n`);
  expect(codeOf(() => lockHome(home).release())).toBeUndefined();
});

test("nor does one whose number another process has now", () => {
  fs.writeFileSync(home.lock, `${process.pid} 1\n`); // this process, but it started at another time
  expect(codeOf(() => lockHome(home).release())).toBeUndefined();
});

test("who did not take the lock does not release it", () => {
  const first = lockHome(home);
  fs.writeFileSync(home.lock, "1 2\n");
  first.release();
  expect(fs.readFileSync(home.lock, "utf8")).toBe("1 2\n");
});

test("a home of a newer layout, without a genesis, or none at all is refused before anything is opened", () => {
  expect(codeOf(() => openHome(home.directory))).toBeUndefined();
  fs.writeFileSync(path.join(home.directory, "VERSION"), "2\n");
  expect(codeOf(() => openHome(home.directory))).toBe("home.invalid");
  fs.writeFileSync(path.join(home.directory, "VERSION"), "1\n");
  fs.rmSync(home.genesis);
  expect(codeOf(() => openHome(home.directory))).toBe("home.invalid");
  expect(codeOf(() => openHome(path.join(home.directory, "nowhere")))).toBe("home.invalid");
});
