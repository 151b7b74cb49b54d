// A run of real Claude Code against a model on loopback that plays a competent programmer, by the compiled binary.
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { criterion, gitIn, keyOf, makeRepository, standingOf, writeLibrary } from "../support/run-library.ts";
import { QUIET } from "./support/claude.ts";
import { clientProgram, hasClient } from "./support/clients.ts";
import { openModelApi } from "./support/fake-model-api.ts";
import { BINARY } from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { programmerModel } from "./support/run-model.ts";
import { openSandbox } from "./support/sandbox.ts";

const claude = realPart("claude", hasClient("claude"));

claude(
  "Claude Code carries three criteria out with its own tools; each is proven and on the run's branch",
  async () => {
    await using sandbox = await openSandbox();
    await using model = await openModelApi(programmerModel);
    const { home, project } = sandbox;
    const folder = join(home, ".ouroboros");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "config.yaml"),
      JSON.stringify({
        runtimes: { real: { kind: "claude", command: [clientProgram("claude")] } },
        consent: { checks: "always" },
      }),
    );
    writeLibrary(project);
    makeRepository(project);
    const before = standingOf(project);
    const bumped = criterion(3, {
      description: "The version is 2",
      depends_on: [keyOf(2)],
      verify_command: "cat src/version.mjs",
      output_assertion: '/version = "[2-9]"/',
    });
    const seed = { goal: "A library of words", acceptance_criteria: [criterion(1), criterion(2), bumped] };
    writeFileSync(join(home, "seed.json"), JSON.stringify(seed));
    const env = {
      ...QUIET,
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: "no-key",
      CLAUDE_CODE_MAX_RETRIES: "0",
    };

    const args = ["run", join(home, "seed.json"), "--runtime", "real", "--wait", "--json"];
    const ran = await sandbox.run(BINARY, args, { env });
    expect(ran.code, `${ran.stderr}\n${ran.stdout}`).toBe(0);
    const said = JSON.parse(ran.stdout);
    expect(said).toMatchObject({ status: "completed", steps_done: 3, steps_total: 3 });
    expect(standingOf(project)).toEqual(before);

    const branch = `ooo/${said.execution_id}`;
    const changed = gitIn(project, "diff", "--name-status", "main", branch);
    expect(changed).toBe("A\tsrc/slug.mjs\nM\tsrc/version.mjs\nA\tsrc/words.mjs\n");
    const looked = await sandbox.run(BINARY, ["events", "--session", said.session_id, "--limit", "500", "--json"], {
      env,
    });
    const events: { type: string; payload: Record<string, unknown> }[] = JSON.parse(looked.stdout).events;
    const of = (named: string) => events.filter(({ type }) => type === named).map(({ payload }) => payload);
    expect(of("execution.criterion.merged").map(({ verdict }) => verdict)).toEqual(["pass", "pass", "pass"]);
    expect(of("execution.criterion.verified").map(({ verdict }) => verdict)).not.toContain("fail");
    // Its own tools, as it named them, and its own account of what it took.
    expect(new Set(of("execution.tool.started").map(({ tool_name }) => tool_name))).toEqual(
      new Set(["Bash", "Edit", "Read", "Write"]),
    );
    expect(of("execution.session.completed")[0]).toMatchObject({ usage: { output_tokens: expect.any(Number) } });
    expect(of("execution.session.failed")).toEqual([]);
  },
);
