import { parse, stringify, TomlError } from "smol-toml";
import type { Edit } from "../edit.ts";
import { type Entry, eolOf, type Fault, type Format, nest, type Path } from "./format.ts";

/** TOML, a table at a time: no library rewrites TOML without losing comments, and a table can stand anywhere in the file. */
export const toml: Format = { read, set, remove };

function read(text: string): { value: unknown } | Fault {
  try {
    return { value: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    return { fault: first, line: error.line, column: error.column };
  }
}

function set(text: string, path: Path, value: Entry): Edit[] {
  const eol = eolOf(text);
  const table = stringify(nest(path, value)).trimEnd().replaceAll("\n", eol);
  const [first, ...others] = tablesAt(text, path);
  if (first === undefined) {
    const gap = text === "" ? "" : text.endsWith("\n") ? eol : eol + eol;
    return [{ at: text.length, removed: "", inserted: `${gap}${table}${eol}` }];
  }
  const replaced = { at: first.from, removed: text.slice(first.from, first.to), inserted: table };
  return [replaced, ...others.map((other) => cut(text, other))];
}

function remove(text: string, path: Path): Edit[] {
  return tablesAt(text, path).map((table) => cut(text, table));
}

/** A table without the comments that follow it: they belong to the next one. */
interface Table {
  readonly path: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** The table and those below it. */
function tablesAt(text: string, path: Path): Table[] {
  return tablesOf(text).filter((table) => path.every((name, at) => table.path[at] === name));
}

function cut(text: string, { from, to }: Table): Edit {
  const after = to + (/^[ \t]*\r?\n?/.exec(text.slice(to))?.[0].length ?? 0);
  const before = from - (/(?<=\n)\r?\n$/.exec(text.slice(0, from))?.[0].length ?? 0);
  return { at: before, removed: text.slice(before, after), inserted: "" };
}

/** One statement without its line's end: strings of all four kinds and comments hide what is in them. */
const PIECE =
  /"""(?:\\[\s\S]|[^\\])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*|[[\]{}]|\r?\n|[^"'#[\]{}\r\n]+|\r/y;

function tablesOf(text: string): Table[] {
  const tables: Table[] = [];
  let at = 0;
  while (at < text.length) {
    const from = at + (/^[ \t]*/.exec(text.slice(at))?.[0].length ?? 0);
    const { end, next, said } = statement(text, from);
    const open = tables.at(-1);
    if (text[from] === "[") tables.push({ path: pathOf(text.slice(from, end)), from, to: end });
    else if (said && open) tables[tables.length - 1] = { ...open, to: end };
    at = next;
  }
  return tables;
}

/** Where a statement ends, where the next line begins, and whether it says anything besides a comment. */
function statement(text: string, from: number): { end: number; next: number; said: boolean } {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text)?.[0] ?? text.slice(at, at + 1);
    if (/^\r?\n$/.test(piece) && depth <= 0) return { end: at, next: at + piece.length, said: said(text, from, at) };
    if (piece === "[" || piece === "{") depth++;
    if (piece === "]" || piece === "}") depth--;
    at += piece.length;
  }
  return { end: at, next: at, said: said(text, from, at) };
}

function said(text: string, from: number, to: number): boolean {
  return !/^\s*(#|$)/.test(text.slice(from, to));
}

function pathOf(header: string): string[] {
  const names: string[] = [];
  let at: unknown = parse(header);
  while (typeof at === "object" && at !== null) {
    const [name] = Object.keys(at);
    if (name === undefined) break;
    if (!Array.isArray(at)) names.push(name);
    at = Object.values(at)[0];
  }
  return names;
}
