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
import { globalsOf, newPassphrase, openKeyFile, passphraseFor, readText } from "./globals.ts";
import { answer, bold, type Globals, green, progress, refuse } from "./output.ts";
import { provedRecord } from "./trusted.ts";
import { type CeremonyFields, ceremonyOf, type Seat, seatOf, submit } from "./trusteeSeat.ts";

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
  trustee
    .command("share <ceremony>")
    .description(
      "what the key serves: open what bidders have left sealed, or the sum of a poll's ballots; once there are enough shares, the bids or the counts",
    )
    .option("--secret <file>", "where the trustee's part of the key is (default CEREMONY.ceremony.key)")
    .option("--genesis <file>", "the genesis file that you trust")
    .option("--anchor <file>", "an anchor that you trust")
    .action(share);
}

async function share(ceremony: string, o: { secret?: string; genesis?: string; anchor?: string }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const seat = await seatOf(ceremony, o, globals);
  const { status, fields } = await ceremonyOf(seat);
  const file = o.secret ?? `${ceremony}.ceremony.key`;
  const key = await openKeyFile(file, globals, ["ceremony"]);
  const part = fields.verification?.[seat.index - 1];
  if (status !== "complete" || key.algorithm !== "ristretto255" || hex(key.publicKey) !== part)
    return refuse("check.failed", {
      why: `the file is not trustee ${seat.index}'s part of ${ceremony}`,
      do: `chancery trustee join ${ceremony} ends with it`,
    });
  if (fields.serves?.startsWith("poll:") === true) {
    const { sharePoll } = await import("./pollResult.ts");
    return sharePoll(seat, file, scalarOf(key.secret), fields);
  }
  const { shareIn } = await import("./trusteeShare.ts");
  await shareIn(seat, scalarOf(key.secret), fields);
}

interface TrusteeFields {
  readonly trustee: string;
  readonly key: string;
  readonly points?: readonly string[];
  readonly shares?: readonly { readonly point: string; readonly masked: string }[];
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
    return submit(seat, "ceremonies.commit", {
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
  return submit(seat, "ceremonies.reveal", { points, proof: hex(proveConstant(placeOf(seat), index, dealing)), shares });
}

/** Accepts what was dealt to him, or complains of the first false share. */
async function judge(seat: Seat, dealing: Dealing, trustees: readonly string[]): Promise<boolean> {
  const { index } = seat;
  for (const { index: dealer, points, sent } of dealtTo(index, await others(seat, trustees))) {
    if (receiveShare(placeOf(seat), dealer, index, sent, points, dealing.receiving) !== undefined) continue;
    progress(`the share of trustee ${dealer} is false: complaining`);
    const { receivingKey, shared, proof } = complain(placeOf(seat), dealer, index, sent, points, dealing.receiving);
    return submit(seat, "ceremonies.complain", {
      ...{ dealer, key: hex(receivingKey), sent: { point: hex(sent.point), masked: hex(sent.masked) } },
      ...{ points: points.map(hex), shared: hex(shared), proof: hex(proof) },
    });
  }
  return submit(seat, "ceremonies.accept", {});
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
  return submit(seat, "ceremonies.complete", {
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
