// What a verifier says of a proof file: types alone. docs/protocol.md §5.5. Does not own how it comes to say so (proofVerify.ts). Browser-clean.

/** A decoded value as JSON shows it: bytes as hex, integers beyond 2^53 as decimal strings. */
export type Shown = null | boolean | number | string | readonly Shown[] | { readonly [name: string]: Shown };

export interface Place {
  readonly height: number;
  /** Block time, ms since 1970. */
  readonly time: number;
}
export interface ShownRow {
  readonly revision: number;
  readonly status: string;
  readonly since: number;
  readonly schemaVersion: number;
  /** The leaf that wrote it. */
  readonly height: number;
  readonly index: number;
  /** The leaf that wrote the version before; null for the first. */
  readonly previous: { readonly height: number; readonly index: number } | null;
  readonly fields: { readonly [name: string]: Shown };
}
export interface ShownAct extends Place {
  readonly id: string;
  readonly index: number;
  readonly outcome: 0 | 1 | 2;
  readonly code: string | null;
  readonly flags: readonly string[];
  /** Empty for due work, which nobody signs. */
  readonly operations: readonly { readonly action: string; readonly args: Shown }[];
  /** Name of the due work, if it was that. */
  readonly due: string | null;
  /** Public keys, hex. */
  readonly signers: readonly string[];
}

export interface Proved {
  readonly valid: true;
  readonly network: string;
  readonly subject: { readonly collection: string; readonly key: string } | { readonly transaction: string };
  /** Is there a record under the key; true for a transaction. */
  readonly present: boolean;
  /** The block for which this holds. With `at`, the height asked about (its time is not in the file). */
  readonly asOf: { readonly height: number; readonly time: number | null };
  /** From which act the version stood, and until which; null while it was not replaced. With `at` only. */
  readonly stood: { readonly from: Place | null; readonly until: Place | null } | null;
  readonly record: ShownRow | null;
  readonly transaction: ShownAct | null;
  /** Public keys that signed the act, hex. */
  readonly signers: readonly string[];
  /** Validators whose signatures stand under the top header; none where an anchor's history includes it. */
  readonly confirmedBy: readonly string[];
  /** Signatures needed, and validators of that set; null where an anchor's history includes the header. */
  readonly quorum: readonly [number, number] | null;
  readonly trust: "genesis" | "anchor";
  /** "long_range": validators have changed since genesis, and retired keys could sign a false past; an anchor removes it. */
  readonly warnings: readonly "long_range"[];
}
export interface NotProved {
  readonly valid: false;
  readonly code: string;
  /** Where in the file. */
  readonly step: string;
  /** What `refusalText` (client/verifyText) makes its sentence of: heights, hashes, a validator's id, the code under which a part was refused. */
  readonly about: readonly (string | number)[];
}
export type ProofVerdict = Proved | NotProved;
