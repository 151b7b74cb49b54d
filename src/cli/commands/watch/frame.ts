import type { CriterionState } from "../../../views/run-criterion.ts";
import {
  activityWords,
  MARKS,
  mostTelling,
  partLines,
  spentWords,
  standingWords,
  waitingWords,
} from "../../../views/run-text.ts";
import type { CriterionView, RunTree } from "../../../views/run-tree.ts";
import { cut, oneLine } from "../../render.ts";
import { type Colour, paint, type Style } from "../../style.ts";
import { askingOf } from "../answer/answer-question.ts";
import type { Mode } from "./keys.ts";

/** Everything that a picture of a run shows. */
export interface Picture {
  readonly tree: RunTree;
  /** The latest changes, oldest first. */
  readonly log: readonly string[];
  readonly mode: Mode;
  /** What became of the last key. */
  readonly note: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const COLOURS: Readonly<Record<CriterionState, Colour | null>> = {
  pending: "dim",
  in_progress: null,
  waiting: "yellow",
  completed: "green",
  failed: "red",
  blocked: "red",
};
const LEAST_LOG = 3;
const MOST_LOG = 8;

/** A run as a terminal of so many columns and rows shows it: no line is wider, and there are no more of them. */
export function frame(style: Style, rows: number, picture: Picture): string[] {
  const { tree, log, note } = picture;
  const line = (text: string, colour: Colour | null = null) => {
    const fitted = cut(oneLine(text), style.width);
    return colour === null ? fitted : paint(style, colour, fitted);
  };
  const head = headOf(picture).map((text, at) => line(text, at === 0 ? "bold" : null));
  const foot = [note === "" ? null : line(note, "yellow"), indented(footOf(picture), style.width)].filter(
    (one) => one !== null,
  );
  const parts = new Map(tree.criteria.map((one) => [one.index, one.state === "in_progress" ? partLines(one) : []]));
  const partRows = [...parts.values()].flat().length;
  const room = Math.max(1, rows - head.length - foot.length - 2 - partRows);
  const logRoom = Math.min(MOST_LOG, log.length, Math.max(LEAST_LOG, room - tree.criteria.length - 1));
  const shown = mostTelling(tree.criteria, Math.max(1, room - logRoom - 1));
  const hidden = tree.criteria.length - shown.length;
  const criteria = [
    ...shown.flatMap((one) => [
      line(criterionLine(one, picture.now, style.width), COLOURS[one.state]),
      ...(parts.get(one.index) ?? []).map((text) => line(text)),
    ]),
    ...(hidden > 0 ? [line(`… and ${hidden} more`, "dim")] : []),
  ];
  const told = (logRoom > 0 ? log.slice(-logRoom) : []).map((text) => line(text, "dim"));
  const all = [...head, "", ...criteria, ...(told.length > 0 ? ["", ...told] : [])];
  return [...all.slice(0, Math.max(0, rows - foot.length)), ...foot].slice(-Math.max(1, rows));
}

function headOf({ tree, now }: Picture): string[] {
  const { session_id, goal, status, liveness, why, done, total, phase, workspace, started_at } = tree;
  const state = status !== "running" ? status : liveness === "live" ? `running, ${phase ?? ""}` : `${liveness}: ${why}`;
  const since = Date.parse(started_at);
  const took = Number.isNaN(since) ? null : `${duration(now - since)} since it began`;
  const numbers = [`${done} of ${total} done`, took].filter((part) => part !== null);
  const waiting = waitingWords(tree);
  const spent = spentWords(tree);
  return [
    goal ?? session_id,
    `${session_id} ${state}`,
    numbers.join(", "),
    ...(spent === null ? [] : [`As reported: ${spent}`]),
    ...(workspace?.branch ? [`Branch ${workspace.branch}`] : []),
    ...(waiting === null ? [] : [`Waiting: ${waiting}`]),
  ];
}

/** The name gives way to what happens: that is what somebody watches for. */
function criterionLine(criterion: CriterionView, now: number, width: number): string {
  const { index, description, state } = criterion;
  const doing = activityWords(criterion);
  const since = doing === "" ? Number.NaN : Date.parse(criterion.now?.at ?? "");
  const age = Number.isNaN(since) ? "" : `, ${duration(now - since)}`;
  const attempt = criterion.attempts > 1 ? `${standingWords(criterion)}: ` : "";
  const words = doing === "" ? standingWords(criterion) : `${attempt}${doing}${age}`;
  const start = `${MARKS[state]} ${index} `;
  const name = cut(oneLine(description), Math.max(12, Math.floor((width - start.length) / 2)));
  return `${start}${name}: ${words}`;
}

function footOf({ tree, mode }: Picture): string {
  switch (mode.kind) {
    case "cancelling":
      return "Cancel this run for good? y: yes, any other key: no";
    case "answering": {
      const { index, question } = mode.asking;
      const options = question.options.length === 0 ? "" : ` (${question.options.join(" | ")})`;
      return `${index}: ${question.question}${options} Enter: answer, Esc: back > ${mode.typed}`;
    }
    case "looking": {
      const asks = askingOf(tree).length > 0 ? "a answer, " : "";
      return `${asks}p pause, c cancel, q leave (it goes on)`;
    }
  }
}

/** What is typed at its end has to be seen, so a long line loses its middle. */
function indented(text: string, width: number): string {
  const whole = oneLine(text);
  if (cut(whole, width) === whole) return whole;
  const half = Math.floor(width / 2) - 1;
  return cut(`${cut(whole, half)}${[...whole].slice(-Math.floor(half / 2)).join("")}`, width);
}

/** Coarse on purpose: a picture is drawn anew only when something on it is different. */
function duration(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000);
  if (minutes < 1) return "under a minute";
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
