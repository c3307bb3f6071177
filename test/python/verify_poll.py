#!/usr/bin/env python3
"""Counts a poll of Chancery again, written from docs/polls.md ("Bytes"), docs/protocol.md §1, RFC 8017 and RFC 9496 alone. Standard library only.
Reads {network, poll, question, issuers, voters, ballots, tally, shares, verification} as JSON from stdin, rows as a node tells them; prints what does not hold as
a JSON list; exit 0 if all holds, 1 if not. It is for tests: slow, and its arithmetic is not constant in time."""
import hashlib, json, sys
from verify_proof import encode, frame

# RFC 9496: points in extended coordinates, compared by their encoding
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, I = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
def even(x): return x % P if x % P % 2 == 0 else -x % P
def root(v):
    r = pow(v, 3, P) * pow(pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    return check in (1, P - 1), even(r * I if check in (P - 1, -I % P) else r)
def decode(b):
    s = int.from_bytes(b, "little")
    if len(b) != 32 or s >= P or s % 2: return None
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, r = root(v * u2 * u2 % P)
    x, y = even(2 * s * r * u2), u1 * r * r * u2 * v % P
    return None if not square or x * y % P % 2 or y == 0 else (x, y, 1, x * y % P)
def code(point):
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    r = root(u1 * u2 * u2 % P)[1]
    d1, d2 = r * u1 % P, r * u2 % P
    inverse = d1 * d2 * t % P
    if t * inverse % P % 2: x, y, d2 = y * I % P, x * I % P, d1 * root((-1 - D) % P)[1] % P
    if x * inverse % P % 2: y = -y
    return even(d2 * (z - y)).to_bytes(32, "little")
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P
O = (0, 1, 1, 0)
def mul(k, p):
    out = O
    for bit in bin(k % L)[2:]:
        out = add(out, out)
        if bit == "1": out = add(out, p)
    return out
def sub(p, q): return add(p, mul(L - 1, q))
def total(points):
    out = O
    for p in points: out = add(out, p)
    return out
G = decode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))
ZERO = bytes(32)
def cut(b): return [b[i:i + 32] for i in range(0, len(b), 32)]
def point(b): return None if b == ZERO else decode(b)
def scalars(bs): return [int.from_bytes(b, "little") for b in bs] if all(len(b) == 32 and int.from_bytes(b, "little") < L for b in bs) else None

def H(tag, network, v): return hashlib.sha256(frame(tag, network, encode(v))).digest()
def HS(tag, network, v): return int.from_bytes(hashlib.sha512(frame(tag, network, encode(v))).digest(), "little") % L

# what may stand on a ballot: bits, equations, and how many bits are counted
def form(q):
    n, kind = q.get("options"), q["kind"]
    ones = lambda bits: [[i, 1] for i in bits]
    if kind == "one": return n, [[ones(range(n)), 1]], n
    if kind == "some": m = n + q["max"] - q["min"]; return m, [[ones(range(m)), q["max"]]], n
    if kind == "approval": return n, [], n
    if kind == "ranking": return n * n, [[ones(range(n * o, n * o + n)), 1] for o in range(n)] + [[ones(range(p, n * n, n)), 1] for p in range(n)], n * n
    costs, slack = q["costs"], q["total"].bit_length()
    return len(costs) + slack, [[[[i, w] for i, w in enumerate(costs)] + [[len(costs) + j, 1 << j] for j in range(slack)], q["total"]]], len(costs)

def ballot_holds(network, poll, shape, bits, equations, key, Y, c, p):
    points, numbers = [point(b) for b in cut(c)], scalars(cut(p))
    if len(points) != 2 * bits or None in points or numbers is None or len(numbers) != 1 + 3 * bits + len(equations): return False
    e, rest, y, made = numbers[0], numbers[1:], point(Y), []
    for i in range(bits):
        a, b = points[2 * i:2 * i + 2]
        e0, s0, s1 = rest[3 * i:3 * i + 3]
        e1 = (e - e0) % L
        made += [sub(mul(s0, G), mul(e0, a)), sub(mul(s0, y), mul(e0, b)), sub(mul(s1, G), mul(e1, a)), sub(mul(s1, y), mul(e1, sub(b, G)))]
    for (terms, amount), s in zip(equations, rest[3 * bits:]):
        a, b = (total(mul(w, points[2 * i + which]) for i, w in terms) for which in (0, 1))
        made += [sub(mul(s, G), mul(e, a)), sub(mul(s, y), mul(e, sub(b, mul(amount, G))))]
    return e == HS("ballot/1", network, [poll, shape, key, Y, c, b"".join(map(code, made))])

