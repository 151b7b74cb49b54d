import { join } from "node:path";
import { SOLUTIONS } from "../../fixtures/agents/programmers/solutions.ts";
import type { ModelRequest } from "./fake-model-request.ts";
import type { Step } from "./model-step.ts";

/**
 * A model that is a competent programmer for the little library: the first criterion by the tool that writes files, the second
 * by the shell, and as third another version by the tools that read and edit them.
 */
export function programmerModel({ text }: ModelRequest): readonly Step[] {
  const number = Number(/criterion (\d) of \d/.exec(text)?.[1]);
  const folder = /[^"\\\s]+\/worktrees\/[^"\\\s]+\/ac\d-\d/.exec(text)?.[0] ?? "";
  const { file = "", text: content = "" } = SOLUTIONS[number - 1] ?? {};
  const file_path = join(folder, number === 3 ? "src/version.mjs" : file);
  const last = { text: `Criterion ${number} is done` };
  switch (number) {
    case 1:
      return [{ tool: "Write", input: { file_path, content } }, last];
    case 2: {
      const command = `cat >${file} <<'END'\n${content}END`;
      return [{ tool: "Bash", input: { command, description: "Write the file" } }, last];
    }
    default:
      return [
        { tool: "Read", input: { file_path } },
        { tool: "Edit", input: { file_path, old_string: '"1"', new_string: '"2"' } },
        last,
      ];
  }
}
