// Certificates of HTTPS (PEM), on nodes: until when one holds, and whether a key is its own. Owns nothing else of TLS (node/api/tls).

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Bytes } from "./bytes.ts";

/** When the first certificate of a chain ends: milliseconds since 1970. Throws if there is none. */
export function certificateEnd(pem: Bytes): number {
  return new X509Certificate(pem).validToDate.getTime();
}

/** Is the private key that of the chain's first certificate? Throws if one of them cannot be read. */
export function isKeyOf(key: Bytes, pem: Bytes): boolean {
  return new X509Certificate(pem).checkPrivateKey(createPrivateKey(Buffer.from(key)));
}
