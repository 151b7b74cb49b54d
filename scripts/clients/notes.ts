/** What a person has to know for each client, whatever a run has shown. */
export const NOTES = `* **Claude Code.** The plugin finds \`ouroboros\` on PATH or in its data folder. A server that a project's \`.mcp.json\` names waits for your approval
  (\`⏸ Pending approval\`); one added with \`-s user\`, by \`ouroboros setup\` or by the plugin does not. \`mcp list\` gives a server 30 s to connect (\`MCP_TIMEOUT\`, in milliseconds);
  release 2.1.197 asks its model after 2 s with whatever tools are there by then. Newer releases load tools by search: a skill or prompt that names them says so.
  With \`-p\`, tools have to be allowed: \`--allowedTools mcp__ouroboros\`. \`mcp list\` ends with exit code 0 whatever it found: read the line.
* **Codex.** \`codex mcp list\` shows the configuration and starts nothing; what connects is a conversation. It asks its model about one second after its start: add
  \`required = true\` to the server's entry where the tools must be there (then a server that cannot start ends Codex with exit code 1). In \`codex exec\` nobody can approve, so only tools that say
  they change nothing are called, until the entry says \`default_tools_approval_mode = "approve"\`. Its servers get only HOME, LANG, PATH, SHELL and TERM: anything else goes into the entry's \`env\`.
* **Gemini CLI.** In a folder that is not trusted no server is started, your own ones neither (\`○ … Disabled\`): trust it, or set \`GEMINI_CLI_TRUST_WORKSPACE=true\`. With \`-p\`, tools that would ask
  are not offered to the model at all: \`--approval-mode yolo\`, as here, or \`"trust": true\` in the entry. \`gemini mcp list\` waits 5 s (\`"timeout"\` in the entry, in milliseconds).
* **OpenCode.** It waits 30 s for a server (\`"timeout"\` in the entry). In \`opencode run\` a permission that would be asked for is refused and the run ends with exit code 0.
* **MCP Inspector.** Release 2 needs Node 22.19 or newer, waits 15 s (\`--connect-timeout\`), and ends with exit code 5 where a tool answers with an error; 0.15 ends with 0.
* **Over HTTP** the server runs before any client does, and all of them share it. On loopback it asks for no token unless it was started with one.
* Not tried here: Windows and macOS, screens (only command lines are driven), and clients that are not on npm, such as Claude Desktop, Cursor, VS Code, Windsurf, Zed, Goose, Copilot CLI and Kiro.
  What \`ouroboros setup\` writes for those is tested against their formats, not against the programs.`;
