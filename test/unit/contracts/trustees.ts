// Trustees for scenarios: each with the dealing of his own machine, and what he hands in at each step. Computed by libsodium; kept by name, so that a
// thousand histories make their proofs once.

import type { Bytes } from "../../../src/base/bytes.ts";
import {
  coefficientPoints,
  commitmentOf,
  complain,
  type Dealing,
  jointKey,
  maskShare,
  type MaskedShare,
  newDealing,
  proveConstant,
  proveReceiving,
  secretShare,
  shareFor,
} from "../../../src/base/ceremonyKey.ts";
import { multiplyBase } from "../../../src/base/ristretto.ts";
import { useSodium } from "../../../src/base/ristrettoSodium.ts";
import { hours } from "../../../src/contracts/engine/index.ts";
import * as acts from "../../../src/contracts/platform/ceremonies.ts";
import { type Scenario, signedBy } from "./scenario.ts";

/** All that the trustees of one ceremony compute between them. */
export class Trustees {
  readonly ceremony: string;
  readonly names: readonly string[];
  readonly threshold: number;
  readonly dealings: readonly Dealing[];
  readonly points: readonly (readonly Bytes[])[];
  readonly #network: Bytes;
  #reveals: (ReturnType<Trustees["reveal"]> | undefined)[] = [];

  constructor(network: Bytes, ceremony: string, names: readonly string[], threshold: number) {
    this.#network = network;
    this.ceremony = ceremony;
    this.names = names;
    this.threshold = threshold;
    this.dealings = names.map(() => newDealing(threshold));
    this.points = this.dealings.map(coefficientPoints);
  }
  get #place() {
    return { network: this.#network, ceremony: this.ceremony };
  }
  get joint() {
    return jointKey(this.points);
  }
  /** x_j. */
  secret(index: number): bigint {
    return secretShare(this.dealings.map((dealing) => shareFor(dealing, index)));
  }

  open(town: Pick<Scenario, "time">) {
    const { ceremony, names, threshold } = this;
    const [commit_until, reveal_until, accept_until] = [1, 2, 3].map((n) => town.time + hours(n)) as [number, number, number];
    return { ceremony, trustees: names, threshold, commit_until, reveal_until, accept_until };
  }
  commit(index: number) {
    const dealing = this.dealings[index - 1]!;
    const proof = proveReceiving(this.#place, index, dealing);
    const commitment = commitmentOf(this.#place, index, this.points[index - 1]!);
    return { ceremony: this.ceremony, index, key: multiplyBase(dealing.receiving), proof, commitment };
  }
  /** `cheats`: to this trustee a false share. The same dealing each time. */
  reveal(
    index: number,
    cheats?: number,
  ): { ceremony: string; index: number; points: readonly Bytes[]; proof: Bytes; shares: MaskedShare[] } {
    const known = this.#reveals[index];
    if (known !== undefined && cheats === undefined) return known;
    const dealing = this.dealings[index - 1]!;
    const shares = this.names.flatMap((_, i) => {
      if (i + 1 === index) return [];
      const dealt = i + 1 === cheats ? newDealing(this.threshold) : dealing;
      return [maskShare(this.#place, index, i + 1, dealt, multiplyBase(this.dealings[i]!.receiving))];
    });
    const made = {
      ceremony: this.ceremony,
      index,
      points: this.points[index - 1]!,
      proof: proveConstant(this.#place, index, dealing),
      shares,
    };
    this.#reveals[index] = made;
    return made;
  }
  complain(index: number, dealer: number) {
    const sent = this.#reveals[dealer]!.shares[index < dealer ? index - 1 : index - 2]!;
    const {
      receivingKey: key,
      shared,
      proof,
    } = complain(this.#place, dealer, index, sent, this.points[dealer - 1]!, this.dealings[index - 1]!.receiving);
    return { ceremony: this.ceremony, index, dealer, key, sent, points: this.points[dealer - 1]!, shared, proof };
  }
  complete(index: number) {
    return { ceremony: this.ceremony, index, dealings: this.points.map((points) => ({ points })), ...this.joint };
  }
}

export { useSodium };

/** Who signs for a trustee of a name: "p:ann" signs with the key of ann. */
export const keyName = (name: string): string => (/^[pc]:/.test(name) ? name.slice(2) : name);

/** The ceremony that was opened, without incident. */
export function hold(town: Scenario, trustees: Trustees): void {
  const all = trustees.names.map((name, i) => ({ index: i + 1, by: signedBy(keyName(name)) }));
  for (const { index, by } of all) town.act(`${index} commits`, acts.commit, trustees.commit(index), by);
  for (const { index, by } of all) town.act(`${index} reveals`, acts.reveal, trustees.reveal(index), by);
  for (const { index, by } of all) town.act(`${index} accepts`, acts.accept, { ceremony: trustees.ceremony, index }, by);
  town.act("the key is made", acts.complete, trustees.complete(1), all[0]!.by);
}
