// How a client in Java makes a transaction, from docs/protocol.md §1 and §2 alone: encode, frame, hash, sign. JDK 17, no library.
// Run against test/vectors/transaction.json:   java Client.java transaction.json      The part that matters ends at "the vectors".
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.spec.*;
import java.util.*;

public class Client {
  // §1.1 canonical MessagePack of null, Boolean, Long and BigInteger, String, byte[], List and Map<String, …>
  static byte[] encode(Object v) {
    var out = new ByteArrayOutputStream();
    write(out, v);
    return out.toByteArray();
  }

  static void write(ByteArrayOutputStream out, Object v) {
    if (v == null) out.write(0xc0);
    else if (v instanceof Boolean b) out.write(b ? 0xc3 : 0xc2);
    else if (v instanceof Number n) integer(out, new BigInteger(n.toString()));
    else if (v instanceof String s) {
      byte[] b = s.getBytes(StandardCharsets.UTF_8);
      head(out, b.length, 0xa0, 31, 0xd9, 0xda, 0xdb);
      out.writeBytes(b);
    } else if (v instanceof byte[] b) {
      head(out, b.length, 0, -1, 0xc4, 0xc5, 0xc6);
      out.writeBytes(b);
    } else if (v instanceof List<?> list) {
      head(out, list.size(), 0x90, 15, -1, 0xdc, 0xdd);
      for (Object item : list) write(out, item);
    } else {
      // Java orders strings by UTF-16 units; the protocol orders keys by their UTF-8 bytes.
      var map = new TreeMap<String, Object>((a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8)));
      for (var e : ((Map<?, ?>) v).entrySet()) map.put((String) e.getKey(), e.getValue());
      head(out, map.size(), 0x80, 15, -1, 0xde, 0xdf);
      for (var e : map.entrySet()) {
        write(out, e.getKey());
        write(out, e.getValue());
      }
    }
  }

  static void head(ByteArrayOutputStream out, int n, int fix, int most, int one, int two, int four) {
    if (n <= most) out.write(fix | n);
    else if (n < 1 << 8 && one >= 0) bytes(out, one, n, 1);
    else if (n < 1 << 16) bytes(out, two, n, 2);
    else bytes(out, four, n, 4);
  }

  static void integer(ByteArrayOutputStream out, BigInteger v) {
    boolean negative = v.signum() < 0;
    if (negative ? v.compareTo(BigInteger.valueOf(-32)) >= 0 : v.bitLength() <= 7) {
      out.write(v.intValue());
      return;
    }
    int bits = negative ? v.bitLength() + 1 : v.bitLength();
    int width = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
    bytes(out, (negative ? 0xd0 : 0xcc) + Integer.numberOfTrailingZeros(width), v.longValue(), width);
  }

  static void bytes(ByteArrayOutputStream out, int type, long value, int width) {
    out.write(type);
    for (int i = width - 1; i >= 0; i--) out.write((int) (value >>> 8 * i));
  }

  // §1.2 frame, §2.1 body, §2.3 id
  static byte[] frame(String tag, byte[] network, byte[] x) {
    return join(new byte[] {(byte) tag.length()}, tag.getBytes(StandardCharsets.US_ASCII), network, x);
  }

  static byte[] body(byte[] nonce, long notAfter, List<byte[]> signers, List<?> operations) {
    var sorted = new ArrayList<>(signers);
    sorted.sort(Arrays::compareUnsigned);
    return encode(List.of(1, nonce, notAfter, sorted, operations));
  }

  static byte[] id(byte[] framed, long notAfter) throws GeneralSecurityException {
    return join(Arrays.copyOfRange(ByteBuffer.allocate(8).putLong(notAfter).array(), 2, 8), Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(framed), 26));
  }

  // §2.2: one signature for each signer, in the order of the signers
  static byte[] sign(byte[] seed, byte[] framed) throws GeneralSecurityException {
    var signature = Signature.getInstance("Ed25519");
    signature.initSign(KeyFactory.getInstance("Ed25519").generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed)));
    signature.update(framed);
    return signature.sign();
  }

  static byte[] join(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) out.writeBytes(part);
    return out.toByteArray();
  }

  // ── the vectors ────────────────────────────────────────────────────────────────────────────────────────────────────────────
  static final HexFormat HEX = HexFormat.of();

  public static void main(String[] args) throws Exception {
    var file = (Map<?, ?>) new Json(Files.readString(Path.of(args[0]))).value();
    byte[] network = HEX.parseHex((String) file.get("network"));
    int done = 0;
    for (Object each : (List<?>) file.get("accept")) {
      var v = (Map<?, ?>) each;
      var keys = (List<?>) v.get("keys");
      long notAfter = ((BigInteger) v.get("notAfter")).longValue();
      byte[] body = body(HEX.parseHex((String) v.get("nonce")), notAfter, keys.stream().map(k -> HEX.parseHex((String) ((Map<?, ?>) k).get("key"))).toList(), (List<?>) plain(v.get("operations")));
      byte[] framed = frame("chancery/transaction/1", network, body);
      byte[] all = body;
      for (Object key : keys) all = join(all, sign(HEX.parseHex((String) ((Map<?, ?>) key).get("seed")), framed));
      expect(v, "body", body);
      expect(v, "sign", framed);
      expect(v, "id", id(framed, notAfter));
      expect(v, "bytes", all);
      expect(v, "fullHash", MessageDigest.getInstance("SHA-256").digest(all));
      done++;
    }
    System.out.println(done + " transactions, byte for byte");
  }

  static void expect(Map<?, ?> vector, String name, byte[] got) {
    if (!HEX.formatHex(got).equals(vector.get(name))) throw new AssertionError(vector.get("what") + ": " + name + " is " + HEX.formatHex(got));
  }

  /** Vectors write bytes as {"bytes": hex} and wide integers as {"integer": decimal}. */
  static Object plain(Object v) {
    if (v instanceof List<?> list) return list.stream().map(Client::plain).toList();
    if (!(v instanceof Map<?, ?> map)) return v;
    if (map.get("bytes") instanceof String hex) return HEX.parseHex(hex);
    if (map.get("integer") instanceof String digits) return new BigInteger(digits);
    var out = new HashMap<String, Object>();
    map.forEach((name, item) -> out.put((String) name, plain(item)));
    return out;
  }

  /** Enough JSON for the vectors. */
  static class Json {
    final String text;
    int at = 0;

    Json(String text) {
      this.text = text;
    }

    char next() {
      while (Character.isWhitespace(text.charAt(at))) at++;
      return text.charAt(at);
    }

    Object value() {
      switch (next()) {
        case '{': case '[': {
          var map = new LinkedHashMap<String, Object>();
          var list = new ArrayList<Object>();
          boolean object = text.charAt(at++) == '{';
          while (next() != '}' && next() != ']') {
            String name = object ? (String) value() : null;
            if (object && next() == ':') at++;
            if (object) map.put(name, value()); else list.add(value());
            if (next() == ',') at++;
          }
          at++;
          return object ? map : list;
        }
        case '"': {
          var out = new StringBuilder();
          for (at++; text.charAt(at) != '"'; at++) {
            if (text.charAt(at) != '\\') out.append(text.charAt(at));
            else if (text.charAt(++at) != 'u') out.append(text.charAt(at) == 'n' ? '\n' : text.charAt(at));
            else { out.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16)); at += 4; }
          }
          at++;
          return out.toString();
        }
        default: {
          int from = at;
          while (at < text.length() && "truefalsn-0123456789".indexOf(text.charAt(at)) >= 0) at++;
          String word = text.substring(from, at);
          return word.equals("null") ? null : word.equals("true") || word.equals("false") ? (Object) Boolean.valueOf(word) : new BigInteger(word);
        }
      }
    }
  }
}
