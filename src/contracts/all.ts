// The list of contracts, and what the engine asks of two of them: who stands behind a key (eid), who holds which role (governance). A new
// service is one line here. Nothing else.

import type { Composition } from "./engine/registry.ts";
import type { Resolver } from "./engine/roles.ts";
import * as cases from "./casework/cases.ts";
import * as journals from "./casework/journals.ts";
import * as publications from "./casework/publications.ts";
import * as bills from "./documents/bills.ts";
import * as evidence from "./documents/evidence.ts";
import * as invoices from "./documents/invoices.ts";
import * as credentials from "./identity/credentials.ts";
import * as eid from "./identity/eid.ts";
import { actsFor, known, readerOf, type Signer, signerOf } from "./identity/principals.ts";
import * as benefits from "./money/benefits.ts";
import * as energy from "./money/energy.ts";
import * as funds from "./money/funds.ts";
import * as points from "./money/points.ts";
import * as tenders from "./money/tenders.ts";
import * as work from "./money/work.ts";
import * as consultations from "./participation/consultations.ts";
import * as polls from "./participation/polls.ts";
import * as ceremonies from "./platform/ceremonies.ts";
import * as forms from "./platform/forms.ts";
import * as governance from "./platform/governance.ts";
import { delegated, granted } from "./platform/network.ts";
import * as business from "./registries/business.ts";
import * as property from "./registries/property.ts";
import * as vehicles from "./registries/vehicles.ts";
import * as computation from "./sharing/computation.ts";
import * as consents from "./sharing/consents.ts";
import * as datasets from "./sharing/datasets.ts";
import * as health from "./sharing/health.ts";
import * as provident from "./sharing/provident.ts";

const resolver: Resolver<Signer> = {
  standing: signerOf,
  access: readerOf,
  actsFor,
  holds(tx, principal, role, scope, signer) {
    if (signer === undefined && !known(tx, principal)) return false; // what an agency holds rests while it is no member
    return signer?.post === undefined ? granted(tx, principal, role, scope) : delegated(tx, principal, signer.post, role, scope);
  },
  known,
  contracts: [eid.default, governance.default],
};

export const composition: Composition = {
  modules: [
    ...[eid, credentials],
    ...[governance, ceremonies, forms],
    ...[evidence, invoices, bills],
    ...[property, business, vehicles],
    ...[points, funds, benefits, work, tenders, energy],
    ...[cases, journals, publications],
    ...[consents, health, provident, computation, datasets],
    ...[polls, consultations],
  ],
  resolver,
  found: governance.found,
};