# RFC 8017: RSASSA-PSS-VERIFY with SHA-384, MGF1 of it and a salt of 48 bytes
def mgf(seed, n): return b"".join(hashlib.sha384(seed + i.to_bytes(4, "big")).digest() for i in range(n // 48 + 1))[:n]
def signed(n, message, signature):
    N, s = int.from_bytes(n, "big"), int.from_bytes(signature, "big")
    if len(signature) != len(n) or s >= N: return False
    em = pow(s, 65537, N).to_bytes(len(n), "big")
    masked, h = em[:-49], em[-49:-1]
    db = bytearray(x ^ y for x, y in zip(masked, mgf(h, len(masked))))
    db[0] &= 0x7F
    zeros = len(db) - 49
    good = em[-1] == 0xBC and masked[0] < 0x80 and not any(db[:zeros]) and db[zeros] == 1
    return good and h == hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + bytes(db[-48:])).digest()
def key_holds(network, n, proof):
    N = int.from_bytes(n, "big")
    if N.bit_length() != 3072 or len(n) != 384 or len(proof) != 9 * 384 or any(N % d == 0 for d in range(2, 65537)): return False
    for i in range(9):
        s = int.from_bytes(proof[384 * i:384 * (i + 1)], "big")
        if s >= N or pow(s, 65537, N) != int.from_bytes(mgf(frame("rsa-permutation/1", network, encode([n, i])), 448), "big") % N: return False
    return True

def share_holds(network, poll, j, V, sums, share):
    A, parts = cut(sums)[::2], cut(share)
    if len(parts) != len(A) + 2 or point(V) is None: return False
    images, numbers = parts[:-2], scalars(parts[-2:])
    if numbers is None or any((a == ZERO) != (d == ZERO) or decode(d) is None for a, d in zip(A, images)): return False
    e, s = numbers
    W = [sub(mul(s, G), mul(e, decode(V)))] + [sub(mul(s, decode(a)), mul(e, decode(d))) for a, d in zip(A, images)]
    return e == HS("decrypt/1", network, [poll, j, V, sums, b"".join(images), b"".join(map(code, W))])

def verify(it):
    x, wrong = bytes.fromhex, []
    def need(holds, what): holds or wrong.append(what)
    network, of, name = x(it["network"]), it["poll"], it["poll"]["poll"]
    bits, equations, counted = form(it["question"]["question"])
    shape = H("ballot-shape/1", network, [bits, equations])
    need(shape.hex() == of["shape"] and counted == of["counted"], "shape")
    keys = [x(row["modulus"]) for row in it["issuers"]]
    need(len(keys) == len(of["issuers"]) and all(key_holds(network, x(row["modulus"]), x(row["proof"])) for row in it["issuers"]), "issuers")
    roll = {row["place"]: row["poll_key"] for row in it["voters"]}
    need(len(roll) == len(set(roll.values())) == len(it["voters"]), "roll")
    for row in it["voters"]:
        message = x(row["prefix"]) + frame("ticket/1", network, encode([name, x(row["poll_key"])]))
        need(len(row["signatures"]) == len(keys) and all(signed(n, message, x(s)) for n, s in zip(keys, row["signatures"])), "ticket")
    sums, places = [O] * (2 * counted), set()
    for row in it["ballots"]:
        c = x(row["ciphertexts"])
        need(roll.get(row["place"]) == row["poll_key"] and row["place"] not in places, "place")
        places.add(row["place"])
        if not ballot_holds(network, name, shape, bits, equations, x(row["poll_key"]), x(of["key"]), c, x(row["proof"])): wrong.append("ballot"); continue
        sums = [add(s, decode(b)) for s, b in zip(sums, cut(c))]
    tally = it["tally"]
    need(b"".join(map(code, sums)).hex() == tally["sum"] and len(places) == tally["ballots"], "sum")
    shares = [(row["index"], x(row["share"])) for row in it["shares"]]
    need(all(0 < j <= len(it["verification"]) and share_holds(network, name, j, x(it["verification"][j - 1]), x(tally["sum"]), s) for j, s in shares), "share")
    used = shares[:of["threshold"]]
    def factor(j):
        out = 1
        for other, _ in used:
            if other != j: out = out * other * pow(other - j, -1, L) % L
        return out
    opened = [sub(sums[2 * i + 1], total(mul(factor(j), decode(cut(s)[i])) for j, s in used)) for i in range(counted)]
    need(len(used) == of["threshold"] and [code(p) for p in opened] == [code(mul(n, G)) for n in tally["counts"]], "counts")
    return wrong

if __name__ == "__main__":
    found = verify(json.load(sys.stdin))
    print(json.dumps(found))
    sys.exit(1 if found else 0)
