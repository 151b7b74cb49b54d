import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { bundledPackages, putLicences, THIRD_PARTY } from "../../scripts/release/licences.ts";

/** Those that ask for no more than to be named, so that a binary may be given to anybody. */
const PERMISSIVE = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT"]);

test("whatever is bundled may be given to others, and every dependency is among it", async () => {
  const packages = await bundledPackages();
  expect(packages.filter(({ license }) => !PERMISSIVE.has(license))).toEqual([]);
  expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)));
});

test("beside our licence stand those of all others, each with its package and version", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-licences-"));
  try {
    await putLicences(folder);
    const text = readFileSync(join(folder, THIRD_PARTY), "utf8");
    for (const { name, version, text: own } of await bundledPackages()) {
      expect(text).toContain(`${name} ${version} (`);
      expect(text).toContain(own);
    }
    expect(text).toContain("JavaScriptCore");
    expect(readFileSync(join(folder, "LICENSE"), "utf8")).toContain("MIT");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
