import * as v from "valibot";
import { isRecord } from "./seed-document.ts";

/** A text that says something. */
export const Text = v.pipe(v.string(), v.trim(), v.minLength(1, "write a text; it is empty"));

/** A text that may be empty. */
export const Words = v.pipe(v.string(), v.trim());

/**
 * An item that may also be written as a text, which then is its main value; and the other names its keys go by. A key's own
 * name wins over its aliases.
 */
export function lifted<Schema extends v.GenericSchema>(
  main: string,
  aliases: Readonly<Record<string, readonly string[]>>,
  schema: Schema,
) {
  return v.pipe(
    v.unknown(),
    v.transform((value): unknown => {
      if (typeof value === "string") return { [main]: value };
      return isRecord(value) ? Object.entries(aliases).reduce(withoutAlias, value) : value;
    }),
    schema,
  );
}

function withoutAlias(
  value: Readonly<Record<string, unknown>>,
  [name, others]: [string, readonly string[]],
): Readonly<Record<string, unknown>> {
  const alias = others.find((other) => Object.hasOwn(value, other) && value[other] !== null);
  if ((Object.hasOwn(value, name) && value[name] !== null) || alias === undefined) return value;
  const { [alias]: found, [name]: _absent, ...rest } = value;
  return { ...rest, [name]: found };
}
