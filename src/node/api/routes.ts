// All routes of the API on one server.

import { addReaders } from "./access.ts";
import type { Api } from "./context.ts";
import { eventRoutes } from "./events.ts";
import { Leaves } from "./leaves.ts";
import { networkRoutes } from "./network.ts";
import { openApiRoutes } from "./openapi.ts";
import { prepareRoutes } from "./prepare.ts";
import { proofRoutes } from "./proofs.ts";
import { recordRoutes } from "./records.ts";
import type { App } from "./server.ts";
import { submitRoutes } from "./submit.ts";
import { viewRoutes } from "./views.ts";

export function addRoutes(app: App, api: Api): void {
  const leaves = new Leaves(api);
  addReaders(app, api);
  submitRoutes(app, api);
  prepareRoutes(app, api);
  recordRoutes(app, api);
  viewRoutes(app, api);
  proofRoutes(app, api);
  eventRoutes(app, api, leaves);
  networkRoutes(app, api, leaves);
  openApiRoutes(app, api);
}
