// The names of all commands, by the file that holds them.

export const commandNames = {
  keys: ["keys"],
  genesis: ["init", "member", "genesis"],
  start: ["start"],
  devnet: ["devnet"],
  call: ["call", "tx"],
  records: ["get", "list", "history", "follow", "contracts"],
  prove: ["prove", "verify", "anchor", "verify-chain"],
  audit: ["audit"],
  governance: ["validators", "propose", "vote", "proposals"],
  trustee: ["trustee"],
  payments: ["payments"],
  benefits: ["benefits"],
  tender: ["tender"],
  ocds: ["ocds"],
  operations: ["status", "peers", "doctor"],
  rotate: ["rotate"],
  backup: ["backup", "restore"],
  recover: ["divergence", "recover"],
  selftest: ["selftest"],
  tools: ["config", "version", "completion"],
} as const satisfies { readonly [file: string]: readonly string[] };
