import type { Skill } from "./skill.ts";

/** Carrying a seed out. */
export const runSeed: Skill = {
  name: "run-seed",
  verb: "run",
  title: "Run",
  description: 'Use when the person says "ooo run", or wants a seed carried out by agents on a branch of its own.',
  does: "agents carry it out on a branch; checks decide",
  tools: ["execute_seed", "job_wait", "job_result", "ac_tree_hud", "claim_work", "submit"],
  arguments: [
    { name: "seed_id", description: "The seed to carry out", completes: "seed" },
    { name: "seed_path", description: "Or its file" },
  ],
  text: `1. Say before you start: agents work on their own, on a branch; it costs tokens; the checkout is not touched. Start only when the person has asked for a run.
2. Call \`execute_seed\` with \`seed_id\` (or \`seed_path\`, \`seed_content\`) and \`cwd\`.
   \`needs_approval\`: the checks of this seed are commands that nobody here has agreed to yet. Show them all. Only the person can agree: in the form, or with \`ouroboros approve\` in a terminal.
3. Follow it with \`job_wait\`: pass the \`cursor\` of the last answer, \`wait_for: "attention_or_ac_change"\`. Report what changed, not each call. The person may leave: the run goes on without this window.
4. How each criterion stands at this moment, and what an agent asks: \`ac_tree_hud\`.
5. With \`runtime: "host"\` the work is yours and your sub-agents': one \`claim_work\` for each, do it in the folder it names, hand it in with \`submit\` and its \`claim_epoch\`.
6. At the end \`job_result\`: which criteria are proven, kept, unverifiable or failed, and the command that merges the branch. Never call something done that its check did not prove.`,
};

export const runStatus: Skill = {
  name: "run-status",
  verb: "status",
  title: "Status",
  description: 'Use when the person says "ooo status", or asks how an Ouroboros run stands and whether it is alive.',
  does: "what runs, and whether it is alive",
  tools: ["session_status", "resume_session", "ac_tree_hud", "query_events"],
  arguments: [{ name: "session_id", description: "One session; without it, what there is", completes: "session" }],
  text: `* With an id (\`orch_…\`, \`exec_…\`): \`session_status\`; criterion by criterion: \`ac_tree_hud\`.
* Without one: \`resume_session\` without arguments lists what runs and what was interrupted.
* \`liveness\` says whether its owner is really alive, \`why\` on what grounds. Silence alone is not death: do not offer to cancel for it.
* How it came to that: \`query_events\` with the \`session_id\`.

Answer in a few lines: what runs, how far, what waits for the person, what you would do next.`,
};

export const resumeRun: Skill = {
  name: "resume-run",
  verb: "resume",
  title: "Resume",
  description: 'Use when the person says "ooo resume", or wants to go on with interrupted Ouroboros work.',
  does: "go on with what was interrupted",
  tools: ["resume_session", "job_wait", "job_result"],
  arguments: [
    { name: "session_id", description: "What to go on with; without it, what there is", completes: "session" },
  ],
  text: `1. Without an id call \`resume_session\` without arguments, show what there is and why each stopped, and let the person choose; a single one in this project may be proposed.
2. Call it with \`session_id\`. Only what is unfinished is done. \`attached\` means that somebody works on it already: watch, do not start another.
3. \`needs_seed\`, \`needs_cwd\`, \`needs_approval\`, \`elsewhere\`: the answer says what is missing; ask the person for that and nothing else.
   \`force\` only after the person has heard why it was refused.
4. Follow it with \`job_wait\` and close with \`job_result\`, as for a run.`,
};

export const cancelRun: Skill = {
  name: "cancel-run",
  verb: "cancel",
  title: "Cancel",
  description: 'Use only when the person says "ooo cancel" or asks to end an Ouroboros run for good.',
  does: "end a run for good",
  tools: ["cancel_execution", "session_status", "cancel_job"],
  arguments: [{ name: "execution_id", description: "The session to end", completes: "session" }],
  text: `A person's cancellation is final. If they only want it to stop for now, say that closing this window does not lose it, and that \`ouroboros watch\` can pause it.

1. Name the session, its goal and how far it is (\`session_status\`), and ask once.
2. \`cancel_execution\` with its id and their reason; for a job \`cancel_job\`.
3. Say what was ended. Work that was merged stays on its branch.`,
};
