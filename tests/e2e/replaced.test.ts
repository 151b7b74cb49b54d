// The program's file is replaced, by an update or a package manager, while a server that was started from it goes on.
import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRepository, writeLibrary } from "../support/run-library.ts";
import { BINARY, callTool, handshake, startOuroboros } from "./support/ouroboros-server.ts";
import { openSandbox } from "./support/sandbox.ts";

test("a server whose file was replaced still starts workers, and they their agents", async () => {
  await using sandbox = await openSandbox();
  const { home, project } = sandbox;
  const binary = join(home, "ouroboros");
  const fresh = join(home, "fresh");
  for (const path of [binary, fresh]) copyFileSync(BINARY, path);
  mkdirSync(join(home, ".ouroboros"));
  const command = ["/bin/sh", "-c", "cat >/dev/null; echo done >done.txt"];
  const config = {
    runtimes: { test: { command } },
    orchestrator: { runtime_backend: "test" },
    minds: { standard: "host" },
    consent: { checks: "always" },
  };
  writeFileSync(join(home, ".ouroboros/config.yaml"), JSON.stringify(config));
  writeLibrary(project);
  makeRepository(project);
  await using server = startOuroboros({ home, binary, env: sandbox.env });
  await handshake(server);
  await callTool(server, "ouroboros_query_events");
  renameSync(fresh, binary);
  const criterion = { description: "It is done", verify_command: "cat done.txt", output_assertion: "/^done$/m" };
  const seed_content = JSON.stringify({ goal: "Something done", acceptance_criteria: [criterion] });
  const begun = await callTool(server, "ouroboros_execute_seed", { seed_content, cwd: project });
  expect(begun).not.toHaveProperty("isError");
  let said = begun.structuredContent ?? {};
  while (said.is_terminal !== true) {
    const { job_id, cursor } = said;
    const answer = await callTool(server, "ouroboros_job_wait", { job_id, cursor, timeout_seconds: 30 });
    said = answer.structuredContent ?? { is_terminal: true };
  }
  expect(said).toMatchObject({ status: "completed" });
});
