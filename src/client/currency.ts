// Amounts of money as text and as integers of the smallest unit (ISO 4217). Owns the currencies whose smallest unit is no hundredth. No floats anywhere.

/** Digits behind the point, where they are not two. */
const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"].map(
    (currency) => [currency, 0] as const,
  ),
  ...["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"].map((currency) => [currency, 3] as const),
  ["CLF", 4],
  ["UYW", 4],
]);
const exponentOf = (currency: string): number => EXPONENTS.get(currency) ?? 2;

/** "1125.00" EUR: 112500n. Undefined for what is no amount, or finer than the smallest unit. */
export function unitsOf(value: string, currency: string): bigint | undefined {
  const exponent = exponentOf(currency);
  const match = /^(-?)(\d{1,18})(?:\.(\d{1,10}))?$/.exec(value);
  if (match === null) return undefined;
  const digits = (match[3] ?? "").padEnd(exponent, "0");
  if (/[1-9]/.test(digits.slice(exponent))) return undefined;
  const units = BigInt(match[2]! + digits.slice(0, exponent));
  return match[1] === "-" ? -units : units;
}

/** 112500n EUR: "1125.00". */
export function decimalOf(units: bigint, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = `${units < 0n ? -units : units}`.padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  return `${units < 0n ? "-" : ""}${whole}${exponent === 0 ? "" : `.${digits.slice(-exponent)}`}`;
}
