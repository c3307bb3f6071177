// The standard platform on a live network: an agency adds a type of record without code, the members adopt it, records live by it; and end by time.

import { expect } from "vitest";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Story } from "../stage.ts";

const boats = {
  ...{ member: "tax", form: "boats", title: "Mooring permit", sector: "casework", creates: "harbour" },
  clear: {
    ...{ type: "object", additionalProperties: false, required: ["berth", "quay"] },
    properties: { quay: { enum: ["east", "west"] }, berth: { type: "integer", minimum: 1, maximum: 400 }, power: { type: "boolean" } },
  },
  process: {
    statuses: [
      { status: "asked", within: days(20), step: "lapse" },
      { status: "moored", within: days(300), step: "lapse" },
      { status: "free", ends: "closed" },
    ],
    steps: [
      { step: "moor", from: ["asked"], to: "moored", by: "harbour", ground: false, times: 1 },
      { step: "change", from: ["moored"], to: "moored", by: "holder", ground: false, times: 4 },
      { step: "lapse", from: ["asked", "moored"], to: "free", by: "chain", ground: false, times: 1 },
    ],
  },
  roles: [{ role: "harbour", who: "The office of the quay", scope: "quay" }],
  edits: [{ step: "change", field: "power" }],
};

export default {
  title: "a form is adopted by vote, its records fit their schema, are each office's own, go by their process, and end by time",
  async today(stage) {
    const open = { ...boats, clear: { ...boats.clear, properties: { quay: { type: "number" } } } };
    expect(await stage.call("forms.propose", open, "tax")).toMatchObject({ code: "forms.schema_outside" });
    expect(await stage.call("forms.propose", boats, "tax")).toMatchObject({ outcome: "applied" });
    const role = { kind: "role.grant", agency: "land", role: "form.boats.harbour", scope: "east" };
    await stage.applied("governance.propose", { proposal: "harbour", member: "tax", ...role }, "tax");
    for (const member of ["tax", "courts", "health"]) {
      await stage.applied("forms.vote", { member, form: "boats", motion: 0, vote: "yes" }, member);
      await stage.applied("governance.vote", { proposal: "harbour", member, vote: "yes" }, member);
    }
    const boat = { form: "boats", version: 1, entry: "b-1", holder: "p:ann.casework", data: { quay: "east", berth: 7 } };
    expect(await stage.call("forms.enter", boat, "tax")).toMatchObject({ code: "forms.role_missing" });
    expect(await stage.call("forms.enter", { ...boat, data: { ...boat.data, berth: 401 } }, "land")).toMatchObject({
      code: "forms.data_unfit",
    });
    const west = { ...boat, data: { ...boat.data, quay: "west" } };
    expect(await stage.call("forms.enter", west, "land")).toMatchObject({ code: "forms.role_missing" });
    expect(await stage.call("forms.enter", boat, "land")).toMatchObject({ outcome: "applied" });
    await stage.applied("forms.enter", { ...boat, entry: "b-2" }, "land");
    const own = { form: "boats", entry: "b-1" };
    await stage.applied("forms.step", { ...own, step: "moor" }, "land");
    expect(await stage.act("forms.step", { ...own, step: "change", change: { berth: 8 } }, "ann.casework")).toMatchObject({
      code: "forms.field_locked",
    });
    await stage.applied("forms.step", { ...own, step: "change", change: { power: true } }, "ann.casework");
    expect(await stage.proved("forms/entry", "boats/b-1")).toMatchObject({
      valid: true,
      record: { status: "open", fields: { version: 1, stage: "moored", data: { quay: "east", berth: 7, power: true } } },
    });
    await stage.audited("forms");
  },
  async later(stage) {
    expect((await stage.until("forms/entry/boats/b-2", "ended")).fields).toMatchObject({ stage: "free", ground: "time-limit" });
    expect((await stage.record("forms/entry/boats/b-1")).status).toBe("open");
    await stage.audited("forms");
  },
} satisfies Story;
