// Who may connect, and what other members say against this node: another genesis, our key elsewhere. docs/protocol.md §4.7, §6.
// Owns the allow-list as the chain gives it, and counting such voices: no single liar stops a node. Does not own: connections (p2p).

import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import { faults } from "../base/certificate.ts";
import type { EpochConfig } from "../consensus/types.ts";
import type { NetworkMember } from "../contracts/platform/network.ts";
import type { AllowedPeer, PeerHost } from "../p2p/types.ts";

export class Membership {
  readonly #organisation: string;
  #members: readonly NetworkMember[] = [];
  #epoch: EpochConfig;
  readonly #otherGenesis = new Map<string, Set<string>>();
  readonly #elsewhere = new Set<string>();

  constructor(organisation: string, members: readonly NetworkMember[], epoch: EpochConfig) {
    this.#organisation = organisation;
    this.#members = members;
    this.#epoch = epoch;
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

  peerKeyOf(organisation: string): Bytes | undefined {
    return this.#members.find((m) => m.id === organisation)?.keys.peer;
  }

  allowed(): AllowedPeer[] {
    const seated = new Set(this.#epoch.validators.map((v) => v.id));
    return this.#members.map((m) => ({
      id: m.id,
      peerKey: m.keys.peer,
      addresses: m.addresses,
      role: seated.has(m.id) || m.seat ? "validator" : "observer",
    }));
  }

  /** The chain changed who is who. */
  update(host: PeerHost | undefined, epoch: EpochConfig, members: readonly NetworkMember[] | undefined): void {
    const turned = epoch.epoch !== this.#epoch.epoch;
    this.#epoch = epoch;
    if (members !== undefined) this.#members = members;
    if (turned || members !== undefined) host?.setAllowed(this.allowed());
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
