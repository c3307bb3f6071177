// Certificates of HTTPS (PEM), on nodes: until when one holds. Owns nothing else of TLS (node/api/tls).

import { X509Certificate } from "node:crypto";
import type { Bytes } from "./bytes.ts";

/** When the first certificate of a chain ends: milliseconds since 1970. Throws if there is none. */
export function certificateEnd(pem: Bytes): number {
  return new X509Certificate(pem).validToDate.getTime();
}
