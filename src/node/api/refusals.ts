// A receipt that says no, in the words of the statute: the 422 of a submit. Owns the wording. Does not own: rules (contracts).

import { LedgerError } from "../../base/errors.ts";
import { sentenceOf } from "../../contracts/engine/schema.ts";
import type { Api } from "./context.ts";
import type { ShownReceipt } from "./leaves.ts";

/** The problem of a refused transaction: the rule's code, its sentence, the receipt. */
export function refusedReceipt(api: Pick<Api, "registry">, receipt: ShownReceipt): LedgerError {
  const code = receipt.code ?? "transaction.rejected";
  const title = sentenceOf(code, api.registry.contracts);
  return new LedgerError("transaction.rejected", { rule: code, title: title === "" ? code : title, receipt });
}
