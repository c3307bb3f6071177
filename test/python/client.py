#!/usr/bin/env python3
"""How a client in Python makes a transaction, from docs/protocol.md §1 and §2 alone: encode, frame, hash, sign. Standard library only; Ed25519 by plain
integers, slow and not constant in time: use a library for keys that matter.   client.py TRANSACTION_VECTORS   builds each of them anew, byte for byte."""
import hashlib, json, sys
from verify_proof import BASE, L, P, encode, frame, sha, times

def packed(q):
    z = pow(q[2], -1, P)
    x, y = q[0] * z % P, q[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")

def secret(seed):
    h = hashlib.sha512(seed).digest()
    return int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254, h[32:]

def public_key(seed):
    return packed(times(secret(seed)[0], BASE))

def sign(seed, message):
    (a, prefix), number = secret(seed), lambda *parts: int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L
    r = number(prefix, message)
    R = packed(times(r, BASE))
    return R + ((r + number(R, public_key(seed), message) * a) % L).to_bytes(32, "little")

def transaction(network, nonce, not_after, operations, seeds):
    """body, the bytes each signer signs, id, transaction bytes"""
    seeds = sorted(seeds, key=public_key)
    body = encode([1, nonce, not_after, [public_key(s) for s in seeds], operations])
    framed = frame("transaction/1", network, body)
    return body, framed, not_after.to_bytes(6, "big") + sha(framed)[:26], body + b"".join(sign(s, framed) for s in seeds)

def plain(v):
    """Vectors write bytes as {"bytes": hex} and wide integers as {"integer": decimal}."""
    if isinstance(v, list): return [plain(x) for x in v]
    if isinstance(v, dict) and "bytes" in v: return bytes.fromhex(v["bytes"])
    if isinstance(v, dict) and "integer" in v: return int(v["integer"])
    return {k: plain(x) for k, x in v.items()} if isinstance(v, dict) else v

if __name__ == "__main__":
    vectors = json.load(open(sys.argv[1], encoding="utf-8"))
    for v in vectors["accept"]:
        made = transaction(bytes.fromhex(vectors["network"]), bytes.fromhex(v["nonce"]), v["notAfter"], plain(v["operations"]), [bytes.fromhex(k["seed"]) for k in v["keys"]])
        for name, got in zip(("body", "sign", "id", "bytes", "fullHash"), (*made, sha(made[3]))):
            if got.hex() != v[name]: sys.exit(f"{v['what']}: {name} is {got.hex()}")
    print(f"{len(vectors['accept'])} transactions, byte for byte")
