import type { Skill } from "./skill.ts";

/** Judging work. */
export const evaluate: Skill = {
  name: "evaluate",
  verb: "evaluate",
  title: "Evaluate",
  description: 'Use when the person says "ooo evaluate", or wants a run\'s work judged with evidence.',
  does: "a run's work judged with evidence",
  tools: ["evaluate", "checklist_verify", "measure_drift", "submit"],
  arguments: [{ name: "session_id", description: "The run to judge", completes: "session" }],
  text: `1. Call \`evaluate\` with the \`session_id\` of the run (\`orch_…\`, \`exec_…\`), or with \`seed_content\` and \`working_dir\` for a folder; \`checks_only\` asks no judge. The checks a project declares are run once each; a judge that did not do the work reads files and cites lines.
2. \`needs_approval\`: the project's own checks are commands that nobody here has agreed to yet. Show them; only the person can agree.
3. \`needs_host\`: follow \`work.instructions\` on \`work.input\` and hand the value to \`submit\`. Read the files yourself before you judge, and cite path and line; a citation that is not there counts against it.
4. Report the verdict (approved, rejected or unverified), then each criterion with what decided it. What could not be run is unverified, never green.
5. Every criterion of a seed against something else than a run: \`checklist_verify\`. How far work has drifted from its seed: \`measure_drift\`.`,
};

export const qa: Skill = {
  name: "qa",
  verb: "qa",
  title: "QA",
  description: 'Use when the person says "ooo qa", or wants something judged against a bar they name.',
  does: "something judged against a bar you name",
  tools: ["qa", "submit"],
  arguments: [{ name: "quality_bar", description: "What would make it good enough" }],
  text: `1. Ask for the bar if it was not said: what would make this good enough?
2. Call \`qa\` with \`artifact\` (the text itself) and \`quality_bar\`; add \`reference\` or \`seed_content\` where there is one.
3. \`needs_host\`: follow \`work.instructions\` on \`work.input\` and hand the value to \`submit\`.
4. Report score, verdict and differences. To improve and ask again keep its \`qa_session_id\` and pass \`iteration_history\`.`,
};
