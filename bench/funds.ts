// Scenario `funds`: a fund with 1,000 firms, 3,000 contracts and 40,000 workers paid in one cycle on a four-node network – from the registration of the firms to
// the bank's confirmation and the audit – and a hot parent: one budget under 1,000 concurrent orders, beside the same orders of 1,000 budgets.

import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { type Bytes, utf8 } from "../src/base/bytes.ts";
import type { Value } from "../src/base/codec.ts";
import { sha256 } from "../src/base/hash.ts";
import { loadKey } from "../src/base/keyFile.ts";
import { provePossession } from "../src/base/member.ts";
import { publicKeyOf, sign } from "../src/base/signature.ts";
import { draft } from "../src/client/build.ts";
import { decimalOf } from "../src/client/currency.ts";
import { connect, type Ledger, type SignedTransaction } from "../src/client/index.ts";
import { linesOf } from "../src/client/pain.ts";
import { openAccount, type Opening, openWages, rootOf, schemas, writeOpenings } from "../src/client/payments.ts";
import { cpuMicroseconds, diskBytes, type Devnet, spawnCli, startDevnet } from "./devnet.ts";
import { conditions, percentile, rounded, sleep, spread } from "./report.ts";

export interface FundsOptions {
  readonly firms: number;
  readonly contracts: number;
  readonly workers: number;
  /** Concurrent orders below one budget. */
  readonly hot: number;
}
export const fundsDefaults: FundsOptions = { firms: 1_000, contracts: 3_000, workers: 40_000, hot: 1_000 };

type Args = { readonly [name: string]: Value };
interface Actor {
  readonly id: string;
  readonly seed: Bytes;
  readonly key: Bytes;
}
interface Phase {
  readonly seconds: number;
  readonly transactions: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly tx_per_s: number;
  readonly cpu_us_per_tx: number;
}
interface Audited {
  readonly holds: boolean;
  readonly rows: number;
  readonly audits: readonly { readonly figures: object }[];
}
const PER_REQUEST = 250;
const PRIMES = 20;
const HOT_ROUNDS = 5;
const BYSTANDER_PER_S = 50;
const STEP = 1_000_000n;
const actor = (id: string, seed: Bytes): Actor => ({ id, seed, key: publicKeyOf(seed) });
const operation = (action: string, args: Args): { action: string; args: Args } => ({ action: `${action}@1`, args });

export async function funds(options: FundsOptions, say: (text: string) => void): Promise<Record<string, unknown>> {
  say("starting 4 validators");
  const environment = { CHANCERY_API__QUOTA_TX_PER_S: "100000", CHANCERY_API__QUOTA_ANONYMOUS_PER_S: "1000" };
  const devnet = await startDevnet(4, { environment });
  try {
    return await new Cycle(devnet, options, say).run();
  } finally {
    await devnet.stop();
  }
}

class Cycle {
  readonly devnet: Devnet;
  readonly options: FundsOptions;
  readonly say: (text: string) => void;
  readonly actors = new Map<string, Actor>();
  readonly phases: Record<string, Phase> = {};
  ledgers: Ledger[] = [];

  constructor(devnet: Devnet, options: FundsOptions, say: (text: string) => void) {
    this.devnet = devnet;
    this.options = options;
    const began = performance.now();
    this.say = (text) => say(`${rounded((performance.now() - began) / 1_000)} s  ${text}`);
    for (const id of ["tax", "courts", "land", "health"]) this.actors.set(id, actor(id, loadKey(devnet.keys[id]!).secret.subarray(0, 32)));
  }

  get network(): Bytes {
    return this.ledgers[0]!.network;
  }

