// A packet in one line, for the trace of a failing scenario. Owns nothing but words.

import { type Bytes, hex } from "../base/bytes.ts";
import { decodeMessage } from "../consensus/messages.ts";
import type { Message } from "../consensus/types.ts";
import type { Packet } from "./network.ts";

const short = (bytes: Bytes): string => hex(bytes.subarray(0, 4));

export function describe(packet: Packet): string {
  switch (packet.kind) {
    case "votes": {
      const { message, reject } = decodeMessage(packet.bytes);
      return message === undefined ? `unreadable (${reject})` : said(message);
    }
    case "batch":
      return `batch of ${packet.bytes.length} bytes`;
    case "ack":
    case "pull":
      return `${packet.kind} ${packet.digests.map(short).join(" ")}`;
    case "ask":
      return `asks for blocks ${packet.first}…${packet.last}`;
    case "give":
      return `gives blocks ${packet.blocks.map(({ block }) => block.header.order.height).join(" ")}`;
  }
}

function said(m: Message): string {
  switch (m.kind) {
    case "prepare":
    case "commit":
      return `${m.kind} ${m.epoch}/${m.view}/${m.height} ${short(m.hash)} of ${m.signer}`;
    case "prePrepare":
      return `prePrepare ${m.order.epoch}/${m.view}/${m.order.height} ${short(m.prepare.hash)} on ${short(m.order.parent)}, ${m.references.length} batches`;
    case "viewChange": {
      const { claim } = m;
      return `viewChange ${claim.epoch}/${claim.view} committed ${claim.committedHeight} best ${claim.best === null ? "none" : `${claim.best.view}/${claim.best.height} ${short(claim.best.digest)}`}`;
    }
    case "newView":
      return `newView ${m.epoch}/${m.view} of ${m.signer} by ${m.claims.map((c) => c.signer).join(" ")}, orders ${m.orders.map(({ order }) => order.height).join(" ")}`;
    case "status":
      return `status ${m.epoch}/${m.view} ${m.mode} promise ${m.promise} committed ${m.committed} tip ${m.tip}`;
    case "get":
      return `get ${m.what} ${m.height} ${short(m.hash)}`;
    case "order":
      return `order ${m.order.height} on ${short(m.order.parent)}`;
    case "block":
      return `block ${m.header.order.height} ${short(m.header.order.batches)}${m.certificate === null ? " without certificate" : ` by ${m.certificate.kind} ${m.certificate.epoch}/${m.certificate.view}`}`;
    case "answer":
      return `answer: committed ${m.committed}, votes ${m.votes.map((v) => `${v.kind} ${v.view}/${v.height}`).join(" ")}, claim ${m.claim?.view ?? "none"}${m.elsewhere ? ", elsewhere" : ""}`;
    case "conflict":
      return `conflict ${m.first.kind} ${m.first.view}/${m.first.height} of ${m.first.signer}`;
    case "ask":
      return "ask";
    case "forward":
      return `forward ${short(m.digest)}`;
  }
}
