// What a node is started with, and what it tells whoever measures it. Owns types only.

import type { StopReason } from "../consensus/driverPorts.ts";
import type { NoticeCode, NoticeData } from "../consensus/types.ts";
import type { Home } from "./home.ts";
import type { NodeLogger } from "./logger.ts";
import type { NodeSecrets } from "./nodeKeys.ts";
import type { Config } from "./settings.ts";

export interface NodeOptions {
  readonly home: Home;
  readonly config: Config;
  readonly genesisText: string;
  readonly organisation: string;
  readonly secrets: NodeSecrets;
  readonly log: NodeLogger;
  /** The node must end: it signs and sends nothing more. Called once. */
  readonly fatal: (reason: StopReason) => void;
  /** Another store is ready to take the place of this one: stop the node, and start it again. */
  readonly again: () => void;
}
/** What counts: metrics, if somebody reads them. */
export interface Counters {
  notice(code: NoticeCode, data: NoticeData): void;
  /** A block's time, and how many of its leaves were applied, rejected, failed. */
  committed(time: number, outcomes: readonly [number, number, number]): void;
  executed(milliseconds: number): void;
  /** A block, synced to disk. */
  written(milliseconds: number): void;
  /** A Commit of this node's own went out. */
  voted(): void;
  /** What a peer sent was against a rule: the code of it. */
  penalised(code: string): void;
  quotaRefused(count: number): void;
}
