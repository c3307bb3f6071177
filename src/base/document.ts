// One file, one form: member, genesis, anchor, recovery and transaction files are each {"format", "body": hex of canonical bytes, "signatures"}.
// Whoever verifies hashes the bytes he was given, then decodes them; no decoded copy stands beside them. docs/protocol.md §6.1. Browser-clean.

import { type Bytes, hex, unhex } from "./bytes.ts";
import { LedgerError } from "./errors.ts";
import { MAX_DOCUMENT_BYTES } from "./limits.ts";

export type DocumentFormat =
  | "chancery-member/1"
  | "chancery-genesis/1"
  | "chancery-anchor/1"
  | "chancery-transaction/1"
  | "chancery-recovery/1";
/** Who signed (a key, an organisation id, a purpose: each format says which) and the signature. */
export interface DocumentSignature {
  readonly by: string;
  readonly signature: Bytes;
}
export interface LedgerDocument {
  readonly format: DocumentFormat;
  readonly body: Bytes;
  readonly signatures: readonly DocumentSignature[];
}

const MAX_SIGNATURES = 256;

/** The file's text, ending in a newline. */
export function writeDocument({ format, body, signatures }: LedgerDocument): string {
  const shown = { format, body: hex(body), signatures: signatures.map((s) => ({ by: s.by, signature: hex(s.signature) })) };
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}

/** Reads a file's text. Throws `document.malformed` (with what is wrong) or `document.format` if it is another kind of file. */
export function readDocument(text: string, format: DocumentFormat): LedgerDocument {
  if (text.length > MAX_DOCUMENT_BYTES * 2) malformed("too large");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    malformed("not JSON");
  }
  const file = (json ?? {}) as { readonly [name: string]: unknown };
  if (typeof file["format"] !== "string") return malformed("format");
  if (file["format"] !== format) throw new LedgerError("document.format", { expected: format, got: file["format"].slice(0, 64) });
  const { format: _, body, signatures: signed, ...more } = file;
  for (const name of Object.keys(more)) malformed(`unknown field ${name}`);
  if (typeof body !== "string") return malformed("body");
  if (!Array.isArray(signed) || signed.length > MAX_SIGNATURES) return malformed("signatures");
  const signatures = (signed as unknown[]).map((item) => {
    const { by, signature } = (item ?? {}) as { by?: unknown; signature?: unknown };
    return typeof by === "string" && typeof signature === "string" ? { by, signature: unhex(signature) } : malformed("signatures");
  });
  return { format, body: unhex(body), signatures };
}

function malformed(reason: string): never {
  throw new LedgerError("document.malformed", { reason });
}
