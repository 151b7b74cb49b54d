// A product's document is what an interview with developers begins with.
import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { givenStore } from "../support/given-store.ts";
import { InterviewHost, refusalOf, viewOf } from "../support/interview-host.ts";
import { productMind } from "../support/product-mind.ts";

const PM = "ouroboros_pm_interview";

test("the document leads on to developers by its page and by its seed, and nothing else of those folders does", async () => {
  await using given = await givenStore();
  const project = await mkdtemp(join(tmpdir(), "ouroboros-product-"));
  try {
    const host = new InterviewHost(
      given.context,
      productMind(() => 0.3),
    );
    const { session_id } = await host.call(PM, { initial_context: "A shopping list for a family", cwd: project });
    const made = (await host.call(PM, { session_id, action: "generate", force: true })) as unknown as {
      readonly pm_seed_path: string;
      readonly next_action: { readonly tool: string; readonly arguments: Record<string, unknown> };
    };
    const { tool, arguments: first } = made.next_action;
    for (const args of [first, { context_file: made.pm_seed_path, cwd: project }]) {
      const developer = viewOf(await host.reply(tool, args));
      expect(developer.work?.input).toContain("## User stories");
      expect(developer.work?.input).not.toContain("pm_id");
    }
    await writeFile(join(project, ".ouroboros", "notes.md"), "mine");
    for (const context_file of [join(given.home, "ouroboros.db"), ".ouroboros/notes.md"]) {
      expect(refusalOf(await host.reply(tool, { context_file, cwd: project })).code).toBe("bad_context_file");
    }
  } finally {
    await rm(project, { recursive: true, force: true });
  }
});
