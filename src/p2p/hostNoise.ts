// Noise as the host uses it: its cipher by libsodium, what one turn of the event loop sends over a connection in one write, and packets cut without exceptions.
// Owns these three; the protocol and its handshake are libp2p's. docs/protocol.md §6.

import { Socket } from "node:net";
import { type ICryptoInterface, noise, type NoiseComponents, pureJsCrypto } from "@libp2p/noise";
import type { ConnectionEncrypter, MessageStream } from "@libp2p/interface";
import { type Bytes, concat } from "../base/bytes.ts";
import { JOINED_FRAME_BYTES } from "../base/limits.ts";
import { streamOpen, streamSeal } from "../base/streamCipher.ts";

/** libp2p's lists of pieces, as far as they are needed here. */
interface Pieces extends Iterable<Bytes> {
  readonly byteLength: number;
  subarray(): Bytes;
}
const whole = (bytes: Bytes | Pieces): Bytes => (bytes instanceof Uint8Array ? bytes : bytes.subarray());

const cipher: ICryptoInterface = {
  ...pureJsCrypto,
  chaCha20Poly1305Encrypt: (plaintext, nonce, associated, key) => streamSeal(key, nonce, associated, whole(plaintext)),
  chaCha20Poly1305Decrypt: (ciphertext, nonce, associated, key) => streamOpen(key, nonce, associated, whole(ciphertext)),
};

/** The encrypter for createLibp2p. */
export function encrypter(): (components: NoiseComponents) => ConnectionEncrypter {
  const make = noise({ crypto: cipher });
  return (components) => {
    const inner = make(components);
    return {
      protocol: inner.protocol,
      secureInbound: async (connection, options) => cut(await inner.secureInbound(gathered(connection), options)),
      secureOutbound: async (connection, options) => cut(await inner.secureOutbound(gathered(connection), options)),
    };
  };
}

/** Cuts what comes in into packets, `u16 length ‖ packet`. */
export class PacketReader {
  /** What has come of a packet that is not whole yet, its length in front. */
  #held: Bytes[] = [];
  #heldBytes = 0;

  /** The packets that `data`, which the other side chooses, makes whole: views of it, or copies where they came in pieces. */
  decode(data: Bytes | Pieces): Bytes[] {
    const packets: Bytes[] = [];
    let bytes = whole(data);
    if (this.#heldBytes > 0) {
      const missing = this.#lengthWith(bytes) - this.#heldBytes;
      if (bytes.length < missing) {
        this.#hold(bytes);
        return packets;
      }
      const first = concat(...this.#held, bytes.subarray(0, missing));
      this.#held = [];
      this.#heldBytes = 0;
      if (first.length > 2) packets.push(first.subarray(2));
      bytes = bytes.subarray(missing);
    }
    let at = 0;
    while (bytes.length - at >= 2) {
      const end = at + 2 + bytes[at]! * 256 + bytes[at + 1]!;
      if (end > bytes.length) break;
      if (end > at + 2) packets.push(bytes.subarray(at + 2, end));
      at = end;
    }
    if (at < bytes.length) this.#hold(bytes.subarray(at));
    return packets;
  }

  #hold(bytes: Bytes): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  /** Bytes of the packet that is begun, its length in front included; `next` follows what is held. */
  #lengthWith(next: Bytes): number {
    const head: number[] = [];
    for (const part of [...this.#held, next]) {
      for (let i = 0; i < part.length && head.length < 2; i++) head.push(part[i]!);
      if (head.length === 2) return 2 + head[0]! * 256 + head[1]!;
    }
    return 2;
  }
}

/**
 * The library's reader learns by an exception, with its stack, that nothing more has come: at hundreds of packets a second that is a twentieth of what the main
 * thread does. Ours takes its place, and what the other holds already. Where a later version of the library has no such part, it stays as it is.
 */
function cut<T extends { readonly connection: MessageStream }>(secured: T): T {
  const { connection } = secured;
  if (!("decoder" in connection)) return secured;
  const { decoder } = connection as { decoder: { buffer?: Pieces } };
  const reader = new PacketReader();
  if (decoder.buffer !== undefined) reader.decode(decoder.buffer.subarray().slice());
  Object.assign(connection, { decoder: reader });
  return secured;
}

/**
 * libp2p writes each piece of a packet to the socket by itself, two bytes of length first: two or more system calls here, and the other side wakes for two
 * bytes. Held back until the end of the turn they are one. A transport without a socket stays as it is.
 */
function gathered(connection: MessageStream): MessageStream {
  const { socket } = connection as { socket?: unknown };
  if (!(socket instanceof Socket)) return connection;
  let held = false;
  const sendData = (data: Pieces): { sentBytes: number; canSendMore: boolean } => {
    if (!held) {
      held = true;
      socket.cork();
      setImmediate(() => {
        held = false;
        socket.uncork();
      });
    }
    // A small packet as one piece: to copy it costs less than a second one on its way through the socket.
    if (data.byteLength <= JOINED_FRAME_BYTES) return { sentBytes: data.byteLength, canSendMore: socket.write(data.subarray()) };
    let sentBytes = 0;
    let canSendMore = true;
    for (const piece of data) {
      sentBytes += piece.length;
      canSendMore = socket.write(piece);
    }
    return { sentBytes, canSendMore };
  };
  return Object.assign(connection, { sendData });
}
