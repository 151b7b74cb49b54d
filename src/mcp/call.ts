import type { CallToolResult } from "@modelcontextprotocol/server";
import * as v from "valibot";
import { OuroborosError } from "../base/errors.ts";
import { logLine } from "../base/log.ts";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { faultWords } from "../base/schema-fault.ts";
import type { StartUp } from "../startup/start-up.ts";
import { askFirst } from "./asking.ts";
import { toErrorResult, toResult } from "./result.ts";
import type { Tool, ToolAnswer, ToolCall, ToolRefusal } from "./tool.ts";

/** What a client's call is answered with: first of all the question to a person, where there is one and the client can put it. */
export async function callTool(tool: Tool, args: unknown, startUp: StartUp, call: Call): Promise<CallToolResult> {
  const answer = await answerOf(tool, args, startUp, call);
  if (answer.asks && call.canAsk) return askFirst(answer.asks);
  return isRefusal(answer) ? toErrorResult(answer, answer.facts) : toResult(answer);
}

/** The one road of a call: parse, pass the gate, run, answer. No tool knows of the gate, and nothing a tool throws ends the server. */
export async function answerOf(
  tool: Tool,
  args: unknown,
  startUp: StartUp,
  call: Call,
): Promise<ToolAnswer<Record<string, unknown>> | ToolRefusal> {
  const parsed = v.safeParse(tool.input, withoutNulls(args));
  if (!parsed.success) return badArguments(tool, parsed.issues);
  try {
    const closed = await startUp.gate.admit(tool.effect, call.signal);
    if (closed) return closed;
    const { context } = startUp;
    if (!context) throw new Error("The gate admitted a call without a store");
    const answer = await tool.run(parsed.output, { context, ...call });
    // A tool's value is an object, as its output schema says.
    return answer as ToolAnswer<Record<string, unknown>> | ToolRefusal;
  } catch (error) {
    if (error instanceof OuroborosError) return refuse(error.code, error.message, error.next);
    logLine(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return refuse("internal", `${tool.name} failed: ${String(error)}`, "This is a bug: please report it");
  }
}

type Call = Omit<ToolCall, "context">;

/** Some clients send null for what they leave out. */
function withoutNulls(args: unknown): unknown {
  if (typeof args !== "object" || args === null) return args ?? {};
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
}

function badArguments(tool: Tool, issues: readonly v.BaseIssue<unknown>[]): Refusal {
  const faults = issues.map((issue) => faultWords(issue, "arguments"));
  const message = `Cannot call ${tool.name}: ${faults.join("; ")}`;
  return refuse("bad_arguments", message, "Correct the arguments; tools/list describes them", { faults });
}
