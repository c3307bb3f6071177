// Dumps of the state tree: entries to files now and then, so that a start need not read every row. docs/protocol.md §5 (no part of the protocol itself).
// Owns the file's form, writing it in slices between blocks, and reading it back. Does not own: when (chain.ts), whether what was read is right: the
// certified state root decides, and if it does not fit, the rows do (start.ts).
//
// A dump is fuzzy: each slice has the committed values of its own moment. Write sets are absolute, so applying those of all blocks behind the height in the
// file's name makes it exact. Uncommitted values in the tree are put right by corrections behind each slice.
//
//   head: "chancery state 1" ‖ genesis hash ‖ height (6)      slice: u32 entries ‖ u32 corrections ‖ entries ‖ corrections (64 bytes each) ‖ CRC-32
//   end: u32 ff ff ff ff ‖ number of entries (6) ‖ CRC-32      – a correction to 32 zero bytes takes the entry out

import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Bytes, concat, equalBytes, latin1, readU32, readU48, u32be, u48be, unlatin1 } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { KEPT_DUMPS } from "../base/limits.ts";
import { StateTree } from "./stateTree.ts";
import { ENTRY_BYTES } from "./treeNodes.ts";
import { TREE_PREFIXES } from "./treeTop.ts";

const MAGIC = unlatin1("chancery state 1");
const HEAD_BYTES = MAGIC.length + 32 + 6;
const END = 0xffffffff;
/** Prefixes a slice holds: 40,000 entries and 2.5 MB at ten million keys, copied in 2 ms. */
const SLICE_PREFIXES = 256;

export interface DumpInput {
  readonly directory: string;
  readonly network: Bytes;
  /** Committed height at this moment. */
  readonly height: number;
  readonly tree: () => StateTree;
  /** Key hashes that uncommitted blocks wrote (latin1), each with the committed value (zeros for none), at this moment. */
  readonly uncommitted: () => ReadonlyMap<string, Bytes>;
  readonly pause: () => Promise<void>;
  /** True when it should end without a result. */
  readonly stopped: () => boolean;
}

/** Writes `state/<height>`; the file has its name only when it is whole and on disk. Returns false if it was stopped. */
export async function dumpTree({ directory, network, height, tree, uncommitted, pause, stopped }: DumpInput): Promise<boolean> {
  await mkdir(directory, { recursive: true });
  const final = join(directory, String(height));
  const file = await open(`${final}.part`, "w");
  try {
    await file.write(concat(MAGIC, network, u48be(height)));
    let entries = 0;
    for (let prefix = 0; prefix < TREE_PREFIXES; prefix += SLICE_PREFIXES) {
      if (stopped()) return false;
      const slice = sliceOf(tree(), prefix, uncommitted());
      entries += readU32(slice, 0);
      await file.write(slice);
      await pause();
    }
    const end = concat(u32be(END), u48be(entries));
    await file.write(concat(end, u32be(crc32(end))));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${final}.part`, final);
  for (const old of (await dumps(directory)).slice(KEPT_DUMPS)) await rm(join(directory, String(old)));
  return true;
}

function sliceOf(tree: StateTree, prefix: number, uncommitted: ReadonlyMap<string, Bytes>): Bytes {
  const entries = tree.entries(prefix, prefix + SLICE_PREFIXES);
  const corrections: Bytes[] = [];
  for (const [keyText, value] of uncommitted) {
    const own = (keyText.charCodeAt(0) << 8) | keyText.charCodeAt(1);
    if (own >= prefix && own < prefix + SLICE_PREFIXES) corrections.push(unlatin1(keyText), value);
  }
  const body = new Uint8Array(12 + entries.length + 32 * corrections.length);
  body.set(u32be(entries.length / ENTRY_BYTES), 0);
  body.set(u32be(corrections.length / 2), 4);
  body.set(entries, 8);
  corrections.forEach((part, i) => body.set(part, 8 + entries.length + 32 * i));
  body.set(u32be(crc32(body.subarray(0, body.length - 4))), body.length - 4);
  return body;
}

/** Heights of the dumps there are, the newest first. */
export async function dumps(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(() => [] as string[]);
  return names
    .filter((name) => /^\d{1,15}$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);
}

/** The tree of a dump: right for its height once the write sets behind it are applied. Throws `store.damaged` naming the file and the offset. */
export async function loadDump(directory: string, height: number, network: Bytes): Promise<StateTree> {
  const path = join(directory, String(height));
  const damaged = (offset: number, what: string): never => {
    throw new LedgerError("store.damaged", { file: path, offset, what });
  };
  const file = await open(path);
  try {
    let offset = 0;
    const read = async (length: number): Promise<Bytes> => {
      const buffer = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await file.read(buffer, at, length - at, offset + at);
        if (bytesRead === 0) return damaged(offset + at, "truncated");
        at += bytesRead;
      }
      offset += length;
      return buffer;
    };
    const head = await read(HEAD_BYTES);
    if (latin1(head.subarray(0, MAGIC.length)) !== latin1(MAGIC) || !equalBytes(head.subarray(MAGIC.length, MAGIC.length + 32), network))
      damaged(0, "head");
    if (readU48(head, MAGIC.length + 32) !== height) damaged(0, "height");
    const { size } = await file.stat();
    const tree = new StateTree();
    for (let prefix = 0, total = 0; ; prefix += SLICE_PREFIXES) {
      const at = offset;
      const lengths = await read(8);
      const entries = readU32(lengths, 0);
      if (entries === END) {
        const rest = await read(6);
        if (
          crc32(concat(lengths, rest.subarray(0, 2))) !== readU32(rest, 2) ||
          readU48(concat(lengths, rest), 4) !== total ||
          prefix !== TREE_PREFIXES
        )
          damaged(at, "end");
        return tree;
      }
      const bytes = (entries + readU32(lengths, 4)) * ENTRY_BYTES;
      if (bytes + 4 > size - offset || prefix >= TREE_PREFIXES) damaged(at, "lengths");
      const body = await read(bytes + 4);
      if (crc32(body.subarray(0, bytes), crc32(lengths)) !== readU32(body, bytes)) damaged(at, "checksum");
      tree.load(body.subarray(0, entries * ENTRY_BYTES));
      correct(tree, body.subarray(entries * ENTRY_BYTES, bytes));
      total += entries;
    }
  } finally {
    await file.close();
  }
}

function correct(tree: StateTree, corrections: Bytes): void {
  const count = corrections.length / ENTRY_BYTES;
  const keys = new Uint8Array(32 * count);
  const values = new Uint8Array(32 * count);
  for (let i = 0; i < count; i++) {
    keys.set(corrections.subarray(ENTRY_BYTES * i, ENTRY_BYTES * i + 32), 32 * i);
    values.set(corrections.subarray(ENTRY_BYTES * i + 32, ENTRY_BYTES * i + 64), 32 * i);
  }
  if (count > 0) tree.apply(keys, values, count);
}

/** Removes what an interrupted dump left behind. */
export async function sweepDumps(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [] as string[]);
  for (const name of names) if (name.endsWith(".part")) await rm(join(directory, name));
}
