// The API's certificate: read from two files, and again when they change, so that a renewed one needs no restart. docs/operations.md "TLS".
// Owns reading, replacing, and saying when it will end. Does not own: connections between nodes, which have no certificates (p2p).

import fs from "node:fs";
import type { Server as HttpsServer } from "node:https";
import { createSecureContext } from "node:tls";
import { LedgerError } from "../../base/errors.ts";
import { TLS_LOOK_MS, TLS_WARN_MS } from "../../base/limits.ts";
import type { Logger } from "../../base/log.ts";
import { certificateEnd } from "../../base/x509.ts";
import type { Config } from "../settings.ts";

export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** The two files of the configuration, read and fitting each other; undefined without TLS. Throws `config.invalid`. */
export function readTls(config: Config, resolve: (file: string) => string): Tls | undefined {
  const [certificate, keyFile] = [config["api.tls_certificate"], config["api.tls_key"]];
  if (certificate === undefined || keyFile === undefined) return undefined;
  try {
    const tls = { cert: fs.readFileSync(resolve(certificate)), key: fs.readFileSync(resolve(keyFile)) };
    createSecureContext(tls); // throws unless they fit each other
    return tls;
  } catch (cause) {
    const todo = "give a certificate chain and its key, both PEM";
    throw new LedgerError("config.invalid", { why: `api.tls_certificate, api.tls_key: ${(cause as Error).message}`, do: todo }, cause);
  }
}

interface Watched {
  readonly server: HttpsServer;
  readonly tls: Tls;
  readonly read: () => Tls | undefined;
  readonly log: Pick<Logger, "info" | "warn">;
}

/** Takes new files into use for new connections. Files that do not fit change nothing: the old certificate goes on. */
export class TlsReload {
  readonly #o: Watched;
  #tls: Tls;
  #refused: string | undefined;
  readonly #timer: NodeJS.Timeout;
  #warnedAt = 0;

  constructor(options: Watched) {
    this.#o = options;
    this.#tls = options.tls;
    this.#timer = setInterval(() => this.look(), TLS_LOOK_MS).unref();
    this.#warn();
  }

  /** Looks whether the files have changed: now and then by itself, at once on SIGHUP. */
  look(): void {
    const { server, read, log } = this.#o;
    this.#warn();
    try {
      const tls = read();
      this.#refused = undefined;
      if (tls === undefined || (tls.cert.equals(this.#tls.cert) && tls.key.equals(this.#tls.key))) return;
      server.setSecureContext(tls);
      this.#tls = tls;
      this.#warnedAt = 0;
      log.info("tls.changed", { until: endOf(tls) });
    } catch (error) {
      const why = error instanceof LedgerError ? String(error.data?.["why"]) : String(error);
      if (why !== this.#refused) log.warn("tls.unusable", { why, until: endOf(this.#tls) });
      this.#refused = why;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #warn(): void {
    const left = certificateEnd(this.#tls.cert) - Date.now();
    if (left > TLS_WARN_MS || Date.now() - this.#warnedAt < WARN_AGAIN_MS) return;
    this.#warnedAt = Date.now();
    this.#o.log.warn("tls.ends", { until: endOf(this.#tls) });
  }
}
const WARN_AGAIN_MS = 24 * 3_600_000;

const endOf = ({ cert }: Tls): string => new Date(certificateEnd(cert)).toISOString();
