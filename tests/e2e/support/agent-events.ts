/** One line of an agent's JSON output; each test looks at the few keys it is about. */
export type AgentEvent = { readonly type: string; readonly [key: string]: unknown };

/** The JSON lines of an agent's stdout; other lines are notices for people. */
export function eventsOf(stdout: string): AgentEvent[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as AgentEvent);
}
