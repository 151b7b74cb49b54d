import type { Edit } from "../edit.ts";

/** Where a text cannot be read, or has a form in which nothing can be changed safely. Lines and columns count from 1. */
export interface Fault {
  readonly fault: string;
  readonly line: number;
  readonly column: number;
}

/** Names that lead from the root of a document to a value. */
export type Path = readonly string[];
export type Entry = Readonly<Record<string, unknown>>;

/** A way to write configuration down. Edits touch the one value they are about and what separates it from its neighbours. */
export interface Format {
  /** What the text says; undefined when it says nothing at all. */
  read(text: string): { readonly value: unknown } | Fault;
  set(text: string, path: Path, value: Entry): readonly Edit[] | Fault;
  /** Takes a value away that is there. */
  remove(text: string, path: Path): readonly Edit[] | Fault;
}

export function isFault(value: object): value is Fault {
  return "fault" in value;
}

/** A fault at an offset of a text. */
export function faultAt(text: string, offset: number, fault: string): Fault {
  const before = text.slice(0, offset);
  return { fault, line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** How the lines of a text end. */
export function eolOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** The value inside as many objects as there are names. */
export function nest(path: Path, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a path; undefined when there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  let at: unknown = value;
  for (const name of path) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return at;
}
