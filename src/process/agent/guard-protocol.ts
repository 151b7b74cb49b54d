import type { Readable } from "node:stream";
import * as v from "valibot";

/** What the worker tells the guard, one JSON line each. `at` is the sender's wall clock, so that a line read late grants nothing. */
export const GuardOrder = v.variant("order", [
  v.strictObject({
    order: v.literal("start"),
    command: v.pipe(v.array(v.string()), v.minLength(1)),
    cwd: v.string(),
    env: v.record(v.string(), v.string()),
    marker: v.pipe(v.string(), v.regex(/^[\w-]+$/)),
    trust_ms: v.pipe(v.number(), v.minValue(0)),
    at: v.number(),
  }),
  v.strictObject({ order: v.literal("trust"), trust_ms: v.pipe(v.number(), v.minValue(0)), at: v.number() }),
  v.strictObject({ order: v.literal("stop"), grace_ms: v.pipe(v.number(), v.minValue(0)) }),
]);
export type GuardOrder = v.InferOutput<typeof GuardOrder>;

/** What the guard answers, one JSON line each. */
export const GuardReport = v.variant("report", [
  v.strictObject({ report: v.literal("started"), pid: v.number(), start_ticks: v.nullable(v.string()) }),
  v.strictObject({ report: v.literal("failed"), code: v.string(), message: v.string() }),
  v.strictObject({
    report: v.literal("ended"),
    code: v.nullable(v.number()),
    signal: v.nullable(v.string()),
    left_behind: v.number(),
  }),
]);
export type GuardReport = v.InferOutput<typeof GuardReport>;

const LONGEST_LINE = 4 * 2 ** 20;

/** Calls `onLine` with each whole line; `onEnd`, once, when no more can come: the end, an error, or a line without one. */
export function readLines(stream: Readable, onLine: (line: string) => void, onEnd: () => void): void {
  let rest = "";
  let over = false;
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    if (over) return;
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    if (rest.length > LONGEST_LINE) end();
  });
  for (const event of ["end", "error", "close"]) stream.on(event, end);

  function end(): void {
    if (over) return;
    over = true;
    onEnd();
  }
}

/** The message in a line, or null when it is none. */
export function parseLine<Schema extends typeof GuardOrder | typeof GuardReport>(
  schema: Schema,
  line: string,
): v.InferOutput<Schema> | null {
  try {
    const parsed = v.safeParse(schema, JSON.parse(line));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // Not JSON.
  }
}
