// For whom a token of access is: one member's node cannot use at another's what it was shown. docs/reference/http.md "Who may read". Pure.

/** The claim `aud` of tokens for the node of this organisation in this network (hex of the genesis hash). */
export const tokenAudience = (networkHex: string, organisation: string): string => `chancery:${networkHex}:${organisation}`;
