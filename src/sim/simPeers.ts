// Peers that misbehave are scored and cut off for a while, as the daemon's host does it (src/p2p/host.ts), with its own book of peers. docs/protocol.md §4.11.
// Owns the cut. Does not own the scores (p2p/peers.ts), nor the judgement that no honest node is ever scored (checks.ts).

import { REJECT_POINTS } from "../base/limits.ts";
import { defaultTiming, PeerBook } from "../p2p/peers.ts";
import { nameOf, secretsOf } from "./founding.ts";
import type { SimNode } from "./simNode.ts";

export class SimPeers {
  private readonly node: SimNode;
  private readonly banMs: number;
  private book!: PeerBook;
  private readonly cut = new Map<number, () => void>();

  constructor(node: SimNode, banMs: number) {
    this.node = node;
    this.banMs = banMs;
  }

  /** A process knows nothing of what peers did to the one before it. */
  restarted(): void {
    for (const mend of [...this.cut.values()]) mend();
    const { node, banMs } = this;
    const clock = { now: () => node.wallClock(), monotonic: () => node.world.clock.now };
    this.book = new PeerBook(clock, () => 0, { ...defaultTiming, banMs });
    this.book.replace(
      node.world.founding.genesis.founders.map(({ member: { id } }, i) => ({
        id,
        peerKey: secretsOf(i).peer.key,
        role: "validator",
        addresses: [],
      })),
    );
  }

  isCut(from: number): boolean {
    return this.cut.has(from);
  }

  /** `from` broke a rule that no honest peer breaks. */
  penalise(from: number, code: string): void {
    const { watch, network, clock } = this.node.world;
    const { index, life } = this.node;
    watch.rejected(this.node, from, code);
    const peer = this.book.get(nameOf(from));
    if (peer === undefined || !this.book.penalise(peer, REJECT_POINTS) || this.cut.has(from)) return;
    watch.cutOff(this.node, from);
    const change = (by: 1 | -1): void => {
      network.cut(from, index, by);
      network.cut(index, from, by);
    };
    change(1);
    const mend = (): void => {
      if (!this.cut.delete(from)) return;
      change(-1);
      network.connect(index, from);
    };
    this.cut.set(from, mend);
    clock.after(peer.bannedUntil - clock.now, life, mend);
  }
}
