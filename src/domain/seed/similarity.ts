/** A text as the set of its words in small letters; scripts that put no spaces between words count as pairs of letters. */
export function wordsOf(text: string): ReadonlySet<string> {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return new Set(words.flatMap(partsOf));
}

/** How much two sets have in common, from 0 to 1 (Jaccard); two empty ones are alike. */
export function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((word) => b.has(word)).length;
  const all = a.size + b.size - common;
  return all === 0 ? 1 : common / all;
}

/** Whoever compares each with each stops here: a seed may hold thousands of one-letter items. */
export const MAX_COMPARED = 300;

const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

function partsOf(word: string): string[] {
  const letters = [...word];
  if (!UNSPACED.test(word) || letters.length < 3) return [word];
  return letters.slice(1).map((letter, index) => `${letters[index]}${letter}`);
}
