// Whose word counts when a peer refuses a question. docs/protocol.md §4.9.3.

import { expect, test } from "vitest";
import { encode } from "../../../src/base/codec.ts";
import { LedgerError } from "../../../src/base/errors.ts";
import { PeerAsk } from "../../../src/ledger/peerAsk.ts";

/** Peers that refuse with a code, or answer. */
function asking(says: { readonly [peer: string]: string | undefined }): { ask: PeerAsk; liars: string[] } {
  const liars: string[] = [];
  const ask = new PeerAsk({
    peers: () => Object.keys(says),
    ask: async (peer) => {
      const code = says[peer];
      if (code !== undefined) throw new LedgerError(code);
      return encode(peer);
    },
    lied: (peer) => void liars.push(peer),
    stopped: () => false,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 100)),
  });
  return { ask, liars };
}

const name = (answer: unknown): string => String(answer);

test("one peer that refuses is passed over, and no liar; all that refuse for one reason are believed", async () => {
  for (const code of ["height.pruned", "state.range_large"]) {
    const one = asking({ courts: code, health: "p2p.busy", land: undefined });
    expect(await one.ask.ask(["range", 16, 0], name)).toBe("land");
    expect(one.liars).toEqual([]);
    await expect(asking({ courts: code, health: code }).ask.ask(["range", 16, 0], name)).rejects.toThrow(code);
  }
});

test("where a question can be put otherwise, one word is enough to do so", async () => {
  const { ask } = asking({ courts: "state.range_large", land: undefined });
  await expect(ask.ask(["range", 4, 0], name, "state.range_large")).rejects.toThrow("state.range_large");
});

test("what is answered wrongly convicts; being behind, or gone in the middle, does not", async () => {
  const wrong = (refusal: string) => async (answer: unknown, peer: string) => {
    if (peer !== "land") throw new LedgerError(refusal);
    return name(answer);
  };
  for (const [refusal, liars] of [
    ["state.unproved", ["courts"]],
    ["state.behind", []],
    ["p2p.absent", []],
  ] as const) {
    const { ask, liars: found } = asking({ courts: undefined, land: undefined });
    expect(await ask.ask(["head", 1], wrong(refusal))).toBe("land");
    expect(found).toEqual(liars);
  }
});
