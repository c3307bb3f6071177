// A data set and the model built on it: licensed, used within its quota, withdrawn, and the model is marked by itself.

import { expect } from "vitest";
import { hex, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import { waitFor } from "../support.ts";
import type { Story } from "../stage.ts";

const use = { asset: "air", number: 0, user: "p:carl", purpose: "forecast" };
const accept = { asset: "air", user: "p:carl", licence: "city-open" };
const version = (asset: string, cites: { asset: string; number: number }[]) => ({
  ...{ asset, content: hex(sha256(utf8(asset))), description: hex(sha256(utf8(`about ${asset}`))), size: 25_585_843, cites },
});

export default {
  title: "a data set is used by licence and within its quota; when it is withdrawn, the model built on it is marked",
  async today(stage) {
    const licence = { words: sha256(utf8("licence")), open: true, term: days(30), quota: 100, window: days(366) };
    await stage.applied("datasets.offer", { licence: "city-open", ...licence }, "tax");
    for (const [asset, kind] of [
      ["air", "dataset"],
      ["smog", "model"],
    ])
      await stage.applied("datasets.register", { asset: asset!, kind: kind!, title: "Air quality", licence: "city-open" }, "tax");
    expect(await stage.call("datasets.release", version("air", []), "tax")).toMatchObject({ outcome: "applied" });
    expect(await stage.call("datasets.release", version("smog", []), "tax")).toMatchObject({ code: "datasets.sources_named" });
    expect(await stage.call("datasets.release", version("smog", [{ asset: "air", number: 0 }]), "tax")).toMatchObject({
      outcome: "applied",
    });

    expect(await stage.call("datasets.use", { ...use, units: 60 }, "carl")).toMatchObject({ code: "datasets.not_accepted" });
    expect(await stage.call("datasets.accept", accept, "carl")).toMatchObject({ outcome: "applied" });
    await stage.applied("datasets.use", { ...use, units: 60 }, "carl");
    expect(await stage.act("datasets.use", { ...use, units: 41 }, "carl")).toMatchObject({ code: "datasets.quota_reached" });
    expect(await stage.proved("datasets/use", "air/p:carl/0")).toMatchObject({ valid: true, record: { fields: { units: 60 } } });

    await stage.applied("datasets.withdraw", { asset: "air", number: 0, ground: "sensor-fault" }, "tax");
    const mark = await waitFor("the model to be marked", async () => (await stage.record("datasets/version/smog/0")).fields.mark, 60_000);
    expect(mark).toMatchObject({ asset: "air", number: 0 });
    expect(await stage.act("datasets.use", { ...use, units: 1 }, "carl")).toMatchObject({ code: "datasets.version_withdrawn" });
    await stage.audited("datasets");
  },
  async later(stage) {
    await stage.until("datasets/acceptance/air/p:carl", "ended");
    expect(await stage.act("datasets.use", { ...use, units: 1 }, "carl")).toMatchObject({ code: "datasets.not_accepted" });
    await stage.audited("datasets");
  },
} satisfies Story;
