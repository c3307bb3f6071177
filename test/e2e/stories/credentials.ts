// A licence from its kind to its revocation: issued, shown to who asked, suspended everywhere at once.

import { expect } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Story } from "../stage.ts";

const content = { root: sha256(new Uint8Array([1])), size: 33 };
const shown = { credential: "l-1", content: hex(content.root), verifier: "land", shown: ["class"] };

export default {
  title: "a licence is issued, shown once to each challenge, and suspended everywhere at once",
  async today(stage) {
    const kind = {
      kind: "driver",
      title: "Driver's licence",
      fields: ["name", "class"],
      one_per_person: true,
      device_bound: false,
      admitted_only: false,
    };
    await stage.applied("credentials.define", { ...kind, lasts: days(30) }, "tax");
    await stage.applied("credentials.issue", { credential: "l-1", kind: "driver", holder: "p:ann", content }, "tax");
    const second = { credential: "l-2", kind: "driver", holder: "p:ann", content: { root: shown.content, size: 33 } };
    expect(await stage.call("credentials.issue", second, "tax")).toMatchObject({ code: "credentials.one_live" });
    const answer = { ...shown, challenge: hex(sha256(new Uint8Array([2]))) };
    expect(await stage.call("credentials.present", answer, "bob")).toMatchObject({ code: "engine.signature_missing" });
    expect(await stage.call("credentials.present", answer, "ann")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("credentials.present", answer, "ann")).toMatchObject({ code: "credentials.replayed" });
    const asked = { credential: "l-1", content: shown.content };
    expect(await stage.ask("credentials.check", asked)).toEqual({ serves: true });
    await stage.applied("credentials.suspend", { credential: "l-1", ground: "art-4" }, "tax");
    expect(await stage.ask("credentials.check", asked)).toEqual({ serves: false, because: "suspended" });
    expect(await stage.ask("credentials.check", { ...asked, content: "00" })).toMatchObject({ code: "args.invalid" });
    expect(await stage.ask("credentials.chek", asked)).toMatchObject({ code: "view.unknown" });
    expect(await stage.ask("governance.tally", { proposal: "none" })).toMatchObject({ code: "record.unknown" });
    const next = { ...shown, challenge: hex(sha256(new Uint8Array([3]))) };
    expect(await stage.call("credentials.present", next, "ann")).toMatchObject({ code: "credentials.not_live" });
    const back = { credential: "l-1", ground: "art-5" };
    await stage.applied("credentials.restore", back, "tax");
    expect(await stage.call("credentials.reportLost", { credential: "l-1", ground: "lost" }, "ann")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("credentials.restore", back, "ann")).toMatchObject({ code: "engine.not_entitled" });
    await stage.applied("credentials.restore", back, "tax");
    expect(await stage.proved("credentials/credential", "l-1")).toMatchObject({ valid: true, record: { status: "live" } });
  },
  async later(stage) {
    expect((await stage.ledger.ask("credentials.check", { credential: "l-1", content: shown.content })).answer).toEqual({
      ...{ serves: false, because: "expired" },
    });
    const next = { ...shown, challenge: hex(sha256(new Uint8Array([4]))) };
    expect(await stage.call("credentials.present", next, "ann")).toMatchObject({ code: "credentials.expired" });
  },
} satisfies Story;
