// What travels between the main thread and a verify worker: lists of jobs, lists of answers, buffers moved and not copied.

import type { Bytes } from "../base/bytes.ts";
import type { BatchVerdict, IngressVerdict } from "../ledger/verify.ts";

export interface WorkerSetup {
  readonly network: Bytes;
  readonly protocol: number;
}
export type Job =
  | /** A peer's batch, as on the wire. Jobs of different origins take turns. */ {
      readonly job: number;
      readonly kind: "batch";
      readonly bytes: Bytes;
      readonly origin: string;
    }
  | /** A client's transactions, (u32 length ‖ bytes)*. */ { readonly job: number; readonly kind: "ingress"; readonly bytes: Bytes }
  | /** From the next job on, work is that of this protocol version. */ { readonly kind: "protocol"; readonly protocol: number };
export type Done =
  | { readonly job: number; readonly kind: "batch"; readonly verdict: BatchVerdict }
  | /** `proofMs`: what computing predicates took, charged to the sender. */ {
      readonly job: number;
      readonly kind: "ingress";
      readonly bytes: Bytes;
      readonly verdict: IngressVerdict;
      readonly proofMs: number;
    }
  | /** The list of transactions itself is malformed. */ {
      readonly job: number;
      readonly kind: "refused";
      readonly code: string;
      readonly detail: string;
    }
  | /** Our bug: the node stops. */ { readonly job: number; readonly kind: "bug"; readonly message: string };
