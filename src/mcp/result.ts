import type { CallToolResult } from "@modelcontextprotocol/server";
import type { OuroborosError } from "../base/errors.ts";
import type { Refusal } from "../base/refusal.ts";
import type { ToolAnswer } from "./tool.ts";

/** An answer: a few words for the model, the same as JSON for hosts that know text only, and the structured value. */
export function toResult(answer: ToolAnswer<Record<string, unknown>>): CallToolResult {
  const links = (answer.links ?? []).map((link) => ({
    type: "resource_link" as const,
    mimeType: "application/json",
    ...link,
  }));
  return {
    content: [{ type: "text", text: answer.text }, { type: "text", text: JSON.stringify(answer.value) }, ...links],
    structuredContent: answer.value,
  };
}

/** A refusal or a failure as a failed call: what happened, what to do next, and the code for programs. */
export function toErrorResult(
  { code, message, next }: Refusal | OuroborosError,
  facts: Refusal["facts"] = {},
): CallToolResult {
  return {
    isError: true,
    content: [{ type: "text", text: `${message}. ${next}.\n${JSON.stringify({ error: code, ...facts })}` }],
    _meta: { "ouroboros/error": { code, message, next, ...facts } },
  };
}
