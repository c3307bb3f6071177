// How commands reach a node: the client library, with exit 3 where nothing was sent and the node's own words where it refused.

import { connect, type Ledger } from "../client/index.ts";
import { ChanceryError, Connection } from "../client/connection.ts";
import { type Globals, refuse } from "./output.ts";
import { readText } from "./globals.ts";

async function trustCa(globals: Globals): Promise<void> {
  if (globals.ca === undefined) return;
  const tls = await import("node:tls");
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), readText(globals.ca)]);
}

/** The network behind --node. */
export async function ledgerOf(globals: Globals, genesis = process.env["CHANCERY_GENESIS"]): Promise<Ledger> {
  await trustCa(globals);
  return connect({ nodes: [globals.node], ...(genesis === undefined ? {} : { genesis }) });
}

/** Bare requests to --node. */
export async function connectionOf(globals: Globals): Promise<Connection> {
  await trustCa(globals);
  return new Connection([globals.node]);
}

/** `contract/collection` of the two words of a command. */
export function collectionOf(contract: string, collection: string): string {
  return `${encodeURIComponent(contract)}/${encodeURIComponent(collection)}`;
}

/** KEY of the command line: parts percent-encoded and joined by slashes, as in URLs. */
export function keyOf(written: string): string[] {
  try {
    return written.split("/").map(decodeURIComponent);
  } catch (cause) {
    return refuse(
      "usage.invalid",
      { why: `"${written}" has a % that is no escape`, do: "write %25 for a percent sign and %2F for a slash within a part" },
      cause,
    );
  }
}

export const isProblem = (error: unknown, code: string): error is ChanceryError => error instanceof ChanceryError && error.code === code;
