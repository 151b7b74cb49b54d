/** How two versions lie to each other, as semver orders them: negative where the first is the older one. What is built does not count. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)];
  for (const at of [0, 1, 2]) {
    const difference = (one.numbers[at] ?? 0) - (other.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePreliminary(one.preliminary, other.preliminary);
}

/** Whether a text is a whole version, such as 1.2.3 or 1.2.3-beta.4. */
export function isVersion(text: string): boolean {
  return /^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?$/.test(text);
}

function partsOf(version: string) {
  const [plain = ""] = version.split("+");
  const dash = plain.indexOf("-");
  const core = dash === -1 ? plain : plain.slice(0, dash);
  return { numbers: core.split(".").map(Number), preliminary: dash === -1 ? [] : plain.slice(dash + 1).split(".") };
}

/** Nothing comes after everything; numbers come before words, and fewer parts before more of them. */
function comparePreliminary(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [at, one] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    const difference = isNumber ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
