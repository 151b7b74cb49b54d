import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Edit } from "../edit.ts";
import { type Entry, eolOf, type Fault, type Format, faultAt, isFault, nest, type Path } from "./format.ts";

/** JSON as people write it: comments and trailing commas are kept where they are. */
export const jsonWithComments: Format = { read: (text) => read(text, true), set, remove };

/** JSON for programs that read nothing else: what they could not read is a fault here too. */
export const plainJson: Format = { read: (text) => read(text, false), set, remove };

function read(text: string, lenient: boolean): { value: unknown } | Fault {
  const root = rootOf(text, lenient);
  return root && isFault(root) ? root : { value: root && plainValue(root) };
}

function set(text: string, path: Path, value: Entry): Edit[] | Fault {
  const root = rootOf(text, true);
  const eol = eolOf(text);
  if (root === undefined) {
    const gap = text === "" || text.endsWith("\n") ? "" : eol;
    const document = JSON.stringify(nest(path, value), null, 2).replaceAll("\n", eol);
    return [{ at: text.length, removed: "", inserted: `${gap}${document}${eol}` }];
  }
  if (isFault(root)) return root;
  let node: Node = root;
  for (const [depth, name] of path.entries()) {
    if (node.type !== "object") return faultAt(text, node.offset, `${path[depth - 1] ?? "the document"} is no object`);
    const rest = nest(path.slice(depth + 1), value);
    const [, found] = memberOf(node, name)?.children ?? [];
    if (found === undefined) return insertMember({ text, root, eol }, node, name, rest);
    if (depth === path.length - 1 || found.type === "null") {
      const removed = text.slice(found.offset, found.offset + found.length);
      return [{ at: found.offset, removed, inserted: rendered({ text, root, eol }, rest, found.offset) }];
    }
    node = found;
  }
  return [];
}

interface Document {
  readonly text: string;
  readonly root: Node;
  readonly eol: string;
}

function insertMember(document: Document, object: Node, name: string, value: unknown): Edit[] {
  const { text, root, eol } = document;
  const last = object.children?.at(-1);
  const start = object.offset + 1;
  const end = object.offset + object.length - 1;
  const base = indentAt(text, object.offset);
  if (last === undefined) {
    const inner = text.slice(start, end);
    // One line stays one line, unless there is nothing yet whose form could be kept.
    if (!text.slice(root.offset, root.offset + root.length).includes("\n") && (root.children?.length ?? 0) > 0) {
      const inserted = `${inner.trim() === "" ? "" : ","}${JSON.stringify(name)}:${JSON.stringify(value)}`;
      return [{ at: end, removed: "", inserted: inserted.replace(/^,/, "") }];
    }
    const kept = inner.trimEnd();
    const tail = inner.slice(kept.length);
    const indent = base + unitOf(text, root);
    const member = `${eol}${indent}${JSON.stringify(name)}: ${rendered(document, value, undefined, indent)}`;
    if (kept === "") return [{ at: start, removed: inner, inserted: `${member}${eol}${base}` }];
    return [
      { at: start + kept.length, removed: "", inserted: tail.includes("\n") ? member : `${member}${eol}${base}` },
    ];
  }
  const after = last.offset + last.length;
  const next = skipTrivia(text, after);
  const comma = text[next] === "," ? next : undefined;
  const first = object.children?.[0] ?? last;
  const sameLine = !text.slice(start, first.offset).includes("\n");
  if (sameLine) {
    const spaced = first.colonOffset !== undefined && text[first.colonOffset + 1] === " " ? " " : "";
    const member = `${JSON.stringify(name)}:${spaced}${JSON.stringify(value)}`;
    if (comma === undefined) return [{ at: after, removed: "", inserted: `,${spaced}${member}` }];
    return [{ at: comma + 1, removed: "", inserted: `${spaced}${member},` }];
  }
  const indent = indentAt(text, first.offset);
  const at = endOfRemark(text, comma === undefined ? after : comma + 1);
  const closes = skipTrivia(text, at) === end && !text.slice(at, end).includes("\n");
  const member = `${eol}${indent}${JSON.stringify(name)}: ${rendered(document, value, undefined, indent)}`;
  const inserted = `${member}${comma === undefined ? "" : ","}${closes ? eol + base : ""}`;
  if (comma !== undefined) return [{ at, removed: "", inserted }];
  if (at === after) return [{ at, removed: "", inserted: `,${inserted}` }];
  return [
    { at: after, removed: "", inserted: "," },
    { at, removed: "", inserted },
  ];
}

