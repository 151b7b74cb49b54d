import { type Assessment, READY_AT } from "./ambiguity.ts";
import type { Dimension } from "./dimensions.ts";
import { answeredRounds, currentAssessment, type Interview, MIN_ANSWERS, STREAK } from "./interview.ts";

/** One thing that keeps an interview from ending, for a program and for a person. */
export interface Blocker {
  readonly code: "not_scored" | "answers" | "ambiguity" | "floor" | "streak";
  readonly dimension: Dimension | null;
  readonly message: string;
}

/** Everything that keeps it from ending by itself; none means that it may. */
export function blockersOf(interview: Interview): readonly Blocker[] {
  const assessment = currentAssessment(interview);
  if (!assessment) return [blocker("not_scored", "What was said last has not been scored yet")];
  const blockers = [...answersMissing(interview), ...unclear(assessment)];
  if (blockers.length > 0 || interview.streak >= STREAK) return blockers;
  return [blocker("streak", `Clear for ${interview.streak} of ${STREAK} turns in a row`)];
}

/** The same when a person says that it is enough: their word is the second turn. */
export function blockersOfPerson(interview: Interview): readonly Blocker[] {
  return blockersOf(interview).filter(({ code }) => code !== "streak");
}

function answersMissing(interview: Interview): Blocker[] {
  const answered = answeredRounds(interview).length;
  if (answered >= MIN_ANSWERS) return [];
  return [blocker("answers", `${answered} of at least ${MIN_ANSWERS} questions are answered`)];
}

function unclear({ ambiguity, dimensions }: Assessment): Blocker[] {
  const low = dimensions.filter(({ meets_floor }) => !meets_floor);
  const floors = low.map(({ name, clarity, floor, why }) =>
    blocker("floor", `${name} is at ${clarity.toFixed(2)} and needs ${floor.toFixed(2)}: ${why}`, name),
  );
  if (ambiguity <= READY_AT) return floors;
  return [blocker("ambiguity", `Ambiguity is ${ambiguity.toFixed(2)} and has to be ${READY_AT} or less`), ...floors];
}

function blocker(code: Blocker["code"], message: string, dimension: Dimension | null = null): Blocker {
  return { code, dimension, message };
}
