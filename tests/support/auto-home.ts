import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GOAL } from "../e2e/support/auto-story.ts";
import { RunHome, type RunSaid } from "./run-home.ts";
import { makeRepository } from "./run-library.ts";

const THINKER = join(import.meta.dirname, "../fixtures/agents/minds/auto-thinker.ts");
const GREETER = join(import.meta.dirname, "../fixtures/agents/programmers/greeter.ts");

/** A home in which one sentence is enough: a mind that decides, a programmer, and an empty folder or a small project to work in. */
export class AutoHome extends RunHome {
  readonly folder = join(this.home, "greetings");

  /** `mind`: who thinks, unless somebody else is to be asked for. */
  constructor({ hasProject = false, mind = "thinker" }: { hasProject?: boolean; mind?: string } = {}) {
    super({ criteria: [], isRepository: false, leaseSeconds: 5 });
    mkdirSync(this.folder);
    if (hasProject) {
      const scripts = { test: "sh tests/all.sh" };
      mkdirSync(join(this.folder, "tests"));
      writeFileSync(join(this.folder, "package.json"), JSON.stringify({ name: "greetings", scripts }));
      writeFileSync(join(this.folder, "tests/all.sh"), "test -f package.json\n");
      makeRepository(this.folder);
    }
    const jsonl = (...command: string[]) => ({ command: [process.execPath, ...command, this.desk], output: "jsonl" });
    const config = {
      runtimes: { greeter: jsonl(GREETER), thinker: jsonl(THINKER) },
      minds: { fast: mind, standard: mind, deep: mind },
      orchestrator: { runtime_backend: "greeter", plan_with_mind: false },
      execution: { ac_retry_attempts: 0 },
    };
    writeFileSync(join(this.home, "config.yaml"), JSON.stringify(config));
  }

  /** Puts a note on the desk that the mind or the programmer goes by. */
  note(name: string, value: object = {}): void {
    writeFileSync(join(this.desk, name), JSON.stringify(value));
  }

  takeAway(name: string): void {
    rmSync(join(this.desk, name), { force: true });
  }

  auto(...args: readonly string[]): Promise<RunSaid> {
    return this.call("auto", ...args);
  }

  go(...flags: readonly string[]): Promise<RunSaid> {
    return this.auto(GOAL, "--cwd", this.folder, ...flags);
  }
}