  async run(): Promise<Record<string, unknown>> {
    const { devnet } = this;
    this.ledgers = await Promise.all(devnet.nodes.map(async (node) => connect({ nodes: [node.api], genesis: devnet.genesis })));
    const disk = devnet.nodes.map((node) => diskBytes(node.home));
    const before = await this.height();
    const started = performance.now();
    const openings = await this.agreements();
    const sealing = await this.orders(openings);
    await this.phase("approvals", this.approvals());
    const files = path.join(devnet.directory, "instructions");
    const instructions = await this.command("instructions", [
      "instruct",
      "city",
      "--openings",
      path.join(devnet.directory, "openings.json"),
      "--out",
      files,
    ]);
    const camt = path.join(devnet.directory, "camt.xml");
    fs.writeFileSync(camt, notification(files));
    const confirmations = await this.command("confirmations", ["confirm", camt, "--instructions", files, "--key", devnet.keys["tax"]!]);
    const seconds = (performance.now() - started) / 1_000;
    const blocks = (await this.height()) - before;
    const audit = await this.audit();
    const bytes = Math.round(devnet.nodes.reduce((sum, node, i) => sum + diskBytes(node.home) - disk[i]!, 0) / devnet.nodes.length);
    const { firms, contracts, workers } = this.options;
    return {
      scenario: "funds",
      ...{
        validators: 4,
        firms,
        contracts,
        workers,
        payments: instructions["written"],
        paid: confirmations["paid"],
        open_items: confirmations["open"],
      },
      ...{
        seconds: rounded(seconds),
        blocks,
        disk_bytes_per_node: bytes,
        chain_bytes: Object.values(this.phases).reduce((sum, one) => sum + one.bytes, 0),
      },
      sealing_seconds: rounded(sealing),
      audit,
      phases: this.phases,
      hot_parent: await this.hotParent(),
      conditions: conditions(),
    };
  }

  // ── the cycle ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Firms, the fund, its tree of contracts: a few main ones below the fund, the others below those, each with a step. */
  async agreements(): Promise<Opening[]> {
    const { firms, contracts } = this.options;
    const registered = Array.from({ length: firms }, (_, i) => this.company(`c:firm-${i}`));
    const register = registered.map(({ id, key, seed }) =>
      operation("eid.register", { principal: id, owner: id, key, proof: provePossession(this.network, id, "company", key, seed) }),
    );
    await this.phase(
      "registration",
      groups(register, 16).map((operations) => this.sign(operations, ["tax"])),
    );
    const own = openAccount(schemas.fund, { name: "City works", account: "DE89370400440532013000" });
    const account = { ...rootOf(this.network, own) };
    const opened = {
      fund: "city",
      kind: "project",
      owner: "land",
      purpose: "works",
      currency: "EUR",
      account,
      keyholders: ["land", "health"],
      budget: STEP * BigInt(2 * contracts),
    };
    await this.phase("fund", [this.sign([operation("funds.open", opened)], ["tax", "land"])]);
    const signed = (i: number): SignedTransaction => {
      const main = i < PRIMES;
      const payer = main ? "land" : `c:firm-${i % PRIMES}`;
      const payee = `c:firm-${i % firms}`;
      const amount = main ? STEP * BigInt(Math.ceil(contracts / PRIMES)) : STEP;
      const parent = main ? {} : { parent: `k${i % PRIMES}` };
      return this.sign(
        [
          operation("funds.engage", { engagement: `k${i}`, fund: "city", ...parent, payee, purpose: "works", amount }),
          operation("funds.agree", { engagement: `k${i}`, steps: [{ step: "s", amount: STEP, keyholders: [] }] }),
        ],
        [payer, payee],
      );
    };
    const all = Array.from({ length: contracts }, (_, i) => signed(i));
    await this.phase("main contracts", all.slice(0, PRIMES));
    await this.phase("contracts", all.slice(PRIMES));
    return [own];
  }

  company(id: string): Actor {
    const it = actor(id, sha256(utf8(`bench ${id}`)));
    this.actors.set(id, it);
    return it;
  }

