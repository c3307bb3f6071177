// A validator that signs two things: whoever sees both votes puts them on the chain, where anyone can check them, once; a proposal to remove the signer opens for
// the vote, and nobody is punished by code. The liar is a peer written by hand with the keys of a real member. docs/protocol.md §4.10.

import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex, unhex } from "../../src/base/bytes.ts";
import { voteFrame } from "../../src/base/certificate.ts";
import { sign, verify } from "../../src/base/signature.ts";
import { encodeMessage } from "../../src/consensus/messages.ts";
import { control, encodeHello } from "../../src/p2p/hello.ts";
import { peerIdOf } from "../../src/p2p/hostLibp2p.ts";
import { frameOf } from "../../src/p2p/stream.ts";
import { answerPings, dialAt, openRaw, rawPeerWith, stopRaw } from "../unit/p2p/rawPeer.ts";
import { Cluster, logged, logOf, type Member } from "./harness.ts";
import { cli, get, waitFor } from "./support.ts";

let cluster: Cluster;
let liar: Member;
let honest: Member[];

beforeAll(async () => {
  // Only heartbeats, far apart: the height that the liar votes on stays open.
  cluster = await Cluster.start({ validators: 4, parameters: { heartbeat_ms: 600_000, proposal_interval_ms: 20 } });
  liar = cluster.named("health");
  honest = cluster.members.filter((m) => m !== liar);
  await cluster.halt(liar);
});
afterAll(async () => {
  await stopRaw();
  await cluster?.stop();
});

/** Says these votes to a node, as the liar's own node would. */
async function say(to: Member, votes: readonly Parameters<typeof encodeMessage>[0][]): Promise<void> {
  const { network } = cluster;
  const node = await rawPeerWith(liar.keys.peer.secret, network);
  const connection = await dialAt(node, { address: `/ip4/127.0.0.1/tcp/${to.peerPort}`, peerId: peerIdOf(to.keys.peer.publicKey) });
  const hello = await openRaw(connection, "hello");
  hello.stream.send(
    frameOf(
      control.hello,
      encodeHello({ version: 1, network, organisation: liar.id, role: "validator", nonce: new Uint8Array(16).fill(5) }),
    ),
  );
  answerPings(hello);
  await waitFor("the greeting's answer", async () => (hello.received.length > 0 ? true : undefined));
  const { stream } = await openRaw(connection, "votes", network);
  for (const vote of votes) stream.send(frameOf(0, encodeMessage(vote)));
}

describe("equivocation", () => {
  test("two votes of one key for one slot become one record that anyone can check, and a proposal that all may vote on", async () => {
    const [tax, courts] = honest as [Member, Member];
    const { epoch, view, height } = await cluster.status(tax);
    const fields = { epoch, view, height: height + 2, signer: liar.id };
    const vote = (fill: number) => {
      const hash = new Uint8Array(32).fill(fill);
      const signature = sign(liar.keys.consensus.secret, voteFrame(cluster.network, "prepare", { ...fields, hash }));
      return { kind: "prepare" as const, ...fields, hash, signature };
    };
    // Both to two of them: each accuses, one record remains.
    await say(tax, [vote(1), vote(2)]);
    await say(courts, [vote(2), vote(1)]);
    await logged(tax.home, "equivocation");
    const record = await waitFor("the record", async () => {
      const { items } = (await get(`${tax.api}/v1/records/governance/equivocation`)).body;
      return items.length > 0 ? items[0] : undefined;
    });
    await waitFor("both accusations", async () =>
      [tax, courts].every((m) => logOf(m.home, "act.submitted").some((l) => l["action"] === "governance.accuse")) ? true : undefined,
    );
    await cluster.deposit("afterwards", courts);
    for (const member of honest) {
      await cluster.has(member, "afterwards");
      expect(await cluster.equivocations(member)).toBe(1);
    }
    // By the record's own words, with nothing of the node's code but the signature check.
    const { signer, key, kind, first, second } = record.fields;
    expect({ signer, key, kind }).toEqual({ signer: liar.id, key: hex(liar.keys.consensus.publicKey), kind: "prepare" });
    expect(first.hash).not.toBe(second.hash);
    for (const { hash, signature } of [first, second])
      expect(verify(unhex(signature), voteFrame(cluster.network, "prepare", { ...fields, hash: unhex(hash) }), unhex(key))).toBe(true);
    // And offline, by a proof file.
    const file = path.join(cluster.directory, "evidence.json");
    const slot = [key, kind, String(epoch), String(view), String(fields.height)].join("/");
    expect(await cli("prove", "governance", "equivocation", slot, "--node", tax.api, "--out", file, "--json")).toMatchObject({ code: 0 });
    expect(await cli("verify", file, "--genesis", cluster.genesis, "--json")).toMatchObject({
      code: 0,
      json: { valid: true, present: true },
    });

    // Nobody is punished by code: it still has its seat; the vote decides.
    const seats = async (): Promise<string[]> => (await get(`${tax.api}/v1/validators`)).body.items.map((v: { id: string }) => v.id);
    expect(await seats()).toContain(liar.id);
    const open = (await get(`${tax.api}/v1/records/governance/proposal`)).body.items.filter(
      (p: any) => p.fields.kind === "validator.remove",
    );
    expect(open).toHaveLength(1);
    expect(open[0].fields).toMatchObject({ agency: liar.id, yes: [], no: [] });
    const id = open[0].fields.proposal as string;
    for (const member of honest)
      expect(await cli("vote", id, "yes", "--key", member.keyFile, "--node", tax.api, "--json")).toMatchObject({
        code: 0,
        json: { outcome: "applied" },
      });
    await waitFor("its seat to be gone", async () => ((await seats()).includes(liar.id) ? undefined : true));
    await cluster.deposit("without-it", courts);
  });
});
