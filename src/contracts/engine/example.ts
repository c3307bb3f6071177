// Example arguments made from a declaration: for the reference pages, OpenAPI and a test that every action's schema takes its own example. Deterministic.

import type { Field, Fields, Shape } from "./fields.ts";
import { leafCount } from "./sealed.ts";

/** A body that fits: every field, optional ones too, named after themselves where they are names. */
export function exampleOf(fields: Fields): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(fields).map(([name, { shape }]: [string, Field<any>]) => [name, valueFor(name, shape)]));
}

function valueFor(name: string, shape: Shape): unknown {
  switch (shape.kind) {
    case "text":
      return textFor(name, shape);
    case "integer":
      return shape.unit === "ms" ? 1_798_761_600_000 : Math.min(shape.max, Math.max(shape.min, 1));
    case "money":
      return 12_000n;
    case "bytes":
      return new Uint8Array(Math.min(shape.max, Math.max(shape.min, Math.min(32, shape.max)))).fill(0xab);
    case "flag":
      return true;
    case "oneOf":
      return shape.words[0];
    case "list":
      return Array.from({ length: Math.max(1, shape.min) }, () => valueFor(name, shape.item.shape));
    case "object":
      return exampleOf(shape.fields);
    case "json":
      return {};
    case "sealed":
      return { root: new Uint8Array(32).fill(0xcd), size: leafCount(shape.fields) };
  }
}

function textFor(name: string, { form, min, max }: Shape & { kind: "text" }): string {
  switch (form) {
    case "person":
      return "p:ann";
    case "agency":
    case "party":
      return "land";
    case "id":
      return `${name}-1`.slice(0, max);
    case "text":
      return name.padEnd(min, ".").slice(0, max);
  }
}
