// Which blocks the Byzantine could have certified, had they signed everything: stronger than to look at what was committed, for two such blocks at one height
// are a fork that only luck has hidden. docs/protocol.md §4.1, §4.4. Owns the count of Commits by honest signers. Does not own who is honest.

import { hex } from "../base/bytes.ts";
import { quorum } from "../base/certificate.ts";
import type { EpochConfig, Vote } from "../consensus/types.ts";

interface Height {
  /** Signers by view and block hash. */
  readonly signers: Map<string, Set<string>>;
  /** The block that can be certified, and the votes that make it so. */
  certifiable: string | undefined;
}

export class Certifiable {
  private readonly heights = new Map<string, Height>();

  /** A Commit that an honest signer sent. The answer says what else could be certified at its height; undefined if nothing. */
  commit({ epoch, view, height, hash, signer }: Vote, { validators }: EpochConfig, bound: (id: string) => boolean): string | undefined {
    const place = `${epoch} ${height}`;
    let at = this.heights.get(place);
    if (at === undefined) this.heights.set(place, (at = { signers: new Map(), certifiable: undefined }));
    const block = hex(hash);
    const name = `${view} ${block}`;
    let signers = at.signers.get(name);
    if (signers === undefined) at.signers.set(name, (signers = new Set()));
    if (signers.has(signer)) return undefined;
    signers.add(signer);
    let count = signers.size;
    for (const { id } of validators) if (!bound(id) && !signers.has(id)) count++;
    if (count < quorum(validators.length)) return undefined;
    if (at.certifiable !== undefined && at.certifiable !== block)
      return `height ${height}: ${at.certifiable.slice(0, 8)} and ${block.slice(0, 8)} (view ${view})`;
    at.certifiable = block;
    return undefined;
  }
}
