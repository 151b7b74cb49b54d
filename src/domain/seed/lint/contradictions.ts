import type { Criterion, Seed } from "../seed.ts";
import { MAX_COMPARED, wordsOf } from "../similarity.ts";
import { atCriterion, type Finding } from "./finding.ts";
import { type Bound, boundsIn, exclude, versionsIn } from "./measures.ts";

/**
 * Criteria that seem to need what a constraint forbids. By known phrases and by numbers, so it finds little and is sure of
 * nothing: every finding is called possible, and names the constraint for a person to compare.
 */
export function contradictionFindings({ constraints, criteria }: Seed): Finding[] {
  const judged = constraints.slice(0, MAX_COMPARED).map(toRule);
  return criteria.slice(0, MAX_COMPARED).flatMap((one, index): Finding[] => {
    const facts = factsOf(one.description);
    return judged.flatMap((rule, at): Finding[] => {
      const clash = clashOf(rule, one, facts);
      if (!clash) return [];
      const where = clash.inCheck ? atCriterion(index, "verify_command") : atCriterion(index);
      const message = `${clash.why}, and constraints.${at} says "${excerpt(rule.text)}"`;
      return [{ severity: "warning", where, code: "possible_contradiction", message }];
    });
  });
}

interface Facts {
  readonly text: string;
  readonly bounds: readonly Bound[];
  readonly versions: ReadonlyMap<string, string>;
  readonly words: ReadonlySet<string>;
}

interface Rule extends Facts {
  readonly bans: readonly Ban[];
}

/** What a constraint forbids, how a description asks for it, and how a command needs it. */
interface Ban {
  readonly constraint: RegExp;
  readonly description: RegExp;
  readonly command: RegExp;
  readonly why: string;
}

const INSTALL =
  /\b(?:npm (?:i|install|add)|pnpm add|yarn add|bun add|pip3? install|poetry add|uv add|cargo add|go get|gem install)\s+(?!-(?:D\b|-save-dev|-dev|r\b|e\b))[\w@]/i;
const BANS: readonly Ban[] = [
  {
    constraint:
      /\b(?:no|zero|without(?: any)?) (?:(?:runtime|external|third[- ]party|additional) )*(?:dependenc|packages|librar)|\bstandard library only\b|\bonly the standard library\b/i,
    description: INSTALL,
    command: INSTALL,
    why: "It installs a package",
  },
  {
    constraint: /\boffline\b|\bno (?:network|internet)\b|\bwithout (?:a |any )?(?:network|internet)\b|\bair-?gapped\b/i,
    description:
      /\b(?:downloads?|fetch(?:es)?|uploads?|calls?)\b.{0,100}(?:\binternet\b|\bremote\b|https?:\/\/(?!localhost|127\.))/i,
    command:
      /https?:\/\/(?!localhost|127\.|\[::1\])|\bgit (?:clone|fetch|pull)\b|\bdocker pull\b|\b(?:npm|pip3?|bun|pnpm|yarn) install\b/i,
    why: "It needs a network",
  },
  {
    constraint: /\bread[- ]only\b|\b(?:never|must not|may not|does not|no) (?:write|modif|chang|delet|updat)/i,
    description:
      /^(?!.*\b(?:not|never|no|without|refuses?|rejects?|cannot|40[0-9])\b).*\b(?:deletes?|updates?|overwrites?|modif(?:y|ies)|(?:POST|PUT|PATCH|DELETE) \/)/is,
    command: /\bcurl\b.{0,200}-X\s*(?:POST|PUT|PATCH|DELETE)\b/i,
    why: "It changes something",
  },
  {
    constraint: /\bno database\b|\bwithout (?:a |any )?database\b|\bin[- ]memory only\b/i,
    description:
      /\b(?:sqlite|postgres(?:ql)?|mysql|mariadb|mongodb|redis)\b|\b(?:in|into|from|uses?) (?:a|the) database\b/i,
    command: /\b(?:sqlite3|psql|mysql|mongosh?|redis-cli)\b/i,
    why: "It needs a database",
  },
];

function factsOf(text: string): Facts {
  return { text, bounds: boundsIn(text), versions: versionsIn(text), words: wordsOf(text) };
}

function toRule(text: string): Rule {
  return { ...factsOf(text), bans: BANS.filter(({ constraint }) => constraint.test(text)) };
}

function clashOf(
  rule: Rule,
  { description, verify_command }: Criterion,
  facts: Facts,
): { readonly why: string; readonly inCheck: boolean } | undefined {
  for (const { description: asked, command, why } of rule.bans) {
    if (asked.test(description)) return { why, inCheck: false };
    if (verify_command !== null && command.test(verify_command)) return { why, inCheck: true };
  }
  for (const [name, version] of facts.versions) {
    const other = rule.versions.get(name);
    if (other !== undefined && !isSameVersion(version, other))
      return { why: `It speaks of ${name} ${version}`, inCheck: false };
  }
  if (!sharesSubject(rule.words, facts.words)) return undefined;
  for (const mine of facts.bounds) {
    if (rule.bounds.some((other) => exclude(mine, other))) return { why: `It demands "${mine.said}"`, inCheck: false };
  }
  return undefined;
}

/** 3.12 and 3 are the same version to people; 3.12 and 3.9 are not. */
function isSameVersion(a: string, b: string): boolean {
  const [left, right] = [a.split("."), b.split(".")];
  return left.slice(0, right.length).every((part, index) => part === right[index]);
}

/** Two numbers exclude each other only when they are about the same thing, and such texts share a word that says so. */
function sharesSubject(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return [...a].some((word) => b.has(word) && /^\p{L}/u.test(word) && word.length >= 4 && !MEASURING.has(word));
}

const MEASURING = new Set(
  "least most more less than within under below over above second seconds minute minutes milliseconds hour hours exactly must should with when that this each every bytes percent".split(
    " ",
  ),
);

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
