// The words of the script language: each command and what it does to the world. README.md in this folder lists them for readers.

import { latin1 } from "../../src/base/bytes.ts";
import { type Certificate, makeCertificate, quorum, type VoteKind, voteFrame } from "../../src/base/certificate.ts";
import { type ParameterName, parameterNames } from "../../src/base/parameters.ts";
import type { Claim, Effect, Message, NewView, Order, OrderCertificate, ViewChange, Vote } from "../../src/consensus/types.ts";
import { claimFrame, newViewFrame, newViewHash } from "../../src/consensus/wire.ts";
import { Describer } from "./describe.ts";
import { type Command, parseCommand } from "./language.ts";
import { EPOCH_TIME, keyOf, type NamedOrder, type Sent, signature, stop, World } from "./world.ts";

export class Script {
  private lines: string[] = [];
  private current: World | undefined;
  private describer: Describer | undefined;

  private get world(): World {
    return this.current ?? stop("begin with `network`");
  }

  /** Runs the commands of one block; the lines say what came of them. */
  run(commands: readonly string[]): string[] {
    this.lines = [];
    for (const line of commands) this.command(parseCommand(line));
    return this.lines.length === 0 ? ["ok"] : this.lines;
  }

  private report(id: string, effect: Effect): void {
    for (const line of this.describer!.effect(effect)) this.lines.push(`  ${id} ${line}`);
  }

  private command(c: Command): void {
    const { plain, named } = c;
    switch (c.word) {
      case "network":
        return this.network(c);
      case "start":
        for (const id of plain) this.world.start(id);
        return;
      case "manual":
        for (const id of plain) this.world.node(id).manual = true;
        return;
      case "execute":
        return this.execute(c);
      case "committed":
        for (const height of this.world.node(plain[0]!).written.splice(0)) this.world.give(plain[0]!, { kind: "committed", height });
        return;
      case "variant":
        this.world.node(plain[0]!).variants.set(plain[1]!, Number(plain[2]));
        return;
      case "clock":
        this.world.node(plain[0]!).skew = Number(plain[1]);
        return;
      case "batch":
        return this.batch(c);
      case "supply":
        return this.supply(list(plain[0]), plain.slice(1));
      case "order":
        return this.order(c);
      case "send":
        return this.send(c);
      case "deliver":
        return this.deliver(c);
      case "drop":
        this.world.queue = this.world.queue.filter((sent) => !this.matches(c, sent));
        return;
      case "tick":
        return this.world.advance(duration(plain[0]), plain.length > 1 ? plain.slice(1) : [...this.world.nodes.keys()], null);
      case "run":
        return this.world.advance(duration(plain[0]), plain.length > 1 ? plain.slice(1) : [...this.world.nodes.keys()], () =>
          this.deliverAll(c, true),
        );
      case "outage":
        return this.outage(duration(plain[0]));
      case "connect":
        for (const id of plain) for (const other of this.world.nodes.keys()) if (other !== id) this.connect(id, other);
        return;
      case "restart":
        return this.world.boot(this.world.node(plain[0]!), named.get("answered") !== "no");
      case "tear":
        return void this.world.node(plain[0]!).records.pop();
      case "wipe":
        return this.world.boot(this.world.node(plain[0]!), named.get("answered") !== "no", false);
      case "image":
        return this.world.image(plain[0]!);
      case "restore":
        return this.world.putBack(plain[0]!, named.get("answered") !== "no");
      case "enacts":
        this.world.changes.set(Number(plain[0]), named.has("set") ? list(named.get("set")) : null);
        this.world.protocol = Number(named.get("protocol") ?? this.world.protocol);
        return;
      case "answer":
        return this.answer(c);
      case "recover": {
        const { digest, height } = this.named(plain[1]!);
        return this.world.give(plain[0]!, { kind: "recovery", height, digest, abandon: this.world.hashNamed(`[${named.get("abandon")}]`) });
      }
      case "show":
        for (const id of plain) this.lines.push(this.show(id));
        return;
      default:
        stop(`no word ${c.word}`);
    }
  }

