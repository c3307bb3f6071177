// Range sync: a replica that is far behind gets certified blocks with their bodies from one peer at a time. docs/protocol.md §4.9.2.
// Owns: what to ask of whom, and the bodies that came along until the core wants them. Does not own: whether a block is certified (the core, as with any
// `block` message) and the way it is executed and committed: the same as in the normal case.

import { type Bytes, latin1 } from "../base/bytes.ts";
import { SYNC_AHEAD, SYNC_STAGED_BYTES, SYNC_TIMEOUT_MS } from "../base/limits.ts";
import type { DriverPorts, SyncBlock } from "./driverPorts.ts";
import { type Replica, surelyOfEpoch } from "./replica.ts";
import type { Block } from "./types.ts";

export class RangeSync {
  private readonly replica: Replica;
  private readonly blocks: DriverPorts["blocks"];
  private readonly timer: (ms: number, run: () => void) => () => void;
  private readonly give: (input: { kind: "message"; from: string; message: Block }) => void;
  private target = 0;
  private peers: string[] = [];
  private asking = false;
  /** First height of the last answer; asked for again only if the answer was of no use. */
  private fed = 0;
  /** Peers in a row that brought nothing; after a full round the next `want` begins anew. */
  private fruitless = 0;
  private readonly staged = new Map<string, { height: number; body: Bytes }>();
  private stagedBytes = 0;
  /** Bodies that the core has taken and that are being looked at, with their heights. */
  private readonly taken = new Map<string, number>();

  constructor(replica: Replica, ports: DriverPorts, timer: RangeSync["timer"], give: RangeSync["give"]) {
    this.replica = replica;
    this.blocks = (peer, first, last) => ports.blocks(peer, first, last);
    this.timer = timer;
    this.give = give;
  }

  /**
   * Certified blocks up to `height` exist at these peers, or so they say; `go` follows at the end of the turn. What is proved is less than what is said where
   * epochs lie between, and is proved again with every range: the goal stays until a whole round of peers brought nothing.
   */
  want(height: number, from: readonly string[]): void {
    this.target = Math.max(this.target, height);
    this.peers = [...this.peers.filter((p) => from.includes(p)), ...from.filter((p) => !this.peers.includes(p))];
    this.fruitless = 0;
  }

  /** Asks for the next range, if there is one and room for it. Cheap; called after every turn. */
  go(): void {
    const committed = this.replica.head.height;
    if (this.staged.size > 0 || this.taken.size > 0) this.forget(committed);
    if (this.asking || this.target <= committed || this.peers.length === 0 || this.stagedBytes >= SYNC_STAGED_BYTES) return;
    const first = this.firstMissing();
    const last = Math.min(this.target, committed + SYNC_AHEAD);
    // Small ranges cost a round trip each: wait until there is room for half of what may be ahead, or for the rest.
    if (first > last || last - first + 1 < Math.min(SYNC_AHEAD / 2, this.target - first + 1)) return;
    if (first > this.fed) this.fruitless = this.fed > 0 ? 0 : this.fruitless;
    else this.next(); // what came was not accepted
    if (this.fruitless >= this.peers.length) {
      this.target = 0;
      return;
    }
    this.ask(this.peers[0]!, first, last);
  }

  /** The core refused something of this peer. */
  rejected(peer: string): void {
    if (peer === this.peers[0]) this.next();
  }

  /** The body of a batch that a block under an accepted certificate names. */
  take(digest: Bytes): Bytes | undefined {
    const key = latin1(digest);
    const found = this.staged.get(key);
    const references = found && this.replica.certified.get(found.height)?.references;
    if (found === undefined || !references?.some((r) => latin1(r.digest) === key)) return undefined;
    this.remove(key);
    this.taken.set(key, found.height);
    return found.body;
  }

  /** What was taken is not what its digest says, or the core had no place for it yet: a block that names it asks for it again. */
  refused(digest: Bytes): void {
    this.taken.delete(latin1(digest));
  }

  /**
   * A certified block whose bodies are nowhere is missing too: peers that have committed it give them with the block and in no other way. So is one of this
   * epoch in whose place somebody put a block of a later one, which nobody can check yet.
   */
  private firstMissing(): number {
    const { certified, later, head, committing } = this.replica;
    const own = surelyOfEpoch(this.replica);
    let height = Math.max(head.height, committing) + 1;
    for (; ; height++) {
      const references = certified.get(height)?.references;
      if (references ? !references.every(({ digest }) => this.isHere(latin1(digest))) : height <= own || !later.has(height)) return height;
    }
  }

  private isHere(key: string): boolean {
    return this.staged.has(key) || this.taken.has(key) || this.replica.batches.has(key);
  }

  private ask(peer: string, first: number, last: number): void {
    this.asking = true;
    let open = true;
    const answered = (blocks: readonly SyncBlock[]): void => {
      if (!open) return;
      open = false;
      cancel();
      this.asking = false;
      this.fed = first;
      const good = blocks
        .slice(0, last - first + 1)
        .filter(({ block, bodies }, i) => block.header.order.height === first + i && bodies.length === block.references.length);
      if (good.length === 0) {
        this.next();
        this.go();
      } else this.feed(peer, good);
    };
    const cancel = this.timer(SYNC_TIMEOUT_MS, () => answered([]));
    this.blocks(peer, first, last).then(answered, () => answered([]));
  }

  private feed(peer: string, blocks: readonly SyncBlock[]): void {
    for (const { block, bodies } of blocks) {
      const { height } = block.header.order;
      block.references.forEach(({ digest, bytes }, i) => {
        const body = bodies[i]!;
        const key = latin1(digest);
        if (body.length !== bytes || this.staged.has(key)) return;
        this.staged.set(key, { height, body });
        this.stagedBytes += bytes;
      });
      this.give({ kind: "message", from: peer, message: block });
    }
  }

  private next(): void {
    this.fed = 0;
    this.fruitless++;
    this.peers.push(...this.peers.splice(0, 1));
  }

  private forget(committed: number): void {
    for (const [key, { height }] of this.staged) if (height <= committed) this.remove(key);
    for (const [key, height] of this.taken) if (height <= committed) this.taken.delete(key);
  }

  private remove(key: string): void {
    this.stagedBytes -= this.staged.get(key)!.body.length;
    this.staged.delete(key);
  }
}
