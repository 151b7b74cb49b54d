import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { getPriority, homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { readProcessStat } from "../../src/process/process-stat.ts";
import { agentScript, agentTest, isRunning } from "../support/agent-processes.ts";

setDefaultTimeout(120_000);
const ROOT = join(import.meta.dirname, "../..");
const onLinux = process.platform === "linux";
let here: ReturnType<typeof agentTest>;
let started: number[] = [];

beforeEach(() => {
  here = agentTest();
  // The program with another main.ts, as that is what gets started again; and a project that would like to be run.
  for (const room of ["base", "process"])
    cpSync(join(ROOT, "src", room), join(here.folder, "src", room), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(here.folder, "node_modules"));
  copyFileSync(agentScript("detached-program.ts")[0] ?? "", join(here.folder, "src/main.ts"));
  copyFileSync(agentScript("detached-starter.ts")[0] ?? "", join(here.folder, "starter.ts"));
});
afterEach(async () => {
  for (const pid of started.splice(0)) if (isRunning(pid)) process.kill(pid, "SIGKILL");
  await here.end();
});

/** What a starter, which has ended, says came of it. */
async function startFromProgram(behaviour: string, timeoutMs = 60_000) {
  const logFile = join(here.folder, "logs/worker.log");
  const child = here.startChild([process.execPath, "starter.ts", behaviour, logFile, String(timeoutMs)]);
  const [output] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), once(child, "exit")]);
  const said = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  started = [said[0]?.pid ?? 0];
  return { said: said.at(-1), pid: said[0]?.pid ?? 0, logFile };
}

describe.if(onLinux)("startDetached()", () => {
  test("starts this program in a session of its own, from which it takes one line and lets go", async () => {
    const { said, pid, logFile } = await startFromProgram("say");
    const line = JSON.parse(said.line);
    expect(line.length).toBe(1_000_000);
    expect(realpathSync(line.cwd)).toBe(realpathSync(homedir()));
    expect(line.env).not.toHaveProperty("OUROBOROS_TEST_UNSET");
    expect(readProcessStat(pid)).toMatchObject({ group: pid, session: pid });
    expect(isRunning(pid)).toBe(true);
    expect(readFileSync(logFile, "utf8")).toBe("began as say\n");
    expect(statSync(logFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(here.folder, "logs")).mode & 0o777).toBe(0o700);
  });

  test("has it stand back for what its user does, wherever whoever started it stands", async () => {
    const { pid } = await startFromProgram("say");
    expect(getPriority(pid)).toBe(Math.max(getPriority(), 5));
  });

  test("hands it no descriptor but its own three", async () => {
    const { said } = await startFromProgram("say");
    const files: string[] = JSON.parse(said.line).files;
    expect(files.filter((path) => path.startsWith(realpathSync(here.folder)))).toEqual([
      join(realpathSync(here.folder), "logs/worker.log"),
    ]);
    expect(files.filter((path) => path.startsWith("socket:") || path.startsWith("pipe:")).length).toBeLessThanOrEqual(
      2,
    );
  });

  test("runs nothing of the project it is started in", async () => {
    const project = join(here.folder, "project");
    mkdirSync(project);
    writeFileSync(join(project, ".env"), "OUROBOROS_TEST_DOTENV=1\n");
    writeFileSync(join(project, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
    writeFileSync(join(project, "preload.ts"), "globalThis.preloaded = true;\n");
    const logFile = join(here.folder, "logs/worker.log");
    const starter = [process.execPath, "--no-env-file", "--config=/dev/null", join(here.folder, "starter.ts")];
    const child = here.startChild(["sh", "-c", 'cd project && exec "$@"', "sh", ...starter, "say", logFile, "60000"]);
    const said = (await text(child.stdout as NodeJS.ReadableStream))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    started = [said[0].pid];
    const line = JSON.parse(said[1].line);
    expect(line.env).not.toHaveProperty("OUROBOROS_TEST_DOTENV");
    expect(line.preloaded).toBe(false);
  });

  test("throws the end of the log when it ends without a word, or says nothing in time, or too much", async () => {
    const { said, logFile } = await startFromProgram("fail");
    expect(said).toMatchObject({ code: "worker_failed", next: `Read ${logFile}, then try again.` });
    expect(said.error).toContain("ended with code 3");
    expect(said.error).toEndWith("began as fail\nthe store is on fire");
    expect((await startFromProgram("nothing", 500)).said.error).toContain("said nothing for 500 ms");
    for (const pid of started) process.kill(pid, "SIGKILL");
    expect((await startFromProgram("babble")).said.error).toContain("said more than fits a line");
  });

  test("says which log it cannot write", async () => {
    writeFileSync(join(here.folder, "logs"), "");
    expect((await startFromProgram("say")).said).toMatchObject({
      code: "worker_failed",
      error: expect.stringContaining("logs/worker.log cannot be written"),
    });
  });
});
