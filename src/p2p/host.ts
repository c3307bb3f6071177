// The host of peers: who may connect, one connection per pair, reconnection, and messages to and from organisations. Owns the libp2p node
// (hostLibp2p.ts), the links and the peer book. Does not own: what messages mean, who is a member. docs/protocol.md §4.7, §4.11, §6.

import type { Connection } from "@libp2p/interface";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { Libp2p } from "libp2p";
import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import { fail, LedgerError } from "../base/errors.ts";
import { MAX_PEER_ADDRESSES, REJECT_POINTS } from "../base/limits.ts";
import { type Logger, silent } from "../base/log.ts";
import { generateSeed } from "../base/signature.ts";
import { type Clock, systemClock } from "../base/time.ts";
import { channels, HELLO_PROTOCOL, protocolOf } from "./channel.ts";
import { HELLO_NONCE_BYTES, HELLO_VERSION, type Hello, type Notice } from "./hello.ts";
import { carrierOf, incomingOf, keyOf, peerIdOf, startLibp2p, wordsOf } from "./hostLibp2p.ts";
import { Link, type LinkPorts, messageFrame } from "./link.ts";
import { defaultTiming, diallerOf, type Peer, PeerBook } from "./peers.ts";
import type {
  AllowedPeer,
  Channel,
  HostOptions,
  MessageChannel,
  PeerHost,
  PeerStatus,
  RequestChannel,
  RequestOptions,
  Role,
  SendOptions,
  Sent,
  Timing,
} from "./types.ts";

const BREAK_POINTS = 100;

/** Starts with `Host.start`. Everything else is on `PeerHost` (types.ts). */
export class Host implements PeerHost {
  readonly #options: HostOptions;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #book: PeerBook;
  readonly #nonce = generateSeed().subarray(0, HELLO_NONCE_BYTES);
  /** Peer key in hex → organisation. */
  readonly #keys = new Map<string, string>();
  /** The connection in use per organisation: up, none other. */
  readonly #links = new Map<string, Link>();
  /** Every connection that is not over, by libp2p's id. */
  readonly #open = new Map<string, Link>();
  readonly #dials = new Map<string, NodeJS.Timeout>();
  readonly #dialling = new Set<string>();
  #role: Role;
  #node: Libp2p | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #stopped = false;
  #refusals = 0;
  #refusalsSaidAt = 0;

  private constructor(options: HostOptions) {
    this.#options = options;
    this.#role = options.role;
    this.#log = options.log ?? silent;
    this.#clock = options.clock ?? systemClock;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#book = new PeerBook(this.#clock, options.random ?? Math.random, this.#timing);
  }

  /** Listens, and dials the members it should. Throws `p2p.listen` if an address is taken. */
  static async start(options: HostOptions): Promise<Host> {
    const host = new Host(options);
    const { peerSeed, listen, network } = options;
    const admits = (key: Bytes): boolean => host.#admits(key);
    const node = await startLibp2p({ peerSeed, listen, dialMs: host.#timing.dialMs, helloMs: host.#timing.helloMs, admits });
    host.#node = node;
    node.addEventListener("connection:open", (event) => host.#guard(() => host.#opened(event.detail)));
    for (const stream of ["hello", ...channels.map((spec) => spec.name)] as const) {
      const protocol = stream === "hello" ? HELLO_PROTOCOL : protocolOf(stream, network);
      const limits = { maxInboundStreams: 2, maxOutboundStreams: 2 };
      await node.handle(
        protocol,
        (incoming, connection) =>
          host.#guard(() => {
            const link = host.#open.get(connection.id);
            if (link === undefined) incoming.abort(new LedgerError("p2p.refused"));
            else link.accept(stream, incomingOf(incoming));
          }),
        limits,
      );
    }
    host.#ticker = setInterval(() => host.#guard(() => host.#tick()), host.#timing.pingMs);
    host.setAllowed(options.members);
    return host;
  }

  get peerId(): string {
    return this.#node!.peerId.toString();
  }

  addresses(): string[] {
    return this.#node!.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/[^/]+$/, ""));
  }

  // ── messages ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  send(peer: string, channel: MessageChannel, bytes: Bytes, options?: SendOptions): Sent {
    this.#checkSize(channel, bytes);
    const link = this.#links.get(peer);
    if (link === undefined) return "absent";
    return link.send(channel, messageFrame(bytes), options) ? "sent" : "busy";
  }

