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
