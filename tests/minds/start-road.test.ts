import { expect, test } from "bun:test";
import { join } from "node:path";
import { staticImports } from "../cli/support/static-imports.ts";

const ROOT = join(import.meta.dirname, "../..");
const SDKS = /^(ai$|@ai-sdk\/)/;

// The SDKs take longer to load than the server takes to answer: whoever asks no API pays nothing for them.
test.each([
  "src/mcp/serve.ts",
  "src/app.ts",
  "src/worker.ts",
  "src/mcp/catalogue.ts",
  "src/minds/open-mind.ts",
  "src/credentials.ts",
])("%s loads no provider's SDK", (entry) => {
  const loaded = [...staticImports(join(ROOT, entry))];
  expect(loaded.length).toBeGreaterThan(3);
  expect(loaded.filter((name) => SDKS.test(name))).toEqual([]);
});

test("nor does the API's mind, before it is asked", () => {
  const loaded = [...staticImports(join(ROOT, "src/minds/api/api-mind.ts"))];
  expect(loaded.filter((name) => SDKS.test(name))).toEqual([]);
});
