// libsodium's ristretto255, compiled to WASM: what nodes compute with (sodium-native has no ristretto). Owns loading it; the rules that keep it
// from throwing are ristretto.ts's. Never loaded in browsers, and by the command line for audits only: elsewhere @noble serves.

import { type Group, useGroup } from "./ristretto.ts";

/** Loads the library (30 ms, 16 MB a thread) and computes with it in this thread from then on. */
export async function useSodium(): Promise<void> {
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  await sodium.ready;
  // Each call on its own line: the library takes a further argument for the form of its output.
  const group: Group = {
    valid: (point) => sodium.crypto_core_ristretto255_is_valid_point(point),
    multiply: (scalar, point) => sodium.crypto_scalarmult_ristretto255(scalar, point),
    multiplyBase: (scalar) => sodium.crypto_scalarmult_ristretto255_base(scalar),
    add: (a, b) => sodium.crypto_core_ristretto255_add(a, b),
    subtract: (a, b) => sodium.crypto_core_ristretto255_sub(a, b),
  };
  useGroup(group);
}
