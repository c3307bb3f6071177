// A live network as the actors of a service use it: by command line, and over HTTP by the client library, with keys by name, proofs verified offline, audits, and
// time that passes. Owns these words and nothing of any service: a story (stories/*.ts) says what is done with them.

import path from "node:path";
import { expect } from "vitest";
import { type Key, loadKey, newKey } from "../../src/base/keyFile.ts";
import { provePossession } from "../../src/base/member.ts";
import { seedSigner } from "../../src/client/build.ts";
import { ChanceryError } from "../../src/client/connection.ts";
import { connect, type Ledger } from "../../src/client/index.ts";
import { hours } from "../../src/contracts/engine/index.ts";
import { cli, get, type Network, startNetwork, waitFor } from "./support.ts";

/** The life of a service on a live network: what people do, and what is seen once the clocks have moved by `LATER`. */
export interface Story {
  readonly title: string;
  today(stage: Stage): Promise<void>;
  later?(stage: Stage): Promise<void>;
}
type Args = Parameters<Ledger["transaction"]>[1];

export interface Stage {
  readonly network: Network;
  readonly ledger: Ledger;
  /** Of the node that is asked. */
  readonly api: string;
  chainTime(): number;
  /** A path in the network's own directory. */
  file(name: string): string;
  /** A key by the name that `devnet` gave it, or of a principal that was registered here. */
  keyOf(name: string): Key;
  /** An act by the command line, with keys of the network or files `NAME.key` of its directory; the receipt, or the problem. */
  call(action: string, args: object, ...keys: string[]): Promise<any>;
  /** An act over HTTP, by the client library, as version 1 unless one is named; its outcome. */
  act(action: string, args: Args, ...keys: string[]): Promise<any>;
  /** The same, and it is applied. */
  applied(action: string, args: Args, ...keys: string[]): Promise<void>;
  /** A device or a company comes by its key; once, whoever else asks. */
  register(principal: string, purpose: "device" | "company"): Promise<void>;
  /** What a view answers, by the command line; or the problem. */
  ask(view: string, args: object): Promise<any>;
  /** `contract/record/key…` as it is now. */
  record(name: string): Promise<any>;
  /** The record, once it is in this status. */
  until(name: string, status: string): Promise<any>;
  /** The record's proof, verified with nothing but files. */
  proved(collection: string, key: string): Promise<any>;
  /** All audits of a contract hold. */
  audited(contract: string): Promise<void>;
  /** The network goes on with clocks that are so much further ahead. */
  pass(ms: number): Promise<void>;
}

/** A devnet of so many nodes, and words to act on it. The caller stops `network`. */
export async function newStage(nodes: number): Promise<Stage> {
  const network = await startNetwork(nodes);
  const { api } = network.nodes[0]!;
  const ledger = await connect({ nodes: network.nodes.map((node) => node.api), genesis: network.genesis });
  const made = new Map<string, Key>();
  let ahead = 0;
  const file = (name: string): string => path.join(network.directory, name);
  const keyOf = (name: string): Key => made.get(name) ?? loadKey(network.keys[name]!);
  const chainTime = (): number => Date.now() + ahead;
  const versioned = (action: string): string => (action.includes("@") ? action : `${action}@1`);

  const stage: Stage = {
    ...{ network, ledger, api, file, keyOf, chainTime },
    async call(action, args, ...keys) {
      const by = keys.flatMap((name) => ["--key", network.keys[name] ?? file(`${name}.key`)]);
      const until = ["--not-after", `${Math.ceil(ahead / 60_000) + 60}m`];
      const { json, problem } = await cli(
        ...["call", action, "--args", JSON.stringify(args, (_, v) => (typeof v === "bigint" ? `${v}` : v)), ...by, ...until],
        ...["--node", api, "--timeout", "90s", "--json"],
      );
      return json ?? problem;
    },
    async act(action, args, ...keys) {
      const signers = keys.map((name) => seedSigner(keyOf(name).secret));
      const notAfter = chainTime() + hours(1);
      let draft = ledger.transaction(versioned(action), args, { signers: signers.map((s) => s.publicKey), notAfter });
      for (const signer of signers) draft = await draft.sign(signer);
      return ledger.submit(draft.finish(), { timeout: "90s" }).catch((error: unknown) => {
        if (error instanceof ChanceryError && error.status !== 0) return { status: "refused", code: error.code }; // by the node itself: a proof does not hold
        throw error;
      });
    },
    async applied(action, args, ...keys) {
      const { status, code } = await stage.act(action, args, ...keys);
      expect(`${action}: ${status} ${code ?? ""}`).toBe(`${action}: applied `);
    },
    async register(principal, purpose) {
      if (made.has(principal)) return;
      const key = newKey("person"); // a seed; which purpose it serves is what is registered
      made.set(principal, key);
      const proof = provePossession(ledger.network, principal, purpose, key.publicKey, key.secret);
      await stage.applied("eid.register", { principal, owner: "tax", key: key.publicKey, proof }, "tax");
    },
    async ask(view, args) {
      const { json, problem } = await cli("ask", view, "--args", JSON.stringify(args), "--node", api, "--json");
      return json?.answer ?? problem;
    },
    record: async (name) => (await get(`${api}/v1/records/${name}`)).body,
    until: async (name, status) =>
      waitFor(
        `${name} to be ${status}`,
        async () => {
          const found = await stage.record(name);
          return found?.status === status ? found : undefined;
        },
        120_000,
      ),
    async proved(collection, key) {
      const [contract, name] = collection.split("/") as [string, string];
      const out = file(`${name}.proof.json`);
      expect(await cli("prove", contract, name, key, "--node", api, "--out", out, "--json")).toMatchObject({
        code: 0,
        json: { present: true },
      });
      return (await cli("verify", out, "--genesis", network.genesis, "--json")).json;
    },
    async audited(contract) {
      expect(await cli("audit", contract, "--json", "--node", api)).toMatchObject({ code: 0, json: { contract, holds: true } });
    },
    async pass(ms) {
      ahead += ms;
      await network.later(ahead);
    },
  };
  return stage;
}
