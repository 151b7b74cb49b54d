import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { programOptions } from "../../scripts/release/program-options.ts";

setDefaultTimeout(120_000);

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const AT_ONCE = 4;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ouroboros-parts-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bundlers put what several parts need into pieces of their own, and have been seen to run those too late, or to lose some. */
test("every part of the program that is loaded on demand can be the first that is", async () => {
  const { metafile } = await Bun.build({
    ...programOptions({ version: "0" }),
    outdir: folder,
    target: "bun",
    metafile: true,
  });
  const parts = Object.entries(metafile?.outputs ?? {}).flatMap(([path, { entryPoint }]) =>
    entryPoint === undefined || resolve(entryPoint) === MAIN ? [] : [{ path: join(folder, path), entryPoint }],
  );
  expect(parts.length).toBeGreaterThan(50);
  const failures: string[] = [];
  const next = async (): Promise<void> => {
    for (let part = parts.pop(); part; part = parts.pop()) {
      const failure = await whyNotLoaded(part.path);
      if (failure !== "") failures.push(`${part.entryPoint}: ${failure}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  expect(failures).toEqual([]);
});

async function whyNotLoaded(path: string): Promise<string> {
  const child = spawn(process.execPath, ["--eval", `await import(${JSON.stringify(pathToFileURL(path).href)})`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const [code] = await once(child, "close");
  return code === 0 ? "" : said || `exit code ${code}`;
}
