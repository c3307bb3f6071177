// Epochs: what is in force for a height, and when it ends. docs/protocol.md §4.3. Owns the rule for an epoch's last height. Does not own: what governance
// keeps (the consensus view comes from its contract), who votes (consensus).

import type { Bytes } from "../base/bytes.ts";
import { setHash } from "../base/certificate.ts";
import { parametersHash } from "../base/parameters.ts";
import type { ConsensusView } from "../contracts/platform/network.ts";
import type { EpochRecord } from "./storeLayout.ts";

/** An epoch as far as it is known: `end` may come nearer with each block. */
export interface EpochConfig extends EpochRecord {
  /** Last height, as far as is known now. */
  readonly end: number;
  readonly validatorsHash: Bytes;
  readonly parametersHash: Bytes;
}

/** In which epoch something changed, and the height of the first change in it. */
type Change = Pick<ConsensusView, "changeEpoch" | "changeHeight">;

/** The epoch of a record, with the end that the state after one of its blocks (or before its first) implies. */
export function epochConfig(network: Bytes, record: EpochRecord, view: Change): EpochConfig {
  return {
    ...record,
    end: epochEnd(record, view),
    validatorsHash: setHash(network, record.validators),
    parametersHash: parametersHash(network, record.parameters),
  };
}

/** E = min(S + K − 1, g + W): a change enacted at height g ends the epoch W heights later, so that whoever may vote beyond has committed g (§4.3.1). */
function epochEnd({ epoch, start, parameters }: EpochRecord, view: Change): number {
  const scheduled = start + parameters.epoch_length - 1;
  return view.changeEpoch === epoch ? Math.min(scheduled, view.changeHeight + parameters.window) : scheduled;
}

/** The same epoch after another of its blocks. */
export function advanced(config: EpochConfig, view: ConsensusView): EpochConfig {
  const end = epochEnd(config, view);
  return end === config.end ? config : { ...config, end };
}

/** The epoch behind this one, as the state after its last block says. */
export function following(network: Bytes, config: EpochConfig, view: ConsensusView): EpochConfig {
  const { validators, parameters, protocol } = view;
  return epochConfig(network, { epoch: config.epoch + 1, start: config.end + 1, validators, parameters, protocol }, view);
}
