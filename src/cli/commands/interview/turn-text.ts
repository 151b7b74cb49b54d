import { answeredRounds, type Interview } from "../../../domain/interview/interview.ts";
import type { InterviewView } from "../../../views/interview.ts";
import { oneLine } from "../../render.ts";
import { paint, type Style } from "../../style.ts";
import { wrap } from "./wrap.ts";

/** Chosen to put a question off, as hosts send it too. */
export const DECIDE_LATER = "[decide_later]";

/** Everything one turn shows, as lines of at most the style's width: how clear it is, what is missing, the open question. */
export function turnLines(style: Style, view: InterviewView, { brief }: { readonly brief: boolean }): string[] {
  const standing = brief ? [] : standingLines(style, view);
  const asked = questionLines(style, view, brief);
  return [...standing, ...(standing.length > 0 && asked.length > 0 ? [""] : []), ...asked];
}

/** The open question, why it is asked, and its suggestions by number; the last number puts it off. */
function questionLines(style: Style, { question, round }: InterviewView, brief: boolean): string[] {
  if (!question || round === null) return [];
  const { text, why, suggestions, dimension, ask, reframed_from } = question;
  const about = [`Question ${round}`, ...(dimension === null ? [] : [dimension])].join(" · ");
  const hints = [
    ...(why === "" ? [] : [why]),
    ...(ask === "code" ? ["The project's files may hold the answer."] : []),
    ...(reframed_from ? [`Behind it: ${oneLine(reframed_from)}`] : []),
  ];
  return [
    paint(style, "dim", about),
    ...wrap(text, style.width).map((line) => paint(style, "bold", line)),
    ...(brief ? [] : hints.flatMap((hint) => wrap(hint, style.width).map((line) => paint(style, "dim", line)))),
    "",
    ...[...suggestions, "Decide later"].flatMap((one, index) => numbered(style, index + 1, one)),
  ];
}

/** The score of each dimension with its floor, and what is still missing. */
export function standingLines(
  style: Style,
  { ambiguity, completion, missing, answered_rounds }: InterviewView,
): string[] {
  if (!ambiguity) return [];
  const { score, threshold, stale, dimensions } = ambiguity;
  const widest = Math.max(...dimensions.map(({ name }) => name.length));
  const bars = dimensions.map(({ name, clarity, floor, meets_floor }) => {
    const label = name.padEnd(widest);
    const numbers = `${clarity.toFixed(2)} of ${floor.toFixed(2)}`;
    const cells = Math.min(20, style.width - widest - numbers.length - 4);
    const drawn = cells >= 6 ? ` ${bar(style, cells, clarity, floor)} ` : " ";
    return `${label}${drawn}${paint(style, meets_floor ? "green" : "yellow", numbers)}`;
  });
  const answers = `${answered_rounds} answer${answered_rounds === 1 ? "" : "s"}`;
  const turns = `${completion.streak} of ${completion.required} clear turns`;
  const summary = `Ambiguity ${score.toFixed(2)}, to be ${threshold} or less${stale ? " (before the last change)" : ""}; ${turns}; ${answers}`;
  const gaps = missing.flatMap(({ dimension, what }) => item(style, "-", `${dimension}: ${what}`));
  return [...bars, ...wrap(summary, style.width), ...(gaps.length > 0 ? ["Still missing:", ...gaps] : [])];
}

/** What was said so far, each round with its number, to name it when it is to be changed. */
export function transcriptLines(style: Style, interview: Interview): string[] {
  return [
    ...item(style, "·", interview.context.slice(0, SHOWN_WISH)),
    ...answeredRounds(interview).flatMap(({ number, question, answer: { text, source } }) => [
      ...item(style, `${number}.`, question.text).map((line) => paint(style, "dim", line)),
      ...item(style, "  ", source === "person" ? text : `${text} (${source})`),
    ]),
  ];
}

const SHOWN_WISH = 1_000;

/** A bar whose floor is marked: what is reached is full, and the floor stands in it as a line. */
function bar(style: Style, cells: number, clarity: number, floor: number): string {
  const mark = Math.min(cells - 1, Math.round(floor * cells));
  const full = Math.round(clarity * cells);
  const drawn = Array.from({ length: cells }, (_, at) => (at === mark ? "┃" : at < full ? "█" : "░"));
  return paint(style, clarity >= floor ? "green" : "yellow", drawn.join(""));
}

function numbered(style: Style, number: number, text: string): string[] {
  return item(style, `${number}.`, text);
}

function item(style: Style, mark: string, text: string): string[] {
  const indent = " ".repeat(mark.length + 1);
  return wrap(oneLine(text), style.width - indent.length).map((line, at) => `${at === 0 ? `${mark} ` : indent}${line}`);
}
