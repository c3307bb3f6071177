// A member without a seat follows, serves reads and proofs, and hands its clients' transactions to a validator, then to another. docs/protocol.md §4.8.

import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logOf } from "./harness.ts";
import { cli, deposit, get, type Network, type RunningNode, startDaemon, startNetwork, waitFor } from "./support.ts";

let network: Network;
let observer: RunningNode;

beforeAll(async () => {
  network = await startNetwork(4, "--observers", "1");
  observer = network.nodes.find((n) => n.id === "agency5")!;
}, 240_000);
afterAll(async () => network?.stop());

const call = async (name: string, ...more: string[]) =>
  cli("call", "evidence.deposit", "--args", deposit(name), "--key", network.keys["tax"]!, "--node", observer.api, "--json", ...more);
const statusOf = async (node: RunningNode): Promise<any> => (await get(`${node.api}/v1/node`)).body;

describe("an observer", () => {
  test("takes a client's transaction, hands it over, and gives the receipt; all have the record", async () => {
    expect(await statusOf(observer)).toMatchObject({ role: "observer", mode: "following", ready: true });
    expect(await call("O1")).toMatchObject({ code: 0, json: { outcome: "applied" } });
    for (const node of network.nodes)
      await waitFor(`O1 at ${node.id}`, async () =>
        (await get(`${node.api}/v1/records/evidence/deposit/O1`)).status === 200 ? true : undefined,
      );
    expect(await call("O1")).toMatchObject({ code: 4, json: { code: "engine.already_exists" } });
  });

  test("proves what stands and what does not, with certificates in which it has no part", async () => {
    for (const [name, present] of [
      ["O1", true],
      ["nothing", false],
    ] as const) {
      const file = path.join(network.directory, `${name}.json`);
      expect(await cli("prove", "evidence", "deposit", name, "--node", observer.api, "--out", file, "--json")).toMatchObject({
        code: 0,
        json: { present },
      });
      const verified = await cli("verify", file, "--genesis", network.genesis, "--json");
      expect(verified).toMatchObject({ code: 0, json: { valid: true, present } });
      expect(verified.json.confirmedBy).not.toContain("agency5");
    }
  });

  test("with validators dead it hands over to another, as long as there is a quorum", async () => {
    // One after the other, so that whomever it likes best is among them.
    for (const [i, id] of ["courts", "tax"].entries()) {
      const victim = network.nodes.find((n) => n.id === id)!;
      process.kill(victim.pid, "SIGSTOP");
      try {
        expect(await call(`H${i}`, "--timeout", "90s")).toMatchObject({ code: 0, json: { outcome: "applied" } });
      } finally {
        process.kill(victim.pid, "SIGCONT");
      }
      await waitFor(`${id} to catch up`, async () =>
        (await get(`${victim.api}/v1/records/evidence/deposit/H${i}`)).status === 200 ? true : undefined,
      );
    }
  });

  test("says once that it is ready for a seat, and nothing more: not after a restart either", async () => {
    const record = `${observer.api}/v1/records/governance/member/agency5`;
    const ready = await waitFor("its readiness on the chain", async () => (await get(record)).body.fields.ready as number | undefined);
    process.kill(observer.pid, "SIGTERM");
    await waitFor("its end", async () => ((await fetch(observer.api).catch(() => undefined)) === undefined ? true : undefined));
    const again = await startDaemon(observer.home);
    try {
      expect(await call("O2")).toMatchObject({ code: 0 });
      expect(await call("O3")).toMatchObject({ code: 0 });
      expect((await get(record)).body.fields.ready).toBe(ready);
      expect(logOf(observer.home, "act.submitted").filter((l) => l["action"] === "governance.ready")).toHaveLength(1);
    } finally {
      again.child.kill("SIGTERM");
      await again.ended;
    }
  });
});
