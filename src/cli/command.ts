import type { CommandContext, CommandFunctionLoader, StricliProcess } from "@stricli/core";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import type { Interruption } from "./interruption.ts";
import type { Output } from "./output.ts";
import { oneLine } from "./render.ts";
import type { Style } from "./style.ts";

/** What a command gets besides its flags and arguments. */
export interface Cli extends CommandContext {
  readonly process: StricliProcess;
  /** Answers go here, and nothing else does. */
  readonly output: Output;
  readonly errors: Output;
  readonly style: Style;
  readonly interruption: Interruption;
}

/** The flags every command has. A type, not an interface: the kit wants an index signature. */
export type SharedFlags = {
  readonly db?: string | undefined;
  readonly json: boolean;
};

/** One answer in both forms. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
  /** 0 unless the answer itself is bad news, such as damage that was found. */
  readonly exitCode?: number;
}

/** A command's own code: it answers or refuses; one that writes by itself as it goes returns its exit code. */
export type Run<Flags extends SharedFlags, Args extends readonly unknown[]> = (
  cli: Cli,
  flags: Flags,
  ...args: Args
) => Promise<Answer | Refusal | number>;

/** Loads a command's code only when it is called, and puts what it answers where it belongs. */
export function command<Flags extends SharedFlags, Args extends readonly unknown[]>(
  load: () => Promise<Run<Flags, Args>>,
): CommandFunctionLoader<Flags, Args, Cli> {
  return async () => {
    const run = await load();
    return async function (this: Cli, flags: Flags, ...args: Args) {
      this.process.exitCode = await conclude(this, flags.json, () => run(this, flags, ...args));
    };
  };
}

async function conclude(cli: Cli, json: boolean, work: () => Promise<Answer | Refusal | number>): Promise<number> {
  cli.interruption.begin();
  try {
    const outcome = await work();
    if (typeof outcome === "number") return outcome;
    if (isRefusal(outcome)) return await complain(cli, json, outcome);
    await cli.output.write(json ? `${JSON.stringify(outcome.json)}\n` : outcome.text);
    return outcome.exitCode ?? EXIT.ok;
  } catch (error) {
    return await complain(cli, json, error);
  }
}

/** One sentence and the next step on stderr, and with --json the same on stdout; returns the exit code. */
export async function complain(
  { output, errors }: Pick<Cli, "output" | "errors">,
  json: boolean,
  trouble: unknown,
): Promise<number> {
  const known = isRefusal(trouble) || trouble instanceof OuroborosError;
  const code = known ? trouble.code : "internal";
  const message = oneLine(known ? trouble.message : messageOf(trouble));
  const next = known ? trouble.next : "This is a bug: please report it with the lines above";
  // Nothing but the stack helps whoever has to mend it.
  if (!known && trouble instanceof Error) await errors.write(`${trouble.stack ?? ""}\n`);
  await errors.write(`${/[.?!]$/.test(message) ? message : `${message}.`} ${next}\n`);
  if (json) await output.write(`${JSON.stringify({ error: { code, message, next } })}\n`);
  return exitCodeOf(trouble);
}
