// How commands reach a node: the client library, with exit 3 where nothing was sent and the node's own words where it refused.

import { seedSigner } from "../client/build.ts";
import { connect, type Ledger } from "../client/index.ts";
import { ChanceryError, Connection } from "../client/connection.ts";
import { type Access, authorizationOf } from "../client/token.ts";
import { type Globals, refuse, usage } from "./output.ts";
import { DEFAULT_NODE, openKeyFile, readText } from "./globals.ts";

async function trustCa(globals: Globals): Promise<void> {
  if (globals.ca === undefined) return;
  const tls = await import("node:tls");
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), readText(globals.ca)]);
}

/** The network behind --node. */
export async function ledgerOf(globals: Globals, genesis = process.env["CHANCERY_GENESIS"]): Promise<Ledger> {
  await trustCa(globals);
  const access = await accessOf(globals);
  return connect({ nodes: [globals.node], ...(genesis === undefined ? {} : { genesis }), ...(access === undefined ? {} : { access }) });
}

/** Bare requests to --node. */
export async function connectionOf(globals: Globals): Promise<Connection> {
  await trustCa(globals);
  const connection = new Connection([globals.node]);
  const access = await accessOf(globals);
  if (access !== undefined) {
    const { body } = await connection.request<{ network: string }>("/v1/network");
    connection.authorization = authorizationOf(access, body.network);
  }
  return connection;
}

/** --home names a node by its configuration, where --node names none. */
export async function atHome(globals: Globals): Promise<Globals> {
  if (globals.home === undefined || process.env["CHANCERY_NODE"] !== undefined || globals.node !== DEFAULT_NODE) return globals;
  const [{ loadConfig }, { homeAt }] = await Promise.all([import("../node/config.ts"), import("../node/home.ts")]);
  const { config } = loadConfig(homeAt(globals.home).config);
  return { ...globals, node: `${config["api.tls_certificate"] === undefined ? "http" : "https"}://${config["api.listen"]}` };
}

/** Who reads, by --access-key and --node-of; undefined without them. */
export async function accessOf(globals: Globals): Promise<Access | undefined> {
  const { accessKey, nodeOf } = globals;
  if (accessKey === undefined) return undefined;
  if (nodeOf === undefined) return usage("a token is for one member's node, and it is not said whose", "add --node-of ORGANISATION");
  return { key: seedSigner((await openKeyFile(accessKey, globals, ["access"])).secret), organisation: nodeOf };
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
