// A thread of the selftest: runs pieces of the seeds, one after the other, and answers with their sums. Owns nothing else.

import { parentPort } from "node:worker_threads";
import { runPiece } from "./selftest.ts";

parentPort!.on("message", (piece: { from: number; count: number }) => {
  void runPiece(piece.from, piece.count).then((sum) => parentPort!.postMessage(sum));
});
