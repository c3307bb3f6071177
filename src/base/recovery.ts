// The recovery file: validators' operators agree to abandon one result of one order, so that a node that voted for it may vote for another. docs/protocol.md
// §3.7.4, §6.1. Owns its bytes, signatures and count. Does not own: the release of the lock (consensus/divergence), who the members are (contracts).

import { type Bytes, equalBytes, hex, unhex } from "./bytes.ts";
import { quorum } from "./certificate.ts";
import { decode, encode, type Value } from "./codec.ts";
import { type DocumentSignature, readDocument, writeDocument } from "./document.ts";
import { LedgerError } from "./errors.ts";
import { publicKeyOf, signFramed, verifyFramed } from "./signature.ts";
import * as tags from "./tagNames.ts";

export interface Recovery {
  readonly network: Bytes;
  readonly height: number;
  /** Order digest, and the block hash to be abandoned. */
  readonly order: Bytes;
  readonly abandon: Bytes;
  /** `by` is the organisation key that signed, in hex. */
  readonly signatures: readonly DocumentSignature[];
}

type Body = Omit<Recovery, "signatures">;

const encodeRecovery = ({ network, height, order, abandon }: Body): Bytes => encode([network, height, order, abandon]);

/** By an organisation's key. */
export function signRecovery(body: Body, seed: Bytes): DocumentSignature {
  return { by: hex(publicKeyOf(seed)), signature: signFramed(tags.recovery, body.network, encodeRecovery(body), seed) };
}

export function writeRecovery(recovery: Recovery): string {
  return writeDocument({ format: "chancery-recovery/1", body: encodeRecovery(recovery), signatures: recovery.signatures });
}

/** Throws `document.…`, `codec.…` or `recovery.malformed`. */
export function readRecovery(text: string): Recovery {
  const { body, signatures } = readDocument(text, "chancery-recovery/1");
  const value = decode(body);
  const [network, height, order, abandon, ...rest] = Array.isArray(value) ? (value as Value[]) : [];
  const isHash = (v: Value | undefined): v is Bytes => v instanceof Uint8Array && v.length === 32;
  if (!isHash(network) || typeof height !== "number" || height < 1 || !isHash(order) || !isHash(abandon) || rest.length > 0)
    throw new LedgerError("recovery.malformed");
  return { network, height, order, abandon, signatures };
}

/** Who of these signed: ids of validators, each once, whose organisation key stands under the file. */
export function recoverySigners(
  recovery: Recovery,
  validators: readonly { readonly id: string; readonly organisation: Bytes }[],
): string[] {
  const body = encodeRecovery(recovery);
  const good = recovery.signatures.filter(({ by, signature }) => {
    const key = /^[0-9a-f]{64}$/.test(by) ? unhex(by) : undefined;
    return key !== undefined && verifyFramed(tags.recovery, recovery.network, body, signature, key);
  });
  return validators.filter(({ organisation }) => good.some(({ by }) => equalBytes(unhex(by), organisation))).map(({ id }) => id);
}

/** What keeps the file from releasing anything in this network; undefined if nothing does. */
export function recoveryFault(
  recovery: Recovery,
  network: Bytes,
  validators: readonly { readonly id: string; readonly organisation: Bytes }[],
): string | undefined {
  if (!equalBytes(recovery.network, network)) return "it is of another network";
  const signed = recoverySigners(recovery, validators);
  const needed = quorum(validators.length);
  return signed.length >= needed
    ? undefined
    : `${signed.length} of ${needed} validators' organisations have signed it (${signed.join(", ")})`;
}
