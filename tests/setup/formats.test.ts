import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse as parseJson } from "jsonc-parser";
import { parse as parseToml, stringify as writeToml } from "smol-toml";
import { parse as parseYaml, stringify as writeYaml } from "yaml";
import { applyEdits, invertEdits } from "../../src/setup/edit.ts";
import { changeEntry } from "../../src/setup/formats/change-entry.ts";
import { type Format, isFault } from "../../src/setup/formats/format.ts";
import { jsonWithComments, plainJson } from "../../src/setup/formats/json.ts";
import { toml } from "../../src/setup/formats/toml.ts";
import { yaml } from "../../src/setup/formats/yaml.ts";

const PLACE = ["servers", "ouroboros"];
const ENTRY = { command: '/opt/a "b"/ouroboros', args: ["mcp", "serve"], env: { A: "1" } };

/** Names that collide with ours, with prototypes, and with the syntax. */
const Name = fc.oneof(
  fc.constantFrom("servers", "ouroboros", "__proto__", "a", "b c", "//", "#", "", "é😀"),
  fc.string({ maxLength: 6 }),
);
const Leaf = fc.oneof(
  fc.constantFrom(null, true, 1.5, -3, "// no comment", "/* nor this", "{", "\n", '"'),
  fc.string({ maxLength: 8 }),
);
const { value: Value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small", maxDepth: 3 }, Leaf, fc.array(tie("value"), { maxLength: 3 }), tie("object")),
  object: fc.array(fc.tuple(Name, tie("value")), { maxLength: 4 }).map((members) => ({ members })),
}));
const Servers = fc.array(fc.tuple(Name, Value), { maxLength: 3 }).map((members) => ({ members }));
const Root = fc
  .tuple(
    fc.array(
      fc.tuple(
        Name.filter((name) => name !== "servers"),
        Value,
      ),
      { maxLength: 3 },
    ),
    fc.option(Servers),
    fc.nat(3),
  )
  .map(([members, servers, at]) => ({
    members: servers ? [...members.slice(0, at), ["servers", servers] as const, ...members.slice(at)] : members,
  }));

/** Prints a document with whatever may stand between its tokens. */
function printed(value: unknown, gap: () => string, trails: () => boolean): string {
  if (Array.isArray(value))
    return list(
      "[",
      value.map((one) => printed(one, gap, trails)),
      "]",
      gap,
      trails,
    );
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const { members } = value as { members: [string, unknown][] };
  const texts = members.map(([name, one]) => `${JSON.stringify(name)}${gap()}:${gap()}${printed(one, gap, trails)}`);
  return list("{", texts, "}", gap, trails);
}

function list(open: string, texts: readonly string[], close: string, gap: () => string, trails: () => boolean): string {
  const inner = texts.map((text) => gap() + text + gap()).join(",");
  return `${open}${inner}${texts.length > 0 && trails() ? `,${gap()}` : gap()}${close}`;
}

const GAPS = ["", "", " ", "\n", "\r\n", "\t", "\n    ", " // x, }\n", "/* { \n */", "\n\n", " /* ] */ "];
const Document = fc
  .tuple(
    Root,
    fc.array(fc.nat(GAPS.length - 1), { minLength: 1, maxLength: 12 }),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  )
  .map(([root, gaps, trailing]) => {
    let at = 0;
    const gap = () => GAPS[gaps[at++ % gaps.length] ?? 0] ?? "";
    return gap() + printed(root, gap, () => trailing[at++ % trailing.length] ?? false) + gap();
  });

const jsonc = (text: string) => parseJson(text, [], { allowTrailingComma: true }) ?? {};

test("in any JSON with comments the entry is put in and taken out with nothing else moved", () => {
  fc.assert(
    fc.property(Document, (text) => {
      const change = changeEntry(jsonWithComments, text, PLACE, ENTRY);
      if (isFault(change)) {
        // Only where something stands in the way that is no object.
        expect(change.fault).toMatch(/^servers is no object$/);
        return;
      }
      expect(jsonc(change.after).servers.ouroboros).toEqual(ENTRY);
      expect(applyEdits(change.after, invertEdits(change.edits))).toBe(text);
      // What is not ours stands there in the same order, character by character.
      const kept = change.edits.reduceRight(
        (left, { at, removed }) => left.slice(0, at) + left.slice(at + removed.length),
        text,
      );
      expect(isPartOf(kept, change.after)).toBe(true);

      const again = changeEntry(jsonWithComments, change.after, PLACE, { command: "other" });
      expect(isFault(again) || jsonc(again.after).servers.ouroboros).toEqual({ command: "other" });
      const gone = changeEntry(jsonWithComments, change.after, PLACE, undefined);
      // Of two with our name the one behind counts, and taking it away would bring the other back.
      const isTwice = text.split(/"ouroboros"\s*(?:\/\/.*\s*|\/\*[\s\S]*?\*\/\s*)*:/).length > 2;
      if (isFault(gone) && isTwice) return;
      if (isFault(gone)) throw new Error(gone.fault);
      expect(Object.hasOwn(jsonc(gone.after).servers, "ouroboros")).toBe(false);
    }),
    { numRuns: 300 },
  );
});

