// One connection to one peer: greeting, the streams of its channels, pings, bounds, and its end. Knows nothing of libp2p (host.ts gives it
// streams) nor of other connections (host.ts decides which of two to keep). docs/protocol.md §4.11, §6.
//
// Order: the dialler sends its hello, the other side admits it and answers. So each side opens its streams only after the other has understood
// its hello, or is about to: streams that come while an admission is pending wait.

import { type Bytes, readU32 } from "../base/bytes.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { MAX_CONTROL_FRAME_BYTES } from "../base/limits.ts";
import { channels } from "./channel.ts";
import { control, decodeHello, decodeNotice, encodeHello, encodeNotice, encodePing, type Hello, type Notice } from "./hello.ts";
import { type Rate, RateLimiter } from "./rate.ts";
import { Requests } from "./requests.ts";
import { FrameReader, frameOf, type OnFrame, Outbox, type Wire, type WireEvents } from "./stream.ts";
import type { Channel, ChannelSpec, RequestOptions, SendOptions, Timing } from "./types.ts";

const MESSAGE = 0;
const CONTROL_RATE: Rate = { bytesPerSecond: 16_384, messagesPerSecond: 50 };
const CONTROL_QUEUE_BYTES = 65_536;

/** The connection under a link, as the host gives it. */
export interface Carrier {
  readonly inbound: boolean;
  readonly address: string;
  /** Opens a stream; its events come from then on. */
  open(stream: Channel | "hello", events: WireEvents): Promise<Wire>;
  /** Ends the connection once what was sent is out, or after a while. */
  close(): void;
}

/** A stream that the peer opened; nothing of it is read before `attach`. */
export interface Incoming {
  attach(events: WireEvents): Wire;
  refuse(): void;
}

export interface LinkPorts {
  readonly timing: Timing;
  readonly hello: Hello;
  now(): number;
  /** The peer's greeting is here; the host answers with `admit`, `refuseGenesis` or `close`. */
  greeted(link: Link, hello: Hello): void;
  up(link: Link): void;
  message(link: Link, channel: Channel, bytes: Bytes): void;
  question(link: Link, channel: Channel, bytes: Bytes): Promise<Bytes>;
  room(link: Link, channel: Channel): void;
  noticed(link: Link, notice: Notice): void;
  /** The peer broke the rules of the wire. */
  broke(link: Link, code: string): void;
  closed(link: Link, code: string, detail: string): void;
  fault(error: unknown): void;
}

interface Lane {
  readonly spec: ChannelSpec;
  readonly outbox: Outbox;
  readonly requests: Requests | undefined;
  incoming: boolean;
}

export class Link {
  readonly carrier: Carrier;
  readonly organisation: string;
  readonly #ports: LinkPorts;
  readonly #lanes = new Map<Channel, Lane>();
  readonly #control: Outbox;
  readonly #waiting = new Map<Channel, Incoming>();
  readonly #probes = new Map<number, (lives: boolean) => void>();
  readonly #timer: NodeJS.Timeout;
  #state: "greeting" | "admitting" | "up" | "closed" = "greeting";
  #controlTaken = false;
  #pings = 0;
  #pingAt = 0;
  #heardAt: number;
  #pingsUnheard = 0;
  readonly #resumes = new Set<NodeJS.Timeout>();
  peerHello: Hello | undefined;
  upSince = 0;
  rttMs: number | undefined;
  bytesIn = 0;

