import type { Skill } from "./skill.ts";

/** From a wish to a specification. */
export const interview: Skill = {
  name: "interview",
  verb: "interview",
  takes: "WISH",
  title: "Interview",
  description:
    'Use when the person says "ooo interview …", or wants a vague wish turned into requirements before anything is built. One question at a time, until it is clear.',
  does: "one question at a time until it is clear",
  tools: ["interview", "submit"],
  arguments: [{ name: "initial_context", description: "The wish, in your own words" }],
  text: `1. Call \`interview\` with \`initial_context\` (the wish in the person's words) and \`cwd\` (the project folder, absolute). With "ooo interview" and an id of an interview, or nothing, go on with that one: \`action: "status"\`, or ask which wish it is.
2. An answer with \`status: "needs_host"\` asks you to think: follow \`work.instructions\` on \`work.input\`, hand the value to \`submit\`, and the interview goes on.
3. Put each question to the person as it stands, with its suggested answers as choices and "decide later" as one of them. Do not answer for them.
   What the project's files say is yours to look up: answer with \`[from-code]\` before it, and name the file. Ask the person to confirm it where it decides something.
4. Pass their words on unchanged, with \`session_id\` and \`round\`.
5. After each answer say in one line how clear it is and what is missing. When it is complete, say what was decided and offer \`ooo seed\`.

The person may stop at any time: everything said so far is kept, and \`ooo interview\` goes on with it.`,
};

export const seed: Skill = {
  name: "seed",
  verb: "seed",
  title: "Seed",
  description: 'Use when the person says "ooo seed", or wants the specification of a finished interview.',
  does: "the specification of that interview",
  tools: ["generate_seed", "interview", "submit"],
  arguments: [{ name: "session_id", description: "The interview it follows from", completes: "interview" }],
  text: `1. Call \`generate_seed\` with the \`session_id\` of the interview (\`interview_…\`). If you do not know it, \`interview\` with \`action: "status"\` or the person does.
2. \`needs_host\`: follow \`work.instructions\` on \`work.input\` and hand the value to \`submit\`.
3. Refused as not clear enough: say what is missing and go back to the interview. \`force\` only when the person asks for it after hearing the score.
4. Show goal, constraints and each criterion with its check, and what the linter would change. A seed never changes; editing (\`ouroboros seed edit\` in a terminal) makes a child of it.
5. Offer \`ooo run\`.`,
};

export const pm: Skill = {
  name: "pm",
  verb: "pm",
  takes: "IDEA",
  title: "Product interview",
  description:
    'Use when the person says "ooo pm", or a product manager wants a requirements document (PRD) for an idea.',
  does: "a product manager's interview and its document",
  tools: ["pm_interview", "submit"],
  arguments: [{ name: "initial_context", description: "The product idea" }],
  text: `1. Call \`pm_interview\` with \`initial_context\` and \`cwd\`; existing code goes into \`selected_repos\` (\`[]\` for none).
2. \`needs_host\`: follow \`work.instructions\` on \`work.input\` and hand the value to \`submit\`.
3. Put each question in product words, with its suggestions; what may be put off says so: the answer is then \`[decide_later]\`.
4. When it is complete, \`action: "generate"\` writes the document. Say where it is, what was put off, and offer \`ooo interview\` to make it buildable.`,
};

export const brownfield: Skill = {
  name: "brownfield",
  verb: "brownfield",
  title: "Existing projects",
  description: 'Use when the person says "ooo brownfield", or wants Ouroboros to know their existing repositories.',
  does: "the repositories that interviews know of",
  tools: ["brownfield"],
  arguments: [{ name: "scan_root", description: "A folder to look for repositories in" }],
  text: `* This project: \`brownfield\` with \`action: "describe"\`. It looks at file names, manifests and the head of the README, and runs nothing.
* Find repositories: \`action: "scan"\` with \`scan_root\`; show the list and let the person choose; \`action: "set_defaults"\` with the ids they chose.
* Interviews begin with the defaults in mind.`,
};
