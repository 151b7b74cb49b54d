import { Document, isScalar, Lexer, parseDocument, visit } from "yaml";
import { messageOf } from "../../base/errors.ts";
import type { Refusal } from "../../base/refusal.ts";
import type { SchemaFault } from "../../base/schema-fault.ts";
import { badSeed } from "./bad-seed.ts";
import { inKeyOrder } from "./key-order.ts";
import { MAX_SEED_DEPTH, type SeedDocument, toDocument } from "./seed-document.ts";

/** Upstream's limit for a seed file. */
export const MAX_SEED_BYTES = 1_000_000;

/** Reads YAML, JSON being a part of it: one document, the plain types only, no key twice, nothing that unfolds. */
export function fromYaml(text: string): SeedDocument | Refusal {
  if (new TextEncoder().encode(text).length > MAX_SEED_BYTES) return refused(`keep it below ${MAX_SEED_BYTES} bytes`);
  const much = tooMuch(text);
  if (much !== undefined) return refused(much);
  try {
    // Its own search for double keys compares each with each.
    const document = parseDocument(text, {
      schema: "core",
      resolveKnownTags: false,
      stringKeys: true,
      uniqueKeys: false,
    });
    const faults = faultsOf(document);
    if (faults.length > 0) return badSeed(faults);
    return toDocument(document.toJS({ maxAliasCount: MAX_ALIASES }));
  } catch (error) {
    return refused(messageOf(error));
  }
}

const MAX_ALIASES = 100;

/** Writes a document as upstream does: its order of keys, block style, characters as they are, times in quotes. */
export function toYaml(document: SeedDocument): string {
  const written = new Document(inKeyOrder(document), {
    schema: "core",
    // What upstream's YAML 1.1 would take for a number, a truth or a time goes into quotes.
    compat: "yaml-1.1",
  });
  visit(written, {
    Scalar(_, scalar) {
      if (typeof scalar.value === "string" && TRAPS.test(scalar.value)) scalar.type = "QUOTE_DOUBLE";
    },
  });
  const yaml = written.toString({ singleQuote: true, indentSeq: false, lineWidth: 0 });
  // Upstream's reader ends the line at these even within quotes; and they stand within quotes only.
  return yaml.replace(/[\u2028\u2029]/g, (sign) => (sign === "\u2028" ? "\\L" : "\\P"));
}

/** What upstream's reader fails on outside of quotes, and ours does not: tabs, its own line ends, and a lone `=`. */
const TRAPS = /[\t\u2028\u2029]|^=$/;

function refused(message: string): Refusal {
  return badSeed([{ path: "", message }]);
}

/** Far more than a seed within its limits can need, and no more than the composer reads in a second. */
const MAX_ITEMS = 50_000;
const INDICATORS = new Set(["-", "?", ":", ",", "[", "{"]);

/** What would take the composer seconds, found in one pass: nesting without end, and items without number. */
function tooMuch(text: string): string | undefined {
  let [items, flow, line] = [0, 0, 0];
  for (const token of new Lexer().lex(text)) {
    if (INDICATORS.has(token)) items++;
    if (token === "[" || token === "{") flow++;
    else if (token === "]" || token === "}") flow--;
    else if (token === "-" || token === "?") line++;
    else if (token.includes("\n")) line = 0;
    if (Math.max(flow, line) > MAX_SEED_DEPTH) return `nest it at most ${MAX_SEED_DEPTH} levels deep`;
    if (items > MAX_ITEMS) return `write fewer than ${MAX_ITEMS} keys and items`;
  }
  return undefined;
}

function faultsOf(document: Document.Parsed): SchemaFault[] {
  const faults: SchemaFault[] = [...document.errors, ...document.warnings].map(({ code, message }) => ({
    path: "",
    message: HINTS[code] ?? firstLine(message),
  }));
  // A text with errors in it can be nested deeper than can be walked.
  if (faults.length > 0) return faults;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) faults.push({ path: "", message: `write the key ${String(name)} once, not twice` });
        seen.add(name);
      }
    },
  });
  return faults;
}

/** The library shows the place below its message; the line and column are in the message too. */
function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/:$/, "");
}

const HINTS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "write one document, without a second after ---",
  TAG_RESOLVE_FAILED: "leave the tag (!…) out: only plain texts, numbers, lists and objects are read",
};
