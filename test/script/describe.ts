// Effects and messages in one line each, with the script's names in place of hashes. Everything a reader needs to follow, nothing that is always the same.

import { type Bytes, hex, latin1 } from "../../src/base/bytes.ts";
import { type Certificate, signerIndexes } from "../../src/base/certificate.ts";
import type { Value } from "../../src/base/codec.ts";
import { orderDigest } from "../../src/base/header.ts";
import type { BestClaim, Claim, Effect, JournalRecord, Message, Order, OrderCertificate, Vote } from "../../src/consensus/types.ts";
import type { World } from "./world.ts";

export class Describer {
  private readonly world: World;
  constructor(world: World) {
    this.world = world;
  }

  hash(bytes: Bytes): string {
    return this.world.names.get(latin1(bytes)) ?? hex(bytes.subarray(0, 4));
  }

  private slot({ epoch, view, height }: { epoch: number; view: number; height: number }): string {
    return `${epoch === 0 ? "" : `e${epoch} `}v${view} h${height}`;
  }

  vote(v: Vote): string {
    return `${v.kind} ${this.slot(v)} ${this.hash(v.hash)}`;
  }

  certificate(c: Certificate): string {
    const set =
      [...this.world.nodes.values()].map((n) => n.config).find((config) => config.epoch === c.epoch)?.validators ?? this.world.set;
    const signers = (signerIndexes(c, set.length) ?? []).map((i) => set[i]!.id);
    return `${c.kind}-certificate ${this.slot(c)} ${this.hash(c.hash)} of ${signers.join(",")}`;
  }

  private best(b: BestClaim | null): string {
    return b === null ? "best none" : `best v${b.view} h${b.height} ${this.hash(b.digest)}`;
  }

  private order(o: Order): string {
    return this.hash(orderDigest(this.world.network, o.order));
  }

  private orders(orders: readonly Order[]): string {
    return orders.length === 0 ? "" : ` orders ${orders.map((o) => this.order(o)).join(",")}`;
  }

  private claim(c: Claim): string {
    return `view-change ${c.epoch === 0 ? "" : `e${c.epoch} `}v${c.view} committed h${c.committedHeight} ${this.best(c.best)}`;
  }

  private orderCertificate(c: OrderCertificate | null): string {
    return c === null ? "" : ` with ${this.certificate(c.certificate)}`;
  }

  message(m: Message): string {
    switch (m.kind) {
      case "prepare":
      case "commit":
        return this.vote(m);
      case "prePrepare":
        return `pre-prepare ${this.slot({ ...m.order, view: m.view })} ${this.order(m)} [${m.references.map((r) => this.hash(r.digest)).join(",")}] on ${this.hash(m.order.parent)}`;
      case "viewChange":
        return `${this.claim(m.claim)}${this.orders(m.orders)}`;
      case "newView":
        return `new-view ${m.epoch === 0 ? "" : `e${m.epoch} `}v${m.view} of ${m.claims.map((c) => c.signer).join(",")}${this.orderCertificate(m.best)}${this.orders(m.orders)}${m.prepare === null ? "" : `, ${this.vote(m.prepare)}`}`;
      case "status":
        return `status ${m.epoch === 0 ? "" : `e${m.epoch} `}v${m.view} ${m.mode} promise v${m.promise} committed h${m.committed} tip h${m.tip}`;
      case "ask":
        return "ask for own votes";
      case "answer":
        return `answer committed h${m.committed}${m.votes.map((v) => `, ${this.vote(v)}`).join("")}${m.claim === null ? "" : `, ${this.claim(m.claim)}`}${m.newView === null ? "" : `, new-view v${m.newView.view}`}`;
      case "get":
        return `get ${m.what} h${m.height} ${this.hash(m.hash)}`;
      case "order":
        return `order ${this.order(m)}`;
      case "block":
        return `block h${m.header.order.height} ${this.order({ order: m.header.order, references: [] })}${m.certificate === null ? "" : ` with ${this.certificate(m.certificate)}`}`;
      case "forward":
        return `forward ${this.hash(m.digest)}`;
      case "conflict":
        return `conflict ${this.vote(m.first)} / ${this.hash(m.second.hash)}`;
    }
  }

