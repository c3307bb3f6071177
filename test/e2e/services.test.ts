// The services on a live network of four: each story of stories/ acts on it by command line and HTTP, is refused where it should be, proves a record offline and is
// audited; then the clocks move, and each looks at what the chain has done by itself.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { days } from "../../src/contracts/engine/index.ts";
import { newStage, type Stage, type Story } from "./stage.ts";

const LIMIT = 300_000;
/** How far the clocks move. */
const LATER = days(40);
const folder = path.resolve(import.meta.dirname, "stories");
const stories: Story[] = [];
for (const name of fs.readdirSync(folder).sort()) stories.push(((await import(path.join(folder, name))) as { default: Story }).default);

let stage: Stage;
beforeAll(async () => void (stage = await newStage(4)), LIMIT);
afterAll(async () => stage?.network.stop());

describe("today", () => {
  for (const story of stories) test(story.title, { timeout: LIMIT }, async () => story.today(stage));
});

describe("forty days later", () => {
  test("the clocks have moved", { timeout: LIMIT }, async () => stage.pass(LATER));
  for (const story of stories) test.skipIf(story.later === undefined)(story.title, { timeout: LIMIT }, async () => story.later!(stage));
});
