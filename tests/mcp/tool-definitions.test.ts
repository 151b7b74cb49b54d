import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { offeredTools, toDefinition } from "../../src/mcp/catalogue.ts";
import { INSTRUCTIONS } from "../../src/mcp/instructions.ts";
import { STANDARD_TOOLSETS, TOOLSETS } from "../../src/mcp/toolsets.ts";

const SNAPSHOTS = join(import.meta.dirname, "__toolsnaps__");
const TOOLS = offeredTools({ toolsets: TOOLSETS, readOnly: false });
const DEFINITIONS = TOOLS.map(toDefinition);

/** What each turn of a conversation pays for the definitions. */
const MOST_TOKENS = 5_000;
/** An approximation, as every model counts for itself: JSON in English runs to about four characters a token. */
const CHARS_A_TOKEN = 4;
/** Hosts cut instructions and descriptions at 2 KB; the instructions stay well below. */
const MOST_DESCRIPTION_BYTES = 2048;
const MOST_INSTRUCTION_BYTES = 1536;

describe("each tool's definition is its committed snapshot (UPDATE_SNAPS=1 renews it)", () => {
  test.each(TOOLS.map(({ name }) => name))("%s", (name) => {
    const definition = DEFINITIONS.find((one) => one.name === name);
    const path = join(SNAPSHOTS, `${name}.json`);
    if (process.env.UPDATE_SNAPS === "1") writeFileSync(path, `${JSON.stringify(definition, null, 2)}\n`);
    if (!existsSync(path)) throw new Error(`No snapshot of ${name}: run this test once with UPDATE_SNAPS=1`);
    expect(JSON.parse(JSON.stringify(definition))).toEqual(JSON.parse(readFileSync(path, "utf8")));
  });

  test("and no snapshot is left of a tool that is gone", () => {
    expect(readdirSync(SNAPSHOTS).sort()).toEqual(TOOLS.map(({ name }) => `${name}.json`).sort());
  });
});

describe("what the definitions cost", () => {
  test(`the default set takes at most ${MOST_TOKENS} tokens, at four characters each`, () => {
    const standard = offeredTools({ toolsets: STANDARD_TOOLSETS, readOnly: false }).map(toDefinition);
    expect(JSON.stringify(standard).length / CHARS_A_TOKEN).toBeLessThanOrEqual(MOST_TOKENS);
  });

  test("the instructions take at most 1.5 KB", () => {
    expect(Buffer.byteLength(INSTRUCTIONS)).toBeLessThanOrEqual(MOST_INSTRUCTION_BYTES);
  });

  test("no description is longer than a host shows", () => {
    const tooLong = DEFINITIONS.filter(
      ({ description = "" }) => Buffer.byteLength(description) > MOST_DESCRIPTION_BYTES,
    );
    expect(tooLong.map(({ name }) => name)).toEqual([]);
  });
});

describe("what every definition says", () => {
  test("names are upstream's, unique, and those the instructions speak of exist", () => {
    const names = TOOLS.map(({ name }) => name);
    expect(names.filter((name) => !/^ouroboros_[a-z_]+$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    const spokenOf = INSTRUCTIONS.match(/\bouroboros_[a-z_]+/g) ?? [];
    expect(spokenOf.filter((name) => !names.includes(name))).toEqual([]);
  });

  test.each(DEFINITIONS.map((definition) => [definition.name, definition] as const))(
    "%s has a title, a description, annotations, described arguments and an output schema",
    (_, { title, description, annotations, inputSchema, outputSchema }) => {
      expect(title).toBeTruthy();
      expect(description).toBeTruthy();
      expect(annotations?.title).toBe(title ?? "");
      expect([typeof annotations?.readOnlyHint, typeof annotations?.openWorldHint]).toEqual(["boolean", "boolean"]);
      expect(inputSchema.type).toBe("object");
      const undescribed = Object.entries(inputSchema.properties ?? {}).filter(([, schema]) => !hasDescription(schema));
      expect(undescribed).toEqual([]);
      expect(outputSchema?.type).toBe("object");
      expect(Object.keys(outputSchema?.properties ?? {})).not.toEqual([]);
    },
  );

  test("only what reads is called read-only, and it is said whether what acts destroys", () => {
    for (const { name, effect, annotations } of TOOLS) {
      expect({ name, readOnly: annotations.readOnlyHint }).toEqual({ name, readOnly: effect !== "acts" });
      if (effect === "acts")
        expect({ name, said: typeof annotations.destructiveHint }).toEqual({ name, said: "boolean" });
    }
  });

  test("a tool that turns start with says so to Claude Code, and no other does", () => {
    for (const [at, { name, alwaysLoad }] of TOOLS.entries()) {
      const said = DEFINITIONS[at]?._meta?.["anthropic/alwaysLoad"];
      expect({ name, said }).toEqual({ name, said: alwaysLoad ? true : undefined });
    }
    expect(TOOLS.some(({ alwaysLoad }) => alwaysLoad)).toBe(true);
  });

  test("--read-only offers exactly the tools that read", () => {
    const reading = TOOLS.filter(({ effect }) => effect !== "acts");
    expect(offeredTools({ toolsets: TOOLSETS, readOnly: true })).toEqual(reading);
    expect(reading.length).toBeLessThan(TOOLS.length);
  });

  test("each toolset holds a tool, and together they are all tools", () => {
    const perSet = TOOLSETS.map((toolset) => offeredTools({ toolsets: [toolset], readOnly: false }));
    expect(perSet.filter((tools) => tools.length === 0)).toEqual([]);
    expect(new Set(perSet.flat())).toEqual(new Set(TOOLS));
    expect(offeredTools({ toolsets: [], readOnly: false })).toEqual([]);
  });
});

function hasDescription(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && "description" in schema && schema.description !== "";
}
