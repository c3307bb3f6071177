// Questions and answers over one channel to one peer: numbered, bounded in number and time on both sides. Owns what is under way; an answer
// that comes too late is dropped, one that was never asked for breaks the rules. docs/protocol.md §4.9, §4.11.

import { type Bytes, text, utf8 } from "../base/bytes.ts";
import { fail, isLedgerError, LedgerError } from "../base/errors.ts";
import { MAX_PEER_ANSWERS, MAX_PEER_REQUEST_LINE, MAX_PEER_REQUESTS, REQUEST_TIMEOUT_MS } from "../base/limits.ts";
import { frameOf } from "./stream.ts";
import type { RequestOptions } from "./types.ts";

const QUESTION = 1;
const ANSWER = 2;
const REFUSAL = 3;
const CODE = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/;
const MAX_CODE_BYTES = 64;

export interface RequestPorts {
  /** Queues a frame; false if there is no room. */
  send(frame: Bytes, force: boolean): boolean;
  answer(question: Bytes): Promise<Bytes>;
  /** A handler threw something that is no LedgerError: a bug of ours. */
  fault(error: unknown): void;
  readonly maxFrameBytes: number;
}

interface Asked {
  readonly question: Bytes;
  readonly resolve: (answer: Bytes) => void;
  readonly reject: (error: unknown) => void;
  id: number;
}

export class Requests {
  readonly #ports: RequestPorts;
  readonly #asked = new Map<number, Asked>();
  #line: Asked[] = [];
  #next = 1;
  #answering = 0;
  #closed: string | undefined;

  constructor(ports: RequestPorts) {
    this.#ports = ports;
  }

  /** Asks; at most MAX_PEER_REQUESTS are under way, the rest waits in line. The time limit covers the waiting. */
  ask(question: Bytes, options: RequestOptions = {}): Promise<Bytes> {
    if (this.#closed !== undefined) return Promise.reject(new LedgerError(this.#closed));
    if (question.length > this.#ports.maxFrameBytes) fail("a question larger than its channel takes", { bytes: question.length });
    if (this.#line.length >= MAX_PEER_REQUEST_LINE) return Promise.reject(new LedgerError("p2p.busy"));
    if (options.signal?.aborted) return Promise.reject(new LedgerError("p2p.cancelled"));
    return new Promise((resolve, reject) => {
      const give = (code: string) => () => this.#giveUp(asked, code);
      const cancel = give("p2p.cancelled");
      const timer = setTimeout(give("p2p.timeout"), options.timeoutMs ?? REQUEST_TIMEOUT_MS);
      const done = (): void => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", cancel);
      };
      const asked: Asked = {
        question,
        id: 0,
        resolve: (answer) => {
          done();
          resolve(answer);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      options.signal?.addEventListener("abort", cancel, { once: true });
      this.#line.push(asked);
      this.#advance();
    });
  }

  /** Takes a frame of the peer. Throws `p2p.frame` if it breaks the rules. */
  receive(kind: number, id: number, payload: Bytes): void {
    if (kind === QUESTION) {
      this.#answer(id, payload);
      return;
    }
    if (kind !== ANSWER && kind !== REFUSAL) throw new LedgerError("p2p.frame", { kind });
    // An id at or above the next one was never asked for; one below was, and may have been given up.
    if (id === 0 || id >= this.#next) throw new LedgerError("p2p.frame", { reason: "an answer nobody asked for" });
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    if (kind === ANSWER) asked.resolve(payload);
    else asked.reject(new LedgerError(codeOf(payload)));
    this.#advance();
  }

  /** Ends everything under way with `code`. */
  close(code: string): void {
    this.#closed = code;
    const open = [...this.#asked.values(), ...this.#line];
    this.#asked.clear();
    this.#line = [];
    for (const asked of open) asked.reject(new LedgerError(code));
  }

  #advance(): void {
    while (this.#asked.size < MAX_PEER_REQUESTS && this.#line.length > 0) {
      const asked = this.#line.shift()!;
      asked.id = this.#next++;
      if (this.#ports.send(frameOf(QUESTION, asked.question, asked.id), false)) this.#asked.set(asked.id, asked);
      else asked.reject(new LedgerError("p2p.busy"));
    }
  }

  #giveUp(asked: Asked, code: string): void {
    this.#asked.delete(asked.id);
    this.#line = this.#line.filter((other) => other !== asked);
    asked.reject(new LedgerError(code));
    this.#advance();
  }

  #answer(id: number, question: Bytes): void {
    const refuse = (code: string): void => void this.#ports.send(frameOf(REFUSAL, utf8(code), id), true);
    if (this.#answering >= MAX_PEER_ANSWERS) {
      refuse("p2p.busy");
      return;
    }
    this.#answering++;
    const answered = (answer: Bytes): void => {
      if (this.#closed !== undefined) return;
      if (answer.length > this.#ports.maxFrameBytes)
        return failed(new LedgerError("bug.assertion", { message: "an answer larger than its channel takes" }));
      if (!this.#ports.send(frameOf(ANSWER, answer, id), false)) refuse("p2p.busy");
    };
    const failed = (error: unknown): void => {
      const ours = !isLedgerError(error) || error.code.startsWith("bug.");
      if (this.#closed === undefined) refuse(ours ? "p2p.handler" : error.code);
      if (ours) this.#ports.fault(error);
    };
    // The call itself may throw; either way it becomes a refusal.
    void Promise.resolve()
      .then(() => this.#ports.answer(question))
      .then(answered)
      .catch(failed)
      .finally(() => void this.#answering--);
  }
}

/** The code of a refusal, which the peer wrote. */
function codeOf(payload: Bytes): string {
  if (payload.length > MAX_CODE_BYTES) return "p2p.refused";
  try {
    const code = text(payload);
    return CODE.test(code) ? code : "p2p.refused";
  } catch {
    return "p2p.refused";
  }
}
