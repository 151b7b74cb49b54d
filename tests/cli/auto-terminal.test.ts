// A person at a terminal whose auto has one question for them: they answer it there, or leave it for later.
import { expect, setDefaultTimeout, test } from "bun:test";
import { GOAL } from "../e2e/support/auto-story.ts";
import { AutoHome } from "../support/auto-home.ts";
import { CTRL_C, ENTER, openTerminal } from "./support/terminal.ts";

setDefaultTimeout(120_000);

test("what only they can say is asked for at once, and what was assumed is shown at the end", async () => {
  using home = new AutoHome();
  home.note("asks-person");
  const args = ["auto", GOAL, "--cwd", home.folder, "--skip-run"];
  await using terminal = openTerminal(home, args, { env: home.environment() });
  await terminal.see("Only you can say: It costs money");
  await terminal.see("What does it print?");
  terminal.type(`A greeting${ENTER}`);
  await terminal.see("Assumed in your place (3)");
  await terminal.see("Seed seed_");
  expect(await terminal.ended()).toBe(0);
  expect(home.events("interview.response.recorded").map(({ payload }) => [payload.response, payload.source])).toEqual([
    ["As small as it can be, number 1", "assumed"],
    ["A greeting", "person"],
    ["As small as it can be, number 3", "assumed"],
    ["As small as it can be, number 4", "assumed"],
  ]);
});

test("whoever leaves it there is asked again when they come back", async () => {
  using home = new AutoHome();
  home.note("asks-person");
  const args = ["auto", GOAL, "--cwd", home.folder, "--skip-run"];
  await using terminal = openTerminal(home, args, { env: home.environment() });
  await terminal.see("What does it print?");
  terminal.type(CTRL_C);
  expect(await terminal.ended()).toBe(130);
  const auto = home.events("auto.started")[0]?.stream ?? "";
  await using again = openTerminal(home, ["auto", "--resume", auto], { env: home.environment() });
  await again.see("What does it print?");
  again.type(`A greeting${ENTER}`);
  await again.see("complete");
  expect(await again.ended()).toBe(0);
  expect(home.journal("assume")).toHaveLength(4);
});