  private network({ named }: Command): void {
    const ids = named.has("ids") ? list(named.get("ids")) : Array.from({ length: Number(named.get("n") ?? 4) }, (_, i) => `n${i}`);
    const parameters: Partial<Record<ParameterName, number>> = {};
    for (const [name, value] of named) if ((parameterNames as string[]).includes(name)) parameters[name as ParameterName] = Number(value);
    this.current = new World(ids, parameters, (id, effect) => this.report(id, effect));
    this.describer = new Describer(this.current);
    const n = ids.length;
    this.lines.push(`n=${n} q=${quorum(n)} primary of v0 ${ids.toSorted()[0]}`);
  }

  private execute({ plain: [id, name] }: Command): void {
    const node = this.world.node(id!);
    const at = node.waiting.findIndex((e) => name === undefined || this.world.names.get(latin1(e.digest)) === name);
    const [effect] = at < 0 ? stop(`${id} does not execute ${name ?? "anything"}`) : node.waiting.splice(at, 1);
    this.world.give(id!, { kind: "executed", result: this.world.result(node, effect!) });
  }

  /** `answer n0 n2 [vote=prepare order=x1 [forged]]`: n0 shows n2 a vote with n2's own signature, by whoever has the key; forged is by nobody. */
  private answer({ plain, named }: Command): void {
    const [from, to] = plain;
    if (!named.has("order")) return this.world.answer(from!, to!);
    const { order, digest, height } = this.named(named.get("order")!);
    const kind = (named.get("vote") ?? "prepare") as VoteKind;
    const hash = kind === "prepare" ? digest : this.world.block(named.get("order")!).hash;
    const vote = { kind, signer: to!, epoch: order.epoch, view: Number(named.get("view") ?? 0), height, hash };
    const signed = plain.includes("forged") ? new Uint8Array(64) : signature(keyOf(to!), voteFrame(this.world.network, kind, vote));
    this.world.answer(from!, to!, [{ ...vote, signature: signed }]);
  }

  /** `batch t1 origin=b to=a,c` gives it to these (default: all real replicas) and lets everybody hear their acks. */
  private batch({ plain, named }: Command): void {
    const to = named.has("to") ? list(named.get("to")) : this.world.ids;
    for (const name of plain) {
      const life = named.has("life") ? { notAfter: EPOCH_TIME + this.world.at + duration(named.get("life")) } : {};
      const size = named.has("count") ? { reference: { digest: new Uint8Array(32), count: Number(named.get("count")), bytes: 100 } } : {};
      const work = named.has("work") ? { work: Number(named.get("work")) } : {};
      const facts = this.world.batch(name, named.get("origin") ?? "b", { ...life, ...work });
      if ("reference" in size) Object.assign(facts.reference, { count: size.reference.count });
      const acked = named.has("acked") ? list(named.get("acked")) : to;
      for (const id of to) if (this.world.nodes.has(id)) this.hold(id, name);
      for (const from of acked)
        for (const id of this.world.nodes.keys())
          if (id !== from) this.world.give(id, { kind: "acked", from, digests: [facts.reference.digest] });
    }
  }

  private supply(ids: readonly string[], names: readonly string[]): void {
    for (const id of ids) for (const name of names) this.hold(id, name);
  }

  private hold(id: string, name: string): void {
    const batch = this.world.batches.get(name) ?? stop(`no batch ${name}`);
    this.world.node(id).batches.set(name, batch);
    this.world.give(id, { kind: "batch", batch });
  }

  /** `order x1 parent=genesis batches=t1 [time=±ms] [enacts] [set=a,b,c,e] [epoch=] [protocol=]` names an order for puppets. */
  private order({ plain, named }: Command): void {
    const parent = named.get("parent") ?? "genesis";
    const before = this.world.orders.get(parent)?.order.time ?? EPOCH_TIME;
    const time = named.has("time")
      ? EPOCH_TIME + this.world.at + Number(named.get("time"))
      : Math.max(before + 1, EPOCH_TIME + this.world.at);
    const set = named.has("set") ? list(named.get("set")) : null;
    this.world.order(plain[0]!, {
      parent,
      batches: list(named.get("batches")),
      time,
      epoch: Number(named.get("epoch") ?? this.world.orders.get(parent)?.order.epoch ?? 0),
      enacts: plain.includes("enacts"),
      set,
      protocol: Number(named.get("protocol") ?? 1),
    });
  }

