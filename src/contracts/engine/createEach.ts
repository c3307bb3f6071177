// Creating a list of records: checked and written one after the other, asked for together whether any of them is there already. Ends as `create` for each
// in turn would: with the refusal that comes first in the list. Owns that order. Does not own: the form of the rows (newRows.ts), what is staged (staging.ts).

import type { Context } from "./context.ts";
import { encodePart } from "./keys.ts";
import { NewRows } from "./newRows.ts";
import { misfit } from "./normalise.ts";
import type { AnyValues, Plan } from "./rows.ts";
import type { Staging } from "./staging.ts";

/** What of the context is nobody else's. */
export interface Within {
  readonly context: Context;
  readonly staging: Staging;
  readonly charge: (units: number) => void;
  readonly own: (plan: Plan) => void;
  readonly reject: (code: string, data: Readonly<Record<string, unknown>>) => never;
  readonly fault: (message: string) => never;
}

export class Creating {
  readonly plan: Plan;
  readonly #within: Within;
  readonly #rows: NewRows;
  readonly #fields: AnyValues[] = [];
  #open = true;
  /** What had ended the act before the list, and how many were created when something did within it. */
  #before: unknown;
  #endedAfter: number | undefined;

  constructor(plan: Plan, most: number, within: Within) {
    this.#within = within;
    this.plan = plan;
    this.#rows = new NewRows(plan, within.context, most);
    within.staging.open(this.#rows);
  }

  /** Runs through the list. */
  each<T>(items: readonly T[], fieldsOf: (item: T) => AnyValues): void {
    const { context } = this.#within;
    this.#before = context.ended;
    try {
      for (const item of items) {
        const fields = fieldsOf(item);
        // A handler may go on after its end, which stands all the same: but not before what was created until then.
        if (context.ended !== undefined) this.#endedAfter ??= this.#fields.length;
        if (this.#open) this.#add(fields);
        else context.create(this.plan.type, fields);
      }
    } catch (error) {
      this.end(); // one of those before it may have been there already: then that ends the act
      throw error;
    }
    this.end();
  }

  #add(fields: AnyValues): void {
    const { charge, own, fault } = this.#within;
    const { plan } = this;
    charge(3);
    const names = plan.type.key as readonly string[];
    let text = "";
    for (let i = 0; i < names.length; i++)
      text += encodePart(plan.keyShapes[i]!, fields[names[i]!]) ?? fault(`${plan.collection}: these are not the parts of its key`);
    own(plan);
    this.#fields.push(fields);
    this.#rows.begin(text);
    try {
      this.#rows.fields(fields);
    } catch (error) {
      if (error === misfit) fault(`${plan.collection}: the row does not fit its declaration`);
      throw error;
    }
  }

  /** What was created so far must be new; from now on it is read like other rows. Somebody asks for one of them, or writes another. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#rows.close();
    const { context, staging, reject } = this.#within;
    const taken = staging.taken(this.#rows);
    if (taken < 0) return;
    if (this.#before === undefined && taken < (this.#endedAfter ?? Number.POSITIVE_INFINITY)) context.ended = undefined;
    const { type } = this.plan;
    reject("engine.already_exists", { record: type.name, key: (type.key as readonly string[]).map((name) => this.#fields[taken]![name]) });
  }
}
