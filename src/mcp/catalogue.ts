import type { Tool as ToolDefinition } from "@modelcontextprotocol/server";
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { type Refusal, refuse } from "../base/refusal.ts";
import type { Tool } from "./tool.ts";
import { ouroborosAcDashboard } from "./tools/ouroboros-ac-dashboard.ts";
import { ouroborosAcTreeHud } from "./tools/ouroboros-ac-tree-hud.ts";
import { ouroborosAuto } from "./tools/ouroboros-auto.ts";
import { ouroborosBrownfield } from "./tools/ouroboros-brownfield.ts";
import { ouroborosCancelExecution } from "./tools/ouroboros-cancel-execution.ts";
import { ouroborosCancelJob } from "./tools/ouroboros-cancel-job.ts";
import { ouroborosChecklistVerify } from "./tools/ouroboros-checklist-verify.ts";
import { ouroborosClaimWork } from "./tools/ouroboros-claim-work.ts";
import { ouroborosEvaluate } from "./tools/ouroboros-evaluate.ts";
import { ouroborosEvolveRewind } from "./tools/ouroboros-evolve-rewind.ts";
import { ouroborosEvolveStep } from "./tools/ouroboros-evolve-step.ts";
import { ouroborosExecuteSeed } from "./tools/ouroboros-execute-seed.ts";
import { ouroborosGenerateSeed } from "./tools/ouroboros-generate-seed.ts";
import { ouroborosInterview } from "./tools/ouroboros-interview.ts";
import { ouroborosJobResult } from "./tools/ouroboros-job-result.ts";
import { ouroborosJobStatus } from "./tools/ouroboros-job-status.ts";
import { ouroborosJobWait } from "./tools/ouroboros-job-wait.ts";
import { ouroborosLateralThink } from "./tools/ouroboros-lateral-think.ts";
import { ouroborosLineageStatus } from "./tools/ouroboros-lineage-status.ts";
import { ouroborosMeasureDrift } from "./tools/ouroboros-measure-drift.ts";
import { ouroborosPmInterview } from "./tools/ouroboros-pm-interview.ts";
import { ouroborosQa } from "./tools/ouroboros-qa.ts";
import { ouroborosQueryEvents } from "./tools/ouroboros-query-events.ts";
import { ouroborosRalph } from "./tools/ouroboros-ralph.ts";
import { ouroborosResumeSession } from "./tools/ouroboros-resume-session.ts";
import { ouroborosSessionStatus } from "./tools/ouroboros-session-status.ts";
import { ouroborosSubmit } from "./tools/ouroboros-submit.ts";
import { TOOLSETS, type Toolset } from "./toolsets.ts";

/** Every tool there is, in the order clients list them. */
const TOOLS: readonly Tool[] = [
  ouroborosInterview,
  ouroborosGenerateSeed,
  ouroborosPmInterview,
  ouroborosBrownfield,
  ouroborosExecuteSeed,
  ouroborosAcTreeHud,
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
  ouroborosEvaluate,
  ouroborosChecklistVerify,
  ouroborosQa,
  ouroborosMeasureDrift,
  ouroborosAuto,
  ouroborosEvolveStep,
  ouroborosRalph,
  ouroborosLineageStatus,
  ouroborosAcDashboard,
  ouroborosEvolveRewind,
  ouroborosLateralThink,
];

/** Upstream's second names for tools. They are answered and not listed: every turn would pay for their definitions. */
const ALIASES: Readonly<Record<string, string>> = {
  ouroboros_start_execute_seed: "ouroboros_execute_seed",
  ouroboros_start_evaluate: "ouroboros_evaluate",
  ouroboros_start_auto: "ouroboros_auto",
  ouroboros_start_evolve_step: "ouroboros_evolve_step",
  ouroboros_start_ralph: "ouroboros_ralph",
};

/** What this server offers: all toolsets or some, and with `--read-only` nothing that acts. */
export interface Offer {
  readonly toolsets: readonly Toolset[];
  readonly readOnly: boolean;
}

/** The tools of an offer. */
export function offeredTools({ toolsets, readOnly }: Offer): readonly Tool[] {
  return TOOLS.filter((tool) => toolsets.includes(tool.toolset) && !(readOnly && tool.effect === "acts"));
}

/** The tool of an offer that a call names, by its own name or an alias. */
export function toolNamed(offer: Offer, name: string): Tool | undefined {
  const tool = anyNamed(name);
  return tool && offeredTools(offer).includes(tool) ? tool : undefined;
}

/** Why a tool that there is is not offered here, and who can change that; undefined for a name that nobody knows. */
export function whyNotOffered(offer: Offer, name: string): Refusal | undefined {
  const tool = anyNamed(name);
  if (tool === undefined) return undefined;
  const { toolset } = tool;
  if (offer.toolsets.includes(toolset)) {
    return refuse(
      "not_offered",
      `${name} acts, and this server only reads`,
      "Have the person start it without --read-only",
    );
  }
  const sets = TOOLSETS.filter((one) => one === toolset || offer.toolsets.includes(one)).join(",");
  return refuse(
    "not_offered",
    `This server does not offer the toolset ${toolset}, which ${name} belongs to`,
    `Have the person start it with \`--toolsets ${sets}\`, or with \`--toolsets all\``,
    { toolset },
  );
}

function anyNamed(name: string): Tool | undefined {
  const meant = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
  return TOOLS.find((tool) => tool.name === meant);
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
  const {
    $schema: _,
    required,
    ...json
  } = toJsonSchema(schema, {
    typeMode,
    target: "draft-2020-12",
    overrideSchema: ({ jsonSchema }) => shorter(jsonSchema),
  });
  // Every schema here is a valibot object, so its JSON Schema is one of type "object".
  const named = required?.length ? { required } : {};
  return { ...json, type: "object", ...named } as ToolDefinition["inputSchema"];
}

/**
 * An answer's keys and their types: what stands in its parts, and which keys are always there, is seen in the answer, and every
 * turn would pay for saying it here.
 */
function outline({ required: _, ...schema }: ToolDefinition["inputSchema"]): ToolDefinition["inputSchema"] {
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