  /** Each contract asks for its step: the first of each firm for its workers' wages, the others to the firm's account. Answers the seconds that sealing took. */
  async orders(openings: Opening[]): Promise<number> {
    const { firms, contracts, workers } = this.options;
    let sealing = 0;
    const transactions: SignedTransaction[] = [];
    for (let i = 0; i < contracts; i++) {
      const order = { order: `o${i}`, engagement: `k${i}`, step: "s", amount: STEP };
      const payee = `c:firm-${i % firms}`;
      const start = performance.now();
      const crew = i < firms ? Math.floor((workers * (i + 1)) / firms) - Math.floor((workers * i) / firms) : 0;
      const opened = crew > 0 ? openWages(crewOf(i, crew)) : [openAccount(schemas.order, { name: payee, account: `ACC-${i}` })];
      const roots = opened.map((one) => ({ ...rootOf(this.network, one) }));
      sealing += performance.now() - start;
      openings.push(...opened);
      const lists = opened.map((one, chunk) =>
        "wages" in one
          ? [
              operation("funds.listWages", {
                order: `o${i}`,
                chunk,
                count: one.wages.length,
                total: one.wages.reduce((sum, w) => sum + w.amount, 0n),
                wages: roots[chunk]!,
              }),
            ]
          : [],
      );
      const asked = operation("funds.ask", crew > 0 ? { ...order, chunks: opened.length } : { ...order, chunks: 0, account: roots[0]! });
      transactions.push(this.sign([asked, ...lists.flat()], [payee]));
    }
    fs.writeFileSync(path.join(this.devnet.directory, "openings.json"), writeOpenings(openings));
    await this.phase("orders and wage lists", transactions);
    return sealing / 1_000;
  }

  approvals(): SignedTransaction[] {
    const keys = Array.from({ length: this.options.contracts }, (_, i) => `o${i}`);
    return ["land", "health"].flatMap((keyholder) =>
      groups(keys, 32).map((orders) => this.sign([operation("funds.approve", { keyholder, orders })], [keyholder])),
    );
  }

  /** One budget under many orders at once, and the same orders below as many budgets; beside both, somebody who has nothing to do with them. */
  async hotParent(): Promise<Record<string, unknown>> {
    const { hot } = this.options;
    const account = { root: sha256(utf8("account")), size: 2 };
    const total = STEP * BigInt(hot);
    const opened = { kind: "project", owner: "land", purpose: "works", currency: "EUR", account, keyholders: ["health"], budget: total };
    const contract = (engagement: string, fund: string, amount: bigint) => [
      operation("funds.engage", { engagement, fund, payee: "courts", purpose: "works", amount }),
      operation("funds.agree", { engagement, steps: [{ step: "s", amount, keyholders: [] }] }),
    ];
    const one = (fund: string, engagement: string, amount: bigint): SignedTransaction =>
      this.sign([operation("funds.open", { fund, ...opened }), ...contract(engagement, fund, amount)], ["tax", "land", "courts"]);
    await this.phase("hot: setting up", [
      one("hot", "hot", total),
      ...Array.from({ length: hot }, (_, i) => one(`cold-${i}`, `cold-${i}`, STEP)),
    ]);
    const ask = (order: string, engagement: string): SignedTransaction =>
      this.sign([operation("funds.ask", { order, engagement, step: "s", amount: 1n, account, chunks: 0 })], ["courts"]);
    const figures: { many: Phase[]; one: Phase[] } = { many: [], one: [] };
    const waits = { alone: await this.bystander("alone", async () => sleep(4_000)), many: [] as number[], one: [] as number[] };
    for (let round = 0; round < HOT_ROUNDS; round++)
      for (const which of ["many", "one"] as const) {
        const name = `hot: ${which} ${round}`;
        const orders = Array.from({ length: hot }, (_, i) => ask(`${which}-${round}-${i}`, which === "one" ? "hot" : `cold-${i}`));
        waits[which].push(...(await this.bystander(name, async () => this.phase(name, orders))));
        figures[which].push(this.phases[name]!);
      }
    const told = (which: "one" | "many") => ({
      tx_per_s: spread(figures[which].map((p) => p.tx_per_s)),
      cpu_us_per_tx: spread(figures[which].map((p) => p.cpu_us_per_tx)),
      bystander_ms: latencies(waits[which]),
    });
    const [one_budget, as_many_budgets] = [told("one"), told("many")];
    return {
      ...{ orders: hot, rounds: HOT_ROUNDS, bystander_per_s: BYSTANDER_PER_S, one_budget, as_many_budgets },
      tx_per_s_ratio: rounded(one_budget.tx_per_s.median / as_many_budgets.tx_per_s.median, 2),
      cpu_ratio: rounded(one_budget.cpu_us_per_tx.median / as_many_budgets.cpu_us_per_tx.median, 2),
      bystander_alone_ms: latencies(waits.alone),
    };
  }

