import type { Tool as ToolDefinition } from "@modelcontextprotocol/server";
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import type { Tool } from "./tool.ts";
import { ouroborosBrownfield } from "./tools/ouroboros-brownfield.ts";
import { ouroborosCancelExecution } from "./tools/ouroboros-cancel-execution.ts";
import { ouroborosCancelJob } from "./tools/ouroboros-cancel-job.ts";
import { ouroborosClaimWork } from "./tools/ouroboros-claim-work.ts";
import { ouroborosGenerateSeed } from "./tools/ouroboros-generate-seed.ts";
import { ouroborosInterview } from "./tools/ouroboros-interview.ts";
import { ouroborosJobResult } from "./tools/ouroboros-job-result.ts";
import { ouroborosJobStatus } from "./tools/ouroboros-job-status.ts";
import { ouroborosJobWait } from "./tools/ouroboros-job-wait.ts";
import { ouroborosPmInterview } from "./tools/ouroboros-pm-interview.ts";
import { ouroborosQueryEvents } from "./tools/ouroboros-query-events.ts";
import { ouroborosResumeSession } from "./tools/ouroboros-resume-session.ts";
import { ouroborosSessionStatus } from "./tools/ouroboros-session-status.ts";
import { ouroborosSubmit } from "./tools/ouroboros-submit.ts";
import type { Toolset } from "./toolsets.ts";

/** Every tool there is, in the order clients list them. */
const TOOLS: readonly Tool[] = [
  ouroborosInterview,
  ouroborosGenerateSeed,
  ouroborosPmInterview,
  ouroborosBrownfield,
  ouroborosSessionStatus,
  ouroborosResumeSession,
  ouroborosCancelExecution,
  ouroborosQueryEvents,
  ouroborosJobStatus,
  ouroborosJobWait,
  ouroborosJobResult,
  ouroborosCancelJob,
  ouroborosClaimWork,
  ouroborosSubmit,
];

/** What this server offers: all toolsets or some, and with `--read-only` nothing that acts. */
export interface Offer {
  readonly toolsets: readonly Toolset[];
  readonly readOnly: boolean;
}

/** The tools of an offer. */
export function offeredTools({ toolsets, readOnly }: Offer): readonly Tool[] {
  return TOOLS.filter((tool) => toolsets.includes(tool.toolset) && !(readOnly && tool.effect === "acts"));
}

/** A tool as `tools/list` shows it. */
export function toDefinition(tool: Tool): ToolDefinition {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchema(tool.input, "input"),
    outputSchema: outline(jsonSchema(tool.output, "input")),
    annotations: { title: tool.title, ...tool.annotations },
    ...(tool.alwaysLoad ? { _meta: { "anthropic/alwaysLoad": true } } : {}),
  };
}

function jsonSchema(schema: Tool["input"], typeMode: "input" | "output"): ToolDefinition["inputSchema"] {
  const { $schema: _, ...json } = toJsonSchema(schema, {
    typeMode,
    target: "draft-2020-12",
    overrideSchema: ({ jsonSchema }) => shorter(jsonSchema),
  });
  // Every schema here is a valibot object, so its JSON Schema is one of type "object".
  return { ...json, type: "object" } as ToolDefinition["inputSchema"];
}

/** An answer's keys and their types: what stands in its parts is seen in the answer, and every turn would pay for saying it here. */
function outline(schema: ToolDefinition["inputSchema"]): ToolDefinition["inputSchema"] {
  const parts = Object.entries(schema.properties ?? {}).map(([key, part]) => [key, withoutParts(part)]);
  return { ...schema, properties: Object.fromEntries(parts) };
}

function withoutParts(part: unknown): unknown {
  if (typeof part !== "object" || part === null) return part;
  const {
    properties: _,
    required: __,
    items: ___,
    propertyNames: ____,
    additionalProperties: _____,
    ...kept
  } = {
    ...part,
  } as JsonSchema;
  if (!kept.anyOf) return kept;
  return shorter({ anyOf: kept.anyOf.map((one) => withoutParts(one) as JsonSchema) }) ?? kept;
}

/** "A string or null" in a third of the words. */
function shorter(schema: JsonSchema): JsonSchema | undefined {
  const types = schema.anyOf?.flatMap((one) => plainType(one) ?? []);
  return types && types.length === schema.anyOf?.length ? { type: types } : undefined;
}

function plainType(one: JsonSchema | boolean): Exclude<JsonSchema["type"], unknown[] | undefined> | undefined {
  if (typeof one === "boolean" || Object.keys(one).length > 1) return undefined;
  return typeof one.type === "string" ? one.type : undefined;
}
