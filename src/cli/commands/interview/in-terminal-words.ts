import { nextForId } from "../../../base/id-kind.ts";
import type { Refusal } from "../../../base/refusal.ts";

/** A refusal of the interview's rules with the next step as a person at a terminal takes it. */
export function inTerminalWords(refusal: Refusal, interviewId: string): Refusal {
  const next = nextStep(refusal, interviewId);
  return next === undefined ? refusal : { ...refusal, next };
}

function nextStep({ code, facts }: Refusal, id: string): string | undefined {
  switch (code) {
    case "not_clear_yet":
      return `Go on with \`ouroboros interview --resume ${id}\`; or \`ouroboros seed generate ${id} --force\`, which keeps the true score`;
    case "interview_completed":
      return `\`ouroboros seed generate ${id}\` makes its seed`;
    case "interview_aborted":
      return "Start another one with `ouroboros interview`";
    case "round_answered":
      return `\`ouroboros interview amend ${id} ROUND TEXT\` changes it; \`ouroboros interview status ${id}\` shows the open question`;
    case "no_open_question":
      return `\`ouroboros interview next ${id}\` asks for the next one, then answer it`;
    case "not_found":
      return nextForId(id, ["interview_"], "`ouroboros interview list` shows those that exist");
    case "bad_context":
    case "context_too_long":
    case "bad_context_file":
      return "Say in a sentence what you want, or name a text file with --file";
    default:
      return facts.recoverable === true && code.startsWith("mind_") ? tryAgain(id) : undefined;
  }
}

/** What was said is in the store by then. */
function tryAgain(id: string): string {
  return `Nothing is lost: \`ouroboros interview --resume ${id}\` tries again, --mind NAME asks somebody else, \`ouroboros runtimes\` shows who there is`;
}