  /** Deposits of somebody else while `meanwhile` runs, at a fixed pace, each in a request of its own: ms from when each was due to its final receipt. */
  async bystander(name: string, meanwhile: () => Promise<void>): Promise<number[]> {
    const ledger = this.ledgers.at(-1)!;
    const waits: Promise<number>[] = [];
    let over = false;
    const pace = async (): Promise<void> => {
      const began = performance.now();
      for (let i = 0; !over; i++) {
        const due = began + (1_000 * i) / BYSTANDER_PER_S;
        await sleep(due - performance.now());
        const content = sha256(utf8(`${name} ${i}`));
        const deposit = this.sign(
          [operation("evidence.deposit", { deposit: `${name.replaceAll(/\W+/g, "-")}-${i}`, kind: "document", content })],
          ["tax"],
        );
        const waited = async (): Promise<number> => {
          for await (const line of ledger.submitMany([deposit], { wait: "final" }))
            if (line.outcome !== "applied") throw new Error(`${name}: ${JSON.stringify(line)}`);
          return performance.now() - due;
        };
        waits.push(waited());
      }
    };
    const running = pace();
    await meanwhile();
    over = true;
    await running;
    return Promise.all(waits);
  }

  // ── doing and measuring ────────────────────────────────────────────────────────────────────────────────────────────────────────────
  sign(operations: readonly { action: string; args: Args }[], by: readonly string[]): SignedTransaction {
    const signers = [...new Set(by)].map((id) => this.actors.get(id)!);
    const made = draft(this.network, { operations, signers: signers.map((s) => s.key), notAfter: Date.now() + 3_600_000 });
    for (const one of signers) made.attach({ key: one.key, signature: sign(one.seed, made.signingBytes) });
    return made.finish();
  }

  /** Hands transactions in at all nodes at once and waits until each is final; every one must be applied. */
  async phase(name: string, transactions: readonly SignedTransaction[]): Promise<void> {
    this.say(`${name}: ${transactions.length} transactions`);
    const [height, cpu, start] = [await this.height(), this.cpu(), performance.now()];
    const shares = this.ledgers.map((_, i) => transactions.filter((_one, j) => Math.floor(j / PER_REQUEST) % this.ledgers.length === i));
    await Promise.all(
      this.ledgers.map(async (ledger, i) => {
        for (const group of groups(shares[i]!, PER_REQUEST))
          for await (const line of ledger.submitMany(group, { wait: "final" }))
            if (line.outcome !== "applied") throw new Error(`${name}: ${JSON.stringify(line)}`);
      }),
    );
    const seconds = (performance.now() - start) / 1_000;
    this.phases[name] = {
      seconds: rounded(seconds, 2),
      transactions: transactions.length,
      blocks: (await this.height()) - height,
      bytes: transactions.reduce((sum, { bytes }) => sum + bytes.length, 0),
      tx_per_s: Math.round(transactions.length / seconds),
      cpu_us_per_tx: Math.round((this.cpu() - cpu) / Math.max(1, transactions.length)),
    };
  }

