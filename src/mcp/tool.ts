import type * as v from "valibot";
import type { Refusal } from "../base/refusal.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import type { Effect } from "../startup/gate.ts";
import type { Asks, Said } from "./asking.ts";
import type { Toolset } from "./toolsets.ts";

/** What a tool's code gets besides its input. */
export interface ToolCall {
  readonly context: SessionContext;
  /** Aborts when the client cancels the call or goes away. */
  readonly signal: AbortSignal;
  /** Tells the client how far the call is, if it asked for that. */
  readonly progress: (done: number, total: number | undefined, message: string) => Promise<void>;
  /** The client can put a question to a person before the model sees the answer. */
  readonly canAsk?: boolean;
  /** What a person answered, on a call that the client makes again after it has asked them. */
  readonly said?: Said | undefined;
  /** Calls another tool of this server as the client would: for work that goes on with another call. */
  readonly callTool: (name: string, args: unknown) => Promise<ToolAnswer<Record<string, unknown>> | Refusal>;
}

/** What a tool answers: the structured value its output schema describes, and the same in a few words. */
export interface ToolAnswer<Output> {
  readonly value: Output;
  readonly text: string;
  /** Put to a person before this answer is given, where the client can: the call is then made again. */
  readonly asks?: Asks | undefined;
  readonly links?: readonly { readonly uri: string; readonly name: string; readonly description: string }[];
}

/** A refusal that a person can lift: put to them where the client can, and the call is then made again. */
export interface ToolRefusal extends Refusal {
  readonly asks?: Asks | undefined;
}

type ObjectSchema = v.GenericSchema<Record<string, unknown>, unknown>;

/** One MCP tool as a declaration: everything a client sees comes from its schemas. */
export interface Tool<Input extends ObjectSchema = ObjectSchema, Output extends ObjectSchema = ObjectSchema> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly toolset: Toolset;
  /** What the gate must allow first. */
  readonly effect: Effect;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint?: boolean;
    readonly idempotentHint?: boolean;
    readonly openWorldHint: boolean;
  };
  /** Offered from the first turn on, without a search. */
  readonly alwaysLoad: boolean;
  readonly input: Input;
  readonly output: Output;
  readonly run: (
    input: v.InferOutput<Input>,
    call: ToolCall,
  ) => Promise<ToolAnswer<v.InferInput<Output>> | ToolRefusal>;
}

/** Declares a tool; only fixes the types. */
export function defineTool<Input extends ObjectSchema, Output extends ObjectSchema>(tool: Tool<Input, Output>): Tool {
  // The catalogue holds tools of many inputs; `call.ts` hands each one only what its own schema has parsed.
  return tool as unknown as Tool;
}
