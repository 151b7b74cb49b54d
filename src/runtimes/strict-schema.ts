import type { Task } from "./runtime.ts";

type JsonSchema = NonNullable<Task["answerSchema"]>;

/** What OpenAI's strict mode knows; the rest is left to the check of the answer. */
const KEPT = ["type", "description", "enum", "const"] as const;

/**
 * The schema as OpenAI's strict mode takes it, which is what Codex asks for: every key required, no others, few keywords.
 * Undefined where that would ask for something else, such as a key that may be left out: Codex is held to none then, and what
 * the prompt says has to do, as with agents that can be held to nothing.
 */
export function toStrictSchema(schema: JsonSchema): JsonSchema | undefined {
  return schema.type === "object" ? strict(schema) : undefined;
}

function strict(schema: unknown): JsonSchema | undefined {
  if (!isObject(schema) || ["$ref", "allOf", "not", "if"].some((keyword) => keyword in schema)) return undefined;
  const kept = Object.fromEntries(KEPT.filter((key) => key in schema).map((key) => [key, schema[key]]));
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) {
    const anyOf = choices.map(strict);
    return anyOf.includes(undefined) ? undefined : { ...kept, anyOf };
  }
  if (schema.type === "object") return strictObject(schema, kept);
  if (schema.type === "array") {
    const items = strict(schema.items);
    return items && { ...kept, items };
  }
  // Anything at all is no schema to be strict about.
  return Object.keys(kept).some((key) => key !== "description") ? kept : undefined;
}

function strictObject(schema: JsonSchema, kept: JsonSchema): JsonSchema | undefined {
  const { properties, required = [], additionalProperties = false } = schema;
  if (!isObject(properties) || isObject(additionalProperties) || additionalProperties === true) return undefined;
  const names = Object.keys(properties);
  if (!Array.isArray(required) || !names.every((name) => required.includes(name))) return undefined;
  const parts = names.map((name) => [name, strict(properties[name])] as const);
  if (parts.some(([, part]) => part === undefined)) return undefined;
  return { ...kept, properties: Object.fromEntries(parts), required: names, additionalProperties: false };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
