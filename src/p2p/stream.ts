// Frames over a byte stream: `u32 length ‖ u8 kind ‖ payload` (between kind and payload a u32 number where there are answers), the length
// covering all after it. Owns cutting what comes in into frames, bounded before anything is allocated, and joining what goes out: one write
// per event-loop turn, with backpressure. docs/protocol.md §6.
// Does not own: what kinds mean (hello, requests, link), where streams come from (host).

import { type Bytes, readU32 } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { JOINED_FRAME_BYTES, JOINED_WRITE_BYTES } from "../base/limits.ts";

/** A stream of bytes to and from one peer, as much of it as is needed here. */
export interface Wire {
  /** False: the bytes are taken, but no more should follow before the drain. */
  send(bytes: Bytes): boolean;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface WireEvents {
  data(chunk: Bytes, wire: Wire): void;
  drain(): void;
  closed(): void;
}

/** `id` is 0 on streams without numbers. */
export type OnFrame = (kind: number, payload: Bytes, id: number) => void;

/** One framed message, ready to be queued for any number of peers. */
export function frameOf(kind: number, payload: Bytes, id?: number): Bytes {
  const head = id === undefined ? 5 : 9;
  const frame = new Uint8Array(head + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, head - 4 + payload.length);
  frame[4] = kind;
  if (id !== undefined) view.setUint32(5, id);
  frame.set(payload, head);
  return frame;
}

/** Cuts chunks into frames. Each payload is copied once into an ArrayBuffer of its own, so that it pins nothing of the wire. */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #onFrame: OnFrame;
  readonly #head: Bytes;
  #headFilled = 0;
  #payload: Bytes | undefined;
  #filled = 0;

  /** `maxBytes` bounds the payload; a longer one throws `p2p.frame` before it is read. `numbered`: frames carry ids. */
  constructor(maxBytes: number, numbered: boolean, onFrame: OnFrame) {
    this.#maxBytes = maxBytes;
    this.#onFrame = onFrame;
    this.#head = new Uint8Array(numbered ? 9 : 5);
  }

  /** Takes the next bytes, which the other side chooses. Gives the number of frames they completed. */
  push(chunk: Bytes): number {
    const head = this.#head;
    let frames = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload === undefined) {
        const take = Math.min(head.length - this.#headFilled, chunk.length - at);
        head.set(chunk.subarray(at, at + take), this.#headFilled);
        this.#headFilled += take;
        at += take;
        if (this.#headFilled < head.length) break;
        const length = readU32(head, 0) - (head.length - 4);
        if (length < 0 || length > this.#maxBytes) throw new LedgerError("p2p.frame", { length, max: this.#maxBytes });
        this.#payload = new Uint8Array(length);
        this.#filled = 0;
      }
      const payload = this.#payload;
      const take = Math.min(payload.length - this.#filled, chunk.length - at);
      if (take > 0) payload.set(chunk.subarray(at, at + take), this.#filled);
      this.#filled += take;
      at += take;
      if (this.#filled < payload.length) break;
      this.#payload = undefined;
      this.#headFilled = 0;
      frames++;
      this.#onFrame(head[4]!, payload, head.length > 5 ? readU32(head, 5) : 0);
    }
    return frames;
  }
}

interface Queued {
  frame: Bytes;
  readonly slot: string | undefined;
}

export interface OutboxOptions {
  readonly maxBytes: number;
  /** What to do when full: refuse the new frame, or let go of the oldest ones that a newer will replace anyway. */
  readonly onFull: "refuse" | "dropSlots";
  /** Called when half of the queue is free again after a refusal. */
  readonly onRoom: () => void;
}

/** What waits for one peer in one channel. Bounded in bytes; written at the end of the turn, several frames in one write. */
export class Outbox {
  readonly #options: OutboxOptions;
  #wire: Wire | undefined;
  #queue: Queued[] = [];
  #head = 0;
  #bytes = 0;
  #blocked = false;
  #scheduled = false;
  #refused = false;
  /** Bytes handed to the wire. */
  written = 0;
  /** When the wire last took something, or had nothing to take (monotonic ms); the link watches it. */
  movedAt: number;
  readonly #now: () => number;

  constructor(options: OutboxOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.movedAt = now();
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Gives the stream to write to; what waited goes out. */
  attach(wire: Wire): void {
    this.#wire = wire;
    this.#schedule();
  }

  /** Queues a frame; false if there is no room. `force` is for small answers that say so. */
  push(frame: Bytes, slot?: string, force = false): boolean {
    if (slot !== undefined && this.#replace(slot, frame)) return true;
    if (this.#bytes + frame.length > this.#options.maxBytes && !force) {
      if (this.#options.onFull === "dropSlots") this.#dropSlots(frame.length);
      if (this.#bytes + frame.length > this.#options.maxBytes) {
        this.#refused = true;
        return false;
      }
    }
    if (this.#bytes === 0) this.movedAt = this.#now();
    this.#queue.push({ frame, slot });
    this.#bytes += frame.length;
    this.#schedule();
    return true;
  }

  /** The wire can take more. */
  drained(): void {
    this.#blocked = false;
    this.movedAt = this.#now();
    this.#schedule();
  }

  clear(): void {
    this.#wire = undefined;
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #replace(slot: string, frame: Bytes): boolean {
    for (let i = this.#head; i < this.#queue.length; i++) {
      const queued = this.#queue[i]!;
      if (queued.slot !== slot) continue;
      this.#bytes += frame.length - queued.frame.length;
      queued.frame = frame;
      return true;
    }
    return false;
  }

  #dropSlots(needed: number): void {
    const kept: Queued[] = [];
    for (let i = this.#head; i < this.#queue.length; i++) {
      const queued = this.#queue[i]!;
      const drop = queued.slot !== undefined && this.#bytes + needed > this.#options.maxBytes;
      if (drop) this.#bytes -= queued.frame.length;
      else kept.push(queued);
    }
    this.#queue = kept;
    this.#head = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#blocked || this.#wire === undefined || this.#head === this.#queue.length) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Writes what waits, as far as the wire takes it: by itself at the end of the turn, sooner for a last word. */
  flush(): void {
    const wire = this.#wire;
    while (wire !== undefined && wire === this.#wire && !this.#blocked && this.#head < this.#queue.length) {
      const bytes = this.#next();
      this.written += bytes.length;
      this.movedAt = this.#now();
      if (!wire.send(bytes)) this.#blocked = true;
    }
    if (this.#refused && this.#bytes * 2 <= this.#options.maxBytes) {
      this.#refused = false;
      this.#options.onRoom();
    }
  }

  /** The next write: one large frame as it is, or small ones joined. */
  #next(): Bytes {
    let length = 0;
    let end = this.#head;
    while (end < this.#queue.length) {
      const size = this.#queue[end]!.frame.length;
      if (end > this.#head && (size >= JOINED_FRAME_BYTES || length + size > JOINED_WRITE_BYTES)) break;
      length += size;
      end++;
      if (size >= JOINED_FRAME_BYTES) break;
    }
    const first = this.#queue[this.#head]!.frame;
    const joined = end === this.#head + 1 ? first : new Uint8Array(length);
    if (joined !== first) {
      let at = 0;
      for (let i = this.#head; i < end; i++) {
        joined.set(this.#queue[i]!.frame, at);
        at += this.#queue[i]!.frame.length;
      }
    }
    this.#head = end;
    this.#bytes -= length;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return joined;
  }
}
