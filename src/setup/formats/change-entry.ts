import { isDeepStrictEqual } from "node:util";
import { applyEdits, type Edit } from "../edit.ts";
import { type Entry, type Fault, type Format, isFault, isObject, type Path, valueAt } from "./format.ts";

/** A text before and after, both read: all else that it says is the same. */
export interface Change {
  readonly edits: readonly Edit[];
  readonly after: string;
}

/** Puts a value at a path, or takes it away with `undefined`. What was written is read again: anything unexpected is a fault. */
export function changeEntry(format: Format, text: string, path: Path, value: Entry | undefined): Change | Fault {
  const before = format.read(text);
  if (isFault(before)) return before;
  if (before.value !== undefined && !isObject(before.value)) {
    return { fault: "the document is no list of names and values", line: 1, column: 1 };
  }
  const edits = value === undefined ? format.remove(text, path) : format.set(text, path, value);
  if (isFault(edits)) return edits;
  const after = applyEdits(text, edits);
  const now = format.read(after);
  if (
    isFault(now) ||
    !wanted(before.value, path, value).some((one) => isDeepStrictEqual(plain(now.value), plain(one)))
  ) {
    const place = valueAt(before.value, path.slice(0, 1)) === undefined ? "the file" : (path[0] ?? "the file");
    return { fault: `${place} is written in a form that cannot be changed in place`, line: 1, column: 1 };
  }
  return { edits, after };
}

/** What the text may say afterwards: where nobody has written an object down, it goes with the last value in it. */
function wanted(document: unknown, path: Path, value: Entry | undefined): unknown[] {
  if (value !== undefined) return [withValue(document, path, value)];
  const left = without(document, path);
  const container = path.slice(0, -1);
  const isEmpty = Object.keys(valueAt(left, container) ?? {}).length === 0;
  return isEmpty && container.length > 0 ? [left, without(left, container)] : [left];
}

function withValue(document: unknown, [name, ...rest]: Path, value: unknown): unknown {
  if (name === undefined) return value;
  const object = isObject(document) ? document : {};
  return Object.fromEntries([
    ...Object.entries(object).filter(([key]) => key !== name),
    [name, withValue(valueAt(object, [name]), rest, value)],
  ]);
}

function without(document: unknown, [name, ...rest]: Path): unknown {
  if (name === undefined || !isObject(document)) return document;
  const others = Object.entries(document).filter(([key]) => key !== name);
  const inner = valueAt(document, [name]);
  if (rest.length === 0 || inner === undefined) return Object.fromEntries(others);
  return Object.fromEntries([...others, [name, without(inner, rest)]]);
}

/** Without prototypes, which parsers choose differently, and without names that have no value. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value) || value instanceof Date) return value;
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(members.map(([key, inner]) => [key, plain(inner)]));
}
