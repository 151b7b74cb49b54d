import { PERSONA_NAMES } from "../../domain/run/stagnation.ts";
import type { Skill } from "./skill.ts";

/** Going on from generation to generation, and getting out of a dead end. */
export const evolve: Skill = {
  name: "evolve",
  verb: "evolve",
  title: "Evolve",
  description:
    'Use when the person says "ooo evolve", or wants the next generation of a seed, in which what was learned becomes a child seed.',
  does: "one generation on: what was learned becomes a child seed",
  tools: ["evolve_step", "lineage_status", "ac_dashboard", "evolve_rewind", "job_wait", "submit"],
  arguments: [
    { name: "lineage_id", description: "The lineage, or a name for a new one", completes: "lineage" },
    {
      name: "persona",
      description: "It stands still: think this way from now on",
      completes: PERSONA_NAMES,
    },
  ],
  text: `1. \`evolve_step\` with a \`lineage_id\` goes one step; a new lineage is begun with a name, \`seed_content\` and \`project_dir\`. A step is a run, its evaluation, what was learned from it, and the next seed.
2. \`needs_host\`: follow \`work.instructions\` on \`work.input\` and hand the value to \`submit\`.
3. While a run is at work: \`job_wait\`, then the step again.
4. \`action\` says what comes next: \`continue\` only when the person wants another generation; \`converged\`, \`exhausted\`, \`stagnated\` each name their reason. Exhausted is not converged: say so. A lineage that stands still goes on with another \`persona\`.
5. How it went: \`lineage_status\`, criterion by generation: \`ac_dashboard\`.
6. Back to an earlier generation, and only when asked for: \`evolve_rewind\`; untracked files stay.`,
};

export const ralph: Skill = {
  name: "ralph",
  verb: "ralph",
  title: "Ralph",
  description:
    'Use when the person says "ooo ralph", or wants generations to follow each other until it holds or its budget is spent.',
  does: "generations until it holds or the budget is spent",
  tools: ["ralph", "evolve_step", "job_wait", "job_result", "submit"],
  arguments: [{ name: "lineage_id", description: "The lineage, or a name for a new one", completes: "lineage" }],
  text: `1. Say what it may take (\`max_generations\`, \`max_total_seconds\`, \`max_tokens\`, \`max_cost_usd\`) and start only after a yes.
2. \`ralph\` with the \`lineage_id\`; a new one is begun with a name, \`seed_content\` and \`project_dir\`. It goes on without this window where a mind of its own is configured; otherwise the answer says so, and you drive it by calling \`evolve_step\` until it ends.
3. \`needs_host\`: follow \`work.instructions\` on \`work.input\` and hand the value to \`submit\`.
4. Follow it with \`job_wait\`; report each generation once: what passes now, what fell back, what comes next.
5. Report how it ended (\`job_result\`) in its own word. Only \`converged\` means that everything holds.`,
};

export const auto: Skill = {
  name: "auto",
  verb: "auto",
  takes: "GOAL",
  title: "Auto",
  description:
    'Use when the person says "ooo auto", and wants one sentence taken all the way to a verified branch without being asked in between.',
  does: "from one sentence to a verified branch",
  tools: ["auto", "job_wait", "job_result", "submit"],
  arguments: [{ name: "goal", description: "What is to be built, in a sentence" }],
  text: `1. Say what it may take, and that it assumes what nobody has said. Start only after a yes.
2. \`auto\` with \`goal\` and \`cwd\`; what the person has decided already goes into \`user_preferences\`. An id from before goes into \`resume\`.
3. \`needs_host\`: follow \`work.instructions\` on \`work.input\` and hand the value to \`submit\`.
4. A \`pending_question\` is the person's: put it to them unchanged, and pass their words with \`resume\` and \`answer\`.
5. While it works: \`job_wait\`; its result: \`job_result\`.
6. At the end show the branch, what is proven, and the list of assumptions, and ask which of them are wrong.`,
};

export const unstuck: Skill = {
  name: "unstuck",
  verb: "unstuck",
  title: "Unstuck",
  description: 'Use when the person says "ooo unstuck", or the same approach has failed more than once.',
  does: "another way to think about it",
  tools: ["lateral_think"],
  arguments: [{ name: "problem_context", description: "What is stuck" }],
  text: `1. Say in two sentences what the problem is, what is being tried, and what has failed already.
2. Call \`lateral_think\` with \`problem_context\`, \`current_approach\`, \`failed_attempts\`, and \`persona\` where one was asked for (hacker, researcher, simplifier, architect, contrarian, or \`all\`).
3. It asks no model: what it returns is for you to think with. Do so, and come back with one next step that is different in kind, and how one would see quickly whether it works.`,
};
