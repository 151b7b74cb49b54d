import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { messageOf } from "../../../base/errors.ts";
import { type Refusal, refuse } from "../../../base/refusal.ts";

type Schema = v.GenericSchema;
/** A JSON Schema's node, read but not understood yet. */
const Node = v.looseObject({
  type: v.optional(v.picklist(["object", "array", "string", "number", "integer", "boolean", "null"])),
  properties: v.optional(v.record(v.string(), v.unknown())),
  required: v.optional(v.array(v.string())),
  additionalProperties: v.optional(v.boolean()),
  items: v.optional(v.unknown()),
  enum: v.optional(v.array(v.union([v.string(), v.number(), v.boolean()]))),
  anyOf: v.optional(v.array(v.unknown())),
  description: v.optional(v.string()),
  minimum: v.optional(v.number()),
  maximum: v.optional(v.number()),
  minItems: v.optional(v.number()),
  maxItems: v.optional(v.number()),
  minLength: v.optional(v.number()),
  maxLength: v.optional(v.number()),
});
type Node = v.InferOutput<typeof Node>;

/** What says nothing about the answer's shape. */
const IGNORED = new Set(["$schema", "$id", "title", "default", "examples"]);

/** The schema of an answer from a file with a JSON Schema: the part of it that models are held to, and nothing is left out unsaid. */
export async function readAnswerSchema(path: string): Promise<v.GenericSchema<Record<string, unknown>> | Refusal> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    return bad(path, messageOf(error));
  }
  const root = v.safeParse(Node, content);
  if (!root.success || root.output.type !== "object") return bad(path, "an answer is an object: its type must say so");
  try {
    // The root was seen to be an object.
    return toSchema(content, "answer") as v.GenericSchema<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return bad(path, error.message);
  }
}

class Unusable extends Error {}

function toSchema(content: unknown, at: string): Schema {
  const parsed = v.safeParse(Node, content);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Unusable(`${at}.${v.getDotPath(issue) ?? ""} ${issue.message}`);
  }
  const node = parsed.output;
  const unknown = Object.keys(node).find((key) => !Object.hasOwn(Node.entries, key) && !IGNORED.has(key));
  if (unknown !== undefined) throw new Unusable(`${at} uses "${unknown}", which is not understood`);
  const schema = shapeOf(node, at);
  return node.description === undefined ? schema : v.pipe(schema, v.description(node.description));
}

function shapeOf(node: Node, at: string): Schema {
  if (node.anyOf) return v.union(node.anyOf.map((one, n) => toSchema(one, `${at}.anyOf.${n}`)));
  if (node.enum) return v.union(node.enum.map((value) => v.literal(value)));
  switch (node.type) {
    case "object":
      return objectOf(node, at);
    case "array": {
      const items = node.items === undefined ? v.unknown() : toSchema(node.items, `${at}.items`);
      const { minItems = 0, maxItems } = node;
      const list = v.pipe(v.array(items), v.minLength(minItems));
      return maxItems === undefined ? list : v.pipe(list, v.maxLength(maxItems));
    }
    case "string": {
      const { minLength = 0, maxLength } = node;
      const text = minLength > 0 ? v.pipe(v.string(), v.minLength(minLength)) : v.string();
      return maxLength === undefined ? text : v.pipe(text, v.maxLength(maxLength));
    }
    case "number":
    case "integer":
      return numberOf(node);
    case "boolean":
      return v.boolean();
    case "null":
      return v.null();
    default:
      throw new Unusable(`${at} has no type`);
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: Node, at: string): Schema {
  const stray = required.find((key) => !Object.hasOwn(properties, key));
  if (stray !== undefined) throw new Unusable(`${at} requires "${stray}", which is not among its properties`);
  const entries = Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const schema = toSchema(value, `${at}.${key}`);
      return [key, required.includes(key) ? schema : v.optional(schema)];
    }),
  );
  return additionalProperties === false ? v.strictObject(entries) : v.looseObject(entries);
}

function numberOf({ type, minimum, maximum }: Node): Schema {
  const number = type === "integer" ? v.pipe(v.number(), v.integer()) : v.number();
  const above = minimum === undefined ? number : v.pipe(number, v.minValue(minimum));
  return maximum === undefined ? above : v.pipe(above, v.maxValue(maximum));
}

function bad(path: string, why: string): Refusal {
  return refuse(
    "bad_schema",
    `Cannot use the schema in ${path}: ${why}`,
    "Write a JSON Schema of an object from type, properties, required, additionalProperties, items, enum, anyOf, description and bounds",
  );
}