  broadcast(channel: MessageChannel, bytes: Bytes, options?: SendOptions & { to?: Role }): number {
    this.#checkSize(channel, bytes);
    const frame = messageFrame(bytes);
    let taken = 0;
    for (const [id, link] of this.#links) {
      if (options?.to !== undefined && this.#book.get(id)?.allowed.role !== options.to) continue;
      if (link.send(channel, frame, options)) taken++;
    }
    return taken;
  }

  request(peer: string, channel: RequestChannel, bytes: Bytes, options?: RequestOptions): Promise<Bytes> {
    const link = this.#links.get(peer);
    if (link === undefined) return Promise.reject(new LedgerError("p2p.absent", { peer }));
    return link.ask(channel, bytes, options);
  }

  #checkSize(channel: Channel, bytes: Bytes): void {
    const { maxFrameBytes } = channels.find((spec) => spec.name === channel)!;
    if (bytes.length > maxFrameBytes) fail("a message larger than its channel takes", { channel, bytes: bytes.length });
  }

  // ── who may connect ────────────────────────────────────────────────────────────────────────────────────────────────────────

  setAllowed(members: readonly AllowedPeer[]): void {
    const own = members.find((member) => member.id === this.#options.organisation);
    if (own !== undefined) this.#role = own.role;
    const { removed } = this.#book.replace(members.filter((member) => member.id !== this.#options.organisation));
    this.#keys.clear();
    for (const { allowed } of this.#book.all()) this.#keys.set(hex(allowed.peerKey), allowed.id);
    for (const peer of removed) {
      clearTimeout(this.#dials.get(peer.allowed.id));
      this.#dials.delete(peer.allowed.id);
      for (const link of [...this.#open.values()])
        if (link.organisation === peer.allowed.id) link.close("p2p.refused", "no longer a member", "refused");
    }
    for (const peer of this.#book.all()) this.#plan(peer);
  }

  penalise(id: string, code: string, points: number = REJECT_POINTS): void {
    const peer = this.#book.get(id);
    if (peer === undefined) return;
    this.#options.handlers.penalised?.(id, code);
    if (!this.#book.penalise(peer, points)) return;
    this.#book.noteError(peer, code, "cut off");
    this.#log.warn("peer.cut", { organisation: id, code, duration_ms: Math.round(peer.bannedUntil - this.#clock.monotonic()) });
    for (const link of [...this.#open.values()]) if (link.organisation === id) link.close(code, "cut off", "cut");
    this.#plan(peer);
  }

  #admits(key: Bytes): boolean {
    const id = this.#keys.get(hex(key));
    const peer = id === undefined ? undefined : this.#book.get(id);
    if (peer !== undefined && !this.#book.isBanned(peer) && !this.#stopped) return true;
    this.#refusals++;
    const now = this.#clock.monotonic();
    if (now - this.#refusalsSaidAt > 1_000) {
      this.#log.info("peer.refused", { organisation: id ?? "unknown", peer: peerIdOf(key), count: this.#refusals });
      this.#refusalsSaidAt = now;
      this.#refusals = 0;
    }
    return false;
  }

  isConnected(peer: string): boolean {
    return this.#links.has(peer);
  }

  connectedPeers(): string[] {
    return [...this.#links.keys()];
  }

  peers(): PeerStatus[] {
    return this.#book.all().map((peer) => {
      const { id, role, addresses } = peer.allowed;
      const link = this.#links.get(id);
      const address = link?.carrier.address ?? addresses[0];
      return {
        id,
        role,
        connected: link !== undefined,
        since: peer.since,
        bytesIn: peer.bytesIn + (link?.bytesIn ?? 0),
        bytesOut: peer.bytesOut + (link?.bytesOut ?? 0),
        queuedBytes: link?.queuedBytes ?? 0,
        score: Math.round(this.#book.score(peer)),
        ...(link === undefined ? {} : { direction: link.carrier.inbound ? ("inbound" as const) : ("outbound" as const) }),
        ...(address === undefined ? {} : { address }),
        ...(link?.rttMs === undefined ? {} : { rttMs: link.rttMs }),
        ...(peer.lastError === undefined ? {} : { lastError: peer.lastError }),
        ...(this.#book.isBanned(peer) ? { bannedUntil: this.#clock.now() + peer.bannedUntil - this.#clock.monotonic() } : {}),
      };
    });
  }

  // ── dialling ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sets the time of the next dial, if one is due: not while connected, or under way, or for two observers. */
  #plan(peer: Peer): void {
    const { id } = peer.allowed;
    if (this.#stopped || peer.removed || this.#dials.has(id) || this.#dialling.has(id) || this.#hasLink(id)) return;
    const dialler = diallerOf({ id: this.#options.organisation, role: this.#role }, peer.allowed);
    if (dialler === "none") return;
    const timer = setTimeout(
      () => {
        this.#dials.delete(id);
        void this.#dial(peer);
      },
      this.#book.dialDelay(peer, dialler),
    );
    this.#dials.set(id, timer);
  }

  #hasLink(id: string): boolean {
    for (const link of this.#open.values()) if (link.organisation === id) return true;
    return false;
  }

  async #dial(peer: Peer): Promise<void> {
    const { id } = peer.allowed;
    if (this.#stopped || peer.removed || this.#hasLink(id)) return;
    this.#dialling.add(id);
    peer.met = true;
    try {
      const addresses = addressesOf(peer.allowed);
      // `force`: libp2p would hand back a connection that is just ending. The new one reaches #opened by its event.
      await this.#node!.dial(addresses, { signal: AbortSignal.timeout(this.#timing.dialMs), force: true });
    } catch (error) {
      peer.attempts++;
      const words = wordsOf(error);
      if (peer.lastError?.detail !== words) this.#log.info("peer.unreachable", { organisation: id, error: words });
      this.#book.noteError(peer, error instanceof LedgerError ? error.code : "p2p.unreachable", words);
    } finally {
      this.#dialling.delete(id);
      this.#plan(peer);
    }
  }

  #opened(connection: Connection): void {
    const id = this.#keys.get(hex(keyOf(connection.remotePeer)));
    const peer = id === undefined ? undefined : this.#book.get(id);
    if (id === undefined || peer === undefined || this.#stopped) {
      connection.abort(new LedgerError("p2p.refused"));
      return;
    }
    const { network } = this.#options;
    const carrier = carrierOf(connection, (stream) => (stream === "hello" ? HELLO_PROTOCOL : protocolOf(stream, network)));
    const link = new Link(id, carrier, this.#portsFor(peer, connection.id));
    this.#open.set(connection.id, link);
  }

  // ── links ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #portsFor(peer: Peer, connectionId: string): LinkPorts {
    const { handlers, organisation, network } = this.#options;
    const { id } = peer.allowed;
    return {
      timing: this.#timing,
      hello: { version: HELLO_VERSION, network, organisation, role: this.#role, nonce: this.#nonce },
      now: () => this.#clock.monotonic(),
      greeted: (link, hello) => void this.#greeted(peer, link, hello).catch((error: unknown) => handlers.fault(error)),
      up: (link) => this.#up(peer, link),
      message: (_link, channel, bytes) => this.#guard(() => handlers.message(id, channel as MessageChannel, bytes)),
      question: (_link, channel, bytes) => handlers.request(id, channel as RequestChannel, bytes),
      room: (_link, channel) => this.#guard(() => handlers.room?.(id, channel)),
      noticed: (_link, notice) => this.#noticed(peer, notice),
      broke: (_link, code) => this.penalise(id, code, BREAK_POINTS),
      closed: (link, code, detail) => this.#closed(peer, link, connectionId, code, detail),
      fault: (error) => handlers.fault(error),
    };
  }

  async #greeted(peer: Peer, link: Link, hello: Hello): Promise<void> {
    const { id } = peer.allowed;
    if (!equalBytes(hello.network, this.#options.network)) {
      this.#log.warn("peer.genesis", { organisation: id, code: "p2p.genesis" });
      this.#guard(() => this.#options.handlers.wrongGenesis?.(id, hello.network));
      link.refuseGenesis();
      return;
    }
    if (hello.organisation !== id) {
      link.close("p2p.hello", `the key of ${id} greets as ${hello.organisation}`, "refused");
      return;
    }
    const older = this.#links.get(id);
    if (older === undefined) return link.admit();
    const sameProcess = equalBytes(older.peerHello!.nonce, hello.nonce);
    if (sameProcess) {
      // Both sides dialled at once: both keep the connection of the smaller id. One side dialled twice: it gave up the older one.
      const ownDial = this.#options.organisation < id;
      if (link.carrier.inbound !== older.carrier.inbound && link.carrier.inbound === ownDial) {
        link.close("p2p.replaced", "a second connection", "replaced");
        return;
      }
    } else if (await older.probe()) {
      this.#log.error("key.duplicate", { organisation: id });
      this.#guard(() => this.#options.handlers.duplicateKey?.(id));
      link.close("p2p.duplicate", "another process answers with this key", "key_elsewhere");
      return;
    }
    // Whatever came up while we asked gives way too: this connection spoke last.
    this.#links.get(id)?.close("p2p.replaced", "a newer connection", "replaced");
    link.admit();
  }

  #up(peer: Peer, link: Link): void {
    const { id } = peer.allowed;
    this.#links.set(id, link);
    peer.met = true;
    clearTimeout(this.#dials.get(id));
    this.#dials.delete(id);
    peer.since = this.#clock.now();
    this.#log.info("peer.connected", { organisation: id });
    this.#guard(() => this.#options.handlers.connected?.(id));
  }

  #noticed(peer: Peer, notice: Notice): void {
    if (notice !== "key_elsewhere") return;
    this.#log.error("key.elsewhere", { organisation: peer.allowed.id });
    this.#guard(() => this.#options.handlers.keyElsewhere?.(peer.allowed.id));
  }

  #closed(peer: Peer, link: Link, connectionId: string, code: string, detail: string): void {
    const { id } = peer.allowed;
    this.#open.delete(connectionId);
    peer.bytesIn += link.bytesIn;
    peer.bytesOut += link.bytesOut;
    // A connection that held is worth an immediate attempt; one that did not counts as a failed attempt.
    const held = link.upSince > 0 && this.#clock.monotonic() - link.upSince > 2 * this.#timing.backoffMaxMs;
    peer.attempts = held ? 0 : peer.attempts + 1;
    if (code !== "p2p.replaced" && !peer.removed) this.#book.noteError(peer, code, detail);
    if (this.#links.get(id) === link) {
      this.#links.delete(id);
      peer.since = this.#clock.now();
      this.#log.info("peer.disconnected", { organisation: id, code });
      this.#guard(() => this.#options.handlers.disconnected?.(id, code));
    }
    this.#plan(peer);
  }

  #tick(): void {
    for (const link of [...this.#links.values()]) link.tick();
  }

  /** What a handler throws is a bug of ours, never the peer's: it must not look like a broken connection. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.handlers.fault(error);
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#ticker);
    for (const timer of this.#dials.values()) clearTimeout(timer);
    this.#dials.clear();
    for (const link of [...this.#open.values()]) link.close("p2p.stopping", "this node stops", "stopping");
    // One turn for the notices to leave before libp2p closes what is open.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const node = this.#node!;
    await Promise.race([Promise.resolve(node.stop()).catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1_500).unref())]);
  }
}

/** The addresses of a member with its peer id, so that whoever else answers there is refused. Throws `p2p.address` if none is one. */
function addressesOf(allowed: AllowedPeer): Multiaddr[] {
  const peerId = peerIdOf(allowed.peerKey);
  const found: Multiaddr[] = [];
  for (const address of allowed.addresses.slice(0, MAX_PEER_ADDRESSES)) {
    try {
      found.push(multiaddr(address.replace(/\/p2p\/[^/]+$/, "")).encapsulate(`/p2p/${peerId}`));
    } catch {
      // Another of its addresses may be good.
    }
  }
  if (found.length === 0) throw new LedgerError("p2p.address", { organisation: allowed.id, addresses: allowed.addresses });
  return found;
}