function remove(text: string, path: Path): Edit[] | Fault {
  const root = rootOf(text, true);
  if (root === undefined) return [];
  if (isFault(root)) return root;
  let object: Node = root;
  for (const name of path.slice(0, -1)) {
    const [, found] = memberOf(object, name)?.children ?? [];
    if (found?.type !== "object") return [];
    object = found;
  }
  const members = object.children ?? [];
  const member = memberOf(object, path.at(-1) ?? "");
  if (member === undefined) return [];
  const cut = (from: number, to: number): Edit => ({ at: from, removed: text.slice(from, to), inserted: "" });
  const stop = member.offset + member.length;
  const next = skipTrivia(text, stop);
  const end = object.offset + object.length - 1;
  // With its line's end only if nothing else is in the line: what follows would else become part of a remark above.
  const lead = /\r?\n?[ \t]*$/.exec(text.slice(0, member.offset))?.[0].length ?? 0;
  const begin = (to: number) => (/^[ \t]*(\r?\n|$)/.test(text.slice(to)) ? member.offset - lead : member.offset);
  if (members.length === 1) {
    const to = text[next] === "," ? next + 1 : stop;
    const alone = `${text.slice(object.offset + 1, member.offset)}${text.slice(to, end)}`.trim() === "";
    return [alone ? cut(object.offset + 1, end) : cut(begin(to), to)];
  }
  if (text[next] === ",") return [cut(begin(next + 1), next + 1)];
  const previous = members[members.indexOf(member) - 1];
  const from = begin(stop);
  if (previous === undefined) return [cut(from, stop)];
  const comma = skipTrivia(text, previous.offset + previous.length);
  return comma + 1 >= from ? [cut(comma, stop)] : [cut(comma, comma + 1), cut(from, stop)];
}

function rootOf(text: string, lenient: boolean): Node | Fault | undefined {
  const errors: ParseError[] = [];
  const options = { allowTrailingComma: lenient, disallowComments: !lenient, allowEmptyContent: true };
  const root = parseTree(text, errors, options);
  const [first] = errors;
  if (first === undefined) return root;
  const words = printParseErrorCode(first.error)
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toLowerCase();
  return faultAt(text, first.offset, words);
}

/** Of several with one name the last counts, as it does for every reader. */
function memberOf(object: Node, name: string): Node | undefined {
  return object.children?.findLast(({ children }) => children?.[0]?.value === name);
}

function plainValue({ type, children = [], value }: Node): unknown {
  if (type === "array") return children.map(plainValue);
  if (type !== "object") return value;
  // Not by assignment: a key may be called __proto__.
  return Object.fromEntries(
    children.map(({ children: [key, inner] = [] }) => [String(key?.value), inner && plainValue(inner)]),
  );
}

function rendered(document: Document, value: unknown, offset?: number, indent?: string): string {
  const { text, root, eol } = document;
  const line = indent ?? indentAt(text, offset ?? 0);
  if (!text.slice(root.offset, root.offset + root.length).includes("\n") && offset !== undefined)
    return JSON.stringify(value);
  return JSON.stringify(value, null, unitOf(text, root)).replaceAll("\n", eol + line);
}

/** The white space at the beginning of the line that an offset is in. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

function unitOf(text: string, root: Node): string {
  const [first] = root.children ?? [];
  const indent = first === undefined ? "" : indentAt(text, first.offset);
  const own = indentAt(text, root.offset);
  return indent.length > own.length && indent.startsWith(own) ? indent.slice(own.length) : "  ";
}

const TRIVIA = /(?:\s+|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/)*/y;

function skipTrivia(text: string, offset: number): number {
  TRIVIA.lastIndex = offset;
  return offset + (TRIVIA.exec(text)?.[0].length ?? 0);
}

const REMARK = /(?:[ \t]*(?:\/\/[^\n\r]*|\/\*[^\n\r]*?\*\/))+/y;

/** Behind what is said about a member on its own line. */
function endOfRemark(text: string, offset: number): number {
  REMARK.lastIndex = offset;
  return offset + (REMARK.exec(text)?.[0].length ?? 0);
}
