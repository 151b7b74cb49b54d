import * as v from "valibot";
import type { AgentMessage } from "../runtime.ts";
import { clip, createTools, ToolNews } from "./acp-tools.ts";

const Chunk = v.object({
  content: v.object({ type: v.literal("text"), text: v.string() }),
  messageId: v.fallback(v.nullish(v.string()), undefined),
});
const Plan = v.object({ entries: v.array(v.object({ content: v.string(), status: v.string() })) });
const Notice = v.object({ title: v.string(), description: v.fallback(v.nullish(v.string()), undefined) });
const Cost = v.object({ cost: v.object({ amount: v.number(), currency: v.string() }) });
const Update = v.looseObject({ sessionUpdate: v.string() });
const Params = v.object({ sessionId: v.string(), update: Update });

/** Pieces of a text come one word at a time: they are said together, as late as this. */
const PIECES_MS = 250;
const PIECES_LENGTH = 16 * 2 ** 10;
const LONGEST_LAST_WORD = 2 ** 20;
const LONGEST_NOTICE = 4_000;

/** Turns what an agent reports while it works into messages; types and keys that nobody knows are passed over. */
export function createUpdates(say: (message: AgentMessage) => void) {
  const tools = createTools(sayWhole);
  let session: string | undefined;
  let lastWord = "";
  let fresh = true;
  let messageId: string | undefined;
  let pieces: { kind: "text" | "thinking"; text: string } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let plan = "";
  let cost: number | null = null;

  return {
    take,
    flush,
    /** From here on what this session reports is said; what was replayed of an earlier turn is not. */
    listen(id: string): void {
      session = id;
    },
    asked(news: unknown) {
      flush();
      return tools.asked(v.parse(ToolNews, news));
    },
    lastWord: () => lastWord,
    cost: () => cost,
  };

  function take(params: unknown): void {
    if (!v.is(Params, params) || params.sessionId !== session) return;
    const { update } = params;
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        takeText(update);
        return;
      case "agent_thought_chunk":
        if (v.is(Chunk, update)) gather("thinking", update.content.text);
        return;
      case "tool_call":
      case "tool_call_update": {
        const news = v.safeParse(ToolNews, update);
        if (!news.success) return;
        flush();
        fresh = true;
        tools.take(news.output);
        return;
      }
      case "plan":
        takePlan(update);
        return;
      case "notice":
        if (v.is(Notice, update)) notice([update.title, update.description ?? ""].filter(Boolean).join(": "));
        return;
      case "usage_update":
        if (v.is(Cost, update) && update.cost.currency === "USD") cost = update.cost.amount;
    }
  }

  function takeText(update: unknown): void {
    const chunk = v.safeParse(Chunk, update);
    if (!chunk.success) return;
    const { content, messageId: id } = chunk.output;
    if (fresh || (id ?? undefined) !== messageId) lastWord = "";
    fresh = false;
    messageId = id ?? undefined;
    lastWord = (lastWord + content.text).slice(-LONGEST_LAST_WORD);
    gather("text", content.text);
  }

  function takePlan(update: unknown): void {
    if (!v.is(Plan, update)) return;
    const text = `Plan: ${update.entries.map(({ content, status }) => `[${status}] ${content}`).join("; ")}`;
    if (text === plan) return;
    plan = text;
    notice(text);
  }

  function notice(text: string): void {
    sayWhole({ kind: "notice", text: clip(text, LONGEST_NOTICE) });
  }

  function gather(kind: "text" | "thinking", text: string): void {
    if (pieces !== undefined && pieces.kind !== kind) flush();
    pieces = { kind, text: (pieces?.text ?? "") + text };
    if (pieces.text.length >= PIECES_LENGTH) flush();
    else timer ??= setTimeout(flush, PIECES_MS);
  }

  function sayWhole(message: AgentMessage): void {
    flush();
    say(message);
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const whole = pieces;
    pieces = undefined;
    if (whole !== undefined && whole.text !== "") say(whole);
  }
}
