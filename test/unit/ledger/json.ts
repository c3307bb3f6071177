// How vectors write values in JSON: bytes as {"bytes": hex}, integers beyond 2^53 as {"integer": decimal}.

import { hex, unhex } from "../../../src/base/bytes.ts";
import type { Value } from "../../../src/base/codec.ts";

export function fromJson(json: unknown): Value {
  if (Array.isArray(json)) return json.map(fromJson);
  if (json !== null && typeof json === "object") {
    const map = json as Record<string, unknown>;
    if (typeof map["bytes"] === "string") return unhex(map["bytes"]);
    if (typeof map["integer"] === "string") return BigInt(map["integer"]);
    return Object.fromEntries(Object.entries(map).map(([k, v]) => [k, fromJson(v)]));
  }
  return json as Value;
}

export function toJson(value: Value): unknown {
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (typeof value === "bigint") return { integer: value.toString() };
  if (Array.isArray(value)) return (value as Value[]).map(toJson);
  if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toJson(v)]));
  return value;
}
