import { type Document, isMap, isNode, isScalar, isSeq, type Pair, parseDocument, stringify, type YAMLMap } from "yaml";
import type { Edit } from "../edit.ts";
import { type Entry, eolOf, type Fault, type Format, faultAt, nest, type Path } from "./format.ts";

/** YAML, a pair at a time by the places the parser gives: printed again as a whole, its layout would change. */
export const yaml: Format = { read, set, remove };

function read(text: string): { value: unknown } | Fault {
  const document = documentOf(text);
  if ("fault" in document) return document;
  try {
    return { value: document.toJS() ?? undefined };
  } catch (error) {
    // Aliases that expand without end.
    return faultAt(text, 0, error instanceof Error ? error.message : String(error));
  }
}

function set(text: string, path: Path, value: Entry): Edit[] | Fault {
  const document = documentOf(text);
  if ("fault" in document) return document;
  const eol = eolOf(text);
  if (document.contents === null) {
    const gap = text === "" || text.endsWith("\n") ? "" : eol;
    return [{ at: text.length, removed: "", inserted: gap + block(nest(path, value), { indent: "", eol }) }];
  }
  let node: unknown = document.contents;
  for (const [depth, name] of path.entries()) {
    if (!isMap(node)) return faultAt(text, startOf(node), `${path[depth - 1] ?? "the document"} is no plain mapping`);
    const rest = nest(path.slice(depth + 1), value);
    const pair = pairOf(node, name);
    const indent = indentOf(text, node);
    if (pair === undefined) return [inserted(text, node, { [name]: rest }, { indent, eol })];
    const isLast = depth === path.length - 1;
    if (node.flow && (isLast || isNothing(pair.value))) return flowValue(text, pair, rest);
    if (!isLast && isNothing(pair.value)) return filled(text, pair, rest as Entry, { indent: `${indent}  `, eol });
    if (isLast) {
      const { from, to } = linesOf(text, pair);
      const pairs = block({ [name]: rest }, { indent, eol });
      const isEnded = text.slice(from, to).endsWith("\n");
      return [{ at: from, removed: text.slice(from, to), inserted: isEnded ? pairs : pairs.slice(0, -eol.length) }];
    }
    node = pair.value;
  }
  return [];
}

function remove(text: string, path: Path): Edit[] | Fault {
  const document = documentOf(text);
  if ("fault" in document) return document;
  const parents = path.slice(0, -1);
  const map = parents.length === 0 ? document.contents : document.getIn(parents, true);
  const pair = isMap(map) ? pairOf(map, path.at(-1) ?? "") : undefined;
  if (!isMap(map) || pair === undefined) return [];
  if (map.flow) return [flowCut(text, map, pair)];
  const { from, to } = linesOf(text, pair);
  const cut = { at: from, removed: text.slice(from, to), inserted: "" };
  if (map.items.length > 1 || parents.length === 0) return [cut];
  // A mapping whose last pair goes stays a mapping.
  const colon = text.lastIndexOf(":", from);
  return [{ at: colon + 1, removed: "", inserted: " {}" }, cut];
}

interface Layout {
  readonly indent: string;
  readonly eol: string;
}

function documentOf(text: string): Document | Fault {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error === undefined) return document;
  const [first = ""] = error.message.split("\n");
  return faultAt(text, error.pos[0], first.replace(/ at line \d+, column \d+:?$/, ""));
}

function block(value: unknown, { indent, eol }: Layout): string {
  const lines = stringify(value, { lineWidth: 0 }).trimEnd().split("\n");
  return lines.map((line) => `${indent}${line}${eol}`).join("");
}

function inserted(text: string, map: YAMLMap, member: Entry, layout: Layout): Edit {
  const last = map.items.at(-1);
  if (!map.flow) return lines(text, last === undefined ? text.length : lineEnd(text, endOf(last)), member, layout);
  const at = last === undefined ? startOf(map) + 1 : endOf(last);
  const words = JSON.stringify(member).slice(1, -1);
  return { at, removed: "", inserted: last === undefined ? words : `, ${words}` };
}

/** Gives a pair that has no value yet its first one, below what is said about it on its line. */
function filled(text: string, pair: Pair, value: Entry, layout: Layout): Edit[] {
  const below = lines(text, lineEnd(text, endOf(pair)), value, layout);
  const [from, to] = isNode(pair.value) && pair.value.range ? pair.value.range : [below.at, below.at];
  return from === to ? [below] : [{ at: from, removed: text.slice(from, to), inserted: "" }, below];
}

function lines(text: string, at: number, value: Entry, layout: Layout): Edit {
  const added = block(value, layout);
  // A file whose last line has no end keeps it so.
  const isOpen = at > 0 && text[at - 1] !== "\n";
  return { at, removed: "", inserted: isOpen ? layout.eol + added.slice(0, -layout.eol.length) : added };
}

function flowValue(text: string, { value }: Pair, rest: unknown): Edit[] | Fault {
  if (!isNode(value) || !value.range) return faultAt(text, 0, "a value is missing");
  const [from, to] = value.range;
  return [{ at: from, removed: text.slice(from, to), inserted: JSON.stringify(rest) }];
}

function flowCut(text: string, map: YAMLMap, pair: Pair): Edit {
  const at = map.items.indexOf(pair);
  const next = map.items[at + 1];
  const previous = map.items[at - 1];
  const from = next === undefined && previous !== undefined ? endOf(previous) : startOf(pair.key);
  const to = next === undefined ? endOf(pair) : startOf(next.key);
  return { at: from, removed: text.slice(from, to), inserted: "" };
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function isNothing(value: unknown): boolean {
  return value === null || (isScalar(value) && value.value === null);
}

/** The whole lines of a pair in a block. */
function linesOf(text: string, pair: Pair): { from: number; to: number } {
  return { from: text.lastIndexOf("\n", startOf(pair.key) - 1) + 1, to: lineEnd(text, endOf(pair)) };
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function endOf({ key, value }: Pair): number {
  const node = isNothing(value) && isNode(value) && value.range?.[0] === value.range?.[1] ? key : (value ?? key);
  return lastOf(node);
}

function lastOf(node: unknown): number {
  if (isMap(node) && !node.flow && node.items.length > 0) return endOf(node.items.at(-1) as Pair);
  if (isSeq(node) && !node.flow && node.items.length > 0) return lastOf(node.items.at(-1));
  return isNode(node) ? (node.range?.[1] ?? 0) : 0;
}

/** Behind the end of the line; a block scalar ends behind it already. */
function lineEnd(text: string, offset: number): number {
  if (text[offset - 1] === "\n") return offset;
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}

function indentOf(text: string, map: YAMLMap): string {
  const start = startOf(map.items[0]?.key);
  return map.flow ? "" : (/^ */.exec(text.slice(text.lastIndexOf("\n", start - 1) + 1))?.[0] ?? "");
}
