// `chancery trustee join`, `share`: a trustee's part in a joint key, on his own machine. docs/operations.md, "Trustees". cryptography.md §5.3.
// Owns the order of his steps and his secrets at rest. Does not own: the mathematics (base/ceremonyKey), what the chain accepts (contracts).
//
// Everything that a secret is used on is read with its proof: a lying node could put its own key in the place of another trustee's.

import fs from "node:fs";
import type { Command } from "commander";
import { concat, equalBytes, hex, unhex, type Bytes } from "../base/bytes.ts";
import {
  coefficientPoints,
  commitmentOf,
  complain,
  type Dealing,
  jointKey,
  maskShare,
  newDealing,
  type Place,
  proveConstant,
  proveReceiving,
  receiveShare,
  secretShare,
  shareFor,
} from "../base/ceremonyKey.ts";
import { type Key, keyFromSecret, openKey, readKeyHeader, saveSecretFile, sealKey } from "../base/keyFile.ts";
import { multiplyBase, scalarBytes, scalarOf } from "../base/ristretto.ts";
import { type Json, seedSigner } from "../client/build.ts";
import type { Ledger } from "../client/index.ts";
import type { Trusted } from "../client/verify.ts";
import { globalsOf, newPassphrase, openKeyFile, passphraseFor, readText } from "./globals.ts";
import { ledgerOf } from "./nodes.ts";
import { answer, bold, exits, type Globals, green, progress, refuse, usage } from "./output.ts";
import { provedRecord, trustedBy } from "./trusted.ts";

const POLL_MS = 500;

export function register(program: Command): void {
  const trustee = program.command("trustee").description("a trustee's part in a joint key, on his own machine");
  trustee
    .command("join <ceremony>")
    .description("take part in making the key: commit, reveal, check and accept; go on with the same command when interrupted")
    .option("--secret <file>", "where the trustee's own secret is kept (default CEREMONY.ceremony.key)")
    .option("--unprotected", "no passphrase: for development networks", false)
    .option("--genesis <file>", "the genesis file that you trust")
    .option("--anchor <file>", "an anchor that you trust")
    .action(join);
}

export interface CeremonyFields {
  readonly ceremony: string;
  readonly trustees: readonly string[];
  readonly threshold: number;
  readonly done: number;
  readonly named: readonly string[];
  readonly key?: string;
  readonly verification?: readonly string[];
  readonly serves?: string;
}
interface TrusteeFields {
  readonly trustee: string;
  readonly key: string;
  readonly points?: readonly string[];
  readonly shares?: readonly { readonly point: string; readonly masked: string }[];
}

/** A trustee at work: whose signature, at which place of which ceremony, seen through which node. */
export interface Seat {
  readonly ledger: Ledger;
  readonly trusted: Trusted;
  readonly globals: Globals;
  readonly signing: Key;
  readonly ceremony: string;
  readonly index: number;
}

// ── his secret at rest ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The file of a trustee's secret: first the dealing, in the end his part of the key and nothing else. */
class SecretFile {
  readonly file: string;
  readonly #passphrase: Bytes | undefined;
  key: Key | undefined;

  constructor(file: string, passphrase: Bytes | undefined, key: Key | undefined) {
    this.file = file;
    this.#passphrase = passphrase;
    this.key = key;
  }

  static async open(file: string, unprotected: boolean, globals: Globals): Promise<SecretFile> {
    if (!fs.existsSync(file)) return new SecretFile(file, unprotected ? undefined : await newPassphrase(globals), undefined);
    const content = readText(file);
    const header = readKeyHeader(content);
    if (header.purpose !== "ceremony")
      refuse("key.purpose", { why: `${file} is a ${header.purpose} key`, do: "give another --secret FILE" });
    const passphrase = header.sealed ? await passphraseFor(file, globals) : undefined;
    return new SecretFile(file, passphrase, openKey(content, passphrase));
  }

