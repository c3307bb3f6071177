// What becomes of the rows of a network whose keys are lost in the one that goes on with its state: everything stays as it stands, but what spoke for the old
// members. Owns that rule. Does not own: what the new genesis writes (governance.found), which takes the place of a row under the same key. docs/protocol.md §6.1.

import type { Value } from "../../base/codec.ts";

/** Status and fields of a stored row. */
export interface Standing {
  readonly status: string;
  readonly fields: { readonly [name: string]: Value };
}

/** Keys that nodes and organisations of members used. */
const OF_MEMBERS = ["organisation", "consensus", "peer", "checkpoint"];

/** The row as it is carried over. `former` names the members of the old network: none of them is one any more, unless the new genesis says so. */
export function carriedOver(collection: string, row: Standing, former: ReadonlySet<string>): Standing {
  const { status, fields } = row;
  switch (collection) {
    case "governance/member": {
      const { ready: _, asked: __, rotated: ___, ...rest } = fields;
      return { status: "left", fields: { ...rest, seat: false } };
    }
    case "governance/proposal":
    case "forms/motion":
      return status === "open" ? { status: "expired", fields } : row;
    case "eid/principal":
      return former.has(String(fields["principal"])) && status === "live" ? { status: "suspended", fields } : row;
    case "eid/key": {
      const lost = former.has(String(fields["principal"])) && OF_MEMBERS.includes(String(fields["purpose"]));
      return lost && status !== "replaced" ? { status: "revoked", fields } : row;
    }
    default:
      return row;
  }
}
