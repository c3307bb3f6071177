// The greeting and what else the control stream carries: pings, and notices that say why a connection ends. Owns their bytes.
// The dialler says hello first, the other answers; a node of another network is understood up to here and no further. docs/protocol.md §6.2.

import { type Bytes, u32be } from "../base/bytes.ts";
import { decode, encode } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { organisationIdPattern } from "../base/member.ts";
import type { Role } from "./types.ts";

export const control = { hello: 1, ping: 2, pong: 3, notice: 4 } as const;
export const HELLO_VERSION = 1;
export const HELLO_NONCE_BYTES = 16;

export interface Hello {
  readonly version: number;
  /** The genesis hash. */
  readonly network: Bytes;
  readonly organisation: string;
  readonly role: Role;
  /** Made at the start of a process: two nonces alive under one key are two processes. */
  readonly nonce: Bytes;
}

/** Why the other side ends the connection. */
export type Notice = "stopping" | "genesis" | "refused" | "replaced" | "key_elsewhere" | "cut";
const notices: readonly string[] = ["stopping", "genesis", "refused", "replaced", "key_elsewhere", "cut"] satisfies Notice[];

/** Canonical `[version, genesis hash, organisation, role, nonce]`. */
export function encodeHello(hello: Hello): Bytes {
  return encode([hello.version, hello.network, hello.organisation, hello.role, hello.nonce]);
}

/** Throws `p2p.hello` unless the bytes are a greeting. Later versions may append fields to the array. */
export function decodeHello(bytes: Bytes): Hello {
  const value = decodeOr(bytes);
  if (!Array.isArray(value) || value.length < 5) return malformed("form");
  const [version, network, organisation, role, nonce] = value;
  if (typeof version !== "number" || version < 1) return malformed("version");
  if (!(network instanceof Uint8Array) || network.length !== 32) return malformed("network");
  if (typeof organisation !== "string" || !organisationIdPattern.test(organisation)) return malformed("organisation");
  if (role !== "validator" && role !== "observer") return malformed("role");
  if (!(nonce instanceof Uint8Array) || nonce.length !== HELLO_NONCE_BYTES) return malformed("nonce");
  return { version, network, organisation, role, nonce };
}

function decodeOr(bytes: Bytes): unknown {
  try {
    return decode(bytes);
  } catch {
    return malformed("bytes");
  }
}

function malformed(what: string): never {
  throw new LedgerError("p2p.hello", { what });
}

export function encodePing(number: number): Bytes {
  return u32be(number);
}

export function encodeNotice(notice: Notice): Bytes {
  return encode(notice);
}

/** Unknown notices read as "refused". */
export function decodeNotice(bytes: Bytes): Notice {
  try {
    const value = decode(bytes);
    return typeof value === "string" && notices.includes(value) ? (value as Notice) : "refused";
  } catch {
    return "refused";
  }
}
