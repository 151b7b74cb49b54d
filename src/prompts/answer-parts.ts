import * as v from "valibot";

/** Of nothing (0) to all of it (1). */
export const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** Words, at least one and at most so many characters. */
export const Text = (most: number) => v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(most));
const Line = v.pipe(v.number(), v.integer(), v.minValue(1));
/** A line that is pointed at; models and strict schemas want every key, so that the last line is null where there is one line. */
export const CITATION = { path: Text(1_000), line: Line, end_line: v.nullable(Line), quote: Text(1_000) };
