// Bearer tokens: a JWT that its holder has signed himself with a registered key of purpose `access`. docs/reference/http.md "Who may read".
// Owns what a token must say. Nothing is stored: a key that is suspended or revoked on the chain stops at once. Does not own: who may read what (access.ts).

import { decodeProtectedHeader, importJWK, type JWTPayload, jwtVerify } from "jose";
import { type Bytes, unhex } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import { MAX_TOKEN_BYTES, TOKEN_LIFETIME_S, TOKEN_SKEW_S } from "../../base/limits.ts";
import { tokenAudience } from "../../base/token.ts";
import type { Standing } from "../../contracts/engine/registry.ts";
import type { Api } from "./context.ts";

export interface Holder extends Standing {
  /** The key that signed the token. */
  readonly key: Bytes;
  /** When the token ends, ms since 1970. */
  readonly until: number;
}

/** Does what the token said hold still? Streams outlive the moment in which they were asked for. */
export const holdsStill = (api: Api, { key, until }: Holder): boolean =>
  api.now() < until && api.registry.standing(key, "reads", api.reader.state, api.nextBlock()) !== undefined;

/** Whom an Authorization header names. Throws `access.token`. */
export async function holderOf(api: Api, header: string): Promise<Holder> {
  const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header) ?? [];
  if (token === undefined || token.length > MAX_TOKEN_BYTES)
    return refuse(`"Authorization: Bearer" and a JWT of at most ${MAX_TOKEN_BYTES} bytes`);
  const kid = keyOf(token);
  const holder = api.registry.standing(unhex(kid), "reads", api.reader.state, api.nextBlock());
  if (holder === undefined) return refuse("its key (kid) is no registered key of purpose access that serves now");
  const now = api.now();
  const { exp } = await claimsOf(token, kid, tokenAudience(api.networkHex, api.organisation), now);
  if (exp! > now / 1_000 + TOKEN_LIFETIME_S + TOKEN_SKEW_S) return refuse(`it lasts longer than ${TOKEN_LIFETIME_S} s`);
  return { ...holder, key: unhex(kid), until: exp! * 1_000 };
}

/** Hex of the public key that the header names. */
function keyOf(token: string): string {
  try {
    const { kid } = decodeProtectedHeader(token);
    if (typeof kid === "string" && /^[0-9a-f]{64}$/.test(kid)) return kid;
  } catch {
    // not the header of a JWT
  }
  return refuse("its header names a key: kid, 64 hexadecimal digits");
}

async function claimsOf(token: string, kid: string, audience: string, now: number): Promise<JWTPayload> {
  try {
    const x = Buffer.from(kid, "hex").toString("base64url");
    const key = await importJWK({ kty: "OKP", crv: "Ed25519", x }, "EdDSA");
    const time = { currentDate: new Date(now), clockTolerance: TOKEN_SKEW_S };
    const options = { algorithms: ["EdDSA", "Ed25519"], audience, requiredClaims: ["exp"], ...time };
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    return refuse(`${(error as Error).message}; aud is "${audience}"`);
  }
}

function refuse(why: string): never {
  throw new LedgerError("access.token", { detail: why });
}
