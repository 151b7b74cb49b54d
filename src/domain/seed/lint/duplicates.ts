import type { Criterion } from "../seed.ts";
import { MAX_COMPARED, similarity, wordsOf } from "../similarity.ts";
import { atCriterion, type Finding } from "./finding.ts";

const ALMOST = 0.75;

/** Criteria that say what an earlier one says. */
export function duplicateFindings(criteria: readonly Criterion[]): Finding[] {
  const firsts = new Map<string, number>();
  const compared: { readonly index: number; readonly words: ReadonlySet<string>; readonly facts: string }[] = [];
  return criteria.flatMap(({ description }, index): Finding[] => {
    const where = atCriterion(index);
    const words = wordsOf(description);
    const text = plain(description);
    const first = firsts.get(text);
    if (first !== undefined) {
      const message = `It says the same as ${atCriterion(first)}`;
      return [
        { severity: "warning", where, code: "duplicate", message, repair: { what: "Leave it out", value: null } },
      ];
    }
    firsts.set(text, index);
    if (compared.length === MAX_COMPARED) return [];
    const facts = distinction(words);
    const near = compared.find((other) => other.facts === facts && similarity(other.words, words) >= ALMOST);
    compared.push({ index, words, facts });
    if (!near) return [];
    const message = `It says almost the same as ${atCriterion(near.index)}: keep one, or say what tells them apart`;
    return [{ severity: "warning", where, code: "near_duplicate", message }];
  });
}

/** Case, spacing and a stop at the end do not make another criterion of it; every other sign may ("a < b", "a > b"). */
function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/[.。!！]$/u, "");
}

/** Numbers and a "not" change everything, however much else is alike. */
function distinction(words: ReadonlySet<string>): string {
  const telling = [...words].filter((word) => /\p{N}/u.test(word) || NEGATIONS.has(word));
  return telling.sort().join(" ");
}

const NEGATIONS = new Set([
  "not",
  "no",
  "never",
  "without",
  "cannot",
  "nicht",
  "kein",
  "keine",
  "ne",
  "pas",
  "non",
  "sin",
]);
