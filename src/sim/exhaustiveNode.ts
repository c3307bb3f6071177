// One replica of the exhaustive search: copied, stepped with everything behind the step done at once, and named by what it is, up to times and signatures.
// docs/testing.md. Owns copies and names. Does not own which steps there are (exhaustive.ts).

import { type Bytes, latin1 } from "../base/bytes.ts";
import { type Certificate, signerIndexes } from "../base/certificate.ts";
import { restore } from "../consensus/restore.ts";
import { step } from "../consensus/step.ts";
import type { Block, Effect, EpochConfig, Message, Replica } from "../consensus/types.ts";
import { type ExplorerLedger, GENESIS_TIME, keyOf, nameOf, NETWORK, sign, verify } from "./explorerPorts.ts";
import type { Given } from "./explorerNode.ts";

export interface Said {
  /** Its receiver; "validators" for all. */
  readonly to: string;
  readonly message: Message;
}

export interface Local {
  readonly replica: Replica;
  readonly at: number;
  readonly chain: readonly Block[];
  /** Votes, proposals, view changes and new views that it sent, in order. */
  readonly said: readonly Said[];
}

export const NOW = GENESIS_TIME + 1_000;
const SAID = new Set<Message["kind"]>(["prepare", "commit", "prePrepare", "viewChange", "newView", "conflict"]);

/** What a step showed that no honest node may show. */
export class Broken {
  readonly what: string;
  constructor(what: string) {
    this.what = what;
  }
}

/** A replica that has started and was answered: it may vote. */
export function newLocal(index: number, ledger: ExplorerLedger): Local {
  const key = keyOf(index);
  const head = {
    height: 0,
    digest: NETWORK,
    hash: NETWORK,
    time: GENESIS_TIME,
    header: null,
    references: [],
    certificate: null,
    dueHead: null,
  };
  const replica = restore(
    {
      network: NETWORK,
      organisation: nameOf(index),
      key,
      ports: { verify, sign: (framed) => sign(key, framed) },
      supported: 1,
      head,
      config: ledger.genesis,
      intact: true,
      now: NOW,
      at: 0,
    },
    [],
  );
  return { replica, at: 0, chain: [], said: [] };
}

/** The replica after these inputs, in a copy; executions and commits are done at once. `config` comes from the ledger with each block. */
export function after(local: Local, inputs: readonly Given[], ledger: ExplorerLedger, passed = 0): Local {
  const replica = copyReplica(local.replica);
  const at = local.at + passed;
  const chain = [...local.chain];
  const said = [...local.said];
  const queue: Given[] = [...inputs];
  for (let input = queue.shift(); input !== undefined; input = queue.shift())
    for (const effect of step(replica, { ...input, now: NOW, at })) perform(replica, effect, { ledger, chain, said, queue });
  return { replica, at, chain, said };
}

interface Around {
  readonly ledger: ExplorerLedger;
  readonly chain: Block[];
  readonly said: Said[];
  readonly queue: Given[];
}

function perform(r: Replica, effect: Effect, { ledger, chain, said, queue }: Around): void {
  const say = (to: string, message: Message): void => {
    if (SAID.has(message.kind)) said.push({ to, message });
  };
  switch (effect.kind) {
    case "send":
      return say(effect.to, effect.message);
    case "persist":
      for (const { to, message } of effect.then) say(to, message);
      return;
    case "execute":
      return void queue.unshift({ kind: "executed", result: ledger.execute(effect.order, effect.references, 0) });
    case "commit": {
      const { header, references, certificate, height } = effect;
      chain.push({ kind: "block", header, references, certificate });
      return void queue.unshift({ kind: "committed", height });
    }
    case "evidence":
      if (effect.evidence.signer !== r.organisation) return void said.push({ to: "", message: { kind: "ask", nonce: 0 } });
      throw new Broken(`evidence against ${effect.evidence.signer}`);
    case "stop":
    case "divergence":
      throw new Broken(`${r.organisation}: ${effect.kind}`);
    default:
      return;
  }
}

// ── copies ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Not copied: nobody changes them. */
const SHARED = new Set([
  "ports",
  "network",
  "key",
  "config",
  "head",
  "committingHead",
  "facts",
  "order",
  "references",
  "result",
  "message",
]);

function copyReplica(replica: Replica): Replica {
  return copy(replica, new Map()) as Replica;
}

function copy(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof Uint8Array) return value; // byte strings never change; bits of acks are copied by their name
  if (value instanceof Map) {
    const out = new Map();
    seen.set(value, out);
    for (const [key, item] of value) out.set(key, copy(item, seen));
    return out;
  }
  if (value instanceof Set) return new Set(value);
  if (Array.isArray(value)) {
    const out: unknown[] = [];
    seen.set(value, out);
    for (const item of value) out.push(copy(item, seen));
    return out;
  }
  if (isFixed(value)) return value;
  const out: Record<string, unknown> = {};
  seen.set(value, out);
  for (const name in value) {
    const item = value[name as keyof typeof value] as unknown;
    if (typeof item !== "object" || item === null || SHARED.has(name)) out[name] = item;
    else out[name] = name === "acks" ? (item as Bytes).slice() : copy(item, seen);
  }
  return out;
}

// ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Times, what follows from other fields, and what only saves work. */
const SKIPPED = new Set(
  "ports network key supported now at me indexes config committing committingHead committingHeads recent gapSince asked proven nonce answered lacking startHead elsewhere settledTurn started silenceSince newViewSince restSince lastCommitAt lastProposalAt lastClaimAt lastStatusAt lastFetchAt clockOff left headSince arrivedAt statusAt answeredAt offset firstCommitted since askedAt verified signature certificateOf ordered wanted lockNoticed convicted accusations facts lastServed counts total results executing".split(
    " ",
  ),
);

/** By latin1 text: a digest is a key in some places and bytes in others. */
const shortNames = new Map<string, string>();
function short(bytes: string): string {
  let name = shortNames.get(bytes);
  if (name === undefined) shortNames.set(bytes, (name = `#${shortNames.size}`));
  return name;
}

/** What a local state is, in words that do not depend on times and signatures, with validators renamed. */
export function describeLocal({ replica, chain, said }: Local, rename: (id: string) => string): string {
  const words = wordsOf(replica.config, rename);
  const told = said.map(({ to, message }) => `${words.of(to)} ${words.of(message)}`).join(";");
  return `${chain.length} ${words.of(replica)} said ${told}`;
}

const dictionaries = new Map<(id: string) => string, Map<EpochConfig, Words>>();
function wordsOf(config: EpochConfig, rename: (id: string) => string): Words {
  let of = dictionaries.get(rename);
  if (of === undefined) dictionaries.set(rename, (of = new Map()));
  let words = of.get(config);
  if (words === undefined) of.set(config, (words = new Words(config, rename)));
  return words;
}

/** Never changed: messages, votes, certificates, orders. What is said of one once is said of it in every state. */
function isFixed(value: object): boolean {
  return "signatures" in value || ("signature" in value && !("verified" in value)) || ("kind" in value && typeof value.kind === "string");
}

class Words {
  private readonly config: EpochConfig;
  private readonly rename: (id: string) => string;
  private readonly fixed = new WeakMap<object, string>();
  private readonly texts = new Map<string, string>();

  constructor(config: EpochConfig, rename: (id: string) => string) {
    this.config = config;
    this.rename = rename;
  }

  of(value: unknown, name = ""): string {
    switch (typeof value) {
      case "string":
        return value.length === 32 ? short(value) : this.renamed(value);
      case "object":
        return value === null ? "-" : this.object(value, name);
      default:
        return String(value);
    }
  }

  private object(value: object, name: string): string {
    if (value instanceof Uint8Array) {
      if (name === "acks") return this.names([...value].flatMap((bit, i) => (bit === 1 ? [i] : [])));
      return value.length === 32 ? short(latin1(value)) : "";
    }
    if (value instanceof Map) {
      if (name === "known")
        return [...value.keys()]
          .map((key) => this.of(key))
          .sort()
          .join(",");
      return `{${[...value]
        .map(([key, item]) => `${this.of(key)}:${this.of(item)}`)
        .sort()
        .join(",")}}`;
    }
    if (value instanceof Set)
      return `{${[...value]
        .map((item) => this.of(item))
        .sort()
        .join(",")}}`;
    if (Array.isArray(value)) {
      if (name !== "votes") return `[${value.map((item) => this.of(item)).join(",")}]`;
      return `{${value
        .flatMap((vote, i) => (vote ? [`${this.at(i)}:${this.of(vote)}`] : []))
        .sort()
        .join(",")}}`;
    }
    return isFixed(value) ? this.ofFixed(value) : this.ofFields(value);
  }

  private renamed(text: string): string {
    let renamed = this.texts.get(text);
    if (renamed === undefined) this.texts.set(text, (renamed = text.replace(/\bv\d\b/g, this.rename)));
    return renamed;
  }

  private ofFixed(value: object): string {
    let words = this.fixed.get(value);
    if (words === undefined) {
      words = "signers" in value && "signatures" in value ? this.certificate(value as Certificate) : this.ofFields(value);
      this.fixed.set(value, words);
    }
    return words;
  }

  private ofFields(value: object): string {
    if ("durable" in value && "order" in value) {
      const { key, held, durable } = value as unknown as { key: string; held: boolean; durable: boolean };
      return `${this.of(key)}${held}${durable}`;
    }
    let words = "(";
    for (const field in value) if (!SKIPPED.has(field)) words += `${this.of(value[field as keyof typeof value], field)} `;
    return `${words})`;
  }

  private certificate(certificate: Certificate): string {
    const { kind, epoch, view, height, hash } = certificate;
    const signers = signerIndexes(certificate, this.config.validators.length) ?? [];
    return `${kind}${epoch}/${view}/${height}${this.of(hash)}${this.names(signers)}`;
  }

  private at(index: number): string {
    return this.rename(this.config.validators[index]?.id ?? "");
  }
  private names(indexes: readonly number[]): string {
    return indexes
      .map((i) => this.at(i))
      .sort()
      .join("");
  }
}
