import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../../package.json";
import { serveRelease } from "../release/serve-release.ts";
import { makeRelease } from "./local-release.ts";
import { type Recorded, tellStory } from "./tell-story.ts";

/** The story as the README shows it: with the install script of a release on loopback. */
export async function recordStory(): Promise<Recorded[]> {
  const home = mkdtempSync(join(tmpdir(), "ouroboros-story-"));
  const folder = join(home, "release");
  try {
    await makeRelease(folder);
    await using release = await serveRelease(folder, version);
    const PATH = `${join(home, ".local/bin")}:${process.env.PATH ?? ""}`;
    return await tellStory(home, {
      install: ["curl -fsSL $OUROBOROS_RELEASES/latest/download/install.sh | sh"],
      program: "ouroboros",
      env: { PATH, OUROBOROS_RELEASES: release.url },
    });
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
