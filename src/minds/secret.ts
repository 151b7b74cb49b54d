/** A key that shows itself to nobody by accident: printed, inspected or made JSON of, it is a placeholder. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** The text with every copy of the key taken out, whatever its case. */
  redact(text: string): string {
    if (this.#text.length < SHORTEST) return text;
    const literal = this.#text.replaceAll(/[^a-z0-9]/gi, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);
    return text.replaceAll(new RegExp(literal, "giu"), HIDDEN);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

const HIDDEN = "[key]";
/** Local servers are often given a word as their key: taking each "none" out of a text would hide the text. */
const SHORTEST = 8;
