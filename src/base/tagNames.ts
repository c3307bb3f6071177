// The closed list of tags, docs/protocol.md §1.2: every purpose has one, at most 63 bytes of ASCII, ending in its version. Nothing is hashed or signed
// under a tag that is not here. Imported as a whole (`tags`), so that a bundle carries those that it names. Browser-clean.

export const transaction = "chancery/transaction/1" as const;
export const batch = "chancery/batch/1" as const;
export const batches = "chancery/batches/1" as const;
export const order = "chancery/order/1" as const;
export const block = "chancery/block/1" as const;
export const due = "chancery/due/1" as const;
export const validators = "chancery/validators/1" as const;
export const parameters = "chancery/parameters/1" as const;
export const manifest = "chancery/manifest/1" as const;
export const genesis = "chancery/genesis/1" as const;
export const genesisSignature = "chancery/genesis-signature/1" as const;
export const member = "chancery/member/1" as const;
export const anchor = "chancery/anchor/1" as const;
export const recovery = "chancery/recovery/1" as const;
export const prepare = "chancery/prepare/1" as const;
export const commit = "chancery/commit/1" as const;
export const viewChange = "chancery/view-change/1" as const;
export const newView = "chancery/new-view/1" as const;
export const keyPossession = "chancery/key-pop/1" as const;
export const keyFingerprint = "chancery/key-fingerprint/1" as const;
export const recover = "chancery/recover/1" as const;
export const guardian = "chancery/guardian/1" as const;
export const providentRecord = "chancery/provident-record/1" as const;
export const sealedSalt = "chancery/sealed-salt/1" as const;
export const present = "chancery/present/1" as const;

// Joint keys and sealed bids.
export const dkgCommit = "chancery/dkg-commit/1" as const;
export const dkgPossession = "chancery/dkg-pop/1" as const;
export const dkgShare = "chancery/dkg-share/1" as const;
export const dkgComplaint = "chancery/dkg-complaint/1" as const;
export const bid = "chancery/bid/1" as const;
export const bidKey = "chancery/bid-key/1" as const;
export const bidOpen = "chancery/bid-open/1" as const;

// Polls.
export const rsaPermutation = "chancery/rsa-permutation/1" as const;
export const ticket = "chancery/ticket/1" as const;
export const poll = "chancery/poll/1" as const;
export const ballotShape = "chancery/ballot-shape/1" as const;
export const ballot = "chancery/ballot/1" as const;
export const ballotCode = "chancery/ballot-code/1" as const;
export const decrypt = "chancery/decrypt/1" as const;
