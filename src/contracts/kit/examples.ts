// Values for the examples of actions: what `contracts X.Y --example` prints for somebody to edit. Nothing else uses them.

import type { Bytes } from "../../base/bytes.ts";
import type { Sealed } from "../engine/index.ts";

/** 2027-01-04T00:00:00Z */
export const monday = 1_799_020_800_000;
export const aHash: Bytes = new Uint8Array(32).fill(0xab);
export const aKey: Bytes = new Uint8Array(32).fill(0x5e);
export const aSignature: Bytes = new Uint8Array(64).fill(0x51);
/** The root of a sealed part that has this many leaves. */
export const aSeal = (size: number): Sealed => ({ root: aHash, size });
