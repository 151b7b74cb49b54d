import type { Criterion } from "../seed.ts";
import { atCriterion, type Finding } from "./finding.ts";

/** Criteria that cannot be tested as they are worded. */
export function wordingFindings(criteria: readonly Criterion[]): Finding[] {
  return criteria.flatMap((one, index) => {
    const where = atCriterion(index);
    return [...unfinished(one, where), ...untestable(one, where), ...compound(one, where)];
  });
}

/** Gaps look alike in every script. */
const GAP =
  /[?؟？]\s*$|(?:…|\.{3})\s*$|\?{2,}|_{4,}|<[^<>\n]{0,40}(?:fill|insert|your|here)[^<>\n]{0,40}>|\b(?:TBD|TBC)\b/iu;
const OPEN_END = /(?:\betc\.?|\band so on|\band more|等|など)\s*[.。]?\s*$/iu;

function unfinished({ description }: Criterion, where: string): Finding[] {
  const found = GAP.exec(description) ?? OPEN_END.exec(description);
  if (!found) return [];
  const message = `"${found[0].trim()}" leaves it open what is demanded: write it out`;
  return [{ severity: "warning", where, code: "placeholder", message }];
}

const VAGUE =
  /(?<![\p{L}\p{N}_-])(?:fast|quick(?:ly)?|slow|eas(?:y|ily)|simple|intuitive(?:ly)?|user[- ]friendly|robust(?:ly)?|scalable|flexible|seamless(?:ly)?|smooth(?:ly)?|elegant|clean|modern|nice(?:ly)?|beautiful|good|better|best|great|proper(?:ly)?|appropriate(?:ly)?|adequate(?:ly)?|reasonabl[ey]|efficient(?:ly)?|performant|reliabl[ey]|maintainable|readable|high[- ]quality|state[- ]of[- ]the[- ]art|as (?:needed|expected|appropriate)|if possible|works? (?:well|correctly|fine))(?![\p{L}\p{N}_-])/giu;
/** "Fast" is almost in German: a text is taken for English by the small words no English sentence goes without. */
const ENGLISH = /(?<![\p{L}\p{N}])(?:the|is|are|be|must|should|can|and|with|when|for|to|it)(?![\p{L}\p{N}])/iu;

function untestable({ description, verify_command }: Criterion, where: string): Finding[] {
  const said = withoutQuotes(description);
  // Where there is a number, the word is explained by it.
  if (!ENGLISH.test(said) || /\p{N}/u.test(said)) return [];
  const words = [...new Set([...said.matchAll(VAGUE)].map(([word]) => word.toLowerCase()))];
  if (words.length === 0) return [];
  const message = `Nobody can test ${words.map((word) => `"${word}"`).join(", ")}: say what is seen or measured`;
  return [{ severity: verify_command === null ? "warning" : "info", where, code: "untestable", message }];
}

/** Names, code and paths are not the author's choice of words. */
function withoutQuotes(text: string): string {
  const plain = text.replace(/`[^`]*`|"[^"]*"|“[^“”]*”/g, " ");
  return plain
    .split(/\s+/)
    .filter((word) => !/[/\\]/.test(word))
    .join(" ");
}

const VERB =
  /(?<![\p{L}\p{N}])(?:is|are|was|has|have|does|do|can|cannot|must|should|shall|will|may|returns?|answers?|responds?|shows?|prints?|displays?|lists?|accepts?|rejects?|refuses?|fails?|exits?|writes?|reads?|creates?|updates?|deletes?|removes?|adds?|stores?|saves?|loads?|sends?|receives?|sorts?|contains?|ends?|starts?|stops?|runs?|passes?)(?![\p{L}\p{N}])/iu;
const JOINED = /\band\b|;|；|\bas well as\b|\bbut also\b/giu;
const MAX_JOINTS = 8;

/** Two clauses, each with a subject and a verb of its own, joined by "and" or a semicolon. */
function compound({ description }: Criterion, where: string): Finding[] {
  for (const { 0: joint, index } of description.matchAll(JOINED).take(MAX_JOINTS)) {
    const parts = [
      description.slice(0, index).trim().replace(/,$/, ""),
      description.slice(index + joint.length).trim(),
    ];
    const isSemicolon = /[;；]/.test(joint);
    if (!parts.every((part) => (isSemicolon ? part.length >= 8 : isClause(part)))) continue;
    const message = "This says two things, of which one may hold and the other not: make it two criteria";
    return [
      { severity: "warning", where, code: "compound", message, repair: { what: "Split it in two", value: parts } },
    ];
  }
  return [];
}

/** A verb with at least one word before it: "sorts by title" alone goes on about the subject before the "and". */
function isClause(text: string): boolean {
  const verb = VERB.exec(text);
  return verb !== null && /[\p{L}\p{N}]/u.test(text.slice(0, verb.index)) && text.split(/\s+/).length >= 3;
}
