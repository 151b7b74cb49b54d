import * as v from "valibot";
import { viewAuto } from "../views/auto.ts";
import { autoText } from "../views/auto-text.ts";
import type { AutoProgress } from "../workflows/auto/auto-call.ts";
import type { Asks } from "./asking.ts";
import type { ToolAnswer } from "./tool.ts";

/** The state that comes back with a person's answer: whose question it was. */
export const AutoAsked = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ auto: v.string(), round: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
);

/** How far an auto has come, as a host is told of it. Without `mayAsk`, the person was asked just now and would not say. */
export function autoAnswer(
  advanced: AutoProgress,
  { ignored, mayAsk }: { readonly ignored: readonly string[]; readonly mayAsk: boolean },
): ToolAnswer<
  Record<string, unknown> & {
    status: AutoProgress["status"];
    auto_session_id: string;
    phase: string;
    job_id: string | null;
  }
> {
  const { status, state } = advanced;
  const { lineage, spent, bounds, assumptions, ...rest } = viewAuto(state);
  const session = advanced.status === "running" ? advanced.session : null;
  const value = {
    status,
    job_id: session?.job_id ?? null,
    ...rest,
    run_session_id: session?.session_id ?? rest.run_session_id,
    assumptions: assumptions.map((one) => ({ ...one })),
    bounds: { ...bounds },
    spent: { ...spent },
    lineage: lineage && { ...lineage },
    work: advanced.status === "needs_host" ? { ...advanced.work } : null,
    ignored: [...ignored],
    next_action: nextOf(advanced),
  };
  const faults = advanced.status === "needs_host" ? advanced.work.faults.map((fault) => `Not taken: ${fault}`) : [];
  const skipped = ignored.length === 0 ? [] : [`Ignored: ${ignored.join(", ")}.`];
  const text = [nextOf(advanced), ...faults, ...skipped, "", autoText(state)].join("\n");
  const asks = mayAsk ? asksOf(advanced) : undefined;
  return { value, text, ...(asks && { asks }) };
}

/** What the model does now. */
function nextOf(advanced: AutoProgress): string {
  const { auto, block } = advanced.state;
  const again = `ouroboros_auto {"resume":"${auto.auto_id}"}`;
  switch (advanced.status) {
    case "needs_host":
      return "Do the work order yourself now: follow work.instructions on work.input, and hand the result to ouroboros_submit with this work_id. It goes on from there.";
    case "running": {
      const { session } = advanced;
      if (session === null) return `A mind is still at it. Call ${again} in a moment; nothing is asked twice.`;
      const { session_id, job_id } = session;
      const wait = job_id === null ? "" : ` Follow: ouroboros_job_wait {"job_id":"${job_id}"}.`;
      return `It is at work (${session_id}).${wait} When that is over, ${again} says what came of it.`;
    }
    case "blocked": {
      if (block?.round == null) return "It cannot go on by itself; tell the person why.";
      return `Ask the person the pending_question, and pass what they say: ouroboros_auto {"resume":"${auto.auto_id}","answer":"…"}.`;
    }
    case "failed":
      return "It has failed; tell the person why.";
    case "complete":
      return "It is complete. Show the person the branch and what was assumed in their place.";
  }
}

function asksOf({ status, state }: AutoProgress): Asks | undefined {
  const { auto, block } = state;
  if (status !== "blocked" || block?.round == null) return undefined;
  return {
    message: block.message,
    suggestions: [...block.suggestions],
    state: JSON.stringify({ auto: auto.auto_id, round: block.round }),
  };
}
