import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../src/config.ts";

test("a mind is asked for a run's order unless the user's file says no; anything but yes or no is refused", async () => {
  const home = mkdtempSync(join(tmpdir(), "ouroboros-config-"));
  const planning = async () => (await readConfig({}, { OUROBOROS_HOME: home })).runs.planWithMind;
  const write = (text: string) => writeFileSync(join(home, "config.yaml"), text);
  try {
    expect(await planning()).toBe(true);
    write("orchestrator: { plan_with_mind: false }\n");
    expect(await planning()).toBe(false);
    write("orchestrator: { plan_with_mind: perhaps }\n");
    await expect(planning()).rejects.toMatchObject({ code: "bad_config" });
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("a value that cannot be used is named by its key, and so is a key that was likely meant for us", async () => {
  const home = mkdtempSync(join(tmpdir(), "ouroboros-config-"));
  const write = (text: string) => writeFileSync(join(home, "config.yaml"), text);
  const read = () => readConfig({}, { OUROBOROS_HOME: home });
  try {
    write("minds: { fast: 3 }\nruntimes: { mine: { comand: [x] } }\n");
    const why = "minds.fast: write a text, not 3; runtimes.mine.command: is missing; write it";
    await expect(read()).rejects.toThrow(why);
    // The Python program's own keys are no slips of ours.
    write("execution: { max_cost: 3, max_huors: 2, max_iterations_per_ac: 10 }\norchestrator: { cli_path: x }\n");
    expect((await read()).unknownKeys).toEqual(["execution.max_cost", "execution.max_huors"]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
