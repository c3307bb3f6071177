// Two offices do what takes something from somebody who does not sign: a court decides, a registry enters it. Both are named by the act, so that it does not
// matter which of them could stand for the other; they are two agencies, and neither a court nor whoever else judges does so in a cause of its own.

import { agency, type Body, type Party, type Tx } from "../engine/index.ts";

/** The court that has decided, the registry that enters it. */
export const offices = { court: agency, registry: agency };
export const theCourt = { role: "court", is: (a: { readonly court: Party }) => a.court } as const;
export const theRegistry = { role: "registry", is: (a: { readonly registry: Party }) => a.registry } as const;

export const officesRules = {
  two_offices: "What is done without the signature of those it binds is done by two agencies, each in its own office.",
  own_cause: "No office decides about what is its own, or what it would receive.",
} as const;

export function apart(tx: Tx<"two_offices" | "own_cause">, { court, registry }: Body<typeof offices>, parties: readonly Party[]): void {
  tx.require(court !== registry, "two_offices");
  impartial(tx, court, parties);
}
export function impartial(tx: Tx<"own_cause">, office: Party, parties: readonly Party[]): void {
  tx.require(!parties.includes(office), "own_cause", { office });
}
