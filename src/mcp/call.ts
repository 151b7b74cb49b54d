import type { CallToolResult } from "@modelcontextprotocol/server";
import * as v from "valibot";
import { OuroborosError } from "../base/errors.ts";
import { logLine } from "../base/log.ts";
import { isRefusal, refuse } from "../base/refusal.ts";
import type { StartUp } from "../startup/start-up.ts";
import { toErrorResult, toResult } from "./result.ts";
import type { Tool, ToolCall } from "./tool.ts";

/** The one road of a call: parse, pass the gate, run, answer. No tool knows of the gate, and nothing a tool throws ends the server. */
export async function callTool(
  tool: Tool,
  args: unknown,
  startUp: StartUp,
  call: Omit<ToolCall, "context">,
): Promise<CallToolResult> {
  const parsed = v.safeParse(tool.input, withoutNulls(args));
  if (!parsed.success) return badArguments(tool, parsed.issues);
  try {
    const closed = await startUp.gate.admit(tool.effect, call.signal);
    if (closed) return toErrorResult(closed, closed.facts);
    const { context } = startUp;
    if (!context) throw new Error("The gate admitted a call without a store");
    const answer = await tool.run(parsed.output, { context, ...call });
    return isRefusal(answer) ? toErrorResult(answer, answer.facts) : toResult(answer as Parameters<typeof toResult>[0]);
  } catch (error) {
    if (error instanceof OuroborosError) return toErrorResult(error);
    logLine(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return toErrorResult(
      refuse("internal", `${tool.name} failed: ${String(error)}`, "This is a bug: please report it"),
    );
  }
}

/** Some clients send null for what they leave out. */
function withoutNulls(args: unknown): unknown {
  if (typeof args !== "object" || args === null) return args ?? {};
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
}

function badArguments(tool: Tool, issues: readonly v.BaseIssue<unknown>[]): CallToolResult {
  const faults = issues.map((issue) => `${v.getDotPath(issue) ?? "arguments"}: ${issue.message}`);
  const message = `Cannot call ${tool.name}: ${faults.join("; ")}`;
  return toErrorResult(refuse("bad_arguments", message, "Correct the arguments; tools/list describes them"), {
    faults,
  });
}
