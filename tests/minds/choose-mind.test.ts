import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { isRefusal } from "../../src/base/refusal.ts";
import { readConfig } from "../../src/config.ts";
import { type Choosable, chooseMind, type MindSettings } from "../../src/minds/choose-mind.ts";
import { ROLES } from "../../src/minds/mind.ts";

const NOBODY: MindSettings = { roles: {}, backend: undefined, standIn: undefined, providers: {} };
const CLAUDE = { name: "claude", kind: "claude" } as const;
const CODEX = { name: "codex", kind: "codex" } as const;
const GOOSE = { name: "goose", kind: "acp" } as const;
const SCRIPT = { name: "script", kind: "command" } as const;
const ALL: Choosable = {
  role: "standard",
  hasHost: true,
  agents: [GOOSE, SCRIPT, CODEX, CLAUDE],
  providers: ["google", "openai", "ollama"],
};

/** Who it is, in short: a name, and the model where one is chosen. */
function who(settings: Partial<MindSettings>, among: Partial<Choosable> = {}): string {
  const choice = chooseMind({ ...NOBODY, ...settings }, { ...ALL, ...among });
  if (isRefusal(choice)) return choice.code;
  expect(choice.why).toBeTruthy();
  return choice.model === undefined ? choice.name : `${choice.name}/${choice.model}`;
}

describe("auto", () => {
  test("is the host wherever there is one", () => {
    expect(who({})).toBe("host");
    expect(who({ roles: { standard: "auto" }, backend: "codex" })).toBe("host");
  });

  test("without a host is Claude Code, then Codex, then an ACP agent, then an API with a key; never a plain command", () => {
    const agents = [GOOSE, SCRIPT, CODEX, CLAUDE];
    const seen: string[] = [];
    for (let left = [...agents]; left.length > 0; ) {
      const name = who({}, { hasHost: false, agents: left });
      seen.push(name);
      if (!agents.some((one) => one.name === name)) break;
      left = left.filter((one) => one.name !== name);
    }
    expect(seen).toEqual(["claude", "codex", "goose", "openai/gpt-5.5"]);
    expect(who({}, { hasHost: false, agents: [SCRIPT], providers: ["ollama"] })).toBe("mind_unavailable");
  });

  test("without a host prefers the runtime the user works with, and the stand-in of upstream's file before it", () => {
    const away = { hasHost: false, favourite: "goose" };
    expect(who({}, away)).toBe("goose");
    expect(who({ standIn: "codex" }, away)).toBe("codex");
    expect(who({ standIn: "claude_code" }, { ...away, agents: [GOOSE] })).toBe("goose");
    expect(who({ standIn: "litellm" }, away)).toBe("openai/gpt-5.5");
  });
});

describe("somebody named", () => {
  test("is taken, host or no host: the role's own word before the environment's", () => {
    expect(who({ roles: { standard: "codex" }, backend: "claude_code" })).toBe("codex");
    expect(who({ roles: { deep: "codex" }, backend: "claude_code" })).toBe("claude");
    expect(who({ backend: "codex_cli" })).toBe("codex");
    expect(who({ backend: "litellm" })).toBe("openai/gpt-5.5");
    expect(who({ backend: "goose" })).toBe("goose");
    expect(who({ backend: "host" })).toBe("host");
    expect(who({ roles: { standard: "script" } })).toBe("script");
  });

  test("may be a provider, with a model or with its usual one for the role", () => {
    expect(who({ roles: { standard: "ollama/qwen3:32b" } })).toBe("ollama/qwen3:32b");
    expect(who({ roles: { standard: "openai/org/model" } })).toBe("openai/org/model");
    expect(who({ roles: { fast: "google" } }, { role: "fast" })).toBe("google/gemini-flash-latest");
    expect(who({ roles: { standard: "ollama" } })).toBe("mind_unavailable");
  });

  test("who is not here is said, and nobody stands in unasked", () => {
    expect(who({ roles: { standard: "anthropic/claude-opus-5" } })).toBe("mind_unavailable");
    expect(who({ roles: { standard: "host" } }, { hasHost: false })).toBe("mind_unavailable");
    expect(who({ backend: "opencode" }, { hasHost: false })).toBe("mind_unavailable");
    for (const word of ["constructor", "__proto__", "/", "", "/m"])
      expect(who({ roles: { standard: word } })).toBe("mind_unavailable");
    expect(who({ roles: { standard: "constructor" } }, { providers: ["constructor"] })).toBe("mind_unavailable");
    const refusal = chooseMind({ ...NOBODY, backend: "opencode" }, ALL);
    expect(isRefusal(refusal) && refusal.message).toContain("OUROBOROS_LLM_BACKEND is opencode");
  });
});

test("whatever is configured, a choice is somebody who is here, and the same question gets the same one", () => {
  const word = fc.constantFrom(
    "auto",
    "host",
    "claude",
    "codex",
    "api",
    "openai",
    "ollama/m",
    "nobody",
    "script",
    "claude_code",
  );
  const settings = fc.record({
    roles: fc.dictionary(fc.constantFrom(...ROLES), word),
    backend: fc.option(word, { nil: undefined }),
    standIn: fc.option(word, { nil: undefined }),
    providers: fc.constant({}),
  });
  const among = fc.record({
    role: fc.constantFrom(...ROLES),
    hasHost: fc.boolean(),
    agents: fc.subarray([GOOSE, SCRIPT, CODEX, CLAUDE]),
    providers: fc.subarray(["google", "openai", "ollama"]),
  });
  fc.assert(
    fc.property(settings, among, (given, here) => {
      const choice = chooseMind(given, here);
      expect(chooseMind(given, here)).toEqual(choice);
      if (isRefusal(choice)) return;
      if (choice.kind === "host") expect(here.hasHost).toBe(true);
      if (choice.kind === "agent") expect(here.agents.map(({ name }): string => name)).toContain(choice.name);
      if (choice.kind === "api")
        expect([here.providers.includes(choice.name), choice.model !== ""]).toEqual([true, true]);
    }),
  );
});

describe("what the user's file and environment say", () => {
  test("roles, endpoints and upstream's words, each in its place; unknown keys are reported", async () => {
    const home = await mkdtemp(join(tmpdir(), "ouroboros-minds-"));
    try {
      const yaml = `minds: { fast: openai/gpt-5.4-mini, deep: host, slow: x, providers: { ollama: { base_url: "http://127.0.0.1:11434/v1" } } }
llm: { backend: claude_code, qa_model: x }
`;
      await writeFile(join(home, "config.yaml"), yaml);
      const { minds, unknownKeys } = await readConfig({}, { OUROBOROS_HOME: home, OUROBOROS_LLM_BACKEND: "codex" });
      expect(minds).toEqual({
        roles: { fast: "openai/gpt-5.4-mini", deep: "host" },
        backend: "codex",
        standIn: "claude_code",
        providers: { ollama: { base_url: "http://127.0.0.1:11434/v1" } },
      });
      expect(unknownKeys).toEqual(["minds.slow"]);
      await rm(join(home, "config.yaml"));
      expect((await readConfig({}, { OUROBOROS_HOME: home })).minds).toEqual(NOBODY);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
