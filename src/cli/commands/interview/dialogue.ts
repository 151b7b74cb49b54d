import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { answeredRounds, type Interview } from "../../../domain/interview/interview.ts";
import { readInterview } from "../../../store/interviews.ts";
import { type InterviewView, viewInterview } from "../../../views/interview.ts";
import { EXIT, exitCodeOf } from "../../exit-code.ts";
import { oneLine } from "../../render.ts";
import { makeSeed } from "../seed/make-seed.ts";
import { seedMadeLines } from "../seed/seed-text.ts";
import { type Keyboard, openKeyboard } from "./keyboard.ts";
import { DECIDE_LATER, standingLines, transcriptLines, turnLines } from "./turn-text.ts";
import { type TurnAction, type TurnTools, takeTurn } from "./turns.ts";
import { readTyped, TYPED_HELP, type Typed } from "./typed-line.ts";
import { wrap } from "./wrap.ts";

export interface Dialogue extends TurnTools {
  readonly interviewId: string;
}

/** A dialogue under way. */
interface Held extends Dialogue {
  readonly keyboard: Keyboard;
  /** A product manager's: what comes of it are requirements, not a seed. */
  readonly isProduct: boolean;
}

/** What comes next: something to do with the interview, or the end with its exit code. */
type Next = TurnAction | number;

const NEXT: TurnAction = { action: "next" };

/**
 * Holds an interview with the person at this terminal until it is clear, they have enough, or they leave. Every answer is in
 * the store before anybody thinks about it, so it can end at any moment and go on from there. Resolves with the exit code.
 */
export async function holdDialogue(dialogue: Dialogue): Promise<number> {
  const known = await readInterview(dialogue.world.store, dialogue.interviewId);
  const held = { ...dialogue, keyboard: openKeyboard(dialogue.cli), isProduct: known?.kind === "product" };
  let next: Next = NEXT;
  while (typeof next !== "number") {
    const interview = await takeTurn(dialogue, dialogue.interviewId, next);
    if (dialogue.cli.interruption.signal.aborted) return leave(dialogue, EXIT.interrupted);
    if (isRefusal(interview)) next = await afterRefusal(held, interview, next);
    else if (interview.status === "aborted") next = aborted(held);
    else if (interview.status === "completed") return finish(held, viewInterview(interview, null));
    else next = await ask(held, interview);
  }
  return next;
}

function aborted({ keyboard }: Held): number {
  keyboard.show(["This interview was given up.", "Start another one with `ouroboros interview`."]);
  return EXIT.refused;
}

/** A refused change has changed nothing, so the open question still is; where nobody could think, the person says whether to go on. */
async function afterRefusal(held: Held, refusal: Refusal, tried: TurnAction): Promise<Next> {
  const { keyboard } = held;
  // What follows from not being clear is asked below.
  const said = refusal.code === "not_clear_yet" ? refusal.message : `${refusal.message}. ${refusal.next}`;
  keyboard.show(wrap(said, keyboard.style.width));
  if (refusal.code === "interview_aborted") return exitCodeOf(refusal);
  if (refusal.code === "not_clear_yet") {
    if (held.isProduct) return NEXT;
    const forced = await keyboard.yes("Make the seed as it is? It carries its true score.", false);
    if (forced === undefined) return leave(held, EXIT.interrupted);
    return forced ? seed(held, true) : NEXT;
  }
  if (tried.action !== "next" && !refusal.code.startsWith("mind_")) return NEXT;
  const again = await keyboard.yes("Try again?", true);
  return again ? NEXT : leave(held, again === undefined ? EXIT.interrupted : exitCodeOf(refusal));
}

/** Puts the open question; resolves once something was typed that changes the interview, or ends this. */
async function ask(held: Held, interview: Interview): Promise<Next> {
  const { keyboard } = held;
  const view = viewInterview(interview, null);
  const { question, round } = view;
  if (!question || round === null) return NEXT;
  keyboard.show(turnLines(keyboard.style, view, held));
  for (;;) {
    const line = await keyboard.line("Your answer", { hint: "a number, your own words, or /help" });
    if (line === undefined) return leave(held, EXIT.interrupted);
    const typed = readTyped(line, question.suggestions);
    const next = await obey(held, interview, typed, round);
    if (next !== undefined) return next;
  }
}

