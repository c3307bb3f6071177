// Which release this is: package.json's version, read once.

import fs from "node:fs";

export const RELEASE = (JSON.parse(fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;
