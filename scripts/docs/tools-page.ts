import { offeredTools, toolNamed } from "../../src/mcp/catalogue.ts";
import { STANDARD_TOOLSETS, TOOLSETS } from "../../src/mcp/toolsets.ts";
import { listedByServer } from "./listed-by-server.ts";
import { markdownTable } from "./markdown-table.ts";

const EVERYTHING = { toolsets: TOOLSETS, readOnly: false };
type Listed = Awaited<ReturnType<typeof listedByServer>>;
type ListedTool = Listed["tools"][number];

/** What is read of the JSON Schema of one argument or field. */
interface Part {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Part[];
  readonly items?: Part;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The reference of everything that the server lists. */
export async function toolsPage(): Promise<string[]> {
  const listed = await listedByServer();
  const sections = TOOLSETS.flatMap((toolset) => {
    const names = new Set(offeredTools({ toolsets: [toolset], readOnly: false }).map(({ name }) => name));
    const isStandard = STANDARD_TOOLSETS.includes(toolset);
    return [
      `## Toolset \`${toolset}\``,
      "",
      isStandard ? "Offered unless told otherwise." : `Offered with \`--toolsets ${toolset}\` or \`--toolsets all\`.`,
      "",
      ...listed.tools.filter(({ name }) => names.has(name)).flatMap(toolSection),
    ];
  });
  return [
    "# MCP tools",
    "",
    "What `ouroboros mcp serve` offers to a host, as it lists it. Hosts put their own prefix before a name: in Claude Code a tool of a server that is called",
    "`ouroboros` is `mcp__ouroboros__ouroboros_interview`. An argument that is `null` counts as one that is not there. The fields are those of the structured answer.",
    "With `--read-only` no tool that changes something is offered.",
    "",
    ...sections,
    ...promptSection(listed),
    ...resourceSection(listed),
  ];
}

function toolSection({ name, title, description, inputSchema, outputSchema, annotations }: ListedTool): string[] {
  const second = name.replace("ouroboros_", "ouroboros_start_");
  const alias = toolNamed(EVERYTHING, second)?.name === name ? ` Also answers to \`${second}\`.` : "";
  const required = new Set(inputSchema.required ?? []);
  const rows = parts(inputSchema.properties).map(([key, part]) => [
    `\`${key}\`${required.has(key) ? " (required)" : ""}`,
    typeWords(part),
    part.default === undefined ? "" : code(part.default),
    part.description ?? "",
  ]);
  const fields = parts(outputSchema?.properties).map(([key, part]) => `\`${key}\` ${typeWords(part)}`);
  return [
    `### \`${name}\`: ${title}`,
    "",
    `${description} ${effectWords(annotations)}${alias}`,
    "",
    ...(rows.length === 0 ? ["It takes no arguments.", ""] : markdownTable(["argument", "type", "default", ""], rows)),
    ...(fields.length === 0 ? [] : [`Answers with: ${fields.join(", ")}.`, ""]),
  ];
}

function effectWords(annotations: ListedTool["annotations"]): string {
  if (annotations?.readOnlyHint) return "**Changes nothing.**";
  return annotations?.destructiveHint ? "**Ends or takes something away.**" : "**Changes something.**";
}

function promptSection({ prompts }: Listed): string[] {
  if (prompts.length === 0) return [];
  const rows = prompts.map(({ name, description = "", arguments: taken = [] }) => [
    `\`${name}\``,
    taken.map((one) => `\`${one.name}\`${one.required ? " (required)" : ""}`).join(", "),
    description,
  ]);
  return ["## Prompts", "", ...markdownTable(["prompt", "arguments", ""], rows)];
}

function resourceSection({ resources, templates }: Listed): string[] {
  const rows = [
    ...resources.map(({ uri, description = "" }) => [`\`${uri}\``, description]),
    ...templates.map(({ uriTemplate, description = "" }) => [`\`${uriTemplate}\``, description]),
  ];
  return ["## Resources", "", ...markdownTable(["address", ""], rows)];
}

function parts(properties: unknown): [string, Part][] {
  return Object.entries((properties ?? {}) as Readonly<Record<string, Part>>);
}

function typeWords(part: Part): string {
  if (part.enum) return part.enum.map(code).join(" or ");
  if (part.const !== undefined) return code(part.const);
  if (part.anyOf) return [...new Set(part.anyOf.map(typeWords))].join(" or ");
  const types = [part.type ?? "anything"].flat();
  const words = types.map((type) =>
    type === "array" && part.items ? `list of ${typeWords(part.items)}` : type === "array" ? "list" : type,
  );
  return `${words.join(" or ")}${boundWords(part)}`;
}

function boundWords({ minimum, maximum }: Part): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, from ${minimum}`;
  return maximum === undefined ? "" : `, at most ${maximum}`;
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
