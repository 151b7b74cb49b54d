import { describe, expect } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { QUIET } from "../e2e/support/claude.ts";
import { clientProgram, hasClient } from "../e2e/support/clients.ts";
import { realPart } from "../e2e/support/real-part.ts";
import { openSandbox, type Sandbox } from "../e2e/support/sandbox.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

async function setUp(sandbox: Sandbox, host: string): Promise<void> {
  const ran = await sandbox.run(process.execPath, [MAIN, "setup", host, "--yes"]);
  expect(ran).toMatchObject({ code: 0 });
}

describe("real hosts read what setup has written", () => {
  realPart("claude", hasClient("claude"))(
    "claude: mcp list says Connected; from its own file then only our entry goes",
    async () => {
      await using sandbox = await openSandbox();
      const file = join(sandbox.home, ".claude.json");
      await writeFile(file, '{\n  "numStartups": 2,\n  "mcpServers": {}\n}\n');
      await setUp(sandbox, "claude-code");
      const { stdout } = await sandbox.run(clientProgram("claude"), ["mcp", "list"], { env: QUIET });
      expect(stdout).toMatch(/^ouroboros: .* ✔ Connected$/m);
      const written = JSON.parse(await readFile(file, "utf8"));
      expect(await sandbox.run(process.execPath, [MAIN, "uninstall", "--yes"])).toMatchObject({ code: 0 });
      expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ ...written, mcpServers: {} });
    },
  );

  realPart("codex", hasClient("codex"))("codex: mcp list has the entry with its times", async () => {
    await using sandbox = await openSandbox();
    await mkdir(join(sandbox.home, ".codex"));
    await writeFile(join(sandbox.home, ".codex/config.toml"), '# mine\nmodel = "x"\n');
    await setUp(sandbox, "codex");
    const { stdout } = await sandbox.run(clientProgram("codex"), ["mcp", "list", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        name: "ouroboros",
        enabled: true,
        transport: { type: "stdio", command: process.execPath },
        startup_timeout_sec: 30,
      },
    ]);
  });
});
