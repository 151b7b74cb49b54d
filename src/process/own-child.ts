import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { neutralFolder } from "./neutral-folder.ts";
import { selfCommand } from "./self-command.ts";

/** How a child ended, and the end of what it said on stderr. */
interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

const KEPT_ERRORS = 4_000;

/**
 * Runs one command of this program in a child and resolves when it is gone; paths must be whole, as it starts in another
 * folder. An abort kills it at once: it may be inside one long call into the database and hear of nothing else.
 */
export async function runOwnChild(
  args: readonly string[],
  options: { readonly signal: AbortSignal; onStart(pid: number): void; onLine(line: string): void },
): Promise<ChildEnd> {
  const self = selfCommand(args);
  const child = spawn(self.program, self.args, {
    cwd: neutralFolder(),
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-KEPT_ERRORS);
  });
  createInterface({ input: child.stdout }).on("line", options.onLine);
  const { promise, resolve, reject } = Promise.withResolvers<ChildEnd>();
  child.once("error", reject);
  child.once("close", (code, signal) => resolve({ code, signal, errors }));
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  try {
    if (child.pid !== undefined) options.onStart(child.pid);
    options.signal.addEventListener("abort", kill, { once: true });
    if (options.signal.aborted) kill();
    return await promise;
  } finally {
    options.signal.removeEventListener("abort", kill);
  }
}
