// `bun run docs` writes docs/reference from the tools, commands and settings themselves; with --check it only says what is not current.
// `bun run docs --transcript` records docs/first-five-minutes.svg anew with dist/ouroboros.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json";
import { referencePages } from "./docs/reference-pages.ts";
import { drawStory } from "./story/draw-story.ts";
import { recordStory } from "./story/record-story.ts";

const flag = { type: "boolean", default: false } as const;
const { values } = parseArgs({ options: { check: flag, transcript: flag } });
process.exitCode = values.transcript ? await transcript() : await reference();

async function reference(): Promise<number> {
  const stale = (await referencePages()).filter(({ isCurrent }) => !isCurrent);
  for (const { path, name, text } of stale) {
    if (!values.check) {
      mkdirSync(dirname(path), { recursive: true });
      await Bun.write(path, text);
    }
    process.stdout.write(`${values.check ? "not current" : "written"}: ${name}\n`);
  }
  return values.check && stale.length > 0 ? 1 : 0;
}

async function transcript(): Promise<number> {
  await Bun.write(join(import.meta.dirname, "../docs/first-five-minutes.svg"), drawStory(await recordStory(), version));
  return 0;
}
