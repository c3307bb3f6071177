// Tokens of access, as their holder makes them: to read at a member's node what is not public. docs/reference/http.md "Who may read".
// Owns the token's bytes (RFC 7515, 7519, 8037). Does not own: what a node makes of it (node/api/tokens).

import { base64, hex, utf8 } from "../base/bytes.ts";
import { TOKEN_LIFETIME_S } from "../base/limits.ts";
import { tokenAudience } from "../base/token.ts";
import type { Signer } from "./build.ts";

export interface Access {
  /** A key that is registered for purpose `access`. */
  readonly key: Signer;
  /** Whose nodes these are. It is said here and not learned from a node: a token for one member's node is of no use at another's. */
  readonly organisation: string;
}

/** A token for the node of an organisation, good for so many seconds (600 at most). `network`: hex of the genesis hash. */
export async function accessToken(access: Access, network: string, seconds = TOKEN_LIFETIME_S, now = Date.now()): Promise<string> {
  const part = (value: unknown): string => base64url(utf8(JSON.stringify(value)));
  const header = { alg: "EdDSA", typ: "JWT", kid: hex(access.key.publicKey) };
  const claims = { aud: tokenAudience(network, access.organisation), exp: Math.floor(now / 1_000) + seconds };
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${base64url(await access.key.sign(utf8(signed)))}`;
}

/** The Authorization header of requests to that organisation's nodes; its token is made anew when the last one has lived for half of its time. */
export function authorizationOf(access: Access, network: string): () => Promise<string> {
  let until = 0;
  let header = "";
  return async () => {
    const now = Date.now();
    if (now >= until) {
      header = `Bearer ${await accessToken(access, network, TOKEN_LIFETIME_S, now)}`;
      until = now + TOKEN_LIFETIME_S * 500;
    }
    return header;
  };
}

const base64url = (bytes: Uint8Array): string => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
