import { answeredRounds, assessmentOf, type Interview } from "../../domain/interview/interview.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines, table } from "../render.ts";
import { knownInterviews } from "./interview/resolve-interview.ts";
import { terminalWorld } from "./interview/world.ts";

export type InterviewListFlags = SharedFlags & { readonly limit?: number | undefined };

const STANDARD_LIMIT = 20;

/** `ouroboros interview list`: the one begun last first, those of upstream's files among them. */
export function interviewList({ style, interruption }: Cli, flags: InterviewListFlags): Promise<Answer> {
  return look(flags, async (context) => {
    const world = terminalWorld(context, interruption.signal);
    const listed = (await knownInterviews(world, flags.limit ?? STANDARD_LIMIT)).map(toListed);
    const rows = table(
      style,
      [
        {
          heading: "STATUS",
          cell: (one) => one.status,
          colour: (one) => (one.status === "in_progress" ? "green" : "dim"),
        },
        { heading: "INTERVIEW", cell: (one) => one.session_id },
        { heading: "ANSWERS", cell: (one) => String(one.answered_rounds) },
        { heading: "AMBIGUITY", cell: (one) => one.ambiguity?.toFixed(2) ?? "" },
        { heading: "WISH", cell: (one) => one.wish, grows: true },
        { heading: "CHANGED (UTC)", cell: (one) => one.updated_at.replace("T", " ").slice(0, 19) },
      ],
      listed,
    );
    const text = style.forPeople && listed.length === 0 ? lines(["No interviews."]) : rows;
    return { json: { interviews: listed }, text };
  });
}

function toListed(interview: Interview) {
  const { interview_id, kind, status, context, cwd, started_at, updated_at, seeds, upstream_score } = interview;
  return {
    session_id: interview_id,
    kind,
    status,
    answered_rounds: answeredRounds(interview).length,
    ambiguity: assessmentOf(interview)?.ambiguity ?? upstream_score,
    wish: context.slice(0, 500),
    cwd,
    started_at,
    updated_at,
    seed_ids: seeds.map(({ seed_id }) => seed_id),
  };
}
