// Who may connect and under which peer key, and what other members say against this node: another genesis, our key elsewhere. docs/protocol.md §4.7, §6.2.
// Owns the allow-list as the chain gives it, and counting such voices: no single liar stops a node. Does not own: connections (p2p).

import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import { faults } from "../base/certificate.ts";
import type { EpochConfig } from "../consensus/types.ts";
import type { NetworkMember } from "../contracts/platform/network.ts";
import type { AllowedPeer, PeerHost } from "../p2p/types.ts";

/** Epochs for which batches under a former peer key are taken: a batch waits while its network stands still, and each member that rotates ends an epoch. */
export const FORMER_EPOCHS = 4;

export interface FormerKey {
  readonly key: Bytes;
  /** Last epoch in which it is taken. */
  readonly until: number;
}

export class Membership {
  readonly #organisation: string;
  #members: readonly NetworkMember[];
  /** Who may connect in this epoch, with the peer keys that count in it. */
  #nodes: readonly NetworkMember[];
  /** Peer keys that count no more since a few epochs: batches under them may still be on their way. */
  readonly #formerKeys: Map<string, FormerKey>;
  #epoch: EpochConfig;
  /** Peer keys that the operator says members have now, and of which this node's chain has not heard yet. */
  readonly #newer: () => ReadonlyMap<string, Bytes>;
  readonly #otherGenesis = new Map<string, Set<string>>();
  readonly #elsewhere = new Set<string>();

  constructor(
    organisation: string,
    members: readonly NetworkMember[],
    epoch: EpochConfig,
    newer: () => ReadonlyMap<string, Bytes> = () => new Map(),
    former: ReadonlyMap<string, FormerKey> = new Map(),
  ) {
    this.#organisation = organisation;
    this.#members = members;
    this.#epoch = epoch;
    this.#newer = newer;
    this.#formerKeys = new Map(former);
    this.#nodes = this.#withNewer(members);
  }

  get epoch(): EpochConfig {
    return this.#epoch;
  }
  get members(): readonly NetworkMember[] {
    return this.#members;
  }
  get own(): NetworkMember | undefined {
    return this.#members.find((m) => m.id === this.#organisation);
  }

  /** Does this consensus key vote in the epoch? */
  votes(key: Bytes | undefined): boolean {
    return key !== undefined && this.#epoch.validators.some((v) => v.id === this.#organisation && equalBytes(v.key, key));
  }

  /** Is there a member without a seat, who follows? */
  get observed(): boolean {
    return this.#members.length > this.#epoch.validators.length;
  }

  /** The peer key under which a member's node connects in this epoch. */
  peerKeyOf(organisation: string): Bytes | undefined {
    return this.#nodes.find((m) => m.id === organisation)?.keys.peer;
  }

  /** The keys under which its batches may be: that of this epoch, a former one, and the next if the chain names it already. Others may be an epoch ahead. */
  batchKeysOf(organisation: string): Bytes[] {
    const next = this.#members.find((m) => m.id === organisation)?.keys.peer;
    const keys = [this.peerKeyOf(organisation), this.#formerKeys.get(organisation)?.key, next].filter((key) => key !== undefined);
    return keys.filter((key, i) => keys.findIndex((other) => equalBytes(other, key)) === i);
  }

  allowed(): AllowedPeer[] {
    return this.#nodes.map((m) => ({
      id: m.id,
      peerKey: m.keys.peer,
      addresses: m.addresses,
      role: this.#serves(m.id) || m.seat ? "validator" : "observer",
    }));
  }

  #serves(id: string): boolean {
    return this.#epoch.validators.some((v) => v.id === id);
  }

  /** The chain changed who is who. A peer key changes with the epoch, and a validator that is no member any more serves until then (§4.3.2). */
  update(host: PeerHost | undefined, epoch: EpochConfig, members: readonly NetworkMember[] | undefined): void {
    const turned = epoch.epoch !== this.#epoch.epoch;
    this.#epoch = epoch;
    if (!turned && members === undefined) return;
    this.#members = members ?? this.#members;
    if (turned) this.#turn();
    else this.#nodes = this.#withNewer([...this.#members.map((m) => this.#asBefore(m)), ...this.#leaving()]);
    host?.setAllowed(this.allowed());
  }

  #turn(): void {
    const before = this.#nodes;
    const { epoch } = this.#epoch;
    this.#nodes = this.#withNewer(this.#members);
    for (const [id, { until }] of this.#formerKeys) if (until < epoch) this.#formerKeys.delete(id);
    for (const { id, keys } of before)
      if (!equalBytes(this.peerKeyOf(id) ?? keys.peer, keys.peer))
        this.#formerKeys.set(id, { key: keys.peer, until: epoch + FORMER_EPOCHS });
  }

  #asBefore(member: NetworkMember): NetworkMember {
    return withPeerKey(member, this.peerKeyOf(member.id));
  }

  #withNewer(members: readonly NetworkMember[]): NetworkMember[] {
    const newer = this.#newer();
    return members.map((m) => withPeerKey(m, newer.get(m.id)));
  }

  #leaving(): NetworkMember[] {
    return this.#nodes.filter(({ id }) => this.#serves(id) && !this.#members.some((m) => m.id === id));
  }

  /**
   * Which of the node's own keys the chain has replaced: with such a one it reaches nobody, or votes on nothing. Whoever is cut off under a key that is on its
   * way out may not have seen the block with which it goes.
   */
  replaced(peer: Bytes, consensus: Bytes | undefined, connected: number): ("peer" | "consensus")[] {
    const { own } = this;
    if (own === undefined) return [];
    const named = connected === 0 ? own.keys.peer : this.peerKeyOf(this.#organisation);
    const inForce = this.#epoch.validators.find((v) => v.id === this.#organisation)?.key ?? own.keys.consensus;
    const found: ("peer" | "consensus")[] = [];
    if (!equalBytes(named ?? own.keys.peer, peer)) found.push("peer");
    if (consensus !== undefined && !equalBytes(inForce, consensus)) found.push("consensus");
    return found;
  }

  #believed(voices: ReadonlySet<string>): boolean {
    const seated = [...voices].filter((id) => this.#epoch.validators.some((v) => v.id === id));
    return seated.length > faults(this.#epoch.validators.length);
  }

  /** A member follows another genesis. The hash, once f + 1 members name the same one and none is connected that names ours. */
  otherGenesis(peer: string, theirs: Bytes, connected: readonly string[]): string | undefined {
    const name = hex(theirs);
    const voices = this.#otherGenesis.get(name) ?? new Set<string>();
    voices.add(peer);
    this.#otherGenesis.set(name, voices);
    return connected.length === 0 && this.#believed(voices) ? name : undefined;
  }

  /** A member says that our peer key answers it on another connection. True once f + 1 do. */
  keyElsewhere(peer: string): boolean {
    this.#elsewhere.add(peer);
    return this.#believed(this.#elsewhere);
  }
}

function withPeerKey(member: NetworkMember, key: Bytes | undefined): NetworkMember {
  return key === undefined ? member : { ...member, keys: { ...member.keys, peer: key } };
}