  /** Synced before anything is sent that depends on it. */
  keep(...scalars: readonly bigint[]): void {
    const key = keyFromSecret("ceremony", concat(...scalars.map(scalarBytes)));
    saveSecretFile(this.file, sealKey(key, this.#passphrase), this.key !== undefined);
    this.key = key;
  }
}

/** The dealing that the file holds. */
function dealingIn({ file, key }: SecretFile, threshold: number): Dealing {
  const bytes = key?.secret ?? new Uint8Array(0);
  const [receiving, ...coefficients] = Array.from({ length: bytes.length / 32 }, (_, i) => scalarOf(bytes.subarray(32 * i, 32 * i + 32)));
  if (receiving === undefined || coefficients.length !== threshold)
    return refuse("key.malformed", { why: `${file} holds no dealing of this ceremony`, do: "give --secret FILE as when you joined" });
  return { receiving, coefficients };
}

// ── joining ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
interface JoinOptions {
  readonly secret?: string;
  readonly unprotected: boolean;
  readonly genesis?: string;
  readonly anchor?: string;
}

async function join(ceremony: string, o: JoinOptions, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const seat = await seatOf(ceremony, o, globals);
  const secret = await SecretFile.open(o.secret ?? `${ceremony}.ceremony.key`, o.unprotected, globals);
  const end = Date.now() + globals.timeoutMs;
  for (let said = ""; ; ) {
    const { status, fields } = await ceremonyOf(seat);
    if (status === "failed")
      return refuse("ceremony.failed", { why: `named: ${fields.named.join(", ") || "nobody"}`, do: "ask the office for another ceremony" });
    if (status === "complete") return finish(seat, secret, fields);
    if (said !== status) progress(`${ceremony}: ${status}`);
    said = status;
    const acted = await act(seat, secret, status, fields);
    if (acted) continue;
    if (Date.now() > end)
      return refuse("ceremony.waits", {
        why: `${status}: ${fields.done} of ${fields.trustees.length} have finished this step, you among them`,
        do: "run the same command again later, or add --timeout 1h",
      });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Whose key signs, and where he sits in the ceremony. */
export async function seatOf(ceremony: string, o: { genesis?: string; anchor?: string }, globals: Globals): Promise<Seat> {
  const signing = await openKeyFile(globals.keys[0] ?? usage("a trustee signs with a key of his own", "add --key KEYFILE"), globals, [
    "organisation",
    "person",
  ]);
  const trusted = trustedBy(o);
  const ledger = await ledgerOf(globals, o.genesis);
  const key = await provedRecord<{ principal: string }>(ledger, trusted, "eid/key", { key: hex(signing.publicKey) });
  if (key === undefined) return refuse("key.purpose", { why: "the key is nobody's on this chain", do: "check --key and --node" });
  const seat = { ledger, trusted, globals, signing, ceremony, index: 0 };
  const { fields } = await ceremonyOf(seat);
  const index = fields.trustees.indexOf(key.fields.principal) + 1;
  if (index === 0)
    refuse("key.purpose", {
      why: `${key.fields.principal} is no trustee of ${ceremony}`,
      do: `chancery get ceremonies ceremony ${ceremony}`,
    });
  return { ...seat, index };
}

export async function ceremonyOf({ ledger, trusted, ceremony }: Seat): Promise<{ status: string; fields: CeremonyFields }> {
  const found = await provedRecord<CeremonyFields>(ledger, trusted, "ceremonies/ceremony", { ceremony });
  return found ?? usage(`there is no ceremony "${ceremony}"`, "chancery list ceremonies ceremony");
}
const trusteeAt = async ({ ledger, trusted, ceremony }: Seat, index: number) =>
  provedRecord<TrusteeFields>(ledger, trusted, "ceremonies/trustee", { ceremony, index });

const placeOf = ({ trusted, ceremony }: Seat): Place => ({ network: trusted.network, ceremony });

/** Does what is next for this trustee; false when he has to wait. */
async function act(seat: Seat, secret: SecretFile, status: string, { trustees, threshold, done }: CeremonyFields): Promise<boolean> {
  const { index } = seat;
  const mine = await trusteeAt(seat, index);
  if (mine === undefined) {
    if (status !== "committing") return false;
    if (secret.key === undefined) {
      const fresh = newDealing(threshold);
      secret.keep(fresh.receiving, ...fresh.coefficients);
    }
    const dealing = dealingIn(secret, threshold);
    return submit(seat, "commit", {
      key: hex(multiplyBase(dealing.receiving)),
      proof: hex(proveReceiving(placeOf(seat), index, dealing)),
      commitment: hex(commitmentOf(placeOf(seat), index, coefficientPoints(dealing))),
    });
  }
  if (status === "revealing" && mine.status === "committed") return reveal(seat, dealingIn(secret, threshold), trustees);
  if (status !== "accepting") return false;
  if (mine.status === "revealed") return judge(seat, dealingIn(secret, threshold), trustees);
  return done === trustees.length && (await complete(seat, trustees));
}

async function others(seat: Seat, trustees: readonly string[]): Promise<{ index: number; fields: TrusteeFields }[]> {
  const found = await Promise.all(trustees.map(async (_, i) => ({ index: i + 1, row: await trusteeAt(seat, i + 1) })));
  return found.flatMap(({ index, row }) => (row === undefined ? [] : [{ index, fields: row.fields }]));
}

async function reveal(seat: Seat, dealing: Dealing, trustees: readonly string[]): Promise<boolean> {
  const { index } = seat;
  const shares = (await others(seat, trustees))
    .filter((other) => other.index !== index)
    .map((other) => maskShare(placeOf(seat), index, other.index, dealing, unhex(other.fields.key)))
    .map(({ point, masked }) => ({ point: hex(point), masked: hex(masked) }));
  const points = coefficientPoints(dealing).map(hex);
  return submit(seat, "reveal", { points, proof: hex(proveConstant(placeOf(seat), index, dealing)), shares });
}

/** Accepts what was dealt to him, or complains of the first false share. */
async function judge(seat: Seat, dealing: Dealing, trustees: readonly string[]): Promise<boolean> {
  const { index } = seat;
  for (const { index: dealer, points, sent } of dealtTo(index, await others(seat, trustees))) {
    if (receiveShare(placeOf(seat), dealer, index, sent, points, dealing.receiving) !== undefined) continue;
    progress(`the share of trustee ${dealer} is false: complaining`);
    const { receivingKey, shared, proof } = complain(placeOf(seat), dealer, index, sent, points, dealing.receiving);
    return submit(seat, "complain", {
      ...{ dealer, key: hex(receivingKey), sent: { point: hex(sent.point), masked: hex(sent.masked) } },
      ...{ points: points.map(hex), shared: hex(shared), proof: hex(proof) },
    });
  }
  return submit(seat, "accept", {});
}

function dealtTo(receiver: number, all: readonly { index: number; fields: TrusteeFields }[]) {
  return all
    .filter(({ index }) => index !== receiver)
    .map(({ index, fields }) => {
      const { point, masked } = fields.shares![receiver < index ? receiver - 1 : receiver - 2]!;
      return { index, points: fields.points!.map(unhex), sent: { point: unhex(point), masked: unhex(masked) } };
    });
}

async function complete(seat: Seat, trustees: readonly string[]): Promise<boolean> {
  const dealings = (await others(seat, trustees)).map(({ fields }) => fields.points!.map(unhex));
  const { key, verification } = jointKey(dealings);
  return submit(seat, "complete", {
    dealings: dealings.map((points) => ({ points: points.map(hex) })),
    ...{ key: hex(key), verification: verification.map(hex) },
  });
}

/** Keeps his part of the key; what he dealt and received is overwritten. */
async function finish(seat: Seat, secret: SecretFile, fields: CeremonyFields): Promise<void> {
  const { index, ceremony } = seat;
  const mine = (part: Bytes): boolean => equalBytes(part, unhex(fields.verification![index - 1]!));
  const strange = (): never =>
    refuse("check.failed", {
      why: `${secret.file} is not trustee ${index}'s part of ${ceremony}`,
      do: "give --secret FILE as when you joined",
    });
  if (secret.key?.algorithm === "ristretto255") {
    if (!mine(secret.key.publicKey)) strange();
  } else {
    const dealing = dealingIn(secret, fields.threshold);
    const received = dealtTo(index, await others(seat, fields.trustees)).map(
      ({ index: dealer, points, sent }) => receiveShare(placeOf(seat), dealer, index, sent, points, dealing.receiving) ?? strange(),
    );
    const part = secretShare([shareFor(dealing, index), ...received]);
    if (!mine(multiplyBase(part))) strange();
    secret.keep(part);
  }
  answer({ ceremony, index, key: fields.key, secret: secret.file }, [
    `${green("✓")} ${bold(ceremony)}: the key is made. You are trustee ${index}, of ${fields.trustees.length} any ${fields.threshold} suffice`,
    `  key      ${fields.key}`,
    `  secret   ${secret.file}: your part of it. What it was made from is overwritten; keep no copy of an earlier state of this file`,
  ]);
}

/** True: the chain has it (or has gone on meanwhile: the next look at it decides). */
export async function submit(
  seat: Seat,
  action: string,
  args: { readonly [name: string]: Json },
  contract = "ceremonies",
): Promise<boolean> {
  const { ledger, signing, ceremony, index, globals } = seat;
  const whole = contract === "ceremonies" ? { ceremony, index, ...args } : args;
  progress(`${action}: handing in`);
  const { draft } = await ledger.prepare(`${contract}.${action}`, whole, { signers: [signing.publicKey] });
  await draft.sign(seedSigner(signing.secret));
  const outcome = await ledger.submit(draft.finish(), { timeout: `${globals.timeoutMs}ms` });
  if (outcome.status === "applied") return true;
  const overtaken = ["ceremonies.other_step", "engine.already_exists", "engine.illegal_move"];
  if ("code" in outcome && overtaken.includes(outcome.code ?? "")) return true;
  const code = "code" in outcome && typeof outcome.code === "string" ? outcome.code : outcome.status;
  return refuse(outcome.status === "pending" ? "transaction.pending" : "check.failed", {
    why: `${contract}.${action} ended as ${code}`,
    do: "run the same command again",
    ...(outcome.status === "pending" ? { exit: exits.pending } : { exit: exits.refused }),
  });
}
