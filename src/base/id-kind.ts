/** How ids begin, what has such a one, and the command that shows it. */
const KINDS: readonly (readonly [prefix: string, what: string, command: string])[] = [
  ["orch_", "a session", "status"],
  ["exec_", "a run's execution", "status"],
  ["seed_", "a seed", "seed show"],
  ["interview_", "an interview", "interview status"],
  ["eval_", "an evaluation", "proof"],
  ["lin_", "a lineage", "lineage show"],
  ["auto_", "an auto", "auto show"],
  ["job_", "a job", "job status"],
];

/** The next step where an id names nothing of the `wanted` kinds: the command for what it is by its beginning, else `otherwise`. */
export function nextForId(id: string, wanted: readonly string[], otherwise: string): string {
  const kind = KINDS.find(([prefix]) => id.startsWith(prefix));
  if (!kind || wanted.includes(kind[0])) return otherwise;
  return `That is an id of ${kind[1]}: \`ouroboros ${kind[2]} ${id.slice(0, 100)}\``;
}
