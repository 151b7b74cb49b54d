import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { viewInterview } from "../../views/interview.ts";
import { generateSeed } from "../../workflows/seed/generate-seed.ts";
import { interviewWorld, PATIENCE_MS } from "../interview-tool.ts";
import { defineTool } from "../tool.ts";

const NAME = "ouroboros_generate_seed";

/** `ouroboros_generate_seed`: the immutable specification that follows from an interview. */
export const ouroborosGenerateSeed = defineTool({
  name: NAME,
  title: "Generate seed",
  description:
    "Writes the specification (seed) of an interview, stores it and returns its YAML with what a linter would change. Refused, naming what is missing, while the interview is not clear enough.",
  toolset: "authoring",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    session_id: v.pipe(v.string(), v.minLength(1), v.description("The interview (interview_…)")),
    ambiguity_score: v.optional(v.pipe(v.number(), v.description("Ignored: it is computed here"))),
    force: v.optional(
      v.pipe(v.boolean(), v.description("Although it is not clear; the true score is kept. Ask the person first")),
      false,
    ),
  }),
  output: v.object({
    status: v.picklist(["generated", "needs_host"]),
    interview_id: v.string(),
    seed_id: v.nullable(v.string()),
    seed_path: v.nullable(v.string()),
    ambiguity_score: v.nullable(v.number()),
    forced: v.boolean(),
    warnings: v.array(v.looseObject({ code: v.string(), message: v.string() })),
    yaml: v.nullable(v.string()),
    work: v.nullable(v.looseObject({ work_id: v.string() })),
  }),
  async run({ session_id, force }, { context, signal }) {
    const caller = {
      hasHost: true,
      continuation: { tool: NAME, arguments: { session_id, force } },
      patienceMs: PATIENCE_MS,
    };
    const request = { sessionId: session_id, force, by: "mcp_tool" };
    const made = await generateSeed(interviewWorld(context, signal), request, caller, signal);
    if (isRefusal(made)) return made;
    const { ambiguity } = viewInterview(made.interview, null);
    const common = { interview_id: session_id, ambiguity_score: ambiguity?.score ?? null };
    if (made.status === "needs_host") {
      const none = { seed_id: null, seed_path: null, forced: force, warnings: [], yaml: null };
      const text = `Do the work order below yourself: follow its instructions on its input, and hand the result to ouroboros_submit with this work_id. The seed comes back from there.${made.work.faults.map((fault) => `\nNot taken: ${fault}`).join("")}`;
      return { value: { status: "needs_host" as const, ...common, ...none, work: { ...made.work } }, text };
    }
    const { seed, yaml, path, fileProblem, findings } = made;
    const { seed_id, forced } = seed;
    const lines = [
      "Seed Generated Successfully",
      `Seed ID: ${seed_id}`,
      `Interview ID: ${session_id}`,
      `Ambiguity Score: ${(seed.ambiguity_score ?? 1).toFixed(2)}${forced ? " (forced: the interview was not clear enough)" : ""}`,
      `Goal: ${seed.goal}`,
      path === null ? `Its file could not be written: ${fileProblem}` : `File: ${path}`,
      ...findings.map(({ severity, where, message, repair }) => {
        return `${severity} ${where}: ${message}${repair ? ` (${repair.what})` : ""}`;
      }),
      "",
      "--- Seed YAML ---",
      yaml,
    ];
    const warnings = findings.map((finding) => ({ ...finding }));
    const value = {
      status: "generated" as const,
      ...common,
      seed_id,
      seed_path: path,
      forced,
      warnings,
      yaml,
      work: null,
    };
    return { value: { ...value, ambiguity_score: seed.ambiguity_score }, text: lines.join("\n") };
  },
});
