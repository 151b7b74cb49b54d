import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Exit } from "./json-rpc-client.ts";

export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A home and a project that one test owns, and the programs it runs there. */
export interface Sandbox extends AsyncDisposable {
  readonly home: string;
  readonly project: string;
  /** All that a program here is given of the environment, its own `env` apart. */
  readonly env: Readonly<Record<string, string>>;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Finished>;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds until the whole process group is killed and the run rejects. */
  readonly limit?: number;
}

/** Opens an empty sandbox; disposing of it ends what was left running and removes the folders. */
export async function openSandbox(): Promise<Sandbox> {
  const home = await mkdtemp(join(tmpdir(), "ouroboros-e2e-"));
  const project = join(home, "project");
  // Programs find their temporary folder here too, so that none of their leavings stay behind.
  const temporary = join(home, "tmp");
  await Promise.all([mkdir(project), mkdir(temporary)]);
  const env = {
    HOME: home,
    TMPDIR: temporary,
    CLAUDE_CODE_TMPDIR: temporary,
    PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    SHELL: "/bin/sh",
  };
  const groups: number[] = [];

  return {
    home,
    project,
    env,
    async run(command, args, { env: extra, input = "", limit = 60_000 } = {}) {
      // A group of its own: several agent CLIs leave children behind when only they are signalled.
      const child = spawn(command, args, { cwd: project, env: { ...env, ...extra }, detached: true, stdio: "pipe" });
      const { promise, resolve, reject } = Promise.withResolvers<Finished>();
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
      child.stdin.on("error", () => {}); // a program that never reads its input is no fault
      child.stdin.end(input);

      const { pid } = child;
      if (pid !== undefined) groups.push(pid);
      const timer = setTimeout(() => {
        if (pid !== undefined) killGroup(pid);
        const seen = JSON.stringify({ stdout: stdout.slice(-1000), stderr: stderr.slice(-1000) });
        reject(new Error(`Cannot finish ${command} ${args.join(" ")}: still running after ${limit} ms; ${seen}`));
      }, limit);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const group of groups) killGroup(group);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // Nobody is left in the group: what was asked for.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
