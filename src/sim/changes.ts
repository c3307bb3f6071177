// What members and nodes do to the network itself: votes on seats, keys and parameters, epochs ended early, equivocation recorded. docs/protocol.md §4.3,
// §4.7, §4.10. Owns the acts, one after the other as their receipts come, and the operator who starts a node with its new key. Does not own the rules
// (contracts/platform/governance.ts).

import { equalBytes } from "../base/bytes.ts";
import type { Value } from "../base/codec.ts";
import { provePossession } from "../base/member.ts";
import type { Evidence } from "../consensus/types.ts";
import type { Clients } from "./clients.ts";
import type { Clockwork } from "./clockwork.ts";
import { type Founding, nameOf, secretsOf } from "./founding.ts";
import type { Random } from "./random.ts";
import type { Change, Item } from "./scenario.ts";
import { JournalFiles } from "./simJournal.ts";
import type { SimNode } from "./simNode.ts";

/** A Byzantine signer can make evidence without end; a few records of it are enough. */
const MOST_ACCUSATIONS = 8;
const RESTART_MS = 30;

export interface ChangesInput {
  readonly clock: Clockwork;
  readonly nodes: readonly SimNode[];
  readonly clients: Clients;
  readonly founding: Founding;
  readonly realSignatures: boolean;
  readonly random: Random;
}

export class Changes {
  private readonly o: ChangesInput;
  private proposals = 0;
  private accusations = 0;
  /** Members that have asked for a new key. */
  private readonly turning = new Set<number>();

  constructor(input: ChangesInput) {
    this.o = input;
  }

  schedule(item: Extract<Item, { kind: "change" | "endEpoch" }>): void {
    this.o.clock.at(item.at, undefined, () => (item.kind === "endEpoch" ? this.endEpoch(item.node) : this.change(item.change)));
  }

  /** Any node will do: clients go on to another if it refuses. */
  private anywhere(): number {
    return this.o.random.below(this.o.nodes.length);
  }

  /** A node asks by its consensus key (§4.7). */
  endEpoch(index: number): void {
    const node = this.o.nodes[index]!;
    this.o.clients.send(`end of epoch asked by ${node.id}`, "governance.endEpoch@1", { member: node.id }, node.secrets.consensus, {
      node: index,
    });
  }

  private change(change: Change): void {
    const { clients, nodes } = this.o;
    switch (change.what) {
      case "seat": {
        const { id, secrets } = nodes[change.member]!;
        return clients.send(`${id} is ready`, "governance.ready@1", { member: id }, secrets.consensus, { node: this.anywhere() }, () =>
          this.propose("validator.add", { agency: id }),
        );
      }
      case "unseat":
        return this.propose("validator.remove", { agency: nameOf(change.member) });
      case "parameters":
        return this.propose("parameters.change", { parameters: { ...change.parameters } });
      case "key":
        return this.rotate(change.member);
    }
  }

  /** One proposes; then all vote at once, whoever is heard first. */
  private propose(kind: string, what: { readonly [name: string]: Value }): void {
    const { clients, nodes } = this.o;
    const proposal = `change-${++this.proposals}`;
    const by = this.anywhere();
    const args = { proposal, member: nameOf(by), kind, ...what };
    clients.send(`${proposal}: ${kind}`, "governance.propose@1", args, secretsOf(by).organisation, { node: this.anywhere() }, (height) => {
      if (height === undefined) return;
      for (const { id, index } of nodes)
        clients.send(
          `vote of ${id} on ${proposal}`,
          "governance.vote@1",
          { proposal, member: id, vote: "yes" },
          secretsOf(index).organisation,
          { node: this.anywhere() },
        );
    });
  }

  /** A new consensus key: registered by the organisation, in force with the next epoch (§4.3). */
  private rotate(member: number): void {
    const { clients, founding, nodes } = this.o;
    const { id, keyTurn } = nodes[member]!;
    const { consensus, organisation } = secretsOf(member, keyTurn + 1);
    this.turning.add(member);
    const proof = provePossession(founding.network, id, "consensus", consensus.key, consensus.seed);
    clients.send(`new key of ${id}`, "governance.rotate@1", { member: id, purpose: "consensus", key: consensus.key, proof }, organisation, {
      node: this.anywhere(),
    });
  }

  /** The operator starts the node with the new key, and the journal made with it, as soon as the chain names that key. */
  headMoved(node: SimNode): void {
    if (!this.turning.has(node.index)) return;
    const { consensus } = secretsOf(node.index, node.keyTurn + 1);
    if (!node.config.validators.some(({ id, key }) => id === node.id && equalBytes(key, consensus.key))) return;
    this.turning.delete(node.index);
    this.o.clock.after(RESTART_MS, undefined, () => {
      node.crash(false);
      node.keyTurn++;
      node.disk.journal = new JournalFiles();
      node.world.watch.note("§4.3 key changed");
      node.boot();
    });
  }

  /** Evidence becomes a record (§4.10). With hashed signatures the contract would find it false: then it is only checked. */
  accuse(node: SimNode, { kind, epoch, view, height, signer, key, first, second }: Evidence): void {
    if (!this.o.realSignatures || !node.honest || this.accusations++ >= MOST_ACCUSATIONS) return;
    const args = { member: node.id, signer, key, kind, epoch, view, height, first: { ...first }, second: { ...second } };
    this.o.clients.send(`evidence against ${signer}`, "governance.accuse@1", args, node.secrets.consensus, { node: node.index });
  }
}
