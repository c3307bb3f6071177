#!/usr/bin/env python3
"""Verifies a proof file of Chancery, written from docs/protocol.md (§1 … §3, §5, §6.1, §8) and test/vectors alone: the test of the specification.
Standard library only.   verify_proof.py PROOF --genesis GENESIS [--anchor ANCHOR]   prints the verdict as JSON; exit 0 if the proof holds, 1 if not."""
import argparse, base64, hashlib, json, re, sys
class Denied(Exception): pass
def deny(code, step): raise Denied("proof." + code, step)
def need(condition, code, step): return None if condition else deny(code, step)
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def frame(tag, network, x): return bytes([len(tag) + 9]) + b"chancery/" + tag.encode() + network + x
# §1.1 canonical MessagePack: read leniently, encode, compare
INTEGERS, TEXTS, BYTES, ARRAYS, MAPS = {1: 0xCC, 2: 0xCD, 4: 0xCE, 8: 0xCF}, {1: 0xD9, 2: 0xDA, 4: 0xDB}, {1: 0xC4, 2: 0xC5, 4: 0xC6}, {2: 0xDC, 4: 0xDD}, {2: 0xDE, 4: 0xDF}
def head(n, fix, most, forms): return bytes([fix | n]) if n <= most else next(bytes([t]) + n.to_bytes(w, "big") for w, t in forms.items() if n < 1 << 8 * w)
def encode(v):
    if v is None or type(v) is bool: return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[v]
    if type(v) is int and v < 0:
        width = next(w for w in (0, 1, 2, 4, 8) if v >= (-(1 << 8 * w - 1) if w else -32))
        return bytes([INTEGERS[width] + 4]) + v.to_bytes(width, "big", signed=True) if width else bytes([256 + v])
    if type(v) is int: return head(v, 0, 127, INTEGERS)
    if type(v) is str: return head(len(v.encode()), 0xA0, 31, TEXTS) + v.encode()
    if type(v) is bytes: return head(len(v), 0, -1, BYTES) + v
    if type(v) is list: return head(len(v), 0x90, 15, ARRAYS) + b"".join(map(encode, v))
    return head(len(v), 0x80, 15, MAPS) + b"".join(encode(k) + encode(v[k]) for k in sorted(v, key=str.encode))
def read(b, at, depth=0):
    t, at, out = b[at], at + 1, []
    if t < 0x80 or t >= 0xE0 or t in (0xC0, 0xC2, 0xC3): return t if t < 0x80 else t - 256 if t >= 0xE0 else {0xC0: None, 0xC2: False, 0xC3: True}[t], at
    kind, width = next(((f, w) for f in (BYTES, INTEGERS, TEXTS, ARRAYS, MAPS) for w in f if f[w] in (t, t - 4 if 0xD0 <= t < 0xD4 else t)), (MAPS if t < 0x90 else ARRAYS if t < 0xA0 else TEXTS, 0))
    n, at = int.from_bytes(b[at:at + width], "big", signed=0xD0 <= t < 0xD4) if width else t & (31 if t >= 0xA0 else 15), at + width
    if kind is INTEGERS: return n, at
    if n > len(b) - at or depth == 16 and n and kind in (ARRAYS, MAPS): raise ValueError
    if kind in (BYTES, TEXTS): return (b[at:at + n] if kind is BYTES else b[at:at + n].decode()), at + n
    for _ in range(2 * n if kind is MAPS else n): out[len(out):], at = (lambda v, end: ([v], end))(*read(b, at, depth + 1))
    if kind is MAPS and any(type(k) is not str or len(k.encode()) > 255 or k in ("__proto__", "constructor", "prototype") for k in out[::2]): raise ValueError
    return (dict(zip(out[::2], out[1::2])) if kind is MAPS else out), at
def first(b, code="malformed", step="file"):
    try: v, end = read(b, 0)
    except (ValueError, IndexError): return deny(code, step)
    return (v, end) if encode(v) == b[:end] else deny(code, step)
def canonical(b, code="malformed", step="file"): return first(b, code, step)[0] if first(b, code, step)[1] == len(b) else deny(code, step)
def natural(*vs): return all(type(v) is int and 0 <= v < 1 << 53 for v in vs)
def array(v, size): return v if type(v) is list and len(v) == size else [()] * size
def sized(size, *vs): return all(type(v) is bytes and len(v) == size for v in vs)
# §1.3 Ed25519, the acceptance rule
P, L, D = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, -121665 * pow(121666, -1, 2**255 - 19)
A, B = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
SMALL = set(map(bytes.fromhex, ("01" + "00" * 31, "00" * 32, "00" * 31 + "80", "ec" + "ff" * 30 + "7f", "01" + "00" * 30 + "80", "ec" + "ff" * 31, A + "05", A + "85", B + "7a", B + "fa")))
def add(a, b):
    c, d, e, f = a[0] * b[0], a[1] * b[1], D * a[3] * b[3], a[2] * b[2]
    x, y = (a[0] + a[1]) * (b[0] + b[1]) - c - d, d + c
    return x * (f - e) % P, (f + e) * y % P, (f - e) * (f + e) % P, x * y % P