  constructor(organisation: string, carrier: Carrier, ports: LinkPorts) {
    this.organisation = organisation;
    this.carrier = carrier;
    this.#ports = ports;
    this.#heardAt = ports.now();
    this.#control = new Outbox({ maxBytes: CONTROL_QUEUE_BYTES, onFull: "refuse", onRoom: () => {} }, () => ports.now());
    this.#timer = setTimeout(() => this.close("p2p.timeout", "no greeting in time"), ports.timing.helloMs);
    for (const spec of channels) {
      const outbox = new Outbox({ maxBytes: spec.maxQueueBytes, onFull: spec.onFull, onRoom: () => ports.room(this, spec.name) }, () =>
        ports.now(),
      );
      this.#lanes.set(spec.name, {
        spec,
        outbox,
        requests: spec.form === "requests" ? this.#requestsOf(spec, outbox) : undefined,
        incoming: false,
      });
    }
    if (!carrier.inbound) this.#greet();
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  get bytesOut(): number {
    let sum = this.#control.written;
    for (const { outbox } of this.#lanes.values()) sum += outbox.written;
    return sum;
  }

  get queuedBytes(): number {
    let sum = 0;
    for (const { outbox } of this.#lanes.values()) sum += outbox.bytes;
    return sum;
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Queues a frame made by `messageFrame`; false if the channel's queue is full. */
  send(channel: Channel, frame: Bytes, options?: SendOptions): boolean {
    return this.#lanes.get(channel)!.outbox.push(frame, options?.slot);
  }

  ask(channel: Channel, question: Bytes, options?: RequestOptions): Promise<Bytes> {
    return this.#lanes.get(channel)!.requests!.ask(question, options);
  }

  // ── the greeting ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #greet(): void {
    this.#controlTaken = true;
    const events = this.#reading(MAX_CONTROL_FRAME_BYTES, false, CONTROL_RATE, this.#onControl, this.#control);
    this.#open("hello", events, (wire) => {
      this.#control.attach(wire);
      this.#control.push(frameOf(control.hello, encodeHello(this.#ports.hello)));
    });
  }

  /** The host keeps this connection: from now on its channels work. */
  admit(): void {
    if (this.#state !== "admitting") return;
    clearTimeout(this.#timer);
    if (this.carrier.inbound) this.#control.push(frameOf(control.hello, encodeHello(this.#ports.hello)));
    this.#state = "up";
    this.upSince = this.#ports.now();
    for (const [channel, incoming] of this.#waiting) this.#read(channel, incoming);
    this.#waiting.clear();
    for (const { spec, outbox } of this.#lanes.values()) {
      const events: WireEvents = {
        data: () => this.#break("p2p.frame", "bytes against the direction of a stream"),
        drain: () => outbox.drained(),
        closed: () => this.#hungUp(`the ${spec.name} stream ended`),
      };
      this.#open(spec.name, events, (wire) => outbox.attach(wire));
    }
    this.#ports.up(this);
  }

  /** The peer follows another genesis: it hears ours, then the connection ends. */
  refuseGenesis(): void {
    if (this.carrier.inbound) this.#control.push(frameOf(control.hello, encodeHello(this.#ports.hello)));
    this.close("p2p.genesis", "the peer follows another genesis", "genesis");
  }

  // ── what the peer opens and says ───────────────────────────────────────────────────────────────────────────────────────────

  /** A stream that the peer opened. */
  accept(stream: Channel | "hello", incoming: Incoming): void {
    if (this.#state === "closed") {
      incoming.refuse();
    } else if (stream === "hello") {
      if (!this.carrier.inbound || this.#controlTaken) return this.#break("p2p.hello", "a second greeting", incoming);
      this.#controlTaken = true;
      this.#control.attach(incoming.attach(this.#reading(MAX_CONTROL_FRAME_BYTES, false, CONTROL_RATE, this.#onControl, this.#control)));
    } else if (this.#waiting.has(stream) || this.#lanes.get(stream)!.incoming) {
      this.#break("p2p.frame", "a second stream of one channel", incoming);
    } else if (this.#state === "up") {
      this.#read(stream, incoming);
    } else {
      this.#waiting.set(stream, incoming);
    }
  }

  #read(channel: Channel, incoming: Incoming): void {
    const lane = this.#lanes.get(channel)!;
    lane.incoming = true;
    const { spec, requests } = lane;
    const onFrame: OnFrame = (kind, payload, id) => {
      if (requests !== undefined) requests.receive(kind, id, payload);
      else if (kind === MESSAGE) this.#ports.message(this, channel, payload);
      else throw new LedgerError("p2p.frame", { kind });
    };
    incoming.attach(this.#reading(spec.maxFrameBytes, requests !== undefined, spec.rate, onFrame));
  }

  /** The reading side of a stream: frames, bounds, and a pause for whoever sends more than its rate. */
  #reading(maxBytes: number, numbered: boolean, rate: Rate, onFrame: OnFrame, outbox?: Outbox): WireEvents {
    const reader = new FrameReader(maxBytes, numbered, (kind, payload, id) => {
      if (this.#state !== "closed") onFrame(kind, payload, id);
    });
    const limiter = new RateLimiter(rate, this.#ports.now());
    // What comes while reading rests is held; the stream's window bounds it.
    const held: Bytes[] = [];
    let resting = false;
    const consume = (chunk: Bytes, wire: Wire): void => {
      try {
        const wait = limiter.take(chunk.length, reader.push(chunk), this.#ports.now());
        if (wait === 0) return;
        resting = true;
        wire.pause();
        this.#after(wait, () => {
          resting = false;
          while (!resting && held.length > 0) consume(held.shift()!, wire);
          if (!resting) wire.resume();
        });
      } catch (error) {
        // A handler's own errors never come this far (ports.message): what is thrown here is the peer's doing.
        if (isLedgerError(error)) this.#break(error.code, error.message);
        else this.#ports.fault(error);
      }
    };
    const data = (chunk: Bytes, wire: Wire): void => {
      if (this.#state === "closed") return;
      this.#heardAt = this.#ports.now();
      this.#pingsUnheard = 0;
      this.bytesIn += chunk.length;
      if (resting) held.push(chunk);
      else consume(chunk, wire);
    };
    return { data, drain: () => outbox?.drained(), closed: () => this.#hungUp("a stream ended") };
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#resumes.delete(timer);
      if (this.#state !== "closed") act();
    }, ms);
    this.#resumes.add(timer);
  }

  readonly #onControl: OnFrame = (kind, payload) => {
    if (kind === control.hello) {
      if (this.#state !== "greeting") throw new LedgerError("p2p.hello", { what: "twice" });
      this.peerHello = decodeHello(payload);
      this.#state = "admitting";
      this.#ports.greeted(this, this.peerHello);
    } else if (kind === control.notice) {
      const notice = decodeNotice(payload);
      this.#ports.noticed(this, notice);
      this.close(`p2p.${notice}`, "the peer said so");
    } else if (this.#state === "greeting") {
      throw new LedgerError("p2p.hello", { what: "not first" });
    } else if (kind === control.ping && payload.length === 4) {
      this.#control.push(frameOf(control.pong, payload));
    } else if (kind === control.pong && payload.length === 4) {
      const number = readU32(payload, 0);
      if (number === this.#pings) this.rttMs = this.#ports.now() - this.#pingAt;
      this.#probes.get(number)?.(true);
    } else {
      throw new LedgerError("p2p.frame", { kind });
    }
  };

  // ── life and end ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Now and then: asks whether the peer is there, and ends a connection that is not. */
  tick(): void {
    if (this.#state !== "up") return;
    const { silentMs, stalledMs } = this.#ports.timing;
    const now = this.#ports.now();
    // Counting our own pings keeps a process that was itself stopped for a while from blaming its peers.
    if (this.#pingsUnheard >= 3 && now - this.#heardAt > silentMs) return this.close("p2p.silent", "nothing heard");
    for (const { spec, outbox } of this.#lanes.values())
      if (outbox.bytes > 0 && now - outbox.movedAt > stalledMs)
        return this.close("p2p.stalled", `${spec.name}: ${outbox.bytes} bytes wait`);
    this.#ping(now);
  }

  /** True if the peer answers a ping in time: it lives on this connection. */
  probe(): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#state !== "up") return resolve(false);
      const number = this.#ping(this.#ports.now());
      const answer = (lives: boolean): void => {
        clearTimeout(timer);
        this.#probes.delete(number);
        resolve(lives);
      };
      const timer = setTimeout(() => answer(false), this.#ports.timing.probeMs);
      this.#probes.set(number, answer);
    });
  }

  #ping(now: number): number {
    this.#pings = (this.#pings + 1) >>> 0;
    this.#pingAt = now;
    this.#pingsUnheard++;
    this.#control.push(frameOf(control.ping, encodePing(this.#pings)));
    return this.#pings;
  }

  #open(stream: Channel | "hello", events: WireEvents, attach: (wire: Wire) => void): void {
    this.carrier.open(stream, events).then(
      (wire) => (this.#state === "closed" ? wire.close() : attach(wire)),
      (error: unknown) => this.#hungUp(`no ${stream} stream: ${error instanceof Error ? error.message : String(error)}`),
    );
  }

  #break(code: string, detail: string, incoming?: Incoming): void {
    incoming?.refuse();
    if (this.#state === "closed") return;
    this.#ports.broke(this, code);
    this.close(code, detail, "cut");
  }

  /** The peer closed. Before its greeting that usually means that we are not on its list. */
  #hungUp(detail: string): void {
    if (this.#state === "greeting") this.close("p2p.refused", `it hung up before its greeting (${detail})`);
    else this.close("p2p.disconnected", detail);
  }

  /** Ends the connection; with a notice the peer hears why. */
  close(code: string, detail: string, notice?: Notice): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#timer);
    for (const timer of this.#resumes) clearTimeout(timer);
    // Before any stream is refused or reset: the peer takes the first thing it hears for the reason.
    if (notice !== undefined) {
      this.#control.push(frameOf(control.notice, encodeNotice(notice)));
      this.#control.flush();
    }
    for (const { outbox, requests } of this.#lanes.values()) {
      outbox.clear();
      requests?.close("p2p.disconnected");
    }
    for (const incoming of this.#waiting.values()) incoming.refuse();
    this.#waiting.clear();
    for (const answer of [...this.#probes.values()]) answer(false);
    setImmediate(() => {
      this.#control.clear();
      this.carrier.close();
    });
    this.#ports.closed(this, code, detail);
  }

  #requestsOf(spec: ChannelSpec, outbox: Outbox): Requests {
    return new Requests({
      send: (frame, force) => outbox.push(frame, undefined, force),
      answer: (question) => this.#ports.question(this, spec.name, question),
      fault: (error) => this.#ports.fault(error),
      maxFrameBytes: spec.maxFrameBytes,
    });
  }
}

/** A one-way message as it goes to any number of peers. */
export function messageFrame(bytes: Bytes): Bytes {
  return frameOf(MESSAGE, bytes);
}
