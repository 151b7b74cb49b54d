import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CLAUDE_BEFORE, judgeClaude, readClaude } from "../../src/runtimes/claude-stream.ts";
import type { ProgramEnd, Reading, Verdict } from "../../src/runtimes/cli-agent.ts";
import { CODEX_BEFORE, judgeCodex, readCodex } from "../../src/runtimes/codex-stream.ts";
import type { AgentMessage, Ending } from "../../src/runtimes/runtime.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/recordings");

/** Every other recording of that program is one of a success. */
const CLAUDE_ENDINGS: Record<string, Ending> = {
  "max-turns": "failed",
  budget: "failed",
  "json-schema-bad": "off_form",
  "json-schema-none": "off_form",
  nokey: "unauthorized",
  "sess-unknown": "failed",
  "sess-badid": "failed",
  "err-400": "failed",
  "err-401": "unauthorized",
  "err-403": "unauthorized",
  "err-404model": "failed",
  "err-413": "failed",
  "err-toolong": "failed",
  "err-credit": "limited",
  "err-429": "limited",
  "err-500": "failed",
  "err-500-json": "failed",
  "err-529": "limited",
  fallback: "limited",
  "err-refused": "failed",
  "err-sse": "limited",
  "err-cut": "failed",
  "err-hang": "failed",
  "sig-TERM-api": "crashed",
  "sig-TERM-bash": "crashed",
  "sig-TERM-mcp": "crashed",
  "sig-HUP-api": "crashed",
  "sig-INT-api": "crashed",
  "sig-INT-bash": "failed",
  "sig-INT-mcp": "failed",
};
/** What the older release does not tell, or tells as a failure. */
const OLDER_ENDINGS: Record<string, Ending> = { ...CLAUDE_ENDINGS, "err-sse": "failed", "err-refusal": "failed" };
const CODEX_ENDINGS: Record<string, Ending> = {
  tooltimeout: "crashed",
  "err-400": "failed",
  "err-401": "unauthorized",
  "err-429": "limited",
  "err-500": "limited",
  "err-500-retry": "limited",
  "err-503": "limited",
  "err-sse": "failed",
  "err-quota": "limited",
  "err-ctx": "failed",
  "err-cut": "failed",
  "err-hang": "crashed",
  "err-refused": "crashed",
  "sig-TERM-api": "crashed",
  "sig-TERM-cmd": "crashed",
  "sig-INT-api": "crashed",
  "sig-INT-cmd": "crashed",
  "sig-HUP-api": "crashed",
};

const PROGRAMS = [
  { folder: "claude-code-2.1.330", endings: CLAUDE_ENDINGS, count: 75 },
  { folder: "claude-code-2.1.197", endings: OLDER_ENDINGS, count: 71 },
  { folder: "codex-0.169.0", endings: CODEX_ENDINGS, count: 38 },
];

for (const { folder, endings, count } of PROGRAMS) {
  describe(`recordings of ${folder}`, () => {
    const ends = endsOf(folder);
    test("are all there", () => {
      expect(Object.keys(ends)).toHaveLength(count);
      expect(Object.keys(ends)).toEqual(expect.arrayContaining(Object.keys(endings)));
    });

    for (const name of Object.keys(ends)) {
      const ending = endings[name] ?? "succeeded";
      test(`${name}: ${ending}`, () => {
        const { verdict } = replay(folder, name);
        expect(verdict.ending).toBe(ending);
        if (ending !== "succeeded") expect(verdict.error).toMatch(/\w/);
      });
    }

    test("torn at any line, with strange lines between theirs: nothing is thrown, and only the whole of one is a success", () => {
      const lines = linesOf(folder, "text");
      for (let length = 0; length <= lines.length; length++) {
        const torn = lines.slice(0, length).flatMap((line) => [line, ...STRANGE]);
        const ending = replay(folder, "text", torn).verdict.ending;
        expect(ending).toBe(length === lines.length ? "succeeded" : "crashed");
      }
    });

    test("unknown types and keys change nothing", () => {
      const lines = linesOf(folder, "parallel");
      const more = lines.map((line) => JSON.stringify({ ...JSON.parse(line), new_key: { of: ["a", "later", 1] } }));
      expect(replay(folder, "parallel", [...more, ...STRANGE])).toEqual(replay(folder, "parallel"));
    });
  });
}

