import type { AutoState } from "../../../domain/auto/auto-state.ts";
import { viewAuto } from "../../../views/auto.ts";
import { autoText } from "../../../views/auto-text.ts";
import type { Answer } from "../../command.ts";
import { EXIT } from "../../exit-code.ts";
import { lines } from "../../render.ts";

/** How an auto stands, as the answer of a command; bad news where it cannot go on by itself. */
export function autoAnswer(state: AutoState): Answer {
  const { phase, auto, block } = state;
  const isStuck = phase === "blocked" || phase === "failed";
  const asks = phase === "blocked" && block?.round != null;
  const answer = asks ? [`Answer: ouroboros auto --resume ${auto.auto_id} --answer "TEXT"`] : [];
  return {
    json: viewAuto(state),
    text: lines([autoText(state), ...answer]),
    exitCode: isStuck ? EXIT.failure : EXIT.ok,
  };
}
