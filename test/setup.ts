// Before each file of tests: histories at random begin from one seed, so that a run that fails fails again, and says the same on every machine.
// CHANCERY_SEED=N looks at others: npm run test -- test/unit/contracts with seeds one after the other is how new ones are looked for.

import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["CHANCERY_SEED"] ?? 1) });
