// An agent of the usual kind, made small: waits for its model most of the time, and in between looks around, edits and runs
// the project's tests, one record a step on stdout. Does one criterion of the little library of tests/support.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SOLUTIONS } from "../../tests/fixtures/agents/programmers/solutions.ts";

const MODEL_MS = 600;
const solution = SOLUTIONS[Number(process.env.OUROBOROS_STEP) - 1];
if (solution === undefined) throw new Error("Cannot do a criterion that the library does not have");
const { name, file, text } = solution;

readFileSync(0);
say({ type: "session", handle: `talk-${process.pid}`, model: "small" });
await use("Glob", "src", () => readdirSync("src").join("\n"));
await use("Read", "tests/check.mjs", () => readFileSync("tests/check.mjs", "utf8"));
await use("Write", file, () => writeFileSync(file, text.slice(0, text.length / 2)));
await use("Bash", `node tests/check.mjs ${name}`, test);
await use("Write", file, () => writeFileSync(file, text));
await use("Bash", `node tests/check.mjs ${name}`, test);
say({ type: "usage", input_tokens: 900, output_tokens: 100, cost_usd: 0.25 });
say({ type: "result", text: `Did ${file}` });

async function use(tool: string, input: string, work: () => unknown): Promise<void> {
  await delay(MODEL_MS);
  const id = `${tool}-${performance.now()}`;
  say({ type: "tool", id, tool, input: { on: input } });
  say({ type: "tool", id, tool, ok: true, output: String(work() ?? "") });
}

function test(): string {
  try {
    execFileSync("node", ["tests/check.mjs", name], { stdio: "ignore" });
    return "it holds";
  } catch {
    return "it does not hold yet";
  }
}

function say(record: object): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