  private named(name: string): NamedOrder & { height: number } {
    const order = this.world.orders.get(name) ?? stop(`no order ${name}`);
    return { ...order, height: order.order.height };
  }

  // ── what puppets say ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** `send d a,b KIND …`: the puppet d says something to these. */
  private send(c: Command): void {
    const [from, to, kind, ...rest] = c.plain;
    const message = this.message({ ...c, plain: rest }, from!, kind!);
    for (const id of to === "all" ? this.world.nodes.keys() : list(to)) this.world.send(from!, id, message);
    for (const sent of this.world.queue.splice(0).map((s) => ({ sent: s, mine: s.from === from && s.message === message })))
      if (sent.mine) this.world.deliver(sent.sent);
      else this.world.queue.push(sent.sent);
  }

  private message(c: Command, from: string, kind: string): Message {
    const view = Number(c.named.get("view") ?? 0);
    const [name] = c.plain;
    switch (kind) {
      case "prepare":
      case "commit":
        return this.vote(c, from, kind, name!);
      case "pre-prepare": {
        const { order, references, digest, height } = this.named(name!);
        const given = c.named.has("references") ? this.named(c.named.get("references")!).references : references;
        const prepare = this.world.vote("prepare", from, { epoch: order.epoch, view, height, hash: digest });
        return { kind: "prePrepare", view, order, references: given, prepare };
      }
      case "order": {
        const { order, references } = this.named(name!);
        return { kind: "order", order, references };
      }
      case "block": {
        const { header } = this.world.block(name!);
        const { references } = this.named(name!);
        return {
          kind: "block",
          header,
          references,
          certificate: c.named.has("with") ? this.orderCertificate(c, name!, "commit").certificate : null,
        };
      }
      case "view-change":
        return this.viewChange(c, from);
      case "new-view":
        return this.newView(c, from);
      case "get":
        return {
          kind: "get",
          what: name === "block" ? "block" : "order",
          height: this.named(c.plain[1]!).height,
          hash: name === "block" ? new Uint8Array(32) : this.named(c.plain[1]!).digest,
        };
      case "forward":
        return { kind: "forward", digest: (this.world.batches.get(name!) ?? stop(`no batch ${name}`)).reference.digest };
      case "status": {
        const committed = Number(c.named.get("committed") ?? 0);
        return {
          kind: "status",
          epoch: Number(c.named.get("epoch") ?? 0),
          view,
          promise: Number(c.named.get("promise") ?? view),
          mode: "active",
          committed,
          hash: new Uint8Array(32),
          tip: committed,
          clock: EPOCH_TIME + this.world.at,
        };
      }
      case "conflict": {
        const [first, second] = [name!, c.plain[1]!].map((order) => this.vote(c, c.named.get("of")!, "prepare", order));
        const forged = c.plain.includes("forged") ? { signature: new Uint8Array(64) } : {};
        return { kind: "conflict", first: first!, second: { ...second!, ...forged } };
      }
      default:
        return stop(`no message ${kind}`);
    }
  }

  private vote({ named }: Command, signer: string, kind: VoteKind, name: string): Vote {
    const { order, digest, height } = this.named(name);
    const view = Number(named.get("view") ?? 0);
    const hash = kind === "prepare" ? digest : this.world.block(name).hash;
    const made = this.world.vote(kind, signer, {
      epoch: Number(named.get("epoch") ?? order.epoch),
      view: Number(named.get("signed-view") ?? view),
      height,
      hash,
    });
    return { ...made, view, ...(named.has("signer") ? { signer: named.get("signer")! } : {}) };
  }

  private forged(name: string, view: number): Certificate {
    const { order, height } = this.named(name);
    const { hash } = this.world.block(name);
    const signatures = new Map([0, 1, 2].map((i) => [i, new Uint8Array(64)]));
    return makeCertificate("commit", { epoch: order.epoch, view, height, hash }, signatures, this.world.ids.length);
  }

