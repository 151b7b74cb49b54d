import { sha256 } from "../../base/sha256.ts";
import { type ProductDocument, storySentence } from "./product-document.ts";

const SEAL = /\n<!-- ouroboros ([0-9a-f]{64}) -->\n$/;
const MOST_QUOTED = 300;

/** A product's requirements as a page for people; each statement points to the answers it comes from. */
export function prdMarkdown(document: ProductDocument): string {
  const { goal, user_stories, brownfield_repos } = document;
  const parts = [
    `# ${plain(document.product_name)}${marks(document, "product_name")}`,
    ...headOf(document),
    section("Goal", [`${plain(goal)}${marks(document, "goal")}`]),
    section("User stories", bullets(document, "user_stories", user_stories.map(storySentence))),
    ...LISTS.map(([path, title]) => section(title, bullets(document, path, document[path]))),
    section(
      "Existing code",
      brownfield_repos.map(({ path, name }) => `- ${plain(name || path)} (${plain(path)})`),
    ),
    section("Where it was said", footnotes(document)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** The same with a last line that says how it was left, so that what somebody has written into it since is seen. */
export function sealed(markdown: string): string {
  return `${markdown}\n<!-- ouroboros ${sha256(markdown)} -->\n`;
}

/** Whether a page stands as it was sealed: nobody else's words would be lost with it. */
export function isUntouched(page: string): boolean {
  const seal = SEAL.exec(page);
  return seal !== null && sha256(page.slice(0, seal.index)) === seal[1];
}

const LISTS = [
  ["success_criteria", "How success is seen"],
  ["constraints", "Constraints"],
  ["assumptions", "Taken for granted"],
  ["out_of_scope", "Out of scope"],
  ["decide_later_items", "Decide later"],
  ["technical_questions", "Technical questions for whoever builds it"],
] as const;

function headOf({ pm_id, interview_id, created_at, ambiguity_score, forced }: ProductDocument): string[] {
  const facts = [
    `Requirements ${plain(pm_id)}`,
    ...(interview_id === "" ? [] : [`from ${plain(interview_id)}`]),
    ...(created_at === "" ? [] : [`written ${plain(created_at)}`]),
    ...(ambiguity_score === null ? [] : [`ambiguity ${ambiguity_score.toFixed(2)}`]),
  ];
  return [facts.join(", "), ...(forced ? ["**Written before the interview was clear enough.**"] : [])];
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `## ${title}\n\n${lines.join("\n")}`;
}

function bullets(document: ProductDocument, path: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => `- ${plain(text)}${marks(document, `${path}.${index}`)}`);
}

/** References to the rounds behind a statement. */
function marks({ provenance }: ProductDocument, path: string): string {
  const sources = provenance.find((one) => one.path === path)?.sources ?? [];
  const rounds = [...new Set(sources.map(({ round }) => round))].sort((a, b) => a - b);
  return rounds.map((round) => ` [^${round}]`).join("");
}

/** One note a round, with all that was quoted of it. */
function footnotes({ provenance }: ProductDocument): string[] {
  const rounds = Map.groupBy(
    provenance.flatMap(({ sources }) => sources),
    ({ round }) => round,
  );
  return [...rounds]
    .sort(([a], [b]) => a - b)
    .map(([round, sources]) => {
      const quotes = [...new Set(sources.map(({ quote }) => `“${cut(plain(quote))}”`))].join(" · ");
      const question = sources[0]?.question ?? "";
      const what = round === 0 ? "The idea" : `Round ${round}${question === "" ? "" : `, ${cut(plain(question))}`}`;
      return `[^${round}]: ${what}: ${quotes}`;
    });
}

function cut(text: string): string {
  return text.length <= MOST_QUOTED ? text : `${text.slice(0, MOST_QUOTED).toWellFormed()}…`;
}

/** Somebody's words on one line, without a sign that would be markup of this page or that a terminal obeys. */
function plain(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .trim()
    .replaceAll(/[<[\]`]/g, (sign) => (sign === "<" ? "&lt;" : `\\${sign}`));
}
