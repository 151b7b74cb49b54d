import { run } from "@stricli/core";
import { OuroborosError } from "../base/errors.ts";
import { refuse } from "../base/refusal.ts";
import { type Cli, complain } from "./command.ts";
import { EXIT } from "./exit-code.ts";
import { createInterruption } from "./interruption.ts";
import { createOutput } from "./output.ts";
import { oneLine } from "./render.ts";
import { application, helpCommandFor } from "./routes.ts";
import { styleFor } from "./style.ts";

/** Runs one command line; resolves with the exit code once everything it printed has left the process. */
export async function runCli(typed: readonly string[]): Promise<number> {
  const argv = asMeant(typed);
  const output = createOutput(process.stdout);
  const errors = createOutput(process.stderr);
  const style = styleFor(process.stdout, process.env);
  const interruption = createInterruption(output.closed);
  // The kit writes help and complaints; they are kept until it is known which of the two they are.
  const said = { stdout: "", stderr: "" };
  const keep = (name: keyof typeof said) => (text: string) => {
    said[name] += text;
  };
  const cli: Cli = {
    process: {
      stdout: { write: keep("stdout"), getColorDepth: () => (style.colour ? 4 : 1) },
      stderr: { write: keep("stderr"), getColorDepth: () => 1 },
      env: process.env,
    },
    output,
    errors,
    style,
    interruption,
  };
  await Promise.race([run(application, argv, cli), interruption.expired]);
  if (interruption.bySignal) return EXIT.interrupted;
  await output.write(said.stdout);
  const code = Number(cli.process.exitCode);
  return code >= 0 ? code : await complain(cli, argv.includes("--json"), kitTrouble(code, said.stderr, argv));
}

/** Other programs have taught people `help`, `help run` and `version`. */
function asMeant(typed: readonly string[]): readonly string[] {
  const [first, ...rest] = typed;
  if (first === "help") return [...rest, "--help"];
  return first === "version" && rest.length === 0 ? ["--version"] : typed;
}

const UNKNOWN_COMMAND = -5;
const INVALID_ARGUMENT = -4;

/** The kit has codes of its own, below zero; the rest of them are faults of this program. */
function kitTrouble(code: number, said: string, argv: readonly string[]) {
  const message = oneLine(said.trim().replaceAll("\n", "; "));
  if (code !== UNKNOWN_COMMAND && code !== INVALID_ARGUMENT) {
    return new OuroborosError("internal", message, "This is a bug: please report it");
  }
  const order = code === UNKNOWN_COMMAND && argv[0]?.startsWith("-") ? "Flags stand after the command. " : "";
  return refuse("wrong_usage", message, `${order}\`${helpCommandFor(argv)}\` shows how it is used`);
}
