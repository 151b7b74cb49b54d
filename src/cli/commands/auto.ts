import { resolve } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { advanceAuto } from "../../workflows/auto/advance-auto.ts";
import type { AutoCall, AutoProgress } from "../../workflows/auto/auto-call.ts";
import { startAuto } from "../../workflows/auto/start-auto.ts";
import type { Answer, Cli } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { begin } from "../open.ts";
import { oneLine } from "../render.ts";
import { canAskHere } from "./approve/ask-to-agree.ts";
import { type ConsentFlags, withConsent } from "./approve/with-consent.ts";
import { askPerson } from "./auto/ask-person.ts";
import { autoAnswer } from "./auto/auto-answer.ts";
import { followAuto } from "./auto/follow-auto.ts";

export type AutoFlags = ConsentFlags & {
  readonly resume?: string | undefined;
  readonly answer?: string | undefined;
  readonly cwd?: string | undefined;
  readonly runtime?: string | undefined;
  readonly mind?: string | undefined;
  readonly rounds?: number | undefined;
  readonly generations?: number | undefined;
  readonly hours?: number | undefined;
  readonly tokens?: number | undefined;
  readonly cost?: number | undefined;
  readonly skipRun: boolean;
};

/** `ouroboros auto GOAL`: from one sentence to a branch whose work was checked; or goes on with one that was begun. */
export async function auto(cli: Cli, flags: AutoFlags, ...words: string[]): Promise<Answer | Refusal | number> {
  const goal = words.join(" ").trim();
  if (flags.resume !== undefined && goal !== "") {
    return refuse("wrong_usage", "Cannot go on with one and begin another", "Leave out --resume or the goal");
  }
  if (flags.answer !== undefined && flags.resume === undefined) {
    return refuse("wrong_usage", "An answer belongs to one that asked", "Pass --resume ID as well");
  }
  return begin(flags, async (context) => {
    const { hours, tokens, cost, generations, rounds, skipRun, runtime } = flags;
    const bounds = { hours, tokens, cost_usd: cost, generations, max_interview_rounds: rounds };
    const request = { goal, cwd: resolve(flags.cwd ?? "."), skipRun, runtime, bounds, by: "user" };
    const started =
      flags.resume === undefined
        ? await withConsent(cli, flags, context, () => startAuto(context, request))
        : { auto_id: flags.resume };
    if (isRefusal(started) || typeof started === "number") return started;
    const { auto_id } = started;
    await cli.errors.write(`${auto_id} (stopped, it goes on with: ouroboros auto --resume ${auto_id})\n`);
    let { answer } = flags;
    for (;;) {
      const progress = await goOn(cli, context, auto_id, { ...flags, answer });
      if (isRefusal(progress)) return progress;
      if (progress.status === "running") return followAuto(cli, context, auto_id);
      const { phase, block } = progress.state;
      const isAsked = phase === "blocked" && block?.round != null && canAskHere(flags);
      answer = isAsked ? await askPerson(cli, block) : undefined;
      if (!isAsked) return autoAnswer(progress.state);
      if (answer === undefined) return EXIT.interrupted;
    }
  });
}

function goOn(
  { errors, interruption }: Cli,
  context: Parameters<typeof advanceAuto>[0],
  autoId: string,
  { mind, answer }: Pick<AutoFlags, "mind" | "answer">,
): Promise<AutoProgress | Refusal> {
  const call: AutoCall = {
    by: "user",
    host: readHostBinding(process.env),
    hasHost: false,
    continuation: null,
    mind,
    answer: answer === undefined ? undefined : { text: answer },
    tell: async (message) => {
      await errors.write(`${oneLine(message)}\n`);
    },
  };
  return advanceAuto(context, autoId, call, interruption.signal);
}
