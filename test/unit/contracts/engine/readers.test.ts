// Who reads a row through a node's API, by what the record declares. docs/reference/http.md "Who may read".

import { describe, expect, it } from "vitest";
import { agency, contract, id, list, object, optional, party, record } from "../../../../src/contracts/engine/index.ts";
import { build, type Standing } from "../../../../src/contracts/engine/registry.ts";
import type { AnyRow } from "../../../../src/contracts/engine/rows.ts";
import { plainRights } from "../scenario.ts";

const key = ["file"] as const;
const share = object({ holder: party, kind: id });
const files = (name: string, read?: "public" | "members" | string[]) =>
  record(name, {
    ...{ title: "A file", key, ...(read === undefined ? {} : { read }) },
    fields: { file: id, owner: party, guests: list(agency, 4), programme: optional(id), shares: list(share, 4) },
  } as any);
const records = [
  ...[files("open", "public"), files("inner", "members"), files("plain")],
  ...[files("own", ["owner", "guests"]), files("kept", ["keeper"]), files("run", ["programme"]), files("shared", ["shares"])],
];
const archive = contract("archive", {
  ...{ title: "Archive", purpose: "P.", rules: {}, records },
  roles: { keeper: "Keeps", programme: "Runs one, per programme" },
} as any);
const grants = { court: ["archive.keeper"], press: ["archive.programme#news"], board: ["archive.programme"], town: [] };
const registry = build({ modules: [{ default: archive }], resolver: plainRights(grants), found() {} });

const shares = [{ holder: "p:bob", kind: "court" }];
const row = { file: "f", owner: "p:ann", guests: ["town"], programme: "news", shares } as unknown as AnyRow;
const who = (principal: string): Standing => ({ principal, kind: principal.startsWith("p:") ? "person" : "agency" });
const may = (name: string, principal: string, of: AnyRow | undefined = row): boolean =>
  registry.mayRead(`archive/${name}`, of, who(principal), {} as never, {} as never);

describe("a record is read by", () => {
  const everybody = ["p:ann", "p:bob", "town", "court", "press", "board"];
  it.each<[string, readonly string[]]>([
    ["open", everybody],
    ["inner", ["town", "court", "press", "board"]],
    ["plain", ["town", "court", "press", "board"]], // members, where nothing is said
    ["own", ["p:ann", "town"]], // whom the row names, alone or in a list
    ["kept", ["court"]], // the holders of a role
    ["shared", ["p:bob"]], // whom the row names within objects, and nobody whom they call something else
    ["run", ["press", "board"]], // those too who hold it for what the row names
  ])("%s: %j", (name, readers) => {
    expect(everybody.filter((principal) => may(name, principal))).toEqual(readers);
  });

  it("nobody for a role within another scope", () => {
    expect(may("run", "press", { ...row, programme: "sport" })).toBe(false);
  });

  it("whoever sees all of them, without a row: never by what rows say", () => {
    const seen = (name: string): string[] =>
      everybody.filter((p) => registry.mayRead(`archive/${name}`, undefined, who(p), {} as never, {} as never));
    expect(["open", "inner", "own", "kept", "run"].map(seen)).toEqual([
      everybody,
      ["town", "court", "press", "board"],
      [],
      ["court"],
      ["board"],
    ]);
  });
});
