// What owners resolve. Service 14. Owns how their shares are counted, and resolutions, for companies whose owners are too many to sign one act: they sign one
// after the other, and whoever else is needed – the registry, the tax office, an officer – signs the act that carries it out, together with the last of them.
// Does not own: these acts (business.ts).

import { equalBytes } from "../../base/bytes.ts";
import { encode, type Value } from "../../base/codec.ts";
import { days, id, list, optional, type Party, party, signs, type Tx } from "../engine/index.ts";
import { monday } from "../kit/examples.ts";
import { partsOf } from "../kit/shares.ts";
import { open } from "./businessFilings.ts";
import { business, type Matter, matter, owners, resolutions } from "./businessRecords.ts";

const MOST_OPEN = days(90);
export const byOwners = signs("owners of more than half of the shares");
/** Who signs now, and what others have signed before. */
export const resolving = { voters: list(party, 12), resolution: optional(id) };
const example = { company: "c:4711", resolution: "2027-3" };

export const propose = business.action({
  title: "Propose a resolution: an owner puts it to the others, and signs it first",
  by: { owner: signs("who proposes it") },
  input: { company: party, resolution: id, by: party, matter, until: resolutions.fields.until },
  rules: ["one_matter", "owner_only", "resolution_over", "over"],
  work: 128,
  example: { ...example, by: "p:ann.property", matter: { dismiss: "p:bob.property" }, until: monday + days(30) },
  run(tx, { by, ...it }) {
    open(tx, it.company);
    tx.signed("owner", by);
    const asked = ownersOf(tx, it.company);
    tx.require(asked.includes(by), "owner_only");
    tx.require(it.until > tx.time && it.until <= tx.time + MOST_OPEN, "resolution_over");
    tx.require(Object.values(it.matter).filter((one) => one !== undefined && one !== false).length === 1, "one_matter");
    tx.create(resolutions, { ...it, asked, signed: [by] });
  },
});

export const assent = business.action({
  title: "Sign a resolution that was proposed",
  by: { owner: signs("the owner") },
  input: { company: party, resolution: id, by: party },
  rules: ["owner_only", "resolution_over"],
  work: 128,
  example: { ...example, by: "p:bob.property" },
  run(tx, { company, resolution, by }) {
    const it = tx.get(resolutions, company, resolution);
    tx.signed("owner", by);
    const asked = ownersOf(tx, company);
    tx.require(it.$.status === "open" && tx.time < it.until, "resolution_over", { status: it.$.status });
    tx.require(asked.includes(by) && !it.signed.includes(by), "owner_only");
    tx.put(it, { asked, signed: [...it.signed.filter((one) => asked.includes(one)), by] });
  },
});

export const lapse = business.due(resolutions, {
  title: "A resolution that was not carried out in its time lapses",
  at: (it) => (it.$.status === "open" ? it.until : undefined),
  run: (tx, it) => void tx.move(it, "lapsed"),
});

type Resolving = { readonly voters: readonly Party[]; readonly resolution?: string | undefined };
/** These owners signed, now or before, and have more than half of the shares as they are now, or two thirds of them. */
export function resolved(
  tx: Tx<"majority" | "one_matter" | "resolution_over">,
  company: Party,
  { voters, resolution }: Resolving,
  of: Matter,
  most: "half" | "two_thirds" = "half",
): void {
  const before = resolution === undefined ? undefined : tx.get(resolutions, company, resolution);
  if (before !== undefined) {
    tx.require(before.$.status === "open" && tx.time < before.until, "resolution_over", { status: before.$.status });
    tx.require(equalBytes(encode(before.matter as Value), encode(of as Value)), "one_matter");
    tx.move(before, "carried");
  }
  for (const one of voters) tx.signed("owner", one);
  const { shares: all, whole: total } = tx.get(owners, company);
  const parts = [...new Set([...(before?.signed ?? []), ...voters])].reduce((sum, one) => sum + partsOf(all, one), 0);
  const enough = most === "half" ? parts * 2 > total : parts * 3 >= total * 2;
  tx.require(enough && new Set(voters).size === voters.length, "majority", { parts, whole: total });
}
const ownersOf = (tx: Tx, company: Party): Party[] => tx.get(owners, company).shares.map(({ holder }) => holder);