  /** `… with=a,b,d view=0` */
  private orderCertificate({ named }: Command, name: string, kind: VoteKind, view = Number(named.get("view") ?? 0)): OrderCertificate {
    const { order, digest, height } = this.named(name);
    const { hash, header } = kind === "commit" ? this.world.block(name) : { hash: digest, header: null };
    const ids = named.has("set") ? list(named.get("set")) : this.world.ids;
    return { certificate: this.world.certificate(kind, list(named.get("with")), { epoch: order.epoch, view, height, hash }, ids), header };
  }

  private chain(to: string, above: number): Order[] {
    const orders: Order[] = [];
    for (
      let at = this.world.orders.get(to);
      at !== undefined && at.order.height > above;
      at = this.world.orders.get(this.world.names.get(latin1(at.order.parent))!)
    )
      orders.unshift({ order: at.order, references: at.references });
    return orders;
  }

  /** `send d all view-change view=1 [committed=x1 committed-with=a,b,d] [best=x2 best-view=0 with=a,b,d]`; a claim may lie: `claim-best-view=`, `orders=`. */
  private viewChange({ named, word, plain }: Command, from: string): ViewChange {
    const view = Number(named.get("view"));
    const committed = named.get("committed");
    const bestName = named.get("best");
    const bestView = Number(named.get("best-view") ?? 0);
    const epoch = Number(named.get("epoch") ?? 0);
    const committedCertificate =
      committed === undefined
        ? null
        : this.orderCertificate({ word, plain, named: new Map([...named, ["with", named.get("committed-with")!]]) }, committed, "commit", 0)
            .certificate;
    const committedHeight = committed === undefined ? 0 : this.named(committed).height;
    const best =
      bestName === undefined
        ? null
        : {
            view: Number(named.get("claim-best-view") ?? bestView),
            height: this.named(bestName).height,
            digest: this.named(bestName).digest,
          };
    const certificate =
      bestName === undefined || named.get("attach") === "no"
        ? null
        : this.orderCertificate({ word, plain, named }, bestName, "prepare", bestView);
    const fields = { epoch, view, committedHeight, committedHash: committedCertificate?.hash ?? this.world.network, best, signer: from };
    const claim: Claim = { ...fields, signature: signature(keyOf(from), claimFrame(this.world.network, fields)) };
    const orders = bestName === undefined || named.get("orders") === "no" ? [] : this.chain(bestName, committedHeight);
    return { kind: "viewChange", claim, committed: committedCertificate, best: certificate, orders };
  }

  /**
   * `send d all new-view view=1 claims=a,b,d [tip=x2] [forged=x1] [claims-epoch=1]`: from view changes that were sent; `tip` may differ from what they select,
   * claims may name an epoch that was not signed, and what is attached for the highest committed height may be a commit certificate of another order, without a good signature.
   */
  private newView({ named }: Command, from: string): NewView {
    const view = Number(named.get("view"));
    const epoch = Number(named.get("epoch") ?? 0);
    const changes = list(named.get("claims")).map(
      (id) =>
        this.world.viewChanges.findLast((m) => m.claim.signer === id && m.claim.view === Number(named.get("claims-view") ?? view)) ??
        stop(`${id} sent no view change to v${view}`),
    );
    const highest = changes.toSorted((a, b) => b.claim.committedHeight - a.claim.committedHeight)[0]!;
    const best = changes
      .filter((m) => m.claim.best !== null)
      .toSorted((a, b) => b.claim.best!.view - a.claim.best!.view || b.claim.best!.height - a.claim.best!.height)[0];
    const selected =
      best?.claim.best && best.claim.best.height > highest.claim.committedHeight
        ? this.world.names.get(latin1(best.claim.best.digest))
        : undefined;
    const tip = named.get("tip") ?? selected;
    const prepare =
      tip === undefined || tip === "none"
        ? null
        : this.world.vote("prepare", from, { epoch, view, height: this.named(tip).height, hash: this.named(tip).digest });
    const orders = tip === undefined || tip === "none" ? [] : this.chain(tip, highest.claim.committedHeight);
    const body = {
      epoch,
      view,
      claims: changes.map(({ claim }) => ({ ...claim, epoch: Number(named.get("claims-epoch") ?? claim.epoch) })),
      committed: named.has("forged") ? this.forged(named.get("forged")!, view) : highest.committed,
      best: named.get("best") === "none" ? null : named.get("best") === "unsigned" ? unsigned(best!.best!) : (best?.best ?? null),
      orders,
      prepare,
    };
    const signed = { epoch, view, hash: newViewHash(body), signer: from };
    return { kind: "newView", ...body, signer: from, signature: signature(keyOf(from), newViewFrame(this.world.network, signed)) };
  }

