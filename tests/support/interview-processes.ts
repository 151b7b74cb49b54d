import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../fixtures/interviews/host.ts", import.meta.url));

/** A host that runs in a process of its own (`tests/fixtures/interviews/host.ts`); killed when it is disposed of. */
export class HostProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;

  constructor(order: object) {
    this.#child = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#exited = once(this.#child, "exit");
    const { stdout } = this.#child;
    if (!stdout) throw new Error("It has no stdout");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** Resolves once it has opened the store. */
  async ready(): Promise<void> {
    const line = await this.#line();
    if (line !== "ready") throw new Error(`Not ready: ${line}`);
  }

  /** Lets it make its call. */
  go(): void {
    this.#child.stdin?.write("go\n");
  }

  /** What it printed at its end; undefined when it was killed first. */
  async said(): Promise<Record<string, unknown> | undefined> {
    const line = await this.#line();
    await this.#exited;
    return line === undefined ? undefined : JSON.parse(line);
  }

  async killed(): Promise<boolean> {
    const [, signal] = await this.#exited;
    return signal === "SIGKILL";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL"); // does nothing to one that has ended
    await this.#exited;
  }

  async #line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }
}
