// Canonical MessagePack: the only form in which anything is hashed, signed, stored or sent. docs/protocol.md §1.1.
// Owns what the form is; the code stands twice, after the manner of #crypto: codecNode.ts with encode.ts for speed, codecBrowser.ts for little code.
// Each is the measure of the other (test/unit/base/codec.test.ts). Browser-clean.
//
// The profile: nil, booleans, integers −2^63 … 2^64−1 in their shortest form, UTF-8 text, byte strings, arrays, maps with text keys in ascending
// order of their UTF-8 bytes, none twice. No floats, no extensions. A decoder accepts exactly the bytes that encoding its result would give.

export { asciiText, decode, decodedEnd, decodeFirst, encode, scan } from "#codec";
export { compareText, type Value } from "./value.ts";
