import { messageOf } from "../../../base/errors.ts";
import { isRefusal } from "../../../base/refusal.ts";
import { cancelExecution } from "../../../sessions/cancel-execution.ts";
import type { SessionContext } from "../../../sessions/session-context.ts";
import { changesBetween } from "../../../views/run-text.ts";
import type { RunTree } from "../../../views/run-tree.ts";
import type { Cli } from "../../command.ts";
import { answerQuestion } from "../answer/answer-question.ts";
import { lookOn } from "../run/look-on.ts";
import { frame } from "./frame.ts";
import { keysIn, LOOKING, type Mode, press, type Wish } from "./keys.ts";
import { pauseRun } from "./pause-run.ts";
import { openScreen } from "./screen.ts";

const TICK_MS = 1_000;
const KEPT_LOG = 50;

/** Shows a run on the terminal until it runs no more or the person leaves; resolves with how it stands then. */
export async function watchLive(cli: Cli, context: SessionContext, first: RunTree): Promise<RunTree> {
  const left = new AbortController();
  const signal = AbortSignal.any([cli.interruption.signal, left.signal]);
  let tree = first;
  let mode: Mode = LOOKING;
  let note = "";
  let bug: unknown;
  const log: string[] = [];
  using screen = openScreen({ typed, resized: draw, gone: () => left.abort() });
  // Ages are coarse, so most ticks draw nothing.
  const clock = setInterval(draw, TICK_MS);
  try {
    let before: RunTree | undefined;
    for await (const now of lookOn(context, first.session_id, signal)) {
      log.push(...changesBetween(before, now));
      log.splice(0, log.length - KEPT_LOG);
      [before, tree] = [now, now];
      draw();
    }
    if (bug !== undefined) throw bug;
    return tree;
  } finally {
    clearInterval(clock);
  }

  function draw(): void {
    const style = { ...cli.style, width: screen.columns };
    screen.draw(frame(style, screen.rows, { tree, log, mode, note, now: Date.now() }));
  }

  function typed(text: string): void {
    for (const key of keysIn(text)) {
      const pressed = press(mode, key, tree);
      mode = pressed.mode;
      if (pressed.wish) void grant(pressed.wish);
    }
    draw();
  }

  /** A wish that cannot be granted is told, and ends nothing. */
  async function grant(wish: Wish): Promise<void> {
    if (wish.kind === "leave") return left.abort();
    try {
      tell(await done(wish));
    } catch (error) {
      // A process that has just ended cannot be signalled: the system's error for that has a code, too.
      if (error instanceof Error && "code" in error) return tell(messageOf(error));
      bug = error;
      left.abort();
    }
  }

  async function done(wish: Exclude<Wish, { kind: "leave" }>): Promise<string> {
    const { session_id: id } = tree;
    switch (wish.kind) {
      case "pause":
        return pauseRun(context, id);
      case "answer": {
        const refused = await answerQuestion(context, tree, wish.asking, wish.text);
        return refused ? `${refused.message}. ${refused.next}` : `Answered criterion ${wish.asking.index}`;
      }
      case "cancel": {
        const request = { id, reason: "Cancelled by user", by: "user", onProgress: tell };
        const cancelled = await cancelExecution(context, request);
        return isRefusal(cancelled) ? cancelled.message : "Cancelled";
      }
    }
  }

  function tell(text: string): void {
    note = text;
    if (!left.signal.aborted) draw();
  }
}
