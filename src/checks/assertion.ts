import { delay } from "../base/delay.ts";
import { OuroborosError } from "../base/errors.ts";
import { type GuardedAgent, startGuarded } from "../process/agent/guarded-agent.ts";
import { neutralFolder } from "../process/neutral-folder.ts";
import { OWN_PROGRAM } from "../process/own-program.ts";

/** Does an output show what was asked for? A text is why that cannot be told. */
type Shown = { readonly shown: boolean } | { readonly unknown: string };

const PATTERN_MS = 10_000;

/**
 * Looks for an assertion in an output: a pattern where it is written as `/…/flags`, else a text, any white space in either
 * counting as one blank.
 */
export async function showsAssertion(assertion: string, output: string, timeoutMs = PATTERN_MS): Promise<Shown> {
  const plain = output.replace(COLOURS, "");
  const literal = /^\/((?:[^/\\\n]|\\.)+)\/([a-z]*)$/.exec(assertion.trim());
  if (literal === null) return { shown: tidy(plain).includes(tidy(assertion)) };
  const [, pattern = "", flags = ""] = literal;
  try {
    new RegExp(pattern, flags);
  } catch {
    return { unknown: "its assertion is no valid pattern" };
  }
  return matchElsewhere({ pattern, flags, text: plain }, timeoutMs);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
const COLOURS = /\u001b\[[\d;]*[A-Za-z]/g;

function tidy(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Some patterns take longer than anybody lives, and an engine in the middle of one hears nobody: only a process can be ended. */
async function matchElsewhere(question: object, timeoutMs: number): Promise<Shown> {
  let matcher: GuardedAgent;
  try {
    const env = { PATH: process.env.PATH ?? "", BUN_BE_BUN: "1" };
    const command = [OWN_PROGRAM, "-e", MATCHER];
    matcher = await startGuarded({ command, cwd: neutralFolder(), env, trustMs: 2 * timeoutMs });
  } catch (error) {
    if (error instanceof OuroborosError) return { unknown: `its pattern was not tried: ${error.message}` };
    throw error;
  }
  const late = new AbortController();
  void delay(timeoutMs, late.signal).then(() => (late.signal.aborted ? undefined : matcher.stop(0)));
  matcher.send(JSON.stringify(question));
  let said = "";
  for await (const chunk of matcher.output) said += Buffer.from(chunk).toString("latin1");
  await matcher.ended;
  late.abort();
  if (said !== "true" && said !== "false") return { unknown: "its pattern was not done with the output in time" };
  return { shown: said === "true" };
}

/** What the other process does; the executable is Bun as well, when told to be. */
const MATCHER = `let asked = "";
process.stdin.setEncoding("utf8").on("data", (part) => { asked += part; }).on("end", () => {
  const { pattern, flags, text } = JSON.parse(asked);
  process.stdout.write(String(new RegExp(pattern, flags).test(text)));
});`;
