// One load process: sends presigned transactions in bulk requests, waits until each is final, and counts. Run by scenarios through loaders.ts.
// Closed loop: each connection has one request out, so the network sets the pace. Open loop: requests leave at the times of a fixed schedule whatever
// comes back, and latency counts from the time in the schedule, so that a stall is felt by everything that was due in it (no coordinated omission). What a node
// refuses as busy is offered again in a turn of the schedule that is due a second later or more, as the refusal says ("same", Retry-After): to whichever node is
// next, as an offer of its own. What is offered stays at the rate all the same, and what a client has left to send does not run out.

import fs from "node:fs";
import http from "node:http";

export interface LoadOptions {
  /** Presigned transactions: u32 length ‖ bytes, one after the other, all of one size. */
  readonly file: string;
  /** First and one past the last transaction of the file that this process sends. */
  readonly from: number;
  readonly to: number;
  /** Bytes of each transaction with its length. */
  readonly stride: number;
  readonly apis: readonly string[];
}
export type LoadMode =
  | { readonly kind: "closed"; readonly connectionsPerNode: number; readonly perRequest: number }
  /** `rate`: transactions a second of this process. */
  | { readonly kind: "open"; readonly rate: number; readonly perRequest: number }
  | { readonly kind: "pause" };
export type LoadMessage = { readonly mode: LoadMode } | "sample" | "stop";

export interface LoadSample {
  readonly applied: number;
  readonly refused: number;
  /** Due by the schedule, whether sent or not (open loop). */
  readonly due: number;
  readonly outstanding: number;
  readonly exhausted: boolean;
  /** How often each refusal was given: a code, or the HTTP status and code of a request refused whole. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Milliseconds, one for each transaction that was applied since the last sample. */
  readonly latencies: readonly number[];
  /** CPU of this process, µs. */
  readonly cpu: number;
}

/** Beyond so many outstanding an open loop sends no more: those due count as refused by the client's own bound. */
const MAX_OUTSTANDING = 60_000;
const SOCKETS_PER_NODE = 64;
const RETRY_MS = 100;
/** What nodes say in Retry-After. */
const RETRY_AFTER_MS = 1_000;
/** A node takes so many requests at a time from one address: clients come from several, as they do in life (Linux has all of 127.0.0.0/8, for nodes there). */
const ADDRESSES = process.platform === "linux" ? 8 : 1;
const onLoopback = (api: string): boolean => new URL(api).hostname.startsWith("127.");
/** What a request failed of, without what is its own alone. */
const failureOf = (error: Error): string => ("code" in error ? String(error.code) : error.name);

/** Transactions that go in one request: the first, and how many. */
interface Part {
  readonly from: number;
  readonly count: number;
}

