/** What the fake model reads of a request, whichever wire it came by. */
export interface ModelRequest {
  readonly model: string;
  /** How many turns of the model the conversation holds already. */
  readonly turnsTaken: number;
  /** Tool names; a tool inside a namespace as `namespace.name`. */
  readonly offered: readonly string[];
  /** The whole request as it came, to look for words in. */
  readonly text: string;
  /** What the tools called so far have answered, as text. */
  readonly toolResults: readonly string[];
}

interface Item {
  readonly role?: string;
  readonly type?: string;
  readonly name?: string;
  readonly content?: unknown;
  readonly output?: unknown;
  readonly tools?: readonly Item[];
  readonly function?: Item;
  readonly functionDeclarations?: readonly Item[];
  readonly parts?: readonly { readonly functionResponse?: { readonly response: unknown } }[];
}

/** Reads a body of the Messages or the Chat wire (`messages`), of the Responses wire (`input`) or of Gemini's (`contents`). */
export function parseModelRequest(body: {
  model?: string;
  messages?: readonly Item[];
  input?: readonly Item[];
  contents?: readonly Item[];
  tools?: readonly Item[];
}): ModelRequest {
  const items = body.messages ?? body.input ?? body.contents ?? [];
  return {
    model: body.model ?? "fake",
    text: JSON.stringify(body),
    turnsTaken: items.filter(isTurn).length,
    offered: (body.tools ?? []).flatMap(toolNames),
    toolResults: items.flatMap(resultsOf),
  };
}

function isTurn({ role, type }: Item): boolean {
  return role === "assistant" || role === "model" || type === "function_call";
}

function toolNames(tool: Item): string[] {
  if (tool.tools !== undefined) return tool.tools.map(({ name }) => `${tool.name}.${name}`);
  if (tool.functionDeclarations !== undefined) return tool.functionDeclarations.flatMap(toolNames);
  return [tool.name ?? tool.function?.name ?? tool.type ?? ""];
}

function resultsOf(item: Item): string[] {
  if (item.type === "function_call_output") return [textOf(item.output)];
  if (item.role === "tool") return [textOf(item.content)];
  if (item.parts !== undefined) {
    return item.parts.flatMap(({ functionResponse: call }) => (call === undefined ? [] : [textOf(call.response)]));
  }
  if (!Array.isArray(item.content)) return [];
  return item.content.filter((block: Item) => block.type === "tool_result").map((block: Item) => textOf(block.content));
}

function textOf(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content);
}