const STRANGE = [
  "",
  "null",
  "[1]",
  '"text"',
  "a notice for people",
  '{"type":"result"',
  '{"type":"later_than_this_release","result":"x"}',
  '{"type":"assistant"}',
  '{"type":"item.completed","item":{"id":"x","type":"new_kind"}}',
  '{"type":7}',
];

describe("Claude Code's stream", () => {
  test("two results in one run: the last is the answer, tokens add up, and the cost is that of the whole", () => {
    const { verdict, messages } = replay("claude-code-2.1.330", "subagent");
    expect(verdict).toMatchObject({ ending: "succeeded", text: "(script over)" });
    expect(verdict.usage).toMatchObject({ input_tokens: 300, output_tokens: 30, turns: 3 });
    expect(verdict.usage?.cost_usd).toBeCloseTo(0.003, 6);
    expect(messages.filter(({ kind }) => kind === "session")).toHaveLength(1);
  });

  test("an answer of a given form comes as a value", () => {
    expect(replay("claude-code-2.1.330", "json-schema").verdict.structured).toEqual({ name: "Ada" });
  });

  test("tools are told with what they were given and what they gave", () => {
    const { messages } = replay("claude-code-2.1.197", "write-denied");
    expect(messages).toContainEqual(
      expect.objectContaining({
        kind: "tool_started",
        tool: "Write",
        input: expect.objectContaining({ content: "hi\n" }),
      }),
    );
    expect(messages).toContainEqual(
      expect.objectContaining({
        kind: "tool_ended",
        ok: false,
        output: expect.stringContaining("requested permissions"),
      }),
    );
  });

  test("thinking is not text, retries are notices", () => {
    const { messages } = replay("claude-code-2.1.330", "think");
    expect(messages.map(({ kind }) => kind)).toEqual(["session", "thinking", "text"]);
    const retried = replay("claude-code-2.1.330", "err-401").messages.filter(({ kind }) => kind === "notice");
    expect(retried).toHaveLength(10);
  });
});

describe("Codex's stream", () => {
  test("the first error item is a warning, the last message the answer", () => {
    const { verdict, messages } = replay("codex-0.169.0", "exec-fail");
    expect(messages.map(({ kind }) => kind)).toEqual(["session", "notice", "tool_started", "tool_ended", "text"]);
    expect(messages).toContainEqual(expect.objectContaining({ kind: "tool_ended", ok: false }));
    expect(verdict).toMatchObject({ ending: "succeeded", text: "done", usage: { input_tokens: 200, cost_usd: null } });
  });

  test("an answer of a given form comes as a value", () => {
    expect(replay("codex-0.169.0", "schema").verdict.structured).toEqual({ name: "Ada" });
  });
});

function replay(
  folder: string,
  name: string,
  lines = linesOf(folder, name),
): { verdict: Verdict; messages: AgentMessage[] } {
  const recorded = endsOf(folder)[name];
  const code = recorded?.exit ?? null;
  const end = { code, signal: code === null ? "SIGTERM" : null, errors: recorded?.stderr ?? "", now: 0 };
  const isStructured = name.startsWith("json-schema") || name === "schema";
  return folder.startsWith("claude")
    ? play(lines, CLAUDE_BEFORE, readClaude, (state) => judgeClaude(state, end, isStructured))
    : play(lines, CODEX_BEFORE, readCodex, (state) => judgeCodex(state, end satisfies ProgramEnd, isStructured));
}

function play<State>(
  lines: readonly string[],
  before: State,
  read: (state: State, line: string) => Reading<State>,
  judge: (state: State) => Verdict,
): { verdict: Verdict; messages: AgentMessage[] } {
  let state = before;
  const messages: AgentMessage[] = [];
  for (const line of lines) {
    const reading = read(state, line);
    state = reading.state;
    messages.push(...reading.messages);
  }
  return { verdict: judge(state), messages };
}

function linesOf(folder: string, name: string): string[] {
  return readFileSync(join(FOLDER, folder, `${name}.jsonl`), "utf8")
    .trimEnd()
    .split("\n");
}

function endsOf(folder: string): Record<string, { exit: number | null; stderr: string }> {
  return JSON.parse(readFileSync(join(FOLDER, folder, "ends.json"), "utf8"));
}