class Load {
  readonly #options: LoadOptions;
  readonly #file: number;
  #next: number;
  /** Parts refused whole, in the order of the time from which they may come again. */
  #again: { readonly part: Part; readonly at: number }[] = [];
  #mode: LoadMode = { kind: "pause" };
  /** Loops of an older mode end when they see another number. */
  #turn = 0;
  #applied = 0;
  #refused = 0;
  #due = 0;
  #outstanding = 0;
  #requests = 0;
  #latencies: number[] = [];
  readonly #refusals: Record<string, number> = {};
  readonly #agents: http.Agent[];

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#file = fs.openSync(options.file, "r");
    this.#next = options.from;
    this.#agents = options.apis.map(() => new http.Agent({ keepAlive: true, maxSockets: SOCKETS_PER_NODE }));
  }

  set mode(mode: LoadMode) {
    this.#mode = mode;
    this.#again = [];
    const turn = ++this.#turn;
    if (mode.kind === "closed")
      this.#options.apis.forEach((_, node) => {
        for (let i = 0; i < mode.connectionsPerNode; i++) void this.#closed(node, mode.perRequest, turn);
      });
    if (mode.kind === "open") this.#open(mode.rate, mode.perRequest, turn);
  }

  sample(): LoadSample {
    const { user, system } = process.cpuUsage();
    const latencies = this.#latencies;
    this.#latencies = [];
    return {
      applied: this.#applied,
      refused: this.#refused,
      due: this.#due,
      outstanding: this.#outstanding,
      exhausted: this.#mode.kind !== "pause" && this.#next >= this.#options.to,
      refusals: this.#refusals,
      latencies,
      cpu: user + system,
    };
  }

  async #closed(node: number, perRequest: number, turn: number): Promise<void> {
    while (this.#turn === turn) {
      const part = this.#take(perRequest);
      if (part === undefined) return;
      const well = await this.#send(node, part, performance.now());
      if (!well) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #open(rate: number, perRequest: number, turn: number): void {
    const start = performance.now();
    const every = (perRequest * 1_000) / rate;
    let sent = 0;
    const tick = (): void => {
      if (this.#turn !== turn) return;
      for (; start + sent * every <= performance.now(); sent++) {
        this.#due += perRequest;
        if (this.#outstanding > MAX_OUTSTANDING) {
          this.#refuse("client: too many outstanding", perRequest);
          continue;
        }
        const part = this.#take(perRequest);
        if (part === undefined) return;
        void this.#send(sent % this.#options.apis.length, part, start + sent * every);
      }
      setTimeout(tick, 1);
    };
    tick();
  }

  #take(count: number): Part | undefined {
    const from = this.#next;
    const fresh = Math.min(count, this.#options.to - from);
    if (fresh <= 0 || (this.#again[0]?.at ?? Number.POSITIVE_INFINITY) <= performance.now()) return this.#again.shift()?.part;
    this.#next += fresh;
    return { from, count: fresh };
  }

  #refuse(code: string, count: number): void {
    this.#refused += count;
    this.#refusals[code] = (this.#refusals[code] ?? 0) + count;
  }

  #read({ from, count }: Part): Buffer {
    const { stride } = this.#options;
    const body = Buffer.allocUnsafe(count * stride);
    fs.readSync(this.#file, body, 0, body.length, from * stride);
    return body;
  }

  /** Resolves when the last line has come; false if the request was refused whole. `due` is when it should have left. */
  #send(node: number, part: Part, due: number): Promise<boolean> {
    const { count } = part;
    this.#outstanding += count;
    let left = count;
    const line = (text: string): void => {
      if (text.length === 0) return;
      left--;
      if (text.includes('"outcome":"applied"')) {
        this.#applied++;
        this.#latencies.push(performance.now() - due);
      } else this.#refuse(/"code":"([^"]+)"/.exec(text)?.[1] ?? /"status":"([^"]+)"/.exec(text)?.[1] ?? text.slice(0, 80), 1);
    };
    return new Promise((resolve) => {
      const end = (well: boolean, why: string): void => {
        if (left > 0) this.#refuse(why, left);
        if (!well && left === count && why.endsWith(" busy")) this.#again.push({ part, at: performance.now() + RETRY_AFTER_MS });
        left = 0;
        this.#outstanding -= count;
        resolve(well);
      };
      this.#post(node, this.#read(part), line, end, () => left === count);
    });
  }

  #post(
    node: number,
    body: Buffer,
    line: (text: string) => void,
    end: (well: boolean, why: string) => void,
    untouched: () => boolean,
  ): void {
    const api = this.#options.apis[node]!;
    const request = http.request(`${api}/v1/transactions/bulk?wait=final`, {
      method: "POST",
      agent: this.#agents[node]!,
      ...(ADDRESSES > 1 && onLoopback(api) ? { localAddress: `127.0.0.${2 + (this.#requests++ % ADDRESSES)}` } : {}),
      headers: { "content-type": "application/vnd.chancery.transactions", "content-length": body.length },
    });
    request.on("response", (response) => {
      let rest = "";
      const well = response.statusCode === 200;
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        if (well) for (const text of lines) line(text);
      });
      response.on("end", () => {
        if (well) line(rest);
        end(well, `${response.statusCode} ${/"code":"([^"]+)"/.exec(rest)?.[1] ?? ""}`);
      });
      response.on("error", (error) => end(false, failureOf(error)));
    });
    request.on("error", (error) => {
      // A connection that the server closed while it was idle: nothing of the request was read.
      if (request.reusedSocket && "code" in error && error.code === "ECONNRESET" && untouched())
        this.#post(node, body, line, end, untouched);
      else end(false, failureOf(error));
    });
    request.end(body);
  }
}

const load = new Load(JSON.parse(process.argv[2]!) as LoadOptions);
process.on("message", (message: LoadMessage) => {
  if (typeof message === "object") load.mode = message.mode;
  else process.send!(load.sample(), () => void (message === "stop" && process.exit(0)));
});
