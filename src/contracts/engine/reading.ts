// Arguments from their canonical bytes to the form a handler sees, in one pass: what decoding and the normaliser give together, with its measure, and nothing
// made in between. The bytes have been found canonical (ledger/transaction.ts), so only what the declaration asks is looked at here.
// Owns that reading; test/unit/contracts/engine/reading.test.ts holds it to `decode` and normalise.ts. Does not own: what fits (normalise.ts).

import { type Bytes, copyOf, readU32 } from "../../base/bytes.ts";
import { asciiText, decodedEnd, decodeFirst, encode } from "../../base/codec.ts";
import type { Field, Fields, Shape } from "./fields.ts";
import { hasForm, measure, misfit, normaliserOf, sortedNames } from "./normalise.ts";
import { leafCount } from "./sealed.ts";

type Loose = { [name: string]: unknown };
/** Reads the value where the reader stands, and passes it. Throws `misfit`. */
type Reader = () => unknown;

let source: Bytes = new Uint8Array(0);
let at = 0;
const NOTHING = new Uint8Array(0);

/** Reads the arguments that begin at bytes[start]. Throws `misfit`. */
export type ArgumentsReader = (bytes: Bytes, start: number) => Loose;

export function argumentsReader(fields: Fields): ArgumentsReader {
  const read = object(fields);
  return (bytes, start) => {
    source = bytes;
    at = start;
    try {
      return read() as Loose;
    } finally {
      source = NOTHING; // do not pin a batch
    }
  };
}

function reader(shape: Shape): Reader {
  switch (shape.kind) {
    case "text":
      return shape.form === "text" ? generic(shape) : formedText(shape.form, shape.min, shape.max);
    case "integer":
      return integer(shape.min, shape.max);
    case "money":
      return money;
    case "bytes":
      return byteString(shape.min, shape.max);
    case "flag":
    case "oneOf":
    case "json":
      return generic(shape);
    case "list":
      return list(reader(shape.item.shape), shape.min, shape.max);
    case "object":
      return object(shape.fields);
    case "sealed": {
      const size = leafCount(shape.fields);
      return object({
        root: { shape: { kind: "bytes", min: 32, max: 32 }, optional: false },
        size: { shape: { kind: "integer", min: size, max: size }, optional: false },
      });
    }
  }
}

function refuse(): never {
  throw misfit;
}

/** Decoded, then normalised. */
function generic(shape: Shape): Reader {
  const normalise = normaliserOf(shape);
  return () => {
    const value = decodeFirst(source, at);
    at = decodedEnd();
    return normalise(value, false);
  };
}

/** A number of 0 … 2^53 − 1; −1 for anything else. */
function natural(): number {
  const head = source[at]!;
  if (head < 0x80) {
    at++;
    return head;
  }
  const o = at + 1;
  switch (head) {
    case 0xcc:
      at += 2;
      return source[o]!;
    case 0xcd:
      at += 3;
      return (source[o]! << 8) | source[o + 1]!;
    case 0xce:
      at += 5;
      return readU32(source, o);
    case 0xcf: {
      const high = readU32(source, o);
      if (high >= 0x200000) return -1;
      at += 9;
      return high * 2 ** 32 + readU32(source, o + 4);
    }
    default:
      return -1;
  }
}

function integer(min: number, max: number): Reader {
  const any = generic({ kind: "integer", min, max });
  return () => {
    const before = at;
    const value = natural();
    if (value < 0) {
      at = before;
      return any();
    }
    if (value < min || value > max) refuse();
    measure.nodes++;
    measure.bytes += 8;
    return value;
  };
}

const anyMoney = generic({ kind: "money" });
function money(): unknown {
  const before = at;
  const value = natural();
  if (value < 0) {
    at = before;
    return anyMoney();
  }
  measure.nodes++;
  measure.bytes += 8;
  return BigInt(value);
}

function formedText(form: "id" | "person" | "agency" | "party", min: number, max: number): Reader {
  return () => {
    const head = source[at]!;
    let from: number;
    let length: number;
    if ((head & 0xe0) === 0xa0) {
      length = head & 31;
      from = at + 1;
    } else if (head === 0xd9) {
      length = source[at + 1]!;
      from = at + 2;
    } else return refuse(); // nothing of a form is longer
    // Characters of a form are single bytes; whatever else there is has as many characters at most.
    for (let i = from; i < from + length; i++) if (source[i]! >= 0x80) refuse();
    if (length < min || length > max) refuse();
    const value = asciiText(source, from, from + length);
    if (!hasForm(form, value)) refuse();
    at = from + length;
    measure.nodes++;
    measure.bytes += length;
    return value;
  };
}

function byteString(min: number, max: number): Reader {
  return () => {
    const head = source[at]!;
    let from: number;
    let length: number;
    if (head === 0xc4) {
      length = source[at + 1]!;
      from = at + 2;
    } else if (head === 0xc5) {
      length = (source[at + 1]! << 8) | source[at + 2]!;
      from = at + 3;
    } else if (head === 0xc6) {
      length = readU32(source, at + 1);
      from = at + 5;
    } else return refuse();
    if (length < min || length > max) refuse();
    at = from + length;
    measure.nodes++;
    measure.bytes += length;
    return copyOf(source, from, at);
  };
}

/** Items of an array, or pairs of a map: the head's count. */
function countOf(fix: number, form16: number): number {
  const head = source[at]!;
  if ((head & 0xf0) === fix) {
    at++;
    return head & 15;
  }
  if (head === form16) {
    at += 3;
    return (source[at - 2]! << 8) | source[at - 1]!;
  }
  if (head === form16 + 1) {
    at += 5;
    return readU32(source, at - 4);
  }
  return refuse();
}

function list(item: Reader, min: number, max: number): Reader {
  return () => {
    const count = countOf(0x90, 0xdc);
    if (count < min || count > max) refuse();
    measure.nodes++;
    const out: unknown[] = [];
    for (let i = 0; i < count; i++) out.push(item());
    return out;
  };
}

function object(fields: Fields): Reader {
  const names = sortedNames(fields);
  const encoded = names.map(encode);
  const optional = names.map((name) => fields[name]!.optional);
  const parts = names.map((name) => reader((fields[name] as Field<any>).shape));
  return () => {
    let left = countOf(0x80, 0xde);
    measure.nodes++;
    const out: Loose = {};
    // Both stand in the same order, so each name is there next, or not at all.
    for (let i = 0; i < names.length; i++) {
      if (left > 0 && passes(encoded[i]!)) {
        left--;
        out[names[i]!] = parts[i]!();
      } else if (!optional[i]) refuse();
    }
    if (left > 0) refuse();
    return out;
  };
}

function passes(name: Bytes): boolean {
  const { length } = name;
  for (let i = 0; i < length; i++) if (source[at + i] !== name[i]) return false;
  at += length;
  return true;
}
