import { describe, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { apiMind } from "../../src/minds/api/api-mind.ts";
import type { Patience } from "../../src/minds/ask.ts";
import type { ProviderAccess } from "../../src/minds/provider-access.ts";
import { Secret } from "../../src/minds/secret.ts";
import { freePort } from "../support/loopback-server.ts";
import {
  answered,
  type ContractStep,
  GOOD,
  mindContract,
  NEVER,
  QUESTION,
  QUICK,
  refused,
} from "./support/mind-contract.ts";
import { type ModelStep, openModelServer } from "./support/model-server.ts";

setDefaultTimeout(60_000);

const WIRES = ["anthropic", "openai", "google", "openai-compatible"] as const;
type Wire = ProviderAccess["wire"];
const KEY = "sk-PLANTED-4e1c77aa02/+x";

for (const wire of WIRES)
  mindContract(`the API over the ${wire} wire`, (steps, patience) => open(wire, steps.map(toStep), patience));

async function open(wire: Wire, steps: readonly ModelStep[], patience: Patience = QUICK) {
  const server = await openModelServer(steps);
  return {
    server,
    mind: apiMind({ name: "somebody", wire, baseUrl: server.url, key: new Secret(KEY) }, "m1", patience),
    prompts: () => server.requests.map(({ body }) => texts(JSON.parse(body)).join("\n")),
    underWay: () => server.heard(1),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Every text in a request, wherever its wire puts it. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

function toStep(step: ContractStep): ModelStep {
  if (typeof step === "object") return step;
  switch (step) {
    case "transient":
      return { status: 503 };
    case "limited":
      return { status: 429, headers: { "retry-after": "3600" } };
    case "unauthorized":
      return { status: 401 };
    case "refused":
      return { status: 404, message: "no such model" };
    case "hangs":
      return { hangs: true };
    case "garbage":
      return { raw: "<html>welcome to the hotel's network</html>" };
  }
}

describe("what passes is told by its status, and by nothing else", () => {
  test.each([408, 409, 425, 429, 500, 502, 503, 504, 529])("%i is tried again", async (status) => {
    await using stage = await open("openai-compatible", [{ status, message: "invalid request" }, { says: GOOD }]);
    expect(answered(await stage.mind.ask(QUESTION, NEVER)).attempts).toBe(2);
  });

  test.each([402, 404, 405, 410, 413, 301])("%i is not", async (status) => {
    const words = "rate limit exceeded, try again, timeout";
    await using stage = await open("openai-compatible", [
      { status, message: words, headers: { location: "/v1/chat/completions" } },
    ]);
    refused(await stage.mind.ask(QUESTION, NEVER), "mind_unavailable");
    expect(stage.server.requests).toHaveLength(1);
  });

  test("a connection that is cut in mid-answer is tried again", async () => {
    await using stage = await open("anthropic", [{ cut: true }, { says: GOOD }]);
    expect(answered(await stage.mind.ask(QUESTION, NEVER)).attempts).toBe(2);
  });

  test("nobody at the address is a mind that is not available", async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}/v1`;
    const access = { name: "nobody", wire: "openai" as const, baseUrl, key: undefined };
    const refusal = refused(await apiMind(access, "m1", QUICK).ask(QUESTION, NEVER), "mind_unavailable");
    expect(refusal.facts.attempts).toBe(4);
  });

  test.each([
    ["retry-after", "0.2"],
    ["retry-after-ms", "200"],
  ])("a limited provider's %s is waited for", async (header, value) => {
    await using stage = await open("openai", [{ status: 429, headers: { [header]: value } }, { says: GOOD }]);
    const began = performance.now();
    expect(answered(await stage.mind.ask(QUESTION, NEVER)).attempts).toBe(2);
    expect(performance.now() - began).toBeGreaterThanOrEqual(195);
  });
});

test("what a call cost is what the provider says it did, or unknown", async () => {
  const costs = WIRES.map(async (wire) => {
    await using stage = await open(wire, [{ says: "no" }, { says: GOOD }]);
    return answered(await stage.mind.ask(QUESTION, NEVER)).usage?.cost_usd;
  });
  expect(await Promise.all(costs)).toEqual([null, null, null, 1]);
});

describe("schemas", () => {
  test.each(WIRES)("a model of the %s wire that knows none is asked in words alone", async (wire) => {
    await using stage = await open(wire, [{ status: 400, message: "schemas are not supported" }, { says: GOOD }]);
    expect(answered(await stage.mind.ask(QUESTION, NEVER)).attempts).toBe(2);
    const [held, inWords] = stage.server.requests.map(({ body }) => body);
    const isHeld = /"(response_format|output_config|responseMimeType|text|tool_choice)":/;
    const format = (body = "") => Object.keys(JSON.parse(body)).filter((key) => isHeld.test(`"${key}":`));
    if (wire !== "google") expect(format(inWords)).not.toEqual(format(held));
    else expect([held?.includes("responseMimeType"), inWords?.includes("responseMimeType")]).toEqual([true, false]);
    expect(stage.prompts()[1]).toContain('"enum":["pass","fail"]');
  });

  test("an answer in which an optional key is left out is asked of OpenAI without its strict mode", async () => {
    await using stage = await open("openai", [{ says: GOOD }]);
    answered(await stage.mind.ask(QUESTION, NEVER));
    expect(JSON.parse(stage.server.requests[0]?.body ?? "").text.format).toMatchObject({
      type: "json_schema",
      strict: false,
    });
  });
});

describe("the key", () => {
  test.each(WIRES)("goes to the %s endpoint in a header, and nowhere else", async (wire) => {
    await using stage = await open(wire, [{ says: GOOD }]);
    answered(await stage.mind.ask(QUESTION, NEVER));
    const [request] = stage.server.requests;
    expect(JSON.stringify(request?.headers)).toContain(KEY);
    expect(`${request?.path}${request?.body}`).not.toContain(KEY);
  });

  const ECHOES: Readonly<Record<string, ModelStep>> = {
    "an error's message": { status: 400, message: `Bad key ${KEY} (${KEY.toLowerCase()})` },
    "a refusal of the key": { status: 401, message: `Incorrect API key provided: ${KEY.slice(0, 12)}****` },
    "a server's failure": { status: 500, message: `panic: Authorization: Bearer ${KEY}` },
    "the answer itself": { says: `{"verdict":"${KEY}"}` },
    "a page that is no JSON": { raw: `<pre>authorization: Bearer ${KEY}</pre>` },
  };
  const CASES = WIRES.flatMap((wire) => Object.keys(ECHOES).map((where) => [where, wire] as const));

  test.each(CASES)("is in nothing that comes back when %s echoes it (%s)", async (where, wire) => {
    const step = ECHOES[where] ?? { hangs: true };
    await using stage = await open(wire, [step]);
    const printed: unknown[] = [];
    const spies = [
      ...(["log", "info", "warn", "error"] as const).map((name) =>
        spyOn(console, name).mockImplementation((...said) => void printed.push(said)),
      ),
      spyOn(process.stdout, "write").mockImplementation((said) => printed.push(said) > 0),
      spyOn(process.stderr, "write").mockImplementation((said) => printed.push(said) > 0),
    ];
    const answer = await stage.mind.ask(QUESTION, NEVER).finally(() => {
      for (const spy of spies) spy.mockRestore();
    });
    expect(stage.server.requests.length).toBeGreaterThan(0);
    const seen = `${JSON.stringify(answer)}${Bun.inspect(answer, { depth: 20 })}${JSON.stringify(printed)}`;
    expect(seen.toLowerCase()).not.toContain("planted");
    expect(printed).toEqual([]);
    expect(JSON.stringify(answer)).toContain("refused");
  });

  test("does not show when the secret is printed, inspected or made JSON of", () => {
    const secret = new Secret(KEY);
    const shown = [String(secret), JSON.stringify({ secret }), Bun.inspect({ secret }), `${secret}`].join();
    expect(shown).not.toContain("PLANTED");
    expect(secret.redact(`a ${KEY.toUpperCase()} b ${KEY}c`)).toBe("a [key] b [key]c");
  });

  test("is not looked for in the environment where a server asks for none", async () => {
    process.env.OPENAI_API_KEY = KEY;
    try {
      await using server = await openModelServer([{ says: GOOD }]);
      for (const wire of ["openai", "openai-compatible"] as const) {
        const access = { name: "local", wire, baseUrl: server.url, key: undefined };
        answered(await apiMind(access, "m1", QUICK).ask(QUESTION, NEVER));
      }
      expect(JSON.stringify(server.requests)).not.toContain("PLANTED");
    } finally {
      delete process.env.OPENAI_API_KEY;
    }
  });
});

test("an endpoint of the environment is not used: the key would go where a project's settings point", async () => {
  await using mine = await openModelServer([{ says: GOOD }]);
  await using theirs = await openModelServer([{ says: GOOD }]);
  const names = ["ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "GOOGLE_GENERATIVE_AI_BASE_URL"];
  for (const name of names) process.env[name] = theirs.url;
  try {
    for (const wire of WIRES) {
      const access = { name: "mine", wire, baseUrl: mine.url, key: new Secret(KEY) };
      answered(await apiMind(access, "m1", QUICK).ask(QUESTION, NEVER));
    }
  } finally {
    for (const name of names) delete process.env[name];
  }
  expect([mine.requests.length, theirs.requests.length]).toEqual([4, 0]);
});
