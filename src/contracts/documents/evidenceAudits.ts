// What an auditor of evidence recomputes from the rows alone: custody, sequences of batches, what was drawn out of them, challenges and comparisons. Owns these audits.
// Does not own: the acts (evidence.ts), the records (evidenceRecords.ts).

import { equalBytes } from "../../base/bytes.ts";
import type { Agency, Row } from "../engine/index.ts";
import { Fold } from "../kit/folds.ts";
import { noBatch } from "../kit/journal.ts";
import { batches, challenges, custodies, deposits, drawings, evidence, sources, verifications } from "./evidenceRecords.ts";

export const custody = evidence.audit({
  title: "Every item's custody runs without a break from who deposited it to who holds it",
  run(audit) {
    const begins = new Fold();
    const ends = new Fold();
    const first = new Fold();
    const last = new Fold();
    let open: Row<typeof custodies> | undefined;
    const close = (): void => (open === undefined ? undefined : last.add(open.deposit, open.to, open.number + 1));
    audit.each(deposits, (it) => {
      if (it.entries === 0)
        return audit.require(it.holder === it.depositor, "held by another than its depositor, without an entry", { holder: it.holder });
      begins.add(it.deposit, it.depositor);
      ends.add(it.deposit, it.holder, it.entries);
    });
    audit.each(custodies, (it) => {
      const before = open?.deposit === it.deposit ? open : undefined;
      if (before === undefined) {
        close();
        first.add(it.deposit, it.from);
      }
      audit.require(it.number === (before === undefined ? 0 : before.number + 1), "an entry is missing before this one");
      audit.require(before === undefined || before.to === it.from, "handed over by who did not hold it", { from: it.from });
      audit.require(it.court === undefined || (it.court !== it.from && it.court !== it.to), "ordered by who had a part in it");
      open = it;
    });
    audit.end(() => {
      close();
      audit.figure("items handed over", ends.count);
      audit.require(begins.equals(first), "a chain of custody does not begin with the depositor");
      audit.require(ends.equals(last), "a chain of custody does not end with the holder");
    });
  },
});

export const sequence = evidence.audit({
  title: "Every source's batches follow one another without a gap",
  run(audit) {
    const heads = new Fold();
    const last = new Fold();
    let items = 0n;
    let open: Row<typeof batches> | undefined;
    const close = (): void => (open === undefined ? undefined : last.add(open.source, open.first + open.size, open.root));
    audit.each(sources, ({ source, next, last: root }) => heads.add(source, next, root));
    audit.each(batches, (it) => {
      const before = open?.source === it.source ? open : undefined;
      if (before === undefined) close();
      audit.require(it.first === (before === undefined ? 0 : before.first + before.size), "a batch is missing before this one");
      audit.require(equalBytes(it.previous, before?.root ?? noBatch.last), "it does not name the batch before");
      items += BigInt(it.size);
      open = it;
    });
    audit.end(() => {
      close();
      audit.figure("items in batches", items);
      audit.require(heads.equals(last), "a source's head is not its last batch");
    });
  },
});

export const doubts = evidence.audit({
  title:
    "An item is excluded by one challenge that a court without a part in it upheld, and stays for one that is open; comparisons say what they found",
  run(audit) {
    const [upheld, excluded] = [new Fold(), new Fold()];
    const [raised, open] = [new Fold(), new Fold()];
    /** Few: what was compared, by item. */
    const compared = new Map<string, Row<typeof verifications>[]>();
    const judged = new Map<string, Agency[]>();
    const add = <T>(map: Map<string, T[]>, key: string, value: T): void => void (map.get(key)?.push(value) ?? map.set(key, [value]));
    audit.each(verifications, (it) => add(compared, it.deposit, it));
    audit.each(challenges, ({ $, deposit: of, by, court, reason }) => {
      if ($.status === "upheld") upheld.add(of);
      if ($.status === "raised") raised.add(of, by);
      const decided = $.status === "upheld" || $.status === "dismissed";
      audit.require(
        decided === (court !== undefined && reason !== undefined),
        "a decision without a court or a reason, or without a decision",
      );
      audit.require(court !== by, "a court in its own cause", { court });
      if (court !== undefined) add(judged, of, court);
    });
    audit.each(deposits, ({ $, deposit: of, depositor, content, challenger }) => {
      if ($.status === "excluded") excluded.add(of);
      if (challenger !== undefined) open.add(of, challenger);
      audit.require(judged.get(of)?.includes(depositor) !== true, "a court in its own cause", { court: depositor });
      for (const { verification, content: other, agrees } of compared.get(of) ?? [])
        audit.require(agrees === equalBytes(content, other), "a comparison that says otherwise than it found", { verification });
    });
    audit.end(() => {
      audit.figure("excluded", excluded.count);
      audit.require(upheld.equals(excluded), "items excluded are not those of which a challenge was upheld");
      audit.require(raised.equals(open), "items that stay are not those of which a challenge is open");
    });
  },
});

export const drawn = evidence.audit({
  title: "Every item that was drawn out of a batch is deposited once, with the content that its root proved",
  run(audit) {
    const [proved, entered] = [new Fold(), new Fold()];
    audit.each(deposits, ({ deposit: name, depositor, content, batch: of }) => {
      if (of !== undefined) entered.add(depositor, of.first, of.index, name, content);
    });
    audit.each(drawings, ({ source, first, index, deposit: name, content }) => proved.add(source, first, index, name, content));
    audit.end(() => {
      audit.figure("items drawn", proved.count);
      audit.require(proved.equals(entered), "items drawn and items deposited out of batches differ");
    });
  },
});
