/** The parameters that several commands share, and the makers of the others. */
const DB = {
  kind: "parsed",
  parse: asText,
  optional: true,
  placeholder: "PATH|URL",
  brief: "The store to use, instead of the configured one",
} as const;

const JSON_FLAG = {
  kind: "boolean",
  default: false,
  withNegated: false,
  brief: "Answer with one JSON document",
} as const;

/** Every command has these two. */
export const SHARED = { db: DB, json: JSON_FLAG } as const;

/** A session's own id, or its execution's. */
export const SESSION_ID = {
  kind: "tuple",
  parameters: [{ parse: asText, placeholder: "ID", brief: "Id of a session (orch_…) or of its execution (exec_…)" }],
} as const;

/** A switch that is off unless it is given. */
export function switchFlag<const Brief extends string>(brief: Brief) {
  return { kind: "boolean", default: false, withNegated: false, brief } as const;
}

/** An optional text. */
export function textFlag<const Brief extends string>(placeholder: string, brief: Brief) {
  return { kind: "parsed", parse: asText, optional: true, placeholder, brief } as const;
}

/** A whole number between two bounds. */
export function numberFlag<const Brief extends string>(bounds: { min: number; max: number }, brief: Brief) {
  return { kind: "parsed", parse: wholeNumber(bounds), optional: true, placeholder: "N", brief } as const;
}

function asText(input: string): string {
  if (input === "") throw new RangeError("it must not be empty");
  return input;
}

function wholeNumber({ min, max }: { min: number; max: number }): (input: string) => number {
  return (input) => {
    const value = Number(input);
    if (/^\d+$/.test(input) && value >= min && value <= max) return value;
    throw new RangeError(`it must be a whole number from ${min} to ${max}`);
  };
}
