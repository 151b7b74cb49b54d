import * as v from "valibot";
import { DEFAULT_EVOLUTION_SETTINGS } from "../domain/evolution/evolution-settings.ts";
import { toOrigin } from "../domain/run/origin.ts";
import { MAX_SEED_BYTES } from "../domain/seed/seed-yaml.ts";
import { readHostBinding } from "../sessions/resume/host-binding.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { readOrigin } from "../store/session/run-records.ts";
import { viewLineage } from "../views/lineage.ts";
import { lineageText } from "../views/lineage-text.ts";
import { loadLineage } from "../views/load-lineage.ts";
import { startLineage } from "../workflows/evolution/begin-lineage.ts";
import type { Advanced, EvolutionCall } from "../workflows/evolution/evolution-call.ts";
import { PATIENCE_MS } from "./interview-tool.ts";
import { withoutNulls } from "./job-answer.ts";
import type { ToolAnswer, ToolCall } from "./tool.ts";

const Id = v.pipe(v.string(), v.minLength(1));

/** The arguments that have a lineage begin or go on. */
export const LINEAGE_INPUT = {
  lineage_id: v.pipe(Id, v.description("lin_…, or a name for a new one")),
  seed_content: v.optional(v.pipe(Id, v.maxLength(MAX_SEED_BYTES), v.description("Seed YAML, to begin it"))),
  execute: v.optional(v.pipe(v.boolean(), v.description("false: only the specification evolves")), true),
  parallel: v.optional(v.pipe(v.boolean(), v.description("false: one agent at a time")), true),
  skip_qa: v.optional(v.pipe(v.unknown(), v.description("Ignored"))),
  project_dir: v.optional(v.pipe(Id, v.description("Absolute project folder"))),
};

interface LineageInput {
  readonly lineage_id: string;
  readonly seed_content?: string | undefined;
  readonly execute: boolean;
  readonly project_dir?: string | undefined;
}

/** The lineage that a call names: with a seed it is begun where it is not there yet. */
export function lineageOf(context: SessionContext, { lineage_id, seed_content, execute }: LineageInput) {
  if (seed_content === undefined) return loadLineage(context.store, lineage_id);
  return startLineage(context, { lineageId: lineage_id, seedText: seed_content, execute, by: "mcp_tool" });
}

/** How a host's call has a lineage go on: the host thinks, and a run that was paused is resumed. */
export function hostCall(
  { progress }: Pick<ToolCall, "progress">,
  {
    tool,
    lineageId,
    cwd,
    parallel,
  }: { readonly tool: string; readonly lineageId: string; readonly cwd: string; readonly parallel: boolean },
): EvolutionCall {
  const continuation = { tool, arguments: { lineage_id: lineageId, project_dir: cwd, parallel } };
  return {
    settings: DEFAULT_EVOLUTION_SETTINGS,
    cwd,
    by: "mcp_tool",
    host: readHostBinding(process.env),
    parallel: parallel ? undefined : 1,
    resumesPaused: true,
    caller: { hasHost: true, continuation, patienceMs: PATIENCE_MS },
    tell: (message) => progress(0, undefined, message),
  };
}

/** What a step has come to, for a host. */
export async function stepAnswer(
  { store }: SessionContext,
  advanced: Advanced,
): Promise<
  ToolAnswer<{ readonly [key: string]: unknown } & { readonly status: Advanced["status"]; readonly lineage_id: string }>
> {
  const { status, lineage } = advanced;
  const view = viewLineage(lineage);
  const last = view.generations.at(-1);
  const { lineage_id, similarity, next_generation, branch, commit, executes } = view;
  const common = {
    status,
    lineage_id,
    generation: last?.generation ?? null,
    phase: last?.phase ?? null,
    lineage_status: view.status,
    similarity,
    converged: view.status === "converged",
    next_generation,
    executed: executes,
  };
  switch (advanced.status) {
    case "needs_host": {
      const { work } = advanced;
      const text = `Do the work order below yourself: follow its instructions on its input, and hand the result to ouroboros_submit with this work_id. The lineage goes on from there.${work.faults.map((fault) => `\nNot taken: ${fault}`).join("")}`;
      return { value: { ...common, action: "continue", work: { ...work } }, text };
    }
    case "running": {
      const { session_id } = advanced;
      const { job_id } = toOrigin(await readOrigin(store, session_id));
      const wait = job_id === null ? "" : ` Wait for it: ouroboros_job_wait {"job_id":"${job_id}"}.`;
      const text = `Generation ${common.generation} is being carried out by ${session_id}.${wait} Then call ouroboros_evolve_step {"lineage_id":"${lineage_id}"} again: it goes on from there, and nothing is begun twice.`;
      return { value: { ...common, action: "continue", session_id, ...withoutNulls({ job_id }) }, text };
    }
    case "stepped": {
      const { judgement, branch_note } = advanced;
      const { action, reason, message, pattern } = judgement;
      const generation = lineage.generations.at(-1);
      const criteria = generation?.evaluation?.criteria ?? [];
      const value = {
        ...common,
        action,
        reason,
        message,
        has_execution_output: executes && last?.commit !== null,
        score: last?.score ?? null,
        ...withoutNulls({ worktree_branch: branch, commit, branch_note, stagnation_pattern: pattern }),
        failed: criteria
          .filter(({ verdict }) => verdict !== "pass")
          .map(({ key, verdict, reason: why }) => ({ key, verdict, reason: why })),
        wonder_questions: generation?.wonder_questions ?? [],
      };
      const note = branch_note === null ? [] : [branch_note];
      const text = [
        lineageText(lineage),
        ...note,
        `${action} (${reason}): ${message}`,
        nextWords(lineage_id, action),
      ].join("\n");
      return { value, text };
    }
  }
}

function nextWords(lineageId: string, action: string): string {
  const again = (more: string) => `ouroboros_evolve_step {"lineage_id":"${lineageId}"${more}}`;
  if (action === "continue") return `Next: ${again("")}`;
  if (action === "stagnated")
    return `Next: think another way: ${again(`,"persona":"contrarian"`)}; or rewind, or leave it`;
  if (action === "converged") return "Nothing is left to do. The work is on its branch.";
  return "It does not go on by itself: show the person how it stands.";
}