  cpu(): number {
    return this.devnet.nodes.reduce((sum, { pid }) => sum + cpuMicroseconds(pid), 0);
  }
  async height(): Promise<number> {
    return (await this.ledgers[0]!.connection.request<{ height: number }>("/v1/network")).body.height;
  }

  /** A command of `chancery payments`, as a bank or city runs it. */
  async command(name: string, args: readonly string[]): Promise<Record<string, number>> {
    const { nodes, genesis } = this.devnet;
    const trust = args[0] === "instruct" ? ["--genesis", genesis] : [];
    const [height, cpu, start] = [await this.height(), this.cpu(), performance.now()];
    const answer = await this.cli<Record<string, number>>(["payments", ...args, ...trust, "--node", nodes[0]!.api, "--json"]);
    const seconds = (performance.now() - start) / 1_000;
    const transactions = answer["paid"] ?? 0;
    const used = this.cpu() - cpu;
    this.phases[name] = {
      ...{ seconds: rounded(seconds, 2), transactions, blocks: (await this.height()) - height, bytes: 0 },
      ...{ tx_per_s: Math.round(transactions / seconds), cpu_us_per_tx: transactions === 0 ? 0 : Math.round(used / transactions) },
    };
    return answer;
  }

  async audit(): Promise<Record<string, unknown>> {
    const start = performance.now();
    const { holds, rows, audits } = await this.cli<Audited>(["audit", "funds", "--node", this.devnet.nodes[0]!.api, "--json"]);
    const figures = Object.assign({}, ...audits.map((one) => one.figures)) as Record<string, unknown>;
    return { seconds: rounded((performance.now() - start) / 1_000), holds, rows, ...figures };
  }

  async cli<T>(args: readonly string[]): Promise<T> {
    this.say(`chancery ${args.slice(0, 2).join(" ")}`);
    const child = spawnCli(args);
    let out = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (out += text));
    const [code] = (await once(child, "close")) as [number];
    if (code !== 0) throw new Error(`chancery ${args[0]} ended with ${code}: ${out.slice(0, 1_000)}`);
    return JSON.parse(out) as T;
  }
}

/** Wages that total a step; the last worker takes the remainder. */
function crewOf(firm: number, count: number) {
  const wage = STEP / BigInt(count);
  return Array.from({ length: count }, (_, i) => ({
    worker: `w${firm}-${i}`,
    name: `Worker ${i} of firm ${firm}`,
    account: `ACC-${firm}-${i}`,
    amount: i < count - 1 ? wage : STEP - wage * BigInt(count - 1),
  }));
}

function latencies(ms: readonly number[]): Record<string, number> {
  const sorted = ms.toSorted((a, b) => a - b);
  return {
    count: ms.length,
    p50: rounded(percentile(sorted, 50)),
    p95: rounded(percentile(sorted, 95)),
    p99: rounded(percentile(sorted, 99)),
  };
}

function groups<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/** What the bank says once it has booked each instruction as one entry. */
function notification(directory: string): string {
  const entries = fs.readdirSync(directory).map((name, i) => {
    const { lines, currency } = linesOf(fs.readFileSync(path.join(directory, name), "utf8"));
    const amount = (units: bigint): string => `<Amt Ccy="${currency}">${decimalOf(units, currency)}</Amt>`;
    const details = [...lines].map(([id, units]) => `<TxDtls><Refs><EndToEndId>${id}</EndToEndId></Refs>${amount(units)}</TxDtls>`);
    const total = [...lines.values()].reduce((sum, units) => sum + units, 0n);
    return `<Ntry>${amount(total)}<CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>BK-${i}</AcctSvcrRef><BkTxCd/><NtryDtls>${details.join("")}</NtryDtls></Ntry>`;
  });
  const head = "<GrpHdr><MsgId>N</MsgId><CreDtTm>2027-01-05T08:00:00Z</CreDtTm></GrpHdr>";
  return `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>${head}<Ntfctn><Id>N1</Id><Acct><Id/></Acct>${entries.join("")}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`;
}
