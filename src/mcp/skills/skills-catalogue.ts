import { brownfield, interview, pm, seed } from "./authoring-skills.ts";
import { evaluate, qa } from "./evaluation-skills.ts";
import { auto, evolve, ralph, unstuck } from "./evolution-skills.ts";
import { cancelRun, resumeRun, runSeed, runStatus } from "./session-skills.ts";
import type { Skill } from "./skill.ts";

/** In the order people meet them. */
const VERBS: readonly Skill[] = [
  interview,
  seed,
  runSeed,
  runStatus,
  resumeRun,
  cancelRun,
  evaluate,
  qa,
  evolve,
  ralph,
  auto,
  unstuck,
  pm,
  brownfield,
];

const ROWS = VERBS.map(({ verb, takes, does, name }) => {
  return `| \`ooo ${verb}${takes === undefined ? "" : ` ${takes}`}\` | ${does} | ouroboros:${name} |`;
});

const guide: Skill = {
  name: "ooo",
  verb: "help",
  title: "Ouroboros",
  description: 'Use when the person says "ooo", "ooo help", or ooo with words that are no verb of Ouroboros.',
  does: "what can be said, and whether something was interrupted",
  tools: ["resume_session"],
  arguments: [],
  text: `From a wish to checked work: interview → seed → run → evaluation. Everything is an event in one store, so any window may close.

| say | what happens | skill |
|---|---|---|
${ROWS.join("\n")}

Words that are a wish: offer \`ooo interview\` with them, and wait for a yes. Otherwise show this table, shortened to what fits the moment.
\`resume_session\` without arguments tells whether something was interrupted here: mention it in one line.

When no tool of Ouroboros is there: the server did not start. In Claude Code \`/mcp\` shows why, and the launcher says what is missing. In a terminal \`ouroboros doctor\` tells more.`,
};

/** Every skill there is. */
export const SKILLS: readonly Skill[] = [guide, ...VERBS];
