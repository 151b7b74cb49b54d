const NEEDS_ESCAPE = /[^ !#-[\]-~]/;
const ESCAPED = /[^ !#-[\]-~]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\f": "\\f",
  "\b": "\\b",
};

const KEYS = new Map<string, string>();

/** A Python float: JavaScript cannot tell 1.0 from 1, and upstream's text does. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Text that is encoded already and goes out as it stands, well formed or not. */
export class Encoded {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type PyObject = { readonly [key: string]: PyValue | undefined };
export type PyValue = null | boolean | number | string | PyFloat | Encoded | readonly PyValue[] | PyObject;

/** What Python's `json.dumps` writes with its defaults; keys whose value is undefined are left out. */
export function pythonJson(value: PyValue): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return Number.isInteger(value) ? value.toString() : pythonFloat(value);
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value instanceof PyFloat) return pythonFloat(value.value);
  if (value instanceof Encoded) return value.text;
  if (isList(value)) return `[${value.map(pythonJson).join(", ")}]`;
  let members = "";
  for (const key in value) {
    const member = value[key];
    if (member === undefined) continue;
    members += (members === "" ? "" : ", ") + encodedKey(key) + pythonJson(member);
  }
  return `{${members}}`;
}

function isList(value: readonly PyValue[] | PyObject): value is readonly PyValue[] {
  return Array.isArray(value);
}

// Rows by the million share a few dozen keys.
function encodedKey(key: string): string {
  let text = KEYS.get(key);
  if (text === undefined) {
    text = `${quoted(key)}: `;
    KEYS.set(key, text);
  }
  return text;
}

function quoted(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return `"${text.replace(ESCAPED, escapeUnit)}"`;
}

// Without the u flag the pattern sees UTF-16 units, so a character beyond the BMP becomes its surrogate pair, as in Python.
function escapeUnit(unit: string): string {
  return SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  // Python leaves positional notation earlier than JavaScript does, at both ends.
  if (size < 1e-4 || size >= 1e16) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = value.toString();
  return text.includes(".") ? text : `${text}.0`;
}
