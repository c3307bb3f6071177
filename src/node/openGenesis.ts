// A home's genesis, read and held against this release: may this software follow that network? And the clock that the network allows.

import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { type Genesis, genesisProblems, readGenesis } from "../base/genesis.ts";
import { SUPPORTED_PROTOCOL } from "../base/limits.ts";
import { type Clock, systemClock } from "../base/time.ts";
import { contracts } from "./registry.ts";

/** Reads and checks the genesis of a home. Throws `genesis.…`, `release.needed`. */
export function openGenesis(text: string): { genesis: Genesis; network: Bytes } {
  const { genesis, network, document } = readGenesis(text);
  const problems = genesisProblems(genesis, network, document.signatures);
  if (problems.length > 0)
    throw new LedgerError("genesis.incomplete", {
      why: problems.join("; "),
      do: "chancery genesis show genesis.json; every founder signs with: chancery genesis sign",
    });
  const manifest = contracts().manifestHash();
  if (genesis.protocol > SUPPORTED_PROTOCOL)
    throw new LedgerError("release.needed", {
      why: `the network begins with protocol ${genesis.protocol}, this release knows ${SUPPORTED_PROTOCOL}`,
      do: "install a newer release",
    });
  if (!equalBytes(genesis.manifest, manifest))
    throw new LedgerError("release.needed", {
      why: `the genesis names contracts ${hex(genesis.manifest).slice(0, 16)}, this release has ${hex(manifest).slice(0, 16)}`,
      do: "install the release that the founders built the genesis with",
    });
  return { genesis, network };
}

/** A clock that is off, for tests of what a node with such a clock says: honoured in development networks only. */
export function clockOf(genesis: Genesis): Clock {
  const off = Number(process.env["CHANCERY_TEST_CLOCK_MS"] ?? 0);
  return genesis.purpose === "development" && Number.isFinite(off) && off !== 0
    ? { now: () => Date.now() + off, monotonic: () => performance.now() }
    : systemClock;
}
