// The contracts of this release, ready to run: one registry a thread, made when first asked for.

import type { Bytes } from "../base/bytes.ts";
import { composition } from "../contracts/all.ts";
import { build, type Registry } from "../contracts/engine/registry.ts";

/** Highest protocol version that this release knows; the first is what it founds networks with. */
export const SUPPORTED_PROTOCOL = 1;

let registry: Registry | undefined;
export function contracts(): Registry {
  registry ??= build(composition);
  return registry;
}

/** What a genesis names of the contracts. */
export function contractsManifest(): { manifestHash: Bytes; protocol: number } {
  return { manifestHash: contracts().manifestHash(), protocol: SUPPORTED_PROTOCOL };
}
