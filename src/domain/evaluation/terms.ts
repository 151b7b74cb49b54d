import { wordsOf } from "../seed/similarity.ts";

/** A word to look for, and how much it says. */
export interface Term {
  readonly word: string;
  readonly weight: number;
}

/** A word's stem is what is left when its ending goes: so much two words of a kind have in common. */
const STEM = 5;
/** And so much of the shorter one. */
const STEM_SHARE = 0.75;
/** Compounds hold other words; shorter ones are found in words they have nothing to do with. */
const PART = 6;
/** How much longer a short word may get by its ending. */
const ENDING = 2;

/** The words of a text with what each says, told without knowing the language: short ones are mostly articles and the like. */
export function termsOf(text: string): Term[] {
  return [...wordsOf(text)].map((word) => ({ word, weight: weightOf(word) })).filter(({ weight }) => weight > 0);
}

/** What of the terms' weight a text covers, from 0 to 1, and what it does not, the weightiest first. */
export function coverageOf(terms: readonly Term[], text: string): { share: number; missing: string[] } {
  const found = new Set(passagesOf(text).flatMap((passage) => hitsIn(passage, terms)));
  const missing = terms.filter((term) => !found.has(term)).sort((a, b) => b.weight - a.weight);
  const all = weigh(terms);
  return { share: all === 0 ? 1 : weigh([...found]) / all, missing: missing.map(({ word }) => word) };
}

/** Is a name, of one word or several, in a text? */
export function isNamed(name: string, words: ReadonlySet<string>): boolean {
  const terms = termsOf(name);
  return weigh(terms.filter(({ word }) => isAmong(word, words))) * 2 >= weigh(terms);
}

/** Where there are several words to find, a sentence with a single one of them may be about anything. */
const TOGETHER = 2;
const FEW_TERMS = 4;

function hitsIn(passage: string, terms: readonly Term[]): Term[] {
  const words = wordsOf(passage);
  const hits = terms.filter(({ word }) => isAmong(word, words));
  return hits.length >= (terms.length < FEW_TERMS ? 1 : TOGETHER) ? hits : [];
}

/** Sentences and lines; what goes on without an end is cut. */
function passagesOf(text: string): string[] {
  const sentences = text.split(/(?<=[.!?;:])\s+|[。！？；：\n]+/u);
  return sentences.flatMap((sentence) => sentence.match(LONGEST_PASSAGE) ?? []);
}

const LONGEST_PASSAGE = /[\s\S]{1,400}/gu;

function weigh(terms: readonly Term[]): number {
  return terms.reduce((total, { weight }) => total + weight, 0);
}

const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Hangul}]/u;

function weightOf(word: string): number {
  const letters = [...word].length;
  // A pair of such letters is mostly a word, or half of two.
  if (UNSPACED.test(word)) return letters === 1 ? 0.25 : 0.75;
  if (/^\p{N}+$/u.test(word)) return 0.25;
  return LENGTH_WEIGHTS[letters] ?? 1;
}

const LENGTH_WEIGHTS: readonly number[] = [0, 0, 0, 0.25, 0.5, 0.75];

function isAmong(word: string, words: ReadonlySet<string>): boolean {
  if (words.has(word)) return true;
  if ([...word].length < 4) return false;
  for (const other of words) if (isAkin(word, other)) return true;
  return false;
}

function isAkin(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length < 4) return false;
  if (long.startsWith(short) && long.length - short.length <= ENDING) return true;
  if (short.length >= PART && long.includes(short)) return true;
  let common = 0;
  while (common < short.length && short[common] === long[common]) common++;
  return common >= STEM && common >= STEM_SHARE * short.length;
}
