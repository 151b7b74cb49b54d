import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import type { JsonSchema } from "./mind.ts";

/** The JSON Schema that a model or a host is shown. Rules it cannot say are checked when the answer is here. */
export function toAnswerSchema(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...json } = toJsonSchema(schema, { errorMode: "ignore", typeMode: "input", target: "draft-07" });
  return { ...json };
}

export type Fitting<T> =
  | { readonly fits: true; readonly value: T }
  | { readonly fits: false; readonly faults: readonly string[] };

const MOST_FAULTS = 20;

/** Holds an answer against its schema; what is wrong is said by path. */
export function fit<T>(schema: v.GenericSchema<Record<string, unknown>, T>, answer: unknown): Fitting<T> {
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return { fits: true, value: parsed.output };
  const faults = parsed.issues
    .slice(0, MOST_FAULTS)
    .map((issue) => `${v.getDotPath(issue) ?? "answer"}: ${issue.message}`);
  return { fits: false, faults };
}
