import * as v from "valibot";
import { isRefusal } from "../base/refusal.ts";
import { MAX_SEED_BYTES } from "../domain/seed/seed-yaml.ts";
import { evaluationLines, viewEvaluation } from "../views/evaluation.ts";
import { findAskedWork } from "../workflows/evaluation/asked-work.ts";
import { evaluate } from "../workflows/evaluation/evaluate.ts";
import { PATIENCE_MS } from "./interview-tool.ts";
import { projectFolder } from "./project-folder.ts";
import type { ToolAnswer, ToolCall, ToolRefusal } from "./tool.ts";
import { withConsent } from "./with-consent.ts";

export const SomeText = v.pipe(v.string(), v.minLength(1));
export const SEED_CONTENT = v.pipe(SomeText, v.maxLength(MAX_SEED_BYTES), v.description("The seed's YAML"));

export const EVALUATION_OUTPUT = {
  status: v.picklist(["evaluated", "needs_host"]),
  evaluation_id: v.string(),
  final_approved: v.nullable(v.boolean()),
  verdict: v.picklist(["approved", "rejected", "unverified", "open"]),
  work: v.optional(v.looseObject({ work_id: v.string() })),
};
const OUTPUT = v.looseObject(EVALUATION_OUTPUT);

interface Asked {
  readonly session_id?: string | undefined;
  readonly artifact?: string | undefined;
  readonly seed_content?: string | undefined;
  readonly criteria: readonly string[];
  readonly working_dir?: string | undefined;
  readonly consensus: boolean;
  readonly checksOnly: boolean;
}

/** One call of a tool that evaluates: what is run, then a judge; the same call goes on once the host has answered. */
export async function runEvaluation(
  tool: string,
  args: Readonly<Record<string, unknown>>,
  asked: Asked,
  call: ToolCall,
): Promise<ToolAnswer<v.InferInput<typeof OUTPUT>> | ToolRefusal> {
  const { context, signal } = call;
  const cwd = projectFolder(asked.working_dir);
  if (isRefusal(cwd)) return cwd;
  const { session_id: sessionId, seed_content: seedText, criteria, artifact = "" } = asked;
  const work = await findAskedWork(context, { sessionId, seedText, criteria, cwd });
  if (isRefusal(work)) return work;
  const request = {
    work,
    artifact,
    depth: asked.checksOnly ? "checks" : "judged",
    known: asked.consensus ? (["manual_request"] as const) : [],
  } as const;
  const caller = { hasHost: true, continuation: { tool, arguments: args }, patienceMs: PATIENCE_MS };
  let told = 0;
  let isOver = false;
  const tell = async (message: string): Promise<void> => {
    // It goes on when this call is over; whether anybody still listens is nothing to it.
    if (!isOver) await call.progress(++told, undefined, message).catch(() => {});
  };
  try {
    const done = await withConsent(call, () => evaluate(context, request, { caller, tell }, signal));
    if (isRefusal(done)) return done;
    const view = viewEvaluation(done.record);
    if (done.status === "evaluated") {
      return { value: { status: "evaluated", ...view }, text: evaluationLines(view).join("\n") };
    }
    const { faults } = done.work;
    const text = `What could be run was run. Now judge the work yourself, or better: have an agent judge that did not do it. Follow the work order below and hand the result to ouroboros_submit with this work_id.${faults.map((fault) => `\nNot taken: ${fault}`).join("")}`;
    return { value: { ...view, status: "needs_host", final_approved: null, work: { ...done.work } }, text };
  } finally {
    isOver = true;
  }
}
