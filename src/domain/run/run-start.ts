import * as v from "valibot";

/** A run that goes on from an earlier one's work instead of from what is checked out. */
export const RunStart = v.object({
  /** A whole commit id: the word of a store, which git takes for nothing else. */
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)),
  /** The run whose copy of the project holds the commit; null where the project's own repository does. */
  copy_of: v.nullable(v.pipe(v.string(), v.regex(/^exec_[0-9a-z]+$/))),
  /** Keys of criteria that held there: they are checked again, and worked on only if they do not hold any more. */
  kept: v.array(v.pipe(v.string(), v.minLength(1))),
});
export type RunStart = v.InferOutput<typeof RunStart>;