  private record(r: JournalRecord): string {
    switch (r.kind) {
      case "order":
        return `order ${this.order(r.order)}${r.bodies.length === 0 ? "" : ` {${r.bodies.map((d) => this.hash(d)).join(",")}}`}`;
      case "vote":
        return this.vote(r.vote);
      case "best":
        return `best v${r.view} ${this.hash(r.digest)}`;
      case "newView":
        return `new-view v${r.newView.view}`;
      case "silence":
        return `silence until ${r.from === null ? "?" : `e${r.from}`}`;
      case "release":
        return `release h${r.height} ${this.hash(r.digest)}`;
      default:
        return r.kind;
    }
  }

  /** Lines for one effect; none for what every tick brings. */
  effect(effect: Effect): string[] {
    switch (effect.kind) {
      case "persist":
        return [
          `journals ${effect.records.map((r) => this.record(r)).join(" + ") || "nothing"}`,
          ...effect.then.flatMap((o) => this.sent(o.to, o.message)),
        ];
      case "send":
        return this.sent(effect.to, effect.message);
      case "execute":
        return [`executes ${this.hash(effect.digest)}`];
      case "drop":
        return [`drops ${this.hash(effect.digest)}`];
      case "commit":
        return [`commits h${effect.height} ${this.hash(effect.digest)} by ${this.certificate(effect.certificate)}`];
      case "fetch":
        return [`${effect.needed ? "fetches" : "pulls"} ${this.hash(effect.digest)} from ${effect.from.join(",")}`];
      case "release":
        return [`releases ${effect.digests.map((d) => this.hash(d)).join(",")}`];
      case "evidence": {
        const { kind, signer, epoch, view, height, first, second } = effect.evidence;
        return [
          `evidence against ${signer}: ${kind} ${this.slot({ epoch, view, height })} ${this.hash(first.hash)} / ${this.hash(second.hash)}`,
        ];
      }
      case "sync":
        return [`syncs to h${effect.height} from ${effect.from.join(",")}${effect.proven ? ", proven" : ""}`];
      case "epochEnd":
        return [`asks for the end of e${effect.epoch}`];
      case "divergence":
        return [
          `diverges at h${effect.height} ${this.hash(effect.digest)}: own ${this.hash(effect.own.hash)}, certified ${effect.certified === null ? "none" : this.hash(effect.certified)}`,
        ];
      case "notice":
        if (effect.code === "start.asked" || (effect.code === "start.ready" && effect.data["silent"] === false)) return [];
        return [`notice ${effect.code}${fields(effect.data, (v) => this.named(v))}`];
      case "reject":
        return [`rejects ${effect.peer}: ${effect.code}`];
      case "stop":
        return [`STOPS ${effect.exit} ${effect.code}${fields(effect.data, (v) => this.named(v))}`];
    }
  }

  private sent(to: string, message: Message): string[] {
    if (message.kind === "status" || message.kind === "ask") return [];
    return [`→ ${to === "validators" ? "all" : to} ${this.message(message)}`];
  }

  /** Hashes in notices stand in hex. */
  private named(value: string): string {
    return value.replace(/\b[0-9a-f]{8,64}\b/g, (digits) => {
      for (const [bytes, name] of this.world.names) if (hex(Uint8Array.from(bytes, (c) => c.charCodeAt(0))).startsWith(digits)) return name;
      return digits;
    });
  }
}

function fields(data: Readonly<Record<string, Value>>, named: (value: string) => string): string {
  return Object.entries(data)
    .map(([name, value]) => ` ${name}=${named(String(value))}`)
    .join("");
}
