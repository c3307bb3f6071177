// What anybody recomputes of a call beside its award and its money (tenderContracts.ts): whose key it is, who scored and who bid, what was challenged.
// Service 23. Owns this audit. Does not own: the rules that make it hold.

import { equalBytes } from "../../base/bytes.ts";
import { ceremonies } from "../platform/ceremonies.ts";
import { bids, challenges, scores, servesTender, tender, tenders, type Tender } from "./tenderRecords.ts";

export const callsHold = tender.audit({
  title:
    "Each tender's key is its trustees', and serves it alone; trustees, panel and bidders are apart; scores are the panel's; challenges are counted",
  run(check) {
    const seen = new Map<string, { readonly of: Tender; open: number; upheld: number }>();
    const keys = new Map<string, Tender>();
    let raised = 0;
    check.each(tenders, (of) => {
      seen.set(of.tender, { of, open: 0, upheld: 0 });
      keys.set(of.ceremony, of);
      check.require(of.winner === undefined || of.awards > 0, "an award is counted");
    });
    check.each(scores, ({ $, tender: key, member, round }) => {
      const of = seen.get(key)?.of;
      check.require(of !== undefined && round <= of.round, "a score of a round that was");
      if ($.status === "given") check.require(of?.panel.includes(member), "scores are the panel's", { member });
    });
    check.each(bids, ({ tender: key, bidder }) => {
      const of = seen.get(key)?.of;
      check.require(of !== undefined && bidder !== of.buyer && !of.panel.includes(bidder), "who buys or scores does not bid", { bidder });
    });
    check.each(challenges, ({ $, tender: key, award }) => {
      const it = seen.get(key);
      if (it === undefined || award < 1 || award > it.of.awards) return check.require(false, "a challenge of an award that was");
      raised++;
      if ($.status === "raised") it.open++;
      if ($.status === "upheld") it.upheld++;
    });
    check.each(ceremonies, ({ ceremony, key, office, serves, trustees }) => {
      const of = keys.get(ceremony);
      if (of === undefined)
        return check.require(serves?.startsWith("tender:") !== true, "the tender that a key serves is there", { serves });
      keys.delete(ceremony);
      const its = key !== undefined && equalBytes(key, of.key) && office === of.buyer && serves === servesTender(of.tender);
      check.require(its, "a tender's key is its trustees'", { tender: of.tender });
      check.require(!of.panel.some((who) => trustees.includes(who)), "no trustee scores", { tender: of.tender });
    });
    check.end(() => {
      check.require(keys.size === 0, "each tender has its key's ceremony, and no two have one", {
        ceremonies: [...keys.keys()].slice(0, 8),
      });
      for (const { of, open, upheld } of seen.values()) {
        const counted = of.challenges === open && of.round === upheld;
        check.require(counted, "challenges are counted", { tender: of.tender, open, upheld });
      }
      check.figure("challenges", raised);
    });
  },
});
