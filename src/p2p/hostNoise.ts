// Noise as the host uses it: its cipher by libsodium, and what one turn of the event loop sends over a connection in one write.
// Owns these two; the protocol and its handshake are libp2p's. docs/protocol.md §6.

import { Socket } from "node:net";
import { type ICryptoInterface, noise, type NoiseComponents, pureJsCrypto } from "@libp2p/noise";
import type { ConnectionEncrypter, MessageStream } from "@libp2p/interface";
import type { Bytes } from "../base/bytes.ts";
import { streamOpen, streamSeal } from "../base/streamCipher.ts";

/** libp2p's lists of pieces, as far as they are needed here. */
interface Pieces extends Iterable<Bytes> {
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
      secureInbound: async (connection, options) => inner.secureInbound(gathered(connection), options),
      secureOutbound: async (connection, options) => inner.secureOutbound(gathered(connection), options),
    };
  };
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
