// The three acts of a node itself, signed by its consensus key: that it is ready, that somebody signed twice, that an epoch should end. docs/protocol.md §2.
// Owns their bytes and when "ready" is said. Does not own: what follows (governance).

import { type Bytes, equalBytes } from "../base/bytes.ts";
import { codeEntry } from "../base/codes.ts";
import type { Value } from "../base/codec.ts";
import { isLedgerError } from "../base/errors.ts";
import { NONCE_BYTES, READY_AGAIN_MS } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import { generateSeed } from "../base/signature.ts";
import type { Clock } from "../base/time.ts";
import type { Evidence } from "../consensus/types.ts";
import type { NetworkMember } from "../contracts/platform/network.ts";
import { signTransaction } from "../ledger/transaction.ts";

const LIFETIME_MS = 600_000;
const AGAIN_MS = 5_000;

export interface OwnActsPorts {
  readonly network: Bytes;
  readonly organisation: string;
  readonly seed: Bytes;
  readonly publicKey: Bytes;
  readonly clock: Clock;
  readonly headTime: () => number;
  /** The chain knows that this node is ready. */
  readonly knownReady: () => boolean;
  readonly submit: (transaction: Bytes) => Promise<boolean>;
  readonly log: Logger;
}

export class OwnActs {
  readonly #ports: OwnActsPorts;
  #saidReadyAt = Number.NEGATIVE_INFINITY;

  constructor(ports: OwnActsPorts) {
    this.#ports = ports;
  }

  evidence({ kind, epoch, view, height, signer, key, first, second }: Evidence): void {
    const { organisation } = this.#ports;
    this.#act("accuse", { member: organisation, signer, key, kind, epoch, view, height, first: { ...first }, second: { ...second } });
  }

  epochEnd(): void {
    this.#act("endEpoch", { member: this.#ports.organisation });
  }

  /** A member without a seat whose node follows the chain: it says so, until the chain knows. */
  maybeReady(me: NetworkMember | undefined, isBehind: boolean): void {
    const { publicKey, clock, organisation, knownReady } = this.#ports;
    if (me === undefined || me.seat || isBehind || !equalBytes(me.keys.consensus, publicKey)) return;
    const now = clock.monotonic();
    if (now - this.#saidReadyAt < READY_AGAIN_MS || knownReady()) return;
    this.#saidReadyAt = now;
    this.#act("ready", { member: organisation });
  }

  #act(name: string, args: { readonly [name: string]: Value }): void {
    const { network, seed, clock, headTime, submit, log } = this.#ports;
    const notAfter = Math.max(clock.now(), headTime()) + LIFETIME_MS;
    const bytes = signTransaction(
      network,
      { nonce: generateSeed().slice(0, NONCE_BYTES), notAfter, operations: [{ action: `governance.${name}@1`, args }] },
      [seed],
    );
    const action = `governance.${name}`;
    const hand = async (): Promise<void> => {
      let why = "no room";
      try {
        if (await submit(bytes)) return log.info("act.submitted", { action });
      } catch (error) {
        why = String(error);
        if (!isLedgerError(error) || codeEntry(error.code).retry !== "same") return log.warn("act.refused", { action, error: why });
      }
      // Too much to do at the moment: what was seen must not be forgotten for that.
      if (clock.now() < notAfter) setTimeout(() => void hand(), AGAIN_MS).unref();
      else log.warn("act.refused", { action, error: why });
    };
    void hand();
  }
}
