import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type CliHome, environment } from "./ouroboros.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");

/** The CLI in a terminal of its own, as a person has it before them. */
export interface TerminalSession extends AsyncDisposable {
  readonly pid: number;
  /** Waits until this text is shown below everything that was waited for before. */
  see(text: string): Promise<void>;
  type(text: string): void;
  /** Hangs up, as a window does that is closed. */
  hangUp(): void;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>;
  /** Everything that was shown, with its control sequences. */
  shown(): string;
}

export const ENTER = "\r";
export const CTRL_C = "\u0003";
const PATIENCE_MS = 40_000;

/** Starts the CLI in a terminal of so many columns. */
export function openTerminal(
  { home }: Pick<CliHome, "home">,
  args: readonly string[],
  {
    columns = 80,
    env = {},
    hangsUp = true,
  }: {
    readonly columns?: number;
    readonly env?: Readonly<Record<string, string>>;
    /** False for one that goes away without a word, as under many a program that only looks like a terminal. */
    readonly hangsUp?: boolean;
  } = {},
): TerminalSession {
  let shown = "";
  let seen = 0;
  let onShown = () => {};
  const decoder = new TextDecoder();
  const terminal = new Bun.Terminal({
    cols: columns,
    rows: 50,
    data(_, bytes) {
      shown += decoder.decode(bytes, { stream: true });
      onShown();
    },
  });
  // Else it is only a screen: a terminal that signals Ctrl-C and its own end has to be the session's.
  const child = Bun.spawn(["setsid", ...(hangsUp ? ["-c"] : []), process.execPath, MAIN, ...args], {
    cwd: home,
    env: { ...environment(home, env), TERM: "xterm-256color" },
    terminal,
  });
  return {
    pid: child.pid,
    async see(text) {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const at = stripVTControlCharacters(shown).indexOf(text, seen);
        if (at >= 0) {
          seen = at + text.length;
          return;
        }
        const left = deadline - performance.now();
        if (left <= 0) throw new Error(`Not shown: ${text}\n${stripVTControlCharacters(shown)}`);
        await shownOr(left);
      }
    },
    type: (text) => terminal.write(text),
    hangUp: () => terminal.close(),
    kill: (signal) => child.kill(signal),
    async ended() {
      await child.exited;
      return child.signalCode ?? child.exitCode ?? -1;
    },
    shown: () => shown,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      terminal.close();
    },
  };

  function shownOr(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    onShown = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
