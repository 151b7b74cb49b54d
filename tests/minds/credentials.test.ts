import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import { readProviders } from "../../src/credentials.ts";
import { refused } from "./support/mind-contract.ts";

const KEY = "sk-PLANTED-4e1c77aa02";
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "ouroboros-credentials-"));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

test("nobody can be reached without a key or an endpoint of one's own", async () => {
  expect((await found()).size).toBe(0);
});

test("keys come from the environment first, then from the file; endpoints from the file, the configuration, or what is known", async () => {
  await store(`providers:
  openai: { api_key: ${KEY}, base_url: "https://proxy.example/v1" }
  anthropic: { api_key: from-the-file }
  deepseek: { base_url: "https://api.deepseek.example/v1" }
  google: { api_key: null }
`);
  const providers = await found(
    { ANTHROPIC_API_KEY: "from-the-environment", DEEPSEEK_API_KEY: "deep" },
    {
      ollama: { base_url: "http://127.0.0.1:11434/v1" },
      deepseek: { base_url: "https://elsewhere.example/v1" },
    },
  );
  const seen = Object.fromEntries(
    [...providers.values()].map(({ name, wire, baseUrl, key }) => [name, [wire, baseUrl, key?.reveal()]]),
  );
  expect(seen).toEqual({
    anthropic: ["anthropic", "https://api.anthropic.com/v1", "from-the-environment"],
    openai: ["openai", "https://proxy.example/v1", KEY],
    deepseek: ["openai-compatible", "https://api.deepseek.example/v1", "deep"],
    ollama: ["openai-compatible", "http://127.0.0.1:11434/v1", undefined],
  });
});

test("a provider may have any name, also one that every object knows", async () => {
  await store('providers: { constructor: { api_key: x }, toString: { base_url: "http://127.0.0.1:1/v1" } }');
  const providers = await found({ TOSTRING_API_KEY: "y" });
  expect([...providers.keys()]).toEqual(["toString"]);
  expect(providers.get("toString")).toMatchObject({ wire: "openai-compatible", baseUrl: "http://127.0.0.1:1/v1" });
});

test("an endpoint is never taken from the environment", async () => {
  const elsewhere = {
    OPENAI_API_KEY: KEY,
    OPENAI_BASE_URL: "https://evil.example",
    OPENAI_API_BASE: "https://evil.example",
  };
  expect((await found(elsewhere)).get("openai")?.baseUrl).toBe("https://api.openai.com/v1");
});

describe("a file that others can read is refused, with what to do, whatever else is there", () => {
  test.each(["604", "640", "660", "602", "601"])("mode %s", async (octal) => {
    const mode = Number.parseInt(octal, 8);
    await store(`providers: { openai: { api_key: ${KEY} } }`, mode);
    const refusal = refused(
      await readProviders(home, { providers: {} }, { OPENAI_API_KEY: "x" }),
      "credentials_exposed",
    );
    expect(refusal.next).toContain(`chmod 600 ${join(home, "credentials.yaml")}`);
    expect(JSON.stringify(refusal)).not.toContain("PLANTED");
  });

  test.each(["600", "400"])("and one of mode %s is not", async (octal) => {
    const mode = Number.parseInt(octal, 8);
    await store(`providers: { openai: { api_key: ${KEY} } }`, mode);
    expect((await found()).get("openai")?.key?.reveal()).toBe(KEY);
  });
});

describe("a file that cannot be understood is refused without quoting it", () => {
  test.each([
    ["no YAML", `providers: {{ api_key: ${KEY}`],
    ["a word in a provider's place", `providers: { openai: ${KEY} }`],
    ["a key in a name's place", `providers: { ${KEY}: { base_url: 12 } }`],
    ["a key in a name's place, at a bad address", `providers: { ${KEY}: { base_url: "x" } }`],
    ["a list", `- ${KEY}`],
    ["a key that is a number", "providers: { openai: { api_key: 12 } }"],
    ["an endpoint that is none", `providers: { openai: { api_key: x, base_url: "file:///etc/${KEY}" } }`],
    ["an endpoint that is no URL", `providers: { openai: { api_key: x, base_url: "${KEY}" } }`],
  ])("%s", async (_, text) => {
    await store(text);
    const refusal = refused(await readProviders(home, { providers: {} }, {}), "bad_credentials");
    expect(JSON.stringify(refusal)).not.toContain("PLANTED");
  });

  test("a folder in its place", async () => {
    await mkdir(join(home, "credentials.yaml"), { mode: 0o700 });
    refused(await readProviders(home, { providers: {} }, {}), "bad_credentials");
  });

  test("an empty one says nothing, and is no fault", async () => {
    await store("");
    expect((await found()).size).toBe(0);
  });
});

test("no key shows when what was found is printed", async () => {
  const providers = await found({ OPENAI_API_KEY: KEY });
  const shown = `${Bun.inspect(providers, { depth: 9 })}${JSON.stringify([...providers])}`;
  expect(shown).toContain("api.openai.com");
  expect(shown).not.toContain("PLANTED");
});

async function store(text: string, mode = 0o600): Promise<void> {
  await writeFile(join(home, "credentials.yaml"), text);
  await chmod(join(home, "credentials.yaml"), mode);
}

async function found(env: Record<string, string> = {}, providers: Record<string, { base_url: string }> = {}) {
  const providersFound = await readProviders(home, { providers }, env);
  if (isRefusal(providersFound)) throw new Error(providersFound.message);
  return providersFound;
}