def times(k, p):
    q = (0, 1, 1, 0)
    for bit in bin(k)[2:]: q = add(add(q, q), p) if bit == "1" else add(q, q)
    return q
def point(b):
    y = int.from_bytes(b, "little") & (1 << 255) - 1
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P: x = x * pow(2, (P - 1) // 4, P) % P
    if x & 1 == b[31] >> 7: x = P - x  # the negative of the point: that is what the equation wants
    return None if b in SMALL or y >= P or (x * x - xx) % P else (x, y, 1, x * y % P)
BASE = point((4 * pow(5, -1, P) % P | 1 << 255).to_bytes(32, "little"))
def signed(signature, message, key):
    s, r, a = int.from_bytes(signature[32:], "little"), point(signature[:32]), point(key)
    if s >= L or r is None or a is None: return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y, z, _ = times(8, add(times(s, BASE), add(r, times(k, a))))  # R and A are read negated
    return x == 0 and y == z
def included(root, size, index, leaf, path):  # §1.4
    fn, sn, h = index, size - 1, sha(b"\0", leaf)
    for at in range(0, len(path), 32):
        if sn <= 0: return False
        h = sha(b"\1", path[at:at + 32], h) if fn & 1 or fn == sn else sha(b"\1", h, path[at:at + 32])
        while fn == sn and not fn & 1 and fn: fn, sn = fn >> 1, sn >> 1
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and h == root and 0 <= index < size < 2**31
# §5.4 the file
def test(ok, then=lambda v: v): return lambda v, at: then(v) if ok(v) else deny("malformed", at)
def unbase64(v, at):
    b = base64.b64decode(v) if type(v) is str and len(v) % 4 == 0 and re.fullmatch("[A-Za-z0-9+/]*={0,2}", v) else deny("malformed", at)
    return b if base64.b64encode(b).decode() == v else deny("malformed", at)
def b64(most, least=1, unit=1): return lambda v, at: (lambda b: b if least <= len(b) <= most and len(b) % unit == 0 else deny("malformed", at))(unbase64(v, at))
def obj(required, optional={}): return lambda v, at: need(type(v) is dict and required.keys() <= v.keys() <= required.keys() | optional.keys(), "malformed", at) or {
    k: {**required, **optional}[k](x, f"{at}.{k}".removeprefix("file.")) for k, x in v.items()}
number, digest = test(natural), test(lambda v: type(v) is str and re.fullmatch("[0-9a-f]{64}", v), bytes.fromhex)
word, path, header, cert, key, row = test(lambda v: type(v) is str and re.fullmatch("[!-~]{1,128}", v)), b64(992, 0, 32), b64(1024), b64(16384), b64(512), b64(65536)
spot, history, act = obj({"index": number, "path": path}), obj({"size": number, "path": path}), {"receipt": b64(8192), "index": number, "path": path}
may = {"bytes": row, "due": obj({"collection": word, "key": key, "name": word}), "write": spot, "header": header, "certificate": cert, "history": history}
step = obj({"set": b64(32768), "header": header, "certificate": cert})
FILE = obj({"format": test(lambda v: v == "chancery-proof/1"), "network": digest, "from": lambda v, at: v if v == "genesis" else obj({"height": number, "hash": digest})(v, at),
            "validators": lambda v, at: [step(s, f"{at}[{i}]") for i, s in enumerate(v)] if type(v) is list and len(v) <= 1024 else deny("malformed", at)},
           {"state": obj({"header": header}, {"certificate": cert}), "history": history, "at": number, "transaction": obj(act, may), "replaced": obj({**act, "row": row}, may),
            "record": obj({"collection": word, "key": key, "row": lambda v, at: v if v is None else row(v, at)}, {"bucket": b64(1024, 0, 64), "path": b64(8192, 32, 32)})})
def strict(text):
    once, no = lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else no(pairs), lambda _: deny("malformed", "file")
    try: return json.loads(text, object_pairs_hook=once, parse_float=no, parse_constant=no, parse_int=lambda t: no(t) if t[0] == "-" or len(t) > 16 else int(t))
    except (ValueError, RecursionError): return no(text)
def block(network, b, at):  # §3.2
    order, _, root, leaves, state, members, _, past = v = array(canonical(b, "header", at), 8)
    order = array(order, 6)
    need(natural(*order[:3], order[4], leaves) and sized(32, order[3], order[5], v[1], root, *v[4:]), "header", at)
    return {"epoch": order[1], "height": order[2], "time": order[4], "root": root, "leaves": leaves, "state": state, "validators": members, "history": past, "hash": sha(frame("block/1", network, b))}
def certified(network, b, top, members, at):  # §3.3
    kind, epoch, view, height, h, bitmap, signatures = array(canonical(b, "certificate", at), 7)
    need(kind == 1 and natural(kind, epoch, view, height) and (epoch, height, h) == (top["epoch"], top["height"], top["hash"]) and type(bitmap) is type(signatures) is bytes, "certificate", at)
    n, who = len(members), [i for i in range(8 * len(bitmap)) if bitmap[i // 8] & 0x80 >> i % 8]
    need(len(bitmap) == (n + 7) // 8 and all(i < n for i in who) and len(signatures) == 64 * len(who), "certificate_bitmap", at)
    need(len(who) >= (n + (n - 1) // 3) // 2 + 1, "certificate_quorum", at)
    for j, i in enumerate(who):
        need(signed(signatures[64 * j:64 * j + 64], frame("commit/1", network, encode([epoch, view, height, h, members[i][0]])), members[i][1]), "certificate_signature", at)
    return [members[i][0] for i in who]
def in_history(history, at, b, later):
    need(history["size"] == later["height"] and included(later["history"], history["size"], b["height"], b["hash"], history["path"]), "history", at)
def members_of(network, b, named, at):
    v = canonical(b, "set", at)
    need(type(v) is list and 1 <= len(v) <= 128 and all(type(m) is list and len(m) == 2 and type(m[0]) is str and sized(32, m[1]) for m in v), "set", at)
    return v if all(x[0].encode() < y[0].encode() for x, y in zip(v, v[1:])) and sha(frame("validators/1", network, b)) == named else deny("set", at)
def row_of(b, at):  # §8
    v = canonical(b, "row", at)
    return need(type(v) is list and 9 <= len(v) <= 10 and natural(v[0], *v[2:8]) and type(v[1]) is str and type(v[8]) is dict and type(v[-1]) in (dict, list), "row", at) or v
def stands(root, key, bucket, path):  # §5.2
    depth, entries, bits = len(path) // 32, [bucket[i:i + 64] for i in range(0, len(bucket), 64)], int.from_bytes(key, "big")
    same = all(int.from_bytes(e[:32], "big") >> 256 - depth == bits >> 256 - depth for e in entries)
    need(16 <= depth and same and all(x[:32] < y[:32] for x, y in zip(entries, entries[1:])), "state", "record.path")
    h = sha(bytes([len(entries)]), bytes(31), bucket) if entries else bytes(32)
    for i in range(depth):
        pair = path[32 * i:32 * i + 32] + h if bits >> 256 - depth + i & 1 else h + path[32 * i:32 * i + 32]
        h = sha(pair) if any(pair) else bytes(32)
    need(h == root, "state", "record.path")
    return next((e[32:] for e in entries if e[:32] == key), None)
def transaction(network, b, at):  # §2
    body, end = first(b, "transaction", at)
    version, nonce, life, keys, acts = array(body, 5)
    need(version == 1 and natural(version, life) and sized(16, nonce) and life < 1 << 48 and type(keys) is type(acts) is list, "transaction", at)
    need(1 <= len(keys) <= 16 and sized(32, *keys) and all(x < y for x, y in zip(keys, keys[1:])) and len(b) == end + 64 * len(keys), "transaction", at)
    need(1 <= len(acts) <= 64 and all(type(array(o, 2)[0]) is str and re.fullmatch("[!-~]{1,128}", o[0]) and type(o[1]) is dict for o in acts), "transaction", at)
    framed = frame("transaction/1", network, b[:end])
    need(all(signed(b[end + 64 * i:end + 64 * i + 64], framed, k) for i, k in enumerate(keys)), "transaction_signature", at)
    return life.to_bytes(6, "big") + sha(framed)[:26], [k.hex() for k in keys]
def verify(text, genesis, anchor):  # §5.5
    f, body = FILE(strict(text), "file"), bytes.fromhex(genesis["body"])
    network, state, record, wrote, replaced, at, start = map(f.get, ("network", "state", "record", "transaction", "replaced", "at", "from"))
    need(network == sha(frame("genesis/1", bytes(32), body)), "network", "network")
    members, a = sorted([m["id"], m["keys"]["consensus"]] for m, seat in canonical(body)["founders"] if seat), None
    if anchor:
        of, b, _, following = canonical(bytes.fromhex(anchor["body"]))
        a = need(of == network, "network", "anchor") or block(network, b, "anchor")
    name = "state" if state else "replaced" if replaced else "transaction"
    acts = [(n, f[n]) for n in ("transaction", "replaced") if n in f]
    alone = wrote and not (state or replaced or "at" in f or "write" in wrote)
    fits = record and bool(state) != bool(replaced) and bool(state) == ("bucket" in record) == ("path" in record) and all("write" in p for _, p in acts) and (
        record["row"] or not (wrote or "at" in f)) and (not replaced or "at" in f and wrote)
    headed = lambda n, p: "header" in p and "history" not in p if n == name else "certificate" not in p and ("header" in p) == ("history" in p)
    need((fits if record else alone) and all(("bytes" in p) != ("due" in p) and headed(n, p) for n, p in acts) and ("history" not in f or start != "genesis"), "malformed", "file")
    top, certificate = block(network, f[name]["header"], name + ".header"), f[name].get("certificate")
    if start == "genesis": need(not a or a["height"] < top["height"], "anchor_newer", "from")
    else: need(a, "anchor_needed", "from") or need((start["height"], start["hash"]) == (a["height"], a["hash"]), "anchor_other", "from")
    if start != "genesis" and top["height"] <= a["height"]:
        need(not f["validators"] and not certificate and ("history" in f or top["height"] == a["height"]), "malformed", name)
        confirmed = in_history(f["history"], "history", top, a) if top["height"] < a["height"] else need("history" not in f and top["hash"] == a["hash"], "anchor_other", name + ".header")
    else:
        above, here = (0, encode(members)) if start == "genesis" else (a["height"], following)
        members, then = canonical(here), here
        for i, step in enumerate(f["validators"]):
            b = block(network, step["header"], f"validators[{i}].header")
            need(above < b["height"] < top["height"], "set", f"validators[{i}].header")
            certified(network, step["certificate"], b, members, f"validators[{i}].certificate")
            members, above = members_of(network, step["set"], b["validators"], f"validators[{i}].set"), b["height"]
            if a and above <= a["height"]: then = step["set"]
        need(not a or start != "genesis" or sha(frame("validators/1", network, then)) == a["validators"], "anchor_other", "validators")
        need(certificate and "history" not in f, "malformed", name)
        confirmed = certified(network, certificate, top, members, name + ".certificate")
    rows = {"transaction": record["row"] if record else None, "replaced": (replaced or {}).get("row")}
    row, signers, heights = record and record["row"] and row_of(record["row"], "record.row"), [], {}
    if state:
        value = stands(top["state"], sha(bytes([len(record["collection"])]), record["collection"].encode(), record["key"]), record["bucket"], record["path"])
        need((value is None) == (record["row"] is None), "presence", "record.row") or need(value is None or value == sha(record["row"]), "row", "record.row")
    for n, p in acts:
        b = block(network, p["header"], n + ".header") if "history" in p else top
        if b is not top: in_history(p["history"], n + ".history", b, top)
        outcome, code, flags, writes, written = array(canonical(p["receipt"], "receipt", n + ".receipt"), 5)
        need(natural(outcome) and outcome < 3 and type(code) in (str, type(None)) and type(flags) is list and all(type(x) is str for x in flags) and natural(writes) and sized(32, written), "receipt", n + ".receipt")
        if "due" in p: ident, keys = b["time"].to_bytes(6, "big") + sha(frame("due/1", network, encode([b["height"], p["due"]["collection"], p["due"]["key"], p["due"]["name"]])))[:26], []
        else: ident, keys = transaction(network, p["bytes"], n + ".bytes")
        leaf = encode([ident, sha(p["bytes"]) if "bytes" in p else bytes(32), p["receipt"]])
        need(included(b["root"], b["leaves"], p["index"], leaf, p["path"]), "transaction_path", n + ".path")
        signers, heights[n] = keys if n == "transaction" else signers, b["height"]
        if record:
            need(included(written, writes, p["write"]["index"], encode([record["collection"], record["key"], sha(rows[n])]), p["write"]["path"]), "write", n + ".write")
            now, place = row_of(rows[n], n + ".row"), ("record" if n == "transaction" else n) + ".row"
            need(now[4:6] == [b["height"], p["index"]], "row_position", place) or need(n == "transaction" or now[0] != 1 and now[6:8] == row[4:6], "replaced", place)
    if at is not None: need(row[4] <= at <= (heights["replaced"] - 1 if replaced else top["height"]), "at", "at")
    return {"valid": True, "present": bool(row) or not record, "height": top["height"] if at is None else at, "confirmedBy": confirmed or [], "signers": signers, "trust": "anchor" if a else "genesis"}
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name, options in (("proof", {}), ("--genesis", {"required": True}), ("--anchor", {})): parser.add_argument(name, **options)
    given, text = parser.parse_args(), lambda name: open(name, encoding="utf-8").read()
    try: verdict = verify(text(given.proof), json.loads(text(given.genesis)), json.loads(text(given.anchor)) if given.anchor else None)
    except Denied as no: verdict = {"valid": False, "code": no.args[0], "step": no.args[1]}
    print(json.dumps(verdict))
    sys.exit(0 if verdict["valid"] else 1)
