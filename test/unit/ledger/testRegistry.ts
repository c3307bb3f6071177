// A registry for tests of the ledger alone: four acts on one collection, its rows in the engine's form. A double of contracts/engine, and no more than that.

import { type Bytes, latin1, text, unlatin1, utf8 } from "../../../src/base/bytes.ts";
import { decodeSet, encodeSet } from "../../../src/base/certificate.ts";
import { decode, encode, type Value } from "../../../src/base/codec.ts";
import { type Genesis, genesisValidators } from "../../../src/base/genesis.ts";
import { parametersFrom } from "../../../src/base/parameters.ts";
import type { BlockContext, Call, DueEntry, Result, State, StoredRow } from "../../../src/contracts/engine/registry.ts";
import type { ChainRegistry } from "../../../src/ledger/chain.ts";
import type { ConsensusView } from "../../../src/contracts/platform/network.ts";

export const ITEMS = "test/item";
const NETWORK = "governance/network";
const NETWORK_KEY = utf8("network\0\0");
export const keyOf = (name: string): Bytes => utf8(`${name}\0\0`);

type Fields = { readonly [name: string]: Value };
interface Act {
  readonly height: number;
  readonly index: number;
}

export function fieldsOf(row: Bytes): Fields {
  return (decode(row) as Value[])[8] as Fields;
}

function write(state: State, collection: string, key: Bytes, { height, index }: Act, fields: Fields): void {
  const before = state.get(collection, key);
  const [revision, , , , h, i] = before === undefined ? [0, "", 0, 0, 0, 0] : (decode(before.bytes) as number[]);
  state.put(collection, key, { bytes: encode([revision + 1, "open", height, 1, height, index, h, i, fields]) });
}

const applied: Result = { outcome: 0, code: null, flags: [] };

function operate(state: State, action: string, args: Fields, act: Act, block: BlockContext): Result {
  const name = args["name"] as string;
  switch (action) {
    case "test.put@1":
      write(state, ITEMS, keyOf(name), act, { value: args["value"] ?? null, group: args["group"] ?? "none", due: args["due"] ?? 0 });
      return applied;
    case "test.add@1": {
      const before = state.get(ITEMS, keyOf(name));
      const value = before === undefined ? 0 : (fieldsOf(before.bytes)["value"] as number);
      write(state, ITEMS, keyOf(name), act, { value: value + (args["value"] as number), group: "sums", due: 0 });
      return { ...applied, flags: value > 100 ? ["test.large"] : [] };
    }
    case "test.reject@1":
      write(state, ITEMS, keyOf("never"), act, {});
      return { outcome: 1, code: "test.refused", flags: [] };
    case "test.network@1": {
      const row = fieldsOf(state.get(NETWORK, NETWORK_KEY)!.bytes);
      const first = row["changeEpoch"] !== block.epoch;
      write(state, NETWORK, NETWORK_KEY, act, {
        ...row,
        ...args,
        changeEpoch: block.epoch,
        changeHeight: first ? block.height : row["changeHeight"]!,
      });
      return applied;
    }
    default:
      return { outcome: 1, code: "engine.not_in_force", flags: [] };
  }
}

const pad = (n: number): string => String(n).padStart(15, "0");

export interface TestRegistry extends ChainRegistry {
  /** Called before each transaction; a test makes executions differ, or watches them. */
  before: ((call: Call, state: State) => void) | undefined;
}

export function testRegistry(): TestRegistry {
  const registry: TestRegistry = {
    before: undefined,
    run(state, call, block) {
      registry.before?.(call, state);
      let flags: readonly string[] = [];
      for (const [i, { action, args }] of call.operations.entries()) {
        if (call.failedProofs.some((f) => f.startsWith(`${i}:`))) return { outcome: 1, code: "test.proof", flags: [] };
        const result = operate(state, action, args as Fields, { height: block.height, index: call.index }, block);
        if (result.outcome !== 0) return result;
        flags = [...flags, ...result.flags];
      }
      return { ...applied, flags };
    },
    due(state, block, alreadyRun, budgetWork) {
      if (budgetWork < 1 || alreadyRun.size >= block.parameters.due_per_block) return undefined;
      for (const entry of state.entries("d", alreadyRun.size + 1)) {
        const time = Number(entry.slice(1, 16));
        const id = `${ITEMS}\0${entry.slice(16)}`;
        if (time > block.time) return undefined;
        if (!alreadyRun.has(id))
          return { id, time, contract: "test", collection: ITEMS, key: unlatin1(entry.slice(16)), name: "expire", work: 1 };
      }
      return undefined;
    },
    runDue(state: State, entry: DueEntry, block: BlockContext, index: number): Result {
      const fields = fieldsOf(state.get(entry.collection, entry.key)!.bytes);
      write(state, entry.collection, entry.key, { height: block.height, index }, { ...fields, group: "expired", due: 0 });
      return applied;
    },
    dueHead(state) {
      const [first] = state.entries("d", 1);
      return first === undefined ? undefined : Number(first.slice(1, 16));
    },
    found(genesis: Genesis, state: State) {
      const row = {
        validators: encodeSet(genesisValidators(genesis)),
        parameters: genesis.parameters as unknown as Value,
        protocol: genesis.protocol,
      };
      write(state, NETWORK, NETWORK_KEY, { height: 0, index: 0 }, { ...row, changeEpoch: -1, changeHeight: 0 });
    },
    memoryIndex(collection: string, key: Bytes, row: StoredRow) {
      if (collection !== ITEMS) return [];
      const { due, group } = fieldsOf(row.bytes);
      const out = [`k${group as string}\0${latin1(key)}`];
      if ((due as number) > 0) out.push(`d${pad(due as number)}${latin1(key)}`);
      return out;
    },
    findIndex(collection: string, key: Bytes, row: StoredRow) {
      return collection === ITEMS ? [`${ITEMS}\0group\0${fieldsOf(row.bytes)["group"] as string}\0${latin1(key)}`] : [];
    },
    findHeads(collection: string, _key: Bytes, row: StoredRow) {
      return collection === ITEMS ? [utf8(`${ITEMS}\0group\0${fieldsOf(row.bytes)["group"] as string}\0`)] : [];
    },
  };
  return registry;
}

export function consensusView(state: State): ConsensusView {
  const { validators, parameters, protocol, changeEpoch, changeHeight } = fieldsOf(state.get(NETWORK, NETWORK_KEY)!.bytes);
  return {
    validators: decodeSet(validators as Bytes),
    parameters: parametersFrom(parameters),
    protocol: protocol as number,
    changeEpoch: changeEpoch as number,
    changeHeight: changeHeight as number,
    members: [],
  };
}

/** The name in an encoded key. */
export const nameOf = (key: Bytes): string => text(key.slice(0, -2));