  // ── the network ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private matches({ plain, named }: Command, { from, to, message }: Sent): boolean {
    const within = (name: string, value: string): boolean => !named.has(name) || list(named.get(name)).includes(value);
    const between = named.get("between");
    if (between !== undefined && !(list(between).includes(from) && list(between).includes(to))) return false;
    if (named.has("height") && Number(named.get("height")) !== heightOf(message)) return false;
    return within("from", from) && within("to", to) && (plain.length === 0 || plain.includes(WORDS[message.kind]));
  }

  /** `deliver [KIND…] [from=] [to=] [between=]` until nothing that matches is under way. Status and the start question only if named. */
  private deliver(c: Command): void {
    this.deliverAll(c, false);
  }

  private deliverAll(c: Command, everything: boolean): void {
    for (let rounds = 0; ; rounds++) {
      if (rounds > 20_000) stop("a storm of messages");
      const at = this.world.queue.findIndex(
        (sent) =>
          (everything || c.plain.length > 0 || !QUIET.has(sent.message.kind)) && this.matches(everything ? { ...c, plain: [] } : c, sent),
      );
      if (at < 0) return;
      const [sent] = this.world.queue.splice(at, 1);
      const before = this.lines.length;
      this.world.deliver(sent!);
      if (this.lines.length > before) this.lines.splice(before, 0, `${sent!.from} → ${sent!.to} ${this.describer!.message(sent!.message)}`);
    }
  }

  /** The network is down for so long: everything sent is lost. Only notices and commits are told. */
  private outage(ms: number): void {
    const before = this.lines.length;
    this.world.advance(ms, [...this.world.nodes.keys()], () => (this.world.queue = []));
    this.lines.splice(before, Infinity, ...this.lines.slice(before).filter((line) => / notice | commits /.test(line)));
  }

  private connect(id: string, peer: string): void {
    this.world.give(id, { kind: "connected", peer });
  }

  private show(id: string): string {
    const { replica: r, head } = this.world.node(id);
    const best = r.best === null ? "none" : `v${r.best.view} h${r.best.height} ${this.describer!.hash(r.best.digest)}`;
    const chain = r.accepted.map((e) => this.describer!.hash(e.digest)).join(",");
    const name = this.describer!.hash(head.digest);
    return `${id}: e${r.config.epoch} v${r.view} ${r.mode}, promise v${r.promise}, committed h${head.height} ${name}, accepted [${chain}], best ${best}`;
  }
}

const WORDS: { readonly [K in Message["kind"]]: string } = {
  prepare: "prepare",
  commit: "commit",
  prePrepare: "pre-prepare",
  viewChange: "view-change",
  newView: "new-view",
  status: "status",
  ask: "ask",
  answer: "answer",
  get: "get",
  order: "order",
  block: "block",
  forward: "forward",
  conflict: "conflict",
};
const QUIET: ReadonlySet<Message["kind"]> = new Set(["status", "ask", "answer"]);

const heightOf = (m: Message): number => (m.kind === "prePrepare" ? m.order.height : "height" in m ? m.height : 0);

const list = (text: string | undefined): string[] => (text === undefined || text === "" ? [] : text.split(","));

/** `1500`, `1500ms` or `2s`. */
function duration(text: string | undefined): number {
  const found = /^(\d+)(ms|s)?$/.exec(text ?? "");
  if (found === null) return stop(`no duration ${text}`);
  return Number(found[1]) * (found[2] === "s" ? 1_000 : 1);
}

/** Says the same, and bears nobody's signature. */
const unsigned = ({ certificate, header }: OrderCertificate): OrderCertificate => ({
  certificate: { ...certificate, signatures: new Uint8Array(certificate.signatures.length) },
  header,
});
