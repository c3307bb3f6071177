// HTTPS by two files: a client with the authority's certificate reads and writes, a renewed certificate is taken up by a running node, and one that does not fit
// changes nothing. docs/operations.md "TLS".

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli, type Daemon, deposit, launchDaemon, type Network, startDaemon, startNetwork, waitFor } from "./support.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
if (!hasOpenssl) console.warn("no openssl to make certificates with: the tests of TLS are skipped");

let network: Network;
let home: string;
let daemon: Daemon;
let port: number;
const file = (name: string): string => path.join(network.directory, name);

/** A certificate for 127.0.0.1 that signs itself, and its key. */
function certify(name: string, days: number): void {
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", String(days)],
    ...["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file(`${name}.key`), "-out", file(`${name}.pem`)],
  ]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
}
/** As renewal tools do it: the new file takes the place of the old one. */
function use(certificate: string, key = certificate): void {
  for (const [from, to] of [
    [`${certificate}.pem`, "api.pem"],
    [`${key}.key`, "api.key"],
  ] as const) {
    fs.copyFileSync(file(from), file(`${to}.new`));
    fs.renameSync(file(`${to}.new`), file(to));
  }
}
/** Common name of the certificate that is shown to a new connection. */
const shown = async (): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once("error", reject);
  });
const log = (): string => fs.readFileSync(path.join(home, "node.log"), "utf8");
const environment = (): NodeJS.ProcessEnv => ({ CHANCERY_API__TLS_CERTIFICATE: file("api.pem"), CHANCERY_API__TLS_KEY: file("api.key") });

describe.skipIf(!hasOpenssl)("the API over TLS", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    network = await startNetwork(1);
    const [node] = network.nodes;
    home = node!.home;
    port = Number(new URL(node!.api).port);
    process.kill(node!.pid, "SIGKILL"); // the devnet's other half ends with it or not: the home is ours now
    await waitFor("the node to end", async () => (isAlive(node!.pid) ? undefined : true));
    certify("first", 400);
    certify("second", 5);
    use("first");
    daemon = await startDaemon(home, environment());
  }, 120_000);
  afterAll(async () => {
    daemon?.child.kill("SIGTERM");
    await daemon?.ended;
    await network?.stop();
  });

  test("serves whoever trusts its certificate, and nobody else", async () => {
    const https = ["--node", `https://127.0.0.1:${port}`, "--json"];
    const act = ["call", "evidence.deposit", "--args", deposit("T1"), "--key", network.keys["tax"]!];
    expect(await cli(...act, ...https, "--ca", file("first.pem"))).toMatchObject({ code: 0, json: { outcome: "applied" } });
    expect(await cli("get", "evidence", "deposit", "T1", ...https)).toMatchObject({ code: 3 });
    expect(await cli("get", "evidence", "deposit", "T1", ...https, "--ca", file("first.pem"))).toMatchObject({ code: 0 });
  });

  test("takes up a renewed certificate without a restart, and says when it will end", async () => {
    expect(await shown()).toBe("first");
    use("second");
    daemon.child.kill("SIGHUP");
    await waitFor("the new certificate", async () => ((await shown()) === "second" ? true : undefined));
    await waitFor("its line in the log", async () => (log().includes("tls.changed") ? true : undefined));
    daemon.child.kill("SIGHUP");
    await waitFor("the warning that it ends in five days", async () => (log().includes("tls.ends") ? true : undefined));
  });

  test("keeps what it has where the new files do not fit each other, or are none", async () => {
    use("first", "second");
    daemon.child.kill("SIGHUP");
    await waitFor("the refusal", async () => (log().includes("tls.unusable") ? true : undefined));
    expect(await shown()).toBe("second");
    fs.writeFileSync(file("api.pem"), "no certificate");
    daemon.child.kill("SIGHUP");
    await waitFor("the second refusal", async () => (log().split("tls.unusable").length > 2 ? true : undefined));
    expect(await shown()).toBe("second");
    use("first");
    daemon.child.kill("SIGHUP");
    await waitFor("the first certificate", async () => ((await shown()) === "first" ? true : undefined));
  });

  test("does not start with files that do not fit: exit 2, and what to do", async () => {
    daemon.child.kill("SIGTERM");
    await daemon.ended;
    use("first", "second");
    const refused = launchDaemon(home, environment());
    expect(await refused.ended).toBe(2);
    expect(refused.err()).toContain("give a certificate chain and its key");
    use("first");
    daemon = await startDaemon(home, environment());
    expect(await shown()).toBe("first");
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
