// An issuer's part in a poll: the key of its tickets, and blind signatures for all who ask. cryptography.md §5.1. Owns the order of the steps and the key at
// rest. Does not own: who may ask (contract polls), the mathematics (base/issuerKey). One key for one poll, and of each request one signature.
// `grant` is run against the issuer's own node; each request is looked at with its proof all the same.

import fs from "node:fs";
import { hex, unhex } from "../base/bytes.ts";
import { newKey, saveSecretFile, sealKey } from "../base/keyFile.ts";
import { issuerOf } from "../base/issuerKey.ts";
import type { IssuerRow, RequestRow } from "../client/recount.ts";
import { newPassphrase, openKeyFile } from "./globals.ts";
import { showOutcome } from "./outcomes.ts";
import { answer, bold, green, progress, refuse } from "./output.ts";
import { must, type PollSeen, rowsOf } from "./pollRows.ts";
import { actWith, provedRecord } from "./trusted.ts";

interface Signing {
  readonly publicKey: Uint8Array;
  readonly secret: Uint8Array;
}
export interface IssuerOptions {
  readonly issuerKey?: string;
  readonly unprotected?: boolean;
}
const fileOf = (o: IssuerOptions, { poll }: PollSeen): string => o.issuerKey ?? `${poll.fields.poll}.issuer.key`;

/** The issuer's place in the poll, from 1 on. */
async function placeIn({ ledger, trusted, poll }: PollSeen, { publicKey }: Signing): Promise<number> {
  const key = await provedRecord<{ principal: string }>(ledger, trusted, "eid/key", { key: hex(publicKey) });
  const index = poll.fields.issuers.indexOf(key?.fields.principal ?? "") + 1;
  if (index === 0)
    refuse("key.purpose", { why: `the key is no issuer's of ${poll.fields.poll}`, do: `chancery get polls poll ${poll.fields.poll}` });
  return index;
}
const keyOnChain = async ({ ledger, trusted, poll }: PollSeen, index: number): Promise<IssuerRow | undefined> =>
  (await provedRecord<IssuerRow>(ledger, trusted, "polls/issuer", { poll: poll.fields.poll, index }))?.fields;

/** Makes the key, if it is not there, and gives it to the chain. */
export async function giveKey(seen: PollSeen, signing: Signing, o: IssuerOptions): Promise<void> {
  const { ledger, trusted, globals, poll } = seen;
  const index = await placeIn(seen, signing);
  const file = fileOf(o, seen);
  // The key is safe before it is given: without it nobody gets a ticket, and the poll is void.
  if (!fs.existsSync(file))
    saveSecretFile(file, sealKey(newKey("issuer"), o.unprotected === true ? undefined : await newPassphrase(globals)));
  const issuer = issuerOf((await openKeyFile(file, globals, ["issuer"])).secret);
  const given = await keyOnChain(seen, index);
  if (given !== undefined) {
    if (given.modulus !== hex(issuer.modulus))
      refuse("check.failed", { why: `another key stands on the chain than ${file}`, do: "give --issuer-key FILE" });
    return answer({ poll: poll.fields.poll, index, file }, `${green("✓")} ${bold(poll.fields.poll)}: the key in ${file} stands already`);
  }
  progress(`the key is in ${file}`);
  const args = { poll: poll.fields.poll, index, modulus: hex(issuer.modulus), proof: hex(issuer.proof(trusted.network)) };
  showOutcome(await actWith(ledger, signing, globals, "polls.putKey", args), { action: "polls.putKey" });
}

const AT_ONCE = 64;
/** Signs every request that this issuer has not answered. */
export async function grantAll(seen: PollSeen, signing: Signing, o: IssuerOptions): Promise<void> {
  const { ledger, trusted, globals, poll } = seen;
  must(seen, "requesting", "requests are granted before a poll opens");
  const index = await placeIn(seen, signing);
  const issuer = issuerOf((await openKeyFile(fileOf(o, seen), globals, ["issuer"])).secret);
  const name = poll.fields.poll;
  if ((await keyOnChain(seen, index))?.modulus !== hex(issuer.modulus))
    refuse("check.failed", { why: `${fileOf(o, seen)} is not the key of this poll`, do: "give --issuer-key FILE" });
  const unanswered = ({ answers }: RequestRow): boolean => answers.every((given) => given.index !== index);
  const pending = (await rowsOf<RequestRow>(ledger, "request", name)).filter(unanswered);
  let granted = 0;
  for (let from = 0; from < pending.length; from += AT_ONCE) {
    const answered = await Promise.all(
      pending.slice(from, from + AT_ONCE).map(async ({ person }) => {
        const proved = await provedRecord<RequestRow>(ledger, trusted, "polls/request", { poll: name, person });
        const blinded = proved?.fields.blinded[index - 1];
        if (proved === undefined || blinded === undefined || !unanswered(proved.fields)) return [];
        const signed = issuer.sign(unhex(blinded));
        return signed === undefined ? [] : [{ person, blinded, answer: hex(signed) }];
      }),
    );
    const grants = answered.flat();
    if (grants.length === 0) continue;
    const outcome = await actWith(ledger, signing, globals, "polls.grant", { poll: name, index, modulus: hex(issuer.modulus), grants });
    if (outcome.status !== "applied") return showOutcome(outcome, { action: "polls.grant" });
    granted += grants.length;
    progress(`${granted} of ${pending.length} granted`);
  }
  answer({ poll: name, index, granted }, `${green("✓")} ${bold(name)}: ${granted} requests granted`);
}
