import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openModelServer } from "../minds/support/model-server.ts";
import { marked, until } from "../support/agent-processes.ts";
import { freePort } from "../support/loopback-server.ts";
import { finished, openHome } from "./support/ouroboros.ts";
import { claudeAnswers, configure, smallAgents } from "./support/small-agents.ts";

setDefaultTimeout(60_000);

const KEY = "sk-PLANTED-77aa02";

describe("ask", () => {
  test("prints the answer of the agent that is here, who gave it, and what it took", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    agents.put("claude", claudeAnswers('{"answer":"It is four."}'));
    const { code, stdout, stderr } = await home.run(["ask", "What is 2 + 2?"], agents.env);
    expect([code, stderr.replaceAll(/^Waiting for .*\n/gm, "")]).toEqual([0, ""]);
    expect(stdout).toStartWith("It is four.\n\n");
    expect(stdout).toContain("Answered by: claude (small); auto without a host: claude is installed\n");
    expect(stdout).toContain("Usage: 7 tokens in, 3 tokens out, $0.5\n");
    expect(stdout).toMatch(/^Attempts: 1\nTime: \d+\.\d s$/m);
    const told = JSON.parse((await home.run(["ask", "Again?", "--json", "--mind", "claude"], agents.env)).stdout);
    expect(told).toMatchObject({
      answer: { answer: "It is four." },
      mind: "claude",
      kind: "agent",
      model: "small",
      why: "it was asked for",
      usage: { input_tokens: 7, output_tokens: 3, cost_usd: 0.5 },
      attempts: 1,
    });
    // It makes nothing: neither a store nor a folder of the agent.
    expect(existsSync(home.path)).toBe(false);
  });

  test("asks an API by role or by name, with what terminals obey taken out of its words", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    await using model = await openModelServer([{ says: JSON.stringify({ answer: "One.\n\u001b[2JTwo." }) }]);
    configure(home, `minds: { deep: near/m1, providers: { near: { base_url: "${model.url}" } } }\n`);
    const told = await home.run(["ask", "Why?", "--role", "deep"], { ...agents.env, NEAR_API_KEY: KEY });
    expect([told.code, told.stdout.split("\n").slice(0, 3)]).toEqual([0, ["One.", "[2JTwo.", ""]]);
    expect(told.stdout).toContain("Answered by: near/m1; minds.deep is near/m1");
    expect(told.stdout).toContain("Usage: 100 tokens in, ");
    const named = await home.run(["ask", "Why?", "--mind", "near/m2", "--json"], { ...agents.env, NEAR_API_KEY: KEY });
    expect(JSON.parse(named.stdout)).toMatchObject({ mind: "near/m2", kind: "api" });
    expect(model.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
    expect(model.requests[1]?.body).toContain('"model":"m2"');
  });

  test("holds the answer to a schema from a file, and gives one that does not fit back once", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    const good = { verdict: "pass", reasons: [{ text: "it is", weight: 0.5 }], count: 2 };
    await using model = await openModelServer([
      { says: JSON.stringify({ ...good, verdict: "maybe", count: 2.5 }) },
      { says: JSON.stringify(good) },
    ]);
    configure(home, `minds: { standard: near/m1, providers: { near: { base_url: "${model.url}" } } }\n`);
    const schema = join(home.home, "answer.json");
    writeFileSync(schema, JSON.stringify(VERDICT));
    const { code, stdout } = await home.run(["ask", "Is it?", "--schema", schema, "--json"], agents.env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ answer: good, attempts: 2, usage: { input_tokens: 200 } });
    expect(model.requests[0]?.body).toContain("what it comes to");
    for (const fault of ["verdict: ", "count: "]) expect(model.requests[1]?.body).toContain(fault);
    const text = await home.run(["ask", "Is it?", "--schema", schema], agents.env);
    expect(text.stdout).toStartWith(`${JSON.stringify(good, null, 2)}\n\nAnswered by: near/m1`);
  });

  test.each([
    ["no JSON", "{", "JSON"],
    ["no object", '{"type":"string"}', "an answer is an object"],
    ["a keyword it does not hold", '{"type":"object","properties":{"a":{"type":"string","pattern":"x"}}}', '"pattern"'],
    ["a required stranger", '{"type":"object","required":["b"]}', '"b"'],
    ["a property without a type", '{"type":"object","properties":{"a":{}}}', "answer.a has no type"],
  ])("refuses a schema with %s, and asks nobody", async (_, text, why) => {
    await using home = await openHome();
    const agents = smallAgents(home);
    agents.put("claude", claudeAnswers('{"answer":"no"}'));
    const schema = join(home.home, "answer.json");
    writeFileSync(schema, text);
    const { code, stdout } = await home.run(["ask", "Is it?", "--schema", schema, "--json"], agents.env);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ code: "bad_schema", message: expect.stringContaining(why) });
    expect(agents.asked()).toEqual([]);
  });

  test("cannot ask the host, whoever says that it should", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    agents.put("claude", claudeAnswers('{"answer":"no"}'));
    const asked = await home.run(["ask", "Who?", "--mind", "host"], agents.env);
    expect([asked.code, asked.stdout]).toEqual([2, ""]);
    expect(asked.stderr).toStartWith("Cannot ask the host from a terminal (it was asked for): ");
    expect(asked.stderr).toContain("(needs_host). Name somebody else (--mind claude");
    configure(home, "minds: { standard: host }\n");
    const configured = await home.run(["ask", "Who?", "--json"], agents.env);
    expect([configured.code, JSON.parse(configured.stdout).error.code]).toEqual([2, "needs_host"]);
    expect((await home.run(["ask", "Who?", "--mind", "claude"], agents.env)).code).toBe(0);
  });

  test("refuses whom it cannot reach with the code, the next step and exit code 2", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    const nobody = await home.run(["ask", "Who?", "--mind", "nobody"], agents.env);
    expect([nobody.code, nobody.stdout]).toEqual([2, ""]);
    expect(nobody.stderr).toMatch(/^Cannot ask nobody: .* \(mind_unavailable\)\. `ouroboros runtimes` shows/);
    expect((await home.run(["ask", "Who?"], agents.env)).stderr).toContain("(mind_unavailable)");
    expect((await home.run(["ask", " "], agents.env)).code).toBe(2);
    expect((await home.run(["ask", "Who?", "--role", "quick"], agents.env)).code).toBe(2);
    const path = join(home.home, "credentials.yaml");
    writeFileSync(path, `providers: { openai: { api_key: ${KEY} } }\n`, { mode: 0o640 });
    const exposed = await home.run(["ask", "Who?", "--mind", "openai", "--json"], agents.env);
    expect([exposed.code, JSON.parse(exposed.stdout).error.code]).toEqual([2, "credentials_exposed"]);
    expect(exposed.stdout + exposed.stderr).not.toContain("PLANTED");
  });

  test.each([
    ["a wrong key", { status: 401, message: `Bad key ${KEY}` }, "mind_unauthorized", 1],
    ["a limit", { status: 429, message: `Slow down ${KEY}`, headers: { "retry-after": "3600" } }, "mind_limited", 1],
    ["a wrong request", { status: 404, message: `No such model for ${KEY}` }, "mind_unavailable", 1],
    ["no answer twice", { says: `I would rather not (${KEY}).` }, "mind_bad_answer", 2],
  ] as const)("tells %s by its code and the tries it took, without the key", async (_, step, code, tries) => {
    await using home = await openHome();
    const agents = smallAgents(home);
    await using model = await openModelServer([step]);
    configure(home, `minds: { standard: near/m1, providers: { near: { base_url: "${model.url}" } } }\n`);
    const env = { ...agents.env, NEAR_API_KEY: KEY };
    const text = await home.run(["ask", "Why?"], env);
    expect([text.code, text.stdout]).toEqual([2, ""]);
    expect(text.stderr).toContain(`(${code}, after ${tries} attempt${tries === 1 ? "" : "s"})`);
    const json = await home.run(["ask", "Why?", "--json"], env);
    expect(JSON.parse(json.stdout).error.code).toBe(code);
    expect(text.stderr + json.stderr + json.stdout).not.toContain("PLANTED");
  });

  test("a store that is there has each call on record: who and what it took, and no word that was said", async () => {
    await using home = await openHome({ events: 50, sessions: 1 });
    const agents = smallAgents(home);
    agents.put("claude", claudeAnswers('{"answer":"It is xyzzy."}'));
    const before = rowsOf(home.path);
    expect((await home.run(["ask", "What is plugh?"], agents.env)).code).toBe(0);
    await using model = await openModelServer([{ status: 429, message: KEY, headers: { "retry-after": "3600" } }]);
    configure(home, `minds: { deep: near/m1, providers: { near: { base_url: "${model.url}" } } }\n`);
    const env = { ...agents.env, NEAR_API_KEY: KEY };
    expect((await home.run(["ask", "What is plugh?", "--role", "deep"], env)).code).toBe(2);
    const rows = rowsOf(home.path).slice(before.length);
    const types = ["llm.call.requested", "llm.call.returned"];
    expect(rows.map(({ aggregate_type, event_type }) => [aggregate_type, event_type])).toEqual(
      [...types, ...types].map((type) => ["question", type]),
    );
    // A scope for each: none of them is any session's.
    expect(new Set(rows.map(({ aggregate_id }) => aggregate_id)).size).toBe(2);
    const [, answered, , limited] = rows.map(({ payload }) => JSON.parse(payload));
    expect(answered).toMatchObject({
      ...{ mind: "claude", model: "small", role: "standard", kind: "cli.ask", attempts: 1, outcome: "answered" },
      ms: expect.any(Number),
      usage: { input_tokens: 7, output_tokens: 3, cost_usd: 0.5 },
    });
    expect(limited).toMatchObject({ mind: "near/m1", role: "deep", attempts: 1, outcome: "mind_limited" });
    for (const word of ["xyzzy", "plugh", "PLANTED"]) expect(JSON.stringify(rows)).not.toContain(word);
  });

  test("a store that cannot be used, or may not be written, costs no answer and is left as it is", async () => {
    await using home = await openHome({ events: 50, sessions: 1 });
    const agents = smallAgents(home);
    agents.put("claude", claudeAnswers('{"answer":"It is four."}'));
    const ask = async (...args: string[]) => (await home.run(["ask", "What is 2 + 2?", ...args], agents.env)).stdout;
    const other = join(home.home, "other.db");
    writeFileSync(other, "no database at all, only words, and enough of them to fill more than one small header");
    const bytes = readFileSync(other);
    expect(await ask("--db", other)).toStartWith("It is four.\n");
    expect(readFileSync(other)).toEqual(bytes);
    expect(await ask("--db", home.home)).toStartWith("It is four.\n");
    expect(await ask("--db", `http://127.0.0.1:${await freePort()}`)).toStartWith("It is four.\n");
    await ask();
    {
      using store = new Database(home.path);
      store.run("UPDATE ouro_meta SET value = '99' WHERE key = 'min_reader'");
    }
    const before = rowsOf(home.path);
    expect(await ask()).toStartWith("It is four.\n");
    expect(rowsOf(home.path)).toEqual(before);
  });

  test("Ctrl-C ends the agent with the question, and says 130", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    const begun = join(home.home, "begun");
    agents.put("claude", `read -r _\n: >"${begun}"\nwhile :; do /bin/sleep 0.2; done`);
    const child = home.start(["ask", "Why?"], agents.env);
    const ran = finished(child);
    await until(() => existsSync(begun), "the agent has its question");
    child.kill("SIGINT");
    expect((await ran).code).toBe(130);
    await until(() => marked("HOME", home.home).length === 0, "the agent and its guard are gone");
  });

  test("the question is in nobody's command line", async () => {
    await using home = await openHome();
    const agents = smallAgents(home);
    agents.put("claude", claudeAnswers('{"answer":"yes"}'));
    await home.run(["ask", "Is xyzzy a word?"], agents.env);
    const asked = agents.asked();
    expect(asked.length).toBeGreaterThan(0);
    expect(readFileSync(join(home.home, "asked"), "utf8")).not.toContain("xyzzy");
  });
});

/** Every event, in commit order. */
function rowsOf(path: string) {
  using store = new Database(path, { readonly: true });
  return store
    .query<{ aggregate_type: string; aggregate_id: string; event_type: string; payload: string }, []>(
      "SELECT aggregate_type, aggregate_id, event_type, payload FROM events ORDER BY rowid",
    )
    .all();
}

const VERDICT = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: {
    verdict: { enum: ["pass", "fail"], description: "what it comes to" },
    reasons: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        properties: { text: { type: "string" }, weight: { type: "number", minimum: 0, maximum: 1 } },
        required: ["text"],
        additionalProperties: false,
      },
    },
    count: { type: "integer" },
    note: { anyOf: [{ type: "string" }, { type: "null" }] },
  },
  required: ["verdict", "reasons"],
};
