const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** A small seeded generator: the same seed always gives the same store. */
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Thirty-two random bits (mulberry32). */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A number from 0 up to, and without, 1. */
  fraction(): number {
    return this.bits() / 4_294_967_296;
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.fraction() * list.length)] ?? list[0];
  }

  /** Lower-case hexadecimal digits, an even number of them. */
  hex(digits: number): string {
    let text = "";
    let left = 0;
    let word = 0;
    while (text.length < digits) {
      if (left === 0) {
        word = this.bits();
        left = 4;
      }
      text += hexByte(word);
      word >>>= 8;
      left -= 1;
    }
    return text;
  }

  uuid4(): string {
    const [a, b, c, d] = [this.bits(), this.bits(), this.bits(), this.bits()];
    return (
      `${hexWord(a)}-${hexPair(b)}-${hexPair(((b >>> 16) & 0x0fff) | 0x4000)}` +
      `-${hexPair((c & 0x3fff) | 0x8000)}-${hexPair(c >>> 16)}${hexWord(d)}`
    );
  }

  /** An independent generator, so that one stream's length does not shift the next one's values. */
  fork(): Prng {
    return new Prng(this.bits());
  }
}

function hexByte(word: number): string {
  return HEX_BYTES[word & 0xff] ?? "00";
}

function hexPair(word: number): string {
  return hexByte(word >>> 8) + hexByte(word);
}

function hexWord(word: number): string {
  return hexPair(word >>> 16) + hexPair(word);
}
