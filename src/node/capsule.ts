// After a divergence: the block as the others certified it, fetched and put into the capsule, so that one file says what differs. docs/protocol.md §3.7.2.
// Owns that errand. Does not own: the capsule (ledger/divergence.ts), the verdict (consensus).

import fs from "node:fs";
import { equalBytes, unlatin1 } from "../base/bytes.ts";
import { isLedgerError } from "../base/errors.ts";
import { SYNC_TIMEOUT_MS } from "../base/limits.ts";
import { capsulePath, withCertified, writeCapsule } from "../ledger/divergence.ts";
import { fetchBlocks } from "../ledger/fetchBlocks.ts";
import { PeerAsk } from "../ledger/peerAsk.ts";
import { checkCertified } from "../ledger/stateTrust.ts";
import { encodeParts } from "../ledger/wholeBlock.ts";
import type { Node } from "./node.ts";

const GIVE_UP_MS = 120_000;

/** Completes the capsule of the block that this node computed otherwise. Ends by itself; never throws. */
export async function completeCapsule(node: Node, height: number): Promise<void> {
  const { chain, network } = node;
  const { home, log } = node.options;
  const certificate = node.driver?.replica.certified.get(height)?.certificate;
  const end = performance.now() + GIVE_UP_MS;
  const ask = new PeerAsk({
    peers: () => node.host?.connectedPeers() ?? [],
    ask: (peer, question) => node.host!.request(peer, "blocks", question, { timeoutMs: SYNC_TIMEOUT_MS }),
    lied: (peer, code) => node.host?.penalise(peer, code, 100),
    stopped: () => node.stopping || performance.now() > end,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const record = chain.reader.epochAt(height);
  const trust = { check: (block: Parameters<typeof checkCertified>[1]) => checkCertified(network, block, record) };
  try {
    const [block] = await fetchBlocks({ network, ask, trust }, height, height);
    if (block === undefined || (certificate !== undefined && !equalBytes(block.hash, certificate.hash))) return;
    const key = node.driver?.replica.divergence?.key;
    const path = key === undefined ? undefined : capsulePath(home.capsules, height, unlatin1(key));
    if (path === undefined || !fs.existsSync(path)) return;
    await writeCapsule(home.capsules, withCertified(new Uint8Array(fs.readFileSync(path)), encodeParts(block)));
    log.error("capsule.complete", { file: path, do: `chancery divergence ${path}` });
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    log.warn("capsule.incomplete", { height, code: error.code });
  }
}
