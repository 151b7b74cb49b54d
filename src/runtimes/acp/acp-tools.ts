import * as v from "valibot";
import type { AgentMessage } from "../runtime.ts";

/** What an agent has told of one of its tool calls so far. */
export interface ToolFacts {
  readonly kind: string;
  /** Every path it named: locations, diffs, and what its input calls a path. */
  readonly paths: readonly string[];
}

const Maybe = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullish(schema), undefined);
const Blocks = v.array(v.unknown());

/** A tool call, or news of one; what is malformed in it is taken for not said. */
export const ToolNews = v.object({
  toolCallId: v.string(),
  name: Maybe(v.string()),
  title: Maybe(v.string()),
  kind: Maybe(v.string()),
  status: Maybe(v.string()),
  content: Maybe(Blocks),
  locations: Maybe(Blocks),
  rawInput: v.optional(v.unknown()),
  rawOutput: v.optional(v.unknown()),
});
type ToolNews = v.InferOutput<typeof ToolNews>;

const Content = v.object({ type: v.literal("content"), content: v.object({ text: v.string() }) });
const Diff = v.object({ type: v.literal("diff"), path: v.string() });
const Location = v.object({ path: v.string() });

const MOST_CALLS = 4_096;
const LONGEST_TEXT = 64 * 2 ** 10;
const NAMES_A_PATH =
  /(^|_)(path|file|dir|directory|folder|cwd|workdir)$|(Path|File|Dir|Directory|Folder|Cwd)$|^(file|new|old|dir)path$/;

interface Call {
  news: ToolNews;
  stage: "announced" | "started" | "ended";
}

/** Follows the tool calls of one conversation. */
export function createTools(say: (message: AgentMessage) => void): {
  take(news: ToolNews): void;
  /** What is known of a call whose permission is asked for; it has been announced by this at the latest. */
  asked(news: ToolNews): ToolFacts;
} {
  const calls = new Map<string, Call>();
  return { take, asked };

  function take(news: ToolNews): void {
    const call = merge(news);
    if (call.stage === "ended") return;
    const { status, rawInput } = call.news;
    const isOver = status === "completed" || status === "failed";
    // Announced ones get their input with a later message.
    if (isOver || status === "in_progress" || !isEmpty(rawInput)) start(call);
    if (!isOver) return;
    call.stage = "ended";
    say({ kind: "tool_ended", id: news.toolCallId, ok: status === "completed", output: outputOf(call.news) });
    call.news = { toolCallId: news.toolCallId };
  }

  function asked(news: ToolNews): ToolFacts {
    const call = merge(news);
    start(call);
    return { kind: call.news.kind ?? "other", paths: pathsOf(call.news) };
  }

  function merge(news: ToolNews): Call {
    const { toolCallId: id } = news;
    const known = calls.get(id);
    if (known === undefined) {
      const [oldest] = calls.keys();
      if (calls.size >= MOST_CALLS && oldest !== undefined) calls.delete(oldest);
    }
    const told = Object.entries(news).filter(([, value]) => value !== undefined && value !== null);
    const call: Call = known ?? { news: { toolCallId: id }, stage: "announced" };
    call.news = { ...call.news, ...Object.fromEntries(told) };
    calls.set(id, call);
    return call;
  }

  function start(call: Call): void {
    if (call.stage !== "announced") return;
    call.stage = "started";
    const { toolCallId: id, name, kind, title, rawInput } = call.news;
    const tool = name ?? (kind === undefined || kind === null || kind === "other" ? title : kind) ?? "other";
    const input = isEmpty(rawInput) ? { title: title ?? null, paths: pathsOf(call.news) } : bounded(rawInput);
    say({ kind: "tool_started", id, tool: clip(tool, 200), input });
  }
}

/** The start of a text that may be long. */
export function clip(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function pathsOf({ locations, content, rawInput }: ToolNews): string[] {
  const named = (locations ?? []).flatMap((one) => (v.is(Location, one) ? [one.path] : []));
  const changed = (content ?? []).flatMap((one) => (v.is(Diff, one) ? [one.path] : []));
  const entries = typeof rawInput === "object" && rawInput !== null ? Object.entries(rawInput) : [];
  const given = entries.flatMap(([key, value]) => (NAMES_A_PATH.test(key) && typeof value === "string" ? [value] : []));
  return [...new Set([...named, ...changed, ...given])];
}

function outputOf({ content, rawOutput }: ToolNews): string {
  const texts = (content ?? []).flatMap((one) => {
    if (v.is(Content, one)) return [one.content.text];
    return v.is(Diff, one) ? [`changed ${one.path}`] : [];
  });
  if (texts.length > 0) return clip(texts.join("\n"), LONGEST_TEXT);
  if (isEmpty(rawOutput)) return "";
  return clip(typeof rawOutput === "string" ? rawOutput : JSON.stringify(rawOutput), LONGEST_TEXT);
}

function bounded(input: unknown): unknown {
  const text = JSON.stringify(input);
  return text.length > LONGEST_TEXT ? { clipped: clip(text, LONGEST_TEXT) } : input;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
