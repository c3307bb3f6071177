// One load process: sends presigned transactions in bulk requests, waits until each is final, and counts. Run by scenarios through fork().
// Closed loop: each connection has one request of `perRequest` transactions out. Latency is from sending a request to each item's final line.

import fs from "node:fs";
import http from "node:http";

export interface LoadOptions {
  /** Presigned transactions: u32 length ‖ bytes, one after the other. */
  readonly file: string;
  /** First and one past the last transaction of the file that this process sends. */
  readonly from: number;
  readonly to: number;
  /** Bytes of each transaction with its length. */
  readonly stride: number;
  readonly apis: readonly string[];
  readonly connectionsPerNode: number;
  readonly perRequest: number;
}
export interface LoadSample {
  readonly applied: number;
  readonly refused: number;
  readonly exhausted: boolean;
  /** First refusals, to be shown. */
  readonly examples: readonly string[];
  /** Milliseconds, one for each transaction since the last sample. */
  readonly latencies: readonly number[];
}

function run(options: LoadOptions): void {
  const file = fs.openSync(options.file, "r");
  let next = options.from;
  let stopped = false;
  let applied = 0;
  let refused = 0;
  let latencies: number[] = [];
  const examples: string[] = [];

  const line = (text: string, sent: number): void => {
    if (text.length === 0) return;
    const answer = JSON.parse(text) as { outcome?: string };
    if (answer.outcome === "applied") {
      applied++;
      latencies.push(performance.now() - sent);
    } else {
      refused++;
      if (examples.length < 3) examples.push(text.slice(0, 300));
    }
  };

  const connection = (api: string): void => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const send = (): void => {
      if (stopped || next + options.perRequest > options.to) return;
      const body = Buffer.allocUnsafe(options.perRequest * options.stride);
      fs.readSync(file, body, 0, body.length, next * options.stride);
      next += options.perRequest;
      const sent = performance.now();
      const request = http.request(`${api}/v1/transactions/bulk?wait=final`, {
        method: "POST",
        agent,
        headers: { "content-type": "application/vnd.chancery.transactions", "content-length": body.length },
      });
      request.on("response", (response) => {
        let rest = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop()!;
          for (const text of lines) line(text, sent);
        });
        response.on("end", () => {
          if (response.statusCode === 200) line(rest, sent);
          else if (examples.length < 3) examples.push(`${response.statusCode} ${rest}`.slice(0, 300));
          if (response.statusCode === 200) send();
          else setTimeout(send, 100);
        });
      });
      request.on("error", (error) => {
        if (examples.length < 3) examples.push(String(error));
        setTimeout(send, 100);
      });
      request.end(body);
    };
    send();
  };

  process.on("message", (message: "start" | "sample" | "stop") => {
    if (message === "start") for (const api of options.apis) for (let i = 0; i < options.connectionsPerNode; i++) connection(api);
    if (message === "stop") stopped = true;
    if (message === "sample" || message === "stop") {
      const sample: LoadSample = { applied, refused, exhausted: next + options.perRequest > options.to, examples, latencies };
      latencies = [];
      process.send!(sample, () => {
        if (message === "stop") process.exit(0);
      });
    }
  });
}

run(JSON.parse(process.argv[2]!) as LoadOptions);
