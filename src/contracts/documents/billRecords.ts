// The records of medical bills and the rules they stand under. Service 10. Owns what a bill, a line, a claim and a payment are. Does not own: who may do what
// with them (bills.ts), what an auditor recomputes (billAudits.ts).
//
// In clear stand who billed whom how much, and who was asked to pay for which line: rules count amounts. So every member's node learns that a pseudonym of the
// health sector was billed by a hospital, and how much, and never for what. Through a node's API only the hospital, the patient, and the payers of a line read it.

import { agency, contract, count, flag, id, list, money, object, optional, party } from "../engine/index.ts";
import { record, type Row, sealed, text, time } from "../engine/index.ts";

export const MOST_LINES = 64;
export const MOST_PAYERS = 8;

/** What was done, in the codes and words of the field; a line is shown by itself. */
export const content = sealed({ code: text(40), text: text(500), quantity: text(40), served: time });
export const objection = sealed({ text: text(2_000) });
export const petition = sealed({ text: text(2_000) });

export const lines = record("line", {
  title: "A line of a bill: its amount, and what payers have granted of it",
  key: ["hospital", "number", "line"],
  read: ["hospital", "patient", "payers", "supervisor"],
  fields: {
    ...{ hospital: agency, number: id, line: count, patient: party, amount: money, content },
    ...{ granted: money, payers: list(agency, MOST_PAYERS) },
  },
});
export const claims = record("claim", {
  title: "The one claim of a line from a payer",
  key: ["hospital", "number", "line", "payer"],
  read: ["patient", "payer", "payee", "supervisor"],
  find: ["patient", "payer", "status"],
  fields: {
    ...{ hospital: agency, number: id, line: count, payer: agency, patient: party, payee: party, currency: text(3, 3) },
    ...{ asked: money, granted: money, mended: count, ground: optional(id), appeal: optional(petition) },
    /** What was paid of it: at once, or the rest after an appeal. */
    paid: list(object({ payment: id, amount: money }), 2),
    /** When its payer decided, or was late: from then on it is appealed. And whether it was. */
    ...{ decided: optional(time), reviewed: flag },
    /** When silence is late, a payment overdue, an appeal unheard; and whether a supervisor let that pass. */
    ...{ by: optional(time), unheard: flag },
  },
  states: {
    ...{ submitted: ["granted", "late", "refused", "withdrawn"], late: ["appealed", "granted", "refused", "withdrawn"] },
    ...{ refused: ["appealed", "submitted"], appealed: ["denied", "granted", "paid", "withdrawn"], denied: [] },
    ...{
      granted: ["appealed", "overdue", "paid", "withdrawn"],
      overdue: ["appealed", "paid", "withdrawn"],
      paid: ["appealed", "returned"],
    },
    ...{ returned: ["submitted"], withdrawn: ["submitted"] },
  },
});
export const payments = record("payment", {
  title: "What a payer paid at once, for claims of one payee; and what came back of it",
  key: ["payer", "payment"],
  read: ["payer", "payee", "supervisor"],
  find: ["payee"],
  fields: { payer: agency, payment: id, payee: party, currency: text(3, 3), claims: count, amount: money, returned: money },
});
export const bills = record("bill", {
  title: "A bill, or the bill that reverses one",
  key: ["hospital", "number"],
  read: ["hospital", "patient", "supervisor"],
  find: ["patient", "status"],
  fields: {
    ...{ hospital: agency, number: id, patient: party, issued: time, currency: text(3, 3), total: money, lines: count },
    /** Granted by all payers; of it to the hospital itself; received from the patient. */
    ...{ granted: money, direct: money, received: money },
    ...{ reverses: optional(id), ground: optional(id), objection: optional(objection), upheld: flag },
    /** When a contest is unheard, and whether it was. */
    ...{ by: optional(time), unheard: flag },
  },
  states: { issued: ["contested", "reversed"], contested: ["issued", "reversed"], reversed: [] },
});
export type Bill = Row<typeof bills>;
export type Claim = Row<typeof claims>;

export const bill = contract("bills", {
  title: "Medical bills",
  purpose:
    "All payers together reimburse no more than was billed, each is asked once for a line, and nobody reads what was treated who need not.",
  sector: "health",
  records: [claims, lines, payments, bills],
  roles: {
    hospital: "Issues bills",
    insurer: "Is asked to pay, adjudicates and pays",
    supervisor: "Decides objections to bills and appeals of claims; reads them",
  },
  rules: {
    totals_hold: "The total of a bill is the sum of its lines.",
    dated_ahead: "No bill is dated after the moment it is issued.",
    patient_unknown: "A bill is issued to somebody who is registered and in good standing.",
    currency_named: "A currency is named by three capital letters.",
    not_payable:
      "A bill that is contested or reversed, or reverses another, is not claimed, granted or paid; of a reversed one nothing is appealed.",
    no_insurer: "A claim is made from who insures.",
    claimed_once: "From a payer a line is claimed once; a refused, withdrawn or returned claim is mended, not made anew.",
    payers_full: "A line is claimed from eight payers at most.",
    over_asked: "No more is asked than the line's amount, and something is; no more is granted than was asked.",
    over_line: "What all payers grant for a line is no more than its amount.",
    over_paid: "What the hospital receives, from the patient and from payers, is no more than the bill.",
    ground_given: "A refusal, and a grant of less than was asked, name their ground.",
    less_granted: "An appeal leaves nobody with less than the payer had granted.",
    payee_fit: "A claim is payable to the patient, or to the hospital if the patient signs.",
    appeal_over:
      "A claim is appealed within 90 days after its payer decided or was late, be it paid or not, if less was granted than asked, and once.",
    under_appeal: "While a claim is under appeal, and only then, it is the supervisor's to decide.",
    own_case: "Nobody decides, or signs for another, where he is the hospital, the patient, the payer or the payee himself.",
    contested_once: "A bill is contested before anything was granted, and once.",
    one_payee: "A payment is for claims of one payee in one currency, and is the sum of what was granted and is not paid yet.",
    in_stead:
      "Who claimed, what a payer has granted or a patient has paid, is bound by his own signature; for who is no more in good standing a supervisor signs, on a ground.",
    reimbursed: "A bill is reversed while nothing of it is granted: what was paid is given back before.",
  },
});
