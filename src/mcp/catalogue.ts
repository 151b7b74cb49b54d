import type { Tool as ToolDefinition } from "@modelcontextprotocol/server";
import { toJsonSchema } from "@valibot/to-json-schema";
import type { Tool } from "./tool.ts";
import { ouroborosCancelExecution } from "./tools/ouroboros-cancel-execution.ts";
import { ouroborosCancelJob } from "./tools/ouroboros-cancel-job.ts";
import { ouroborosJobResult } from "./tools/ouroboros-job-result.ts";
import { ouroborosJobStatus } from "./tools/ouroboros-job-status.ts";
import { ouroborosJobWait } from "./tools/ouroboros-job-wait.ts";
import { ouroborosQueryEvents } from "./tools/ouroboros-query-events.ts";
import { ouroborosResumeSession } from "./tools/ouroboros-resume-session.ts";
import { ouroborosSessionStatus } from "./tools/ouroboros-session-status.ts";
import { ouroborosSubmit } from "./tools/ouroboros-submit.ts";

/** Every tool there is, in the order clients list them. */
const TOOLS: readonly Tool[] = [
  ouroborosSessionStatus,
  ouroborosResumeSession,
  ouroborosCancelExecution,
  ouroborosQueryEvents,
  ouroborosJobStatus,
  ouroborosJobWait,
  ouroborosJobResult,
  ouroborosCancelJob,
  ouroborosSubmit,
];

/** The groups `--toolsets` chooses from. */
export const TOOLSETS = ["sessions"] as const;
export type Toolset = (typeof TOOLSETS)[number];

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
    outputSchema: jsonSchema(tool.output, "input"),
    annotations: { title: tool.title, ...tool.annotations },
    ...(tool.alwaysLoad ? { _meta: { "anthropic/alwaysLoad": true } } : {}),
  };
}

function jsonSchema(schema: Tool["input"], typeMode: "input" | "output"): ToolDefinition["inputSchema"] {
  const { $schema: _, ...json } = toJsonSchema(schema, { typeMode, target: "draft-2020-12" });
  // Every schema here is a valibot object, so its JSON Schema is one of type "object".
  return { ...json, type: "object" } as ToolDefinition["inputSchema"];
}
