// A host in a process of its own, to be killed and stopped: `node child.ts ID LISTEN`. Prints its address, then one line per event.
import { Host } from "../../../src/p2p/host.ts";
import { network, seedOf, shortTiming } from "./hosts.ts";

const [id, listen, membersJson] = process.argv.slice(2) as [string, string, string];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const members = JSON.parse(membersJson) as { id: string; key: number[]; addresses: string[] }[];
const host = await Host.start({
  peerSeed: seedOf(id),
  organisation: id,
  role: "validator",
  network,
  listen: [listen],
  members: members.map(({ id: member, key, addresses }) => ({ id: member, peerKey: Uint8Array.from(key), addresses, role: "validator" })),
  timing: shortTiming,
  handlers: {
    message: (peer, _channel, bytes) => say(`message ${peer} ${bytes.length}`),
    request: async (_peer, _channel, bytes) => bytes,
    connected: (peer) => say(`connected ${peer}`),
    fault: (error) => say(`fault ${String(error)}`),
  },
});
say(`listening ${host.addresses()[0]}`);