function isPartOf(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (part.startsWith(character, at)) at += character.length;
  return at === part.length;
}

test("plain JSON as programs write it reads the same afterwards, entry apart", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2, 4, "\t"), (document, indent) => {
      const text = JSON.stringify({ ...document, servers: { a: document } }, null, indent);
      const change = changeEntry(plainJson, text, PLACE, ENTRY);
      if (isFault(change)) throw new Error(change.fault);
      expect(JSON.parse(change.after)).toEqual(
        JSON.parse(JSON.stringify({ ...document, servers: { a: document, ouroboros: ENTRY } })),
      );
      // Whoever writes JSON so would have written the entry so.
      expect(change.after).toBe(JSON.stringify(JSON.parse(change.after), null, indent));
      const gone = changeEntry(plainJson, change.after, PLACE, undefined);
      expect(isFault(gone) || gone.after).toBe(text);
    }),
    { numRuns: 100 },
  );
});

const Key = fc.stringMatching(/^[A-Za-z][\w .-]{0,5}$/);
const Plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.string({ maxLength: 12 }),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(Key, tie("value"), { maxKeys: 4 }),
})).object;

for (const [name, format, write, read] of [
  ["TOML", toml, (document: object) => writeToml(document), (text: string) => parseToml(text)],
  ["YAML", yaml, (document: object) => writeYaml(document), (text: string) => parseYaml(text) ?? {}],
] as const) {
  test(`in any ${name} the entry is put in and taken out, and all else says what it said`, () => {
    fc.assert(
      fc.property(Plain, Plain, fc.constantFrom("\n", "\r\n"), fc.boolean(), (document, servers, eol, ends) => {
        const said = { ...(document as object), servers: { ...(servers as object), a: { b: 1 } } };
        const printed = write(said).replace(/(?<!\r)\n/g, eol);
        const text = ends ? printed : printed.trimEnd();
        const change = changeEntry(format, text, PLACE, ENTRY);
        if (isFault(change)) throw new Error(change.fault);
        expect(read(change.after)).toEqual({ ...read(text), servers: { ...said.servers, ouroboros: ENTRY } });
        expect(applyEdits(change.after, invertEdits(change.edits))).toBe(text);
        const gone = changeEntry(format, change.after, PLACE, undefined);
        expect(isFault(gone) || read(gone.after)).toEqual(read(text));
      }),
      { numRuns: 30 },
    );
  }, 30_000);
}

describe("the entry is written the way its neighbours are", () => {
  const cases: [string, Format, string, string][] = [
    [
      "a tab and a trailing comma",
      jsonWithComments,
      '{\n\t"servers": {\n\t\t"a": 1,\n\t},\n}',
      '{\n\t"servers": {\n\t\t"a": 1,\n\t\t"ouroboros": {\n\t\t\t"n": 1\n\t\t},\n\t},\n}',
    ],
    [
      "a remark behind the last member",
      jsonWithComments,
      '{\n  "servers": {\n    "a": 1 // x\n  }\n}',
      '{\n  "servers": {\n    "a": 1, // x\n    "ouroboros": {\n      "n": 1\n    }\n  }\n}',
    ],
    ["one line", jsonWithComments, '{"servers": {"a": 1}}', '{"servers": {"a": 1, "ouroboros": {"n":1}}}'],
    [
      "a table before a comment",
      toml,
      "[servers.a]\nb = 1\n# about c\n[c]\n",
      "[servers.a]\nb = 1\n# about c\n[c]\n\n[servers.ouroboros]\nn = 1\n",
    ],
    [
      "a block with four spaces",
      yaml,
      "servers:\n    a: 1\nb: 2\n",
      "servers:\n    a: 1\n    ouroboros:\n      n: 1\nb: 2\n",
    ],
    ["a flow", yaml, "servers: {a: 1}\n", 'servers: {a: 1, "ouroboros":{"n":1}}\n'],
  ];
  for (const [name, format, text, wanted] of cases) {
    test(name, () => {
      const change = changeEntry(format, text, PLACE, { n: 1 });
      expect(isFault(change) || change.after).toBe(wanted);
    });
  }
});
