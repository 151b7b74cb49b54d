import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRunning, until } from "./agent-processes.ts";

/** An agent that notes its step in the project's journal; it waits while `hold` is there, and fails where it is told to. */
const AGENT = `cat >"prompt-$OUROBOROS_STEP"
while [ -e hold ]; do sleep 0.05; done
if [ -e "fail-$OUROBOROS_STEP" ]; then echo "cannot do it" >&2; exit 3; fi
echo "$OUROBOROS_STEP" >>journal
echo "did $OUROBOROS_STEP"`;

/** The configuration that makes the little agent the one that does the work. */
export const AGENT_CONFIG = `runtimes:\n  little: { command: [sh, -c, ${JSON.stringify(AGENT)}] }\n`;

/** An Ouroboros home with the little agent configured, and a project for it to work in. */
export interface ResumableHome extends AsyncDisposable {
  readonly home: string;
  readonly project: string;
  readonly store: string;
  /** The steps that the agent has done, in order, as it noted them itself. */
  journal(): string[];
  /** Puts an empty file into the project, such as `hold` or `fail-2`; or takes it away. */
  put(name: string): void;
  drop(name: string): void;
  /** The seed that upstream would have left in its folder. */
  keepSeed(seedId: string, text: string): void;
  /** A worker that has to be gone before the home is; whoever still runs then is killed. */
  watch(pid: number | null | undefined): void;
}

/** Makes a home; its store is for the test to write. */
export async function openResumableHome(): Promise<ResumableHome> {
  const home = await realpath(await mkdtemp(join(tmpdir(), "ouroboros-resume-")));
  const project = join(home, "project");
  mkdirSync(project);
  writeFileSync(join(home, "config.yaml"), AGENT_CONFIG);
  const workers = new Set<number>();
  const path = (name: string) => join(project, name);
  return {
    home,
    project,
    store: join(home, "ouroboros.db"),
    journal: () => (existsSync(path("journal")) ? readFileSync(path("journal"), "utf8").trim().split("\n") : []),
    put: (name) => writeFileSync(path(name), ""),
    drop: (name) => rmSync(path(name), { force: true }),
    keepSeed(seedId, text) {
      mkdirSync(join(home, "seeds"), { recursive: true });
      writeFileSync(join(home, "seeds", `${seedId}.yaml`), text);
    },
    watch(pid) {
      if (typeof pid === "number") workers.add(pid);
    },
    async [Symbol.asyncDispose]() {
      rmSync(path("hold"), { force: true });
      try {
        await until(() => ![...workers].some(isRunning), "the workers have ended");
      } finally {
        for (const pid of [...workers].filter(isRunning)) process.kill(pid, "SIGKILL");
        await rm(home, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}
