interface Preset {
  readonly command: readonly string[];
  /** Where it does not say otherwise, the agent's own documentation names this command. */
  readonly note: string;
  /** The variables it takes its settings and its login from. */
  readonly passes: RegExp;
}

/** Agents that speak the protocol, and how each is started for it. What the user configures under a name goes first. */
export const ACP_PRESETS: Readonly<Record<string, Preset>> = {
  gemini: {
    command: ["gemini", "--acp"],
    note: "Gemini CLI; older ones want --experimental-acp. Held by a test",
    passes: /^(GEMINI|GOOGLE)_/,
  },
  opencode: { command: ["opencode", "acp"], note: "OpenCode", passes: /^OPENCODE_/ },
  goose: { command: ["goose", "acp"], note: "Goose 1.8 or newer", passes: /^GOOSE_/ },
  copilot: {
    command: ["copilot", "--acp", "--stdio"],
    note: "GitHub Copilot CLI",
    passes: /^(COPILOT_\w+|GH_TOKEN|GITHUB_TOKEN)$/,
  },
  cursor: {
    command: ["cursor-agent", "acp"],
    note: "Cursor CLI, also installed as `agent`. Not verified",
    passes: /^CURSOR_/,
  },
  kimi: { command: ["kimi", "acp"], note: "Kimi Code CLI", passes: /^(KIMI|MOONSHOT)_/ },
  qwen: {
    command: ["qwen", "--acp"],
    note: "Qwen Code; older ones want --experimental-acp. Not verified",
    passes: /^(QWEN|DASHSCOPE|OPENAI)_/,
  },
  auggie: { command: ["auggie", "--acp"], note: "Augment's Auggie CLI", passes: /^AUGMENT_/ },
  kiro: { command: ["kiro-cli", "acp"], note: "Kiro CLI 1.25 or newer", passes: /^KIRO_/ },
  "codex-acp": {
    command: ["codex-acp"],
    note: "Codex through its adapter, @zed-industries/codex-acp",
    passes: /^(CODEX|OPENAI)_/,
  },
  "claude-acp": {
    command: ["claude-agent-acp"],
    note: "Claude Code through its adapter, @agentclientprotocol/claude-agent-acp; older ones are called claude-code-acp",
    passes: /^(ANTHROPIC|CLAUDE)_/,
  },
};