async function obey(held: Held, interview: Interview, typed: Typed, round: number): Promise<Next | undefined> {
  const { keyboard } = held;
  const { style } = keyboard;
  switch (typed.kind) {
    case "answer":
      if (typed.isSuggestion || typed.text.includes("\n")) keyboard.show(wrap(`→ ${typed.text}`, style.width));
      return { action: "answer", answer: typed.text, round };
    case "later":
      return { action: "answer", answer: DECIDE_LATER, round };
    case "undo":
      return { action: "undo" };
    case "done":
      return { action: "complete" };
    case "quit":
      return leave(held, EXIT.ok);
    case "amend":
      return amendment(held, interview, typed.round);
    case "status":
      keyboard.show([
        ...transcriptLines(style, interview),
        "",
        ...standingLines(style, viewInterview(interview, null)),
      ]);
      return undefined;
    case "help":
      keyboard.show(helpLines(style.width));
      return undefined;
    case "unknown":
      keyboard.show([`There is no /${typed.word}.`, ...helpLines(style.width)]);
      return undefined;
  }
}

/** As it stands where it fits, for its columns. */
function helpLines(width: number): string[] {
  return TYPED_HELP.flatMap((line) => (line.length <= width ? [line] : wrap(line, width)));
}

/** The changed answer to an earlier question; undefined when no such question was answered. */
async function amendment(held: Held, interview: Interview, round: number | undefined): Promise<Next | undefined> {
  const { keyboard } = held;
  const amended = answeredRounds(interview).find(({ number }) => number === round);
  if (!amended) {
    const numbers = answeredRounds(interview).map(({ number }) => number);
    const which = numbers.length === 0 ? "Nothing is answered yet." : `Say which: /amend ${numbers.join(", /amend ")}`;
    keyboard.show(wrap(which, keyboard.style.width));
    return undefined;
  }
  keyboard.show(wrap(amended.question.text, keyboard.style.width));
  const text = await keyboard.line(`Answer ${amended.number}`, { initial: oneLine(amended.answer.text) });
  if (text === undefined) return leave(held, EXIT.interrupted);
  return { action: "amend", round: amended.number, answer: text };
}

/** It is clear: its seed is one yes away. */
async function finish(held: Held, view: InterviewView): Promise<number> {
  const { keyboard, interviewId } = held;
  const standing = held.brief ? [] : ["", ...standingLines(keyboard.style, view)];
  keyboard.show(["Clear enough to build.", ...standing]);
  if (held.isProduct) {
    keyboard.show([`\`ouroboros pm generate ${interviewId}\` writes it down.`]);
    return EXIT.ok;
  }
  const wanted = await keyboard.yes("Make the seed now?", true);
  if (wanted === undefined) return leave(held, EXIT.interrupted);
  if (wanted) return seed(held, false);
  keyboard.show(wrap(`\`ouroboros seed generate ${interviewId}\` makes it later.`, keyboard.style.width));
  return EXIT.ok;
}

async function seed(held: Held, force: boolean): Promise<number> {
  const { keyboard } = held;
  for (;;) {
    const made = await makeSeed(held, force);
    if (held.cli.interruption.signal.aborted) return leave(held, EXIT.interrupted);
    if (!isRefusal(made)) {
      keyboard.show(seedMadeLines(keyboard.style, made));
      return EXIT.ok;
    }
    keyboard.show(wrap(`${made.message}. ${made.next}`, keyboard.style.width));
    const again = await keyboard.yes("Try again?", true);
    if (!again) return leave(held, again === undefined ? EXIT.interrupted : exitCodeOf(made));
  }
}

/** Nothing is lost by leaving; says how to go on. The terminal itself may be what has gone. */
async function leave({ cli, interviewId }: Dialogue, exitCode: number): Promise<number> {
  const hint = `Nothing is lost. Go on with: ouroboros interview --resume ${interviewId}\n`;
  await cli.errors.write(hint).catch(() => undefined);
  return exitCode;
}
