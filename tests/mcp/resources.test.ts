import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Client, InMemoryTransport } from "@modelcontextprotocol/client";
import { SKILLS_EXTENSION_ID, SkillsClient } from "@modelcontextprotocol/client/ext/skills";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { LINEAGE_CREATED } from "../../src/domain/evolution/lineage-events.ts";
import { INTERVIEW_STARTED } from "../../src/domain/interview/interview-events.ts";
import { createMcpServer } from "../../src/mcp/server.ts";
import { SKILLS } from "../../src/mcp/skills/skills-catalogue.ts";
import { TOOLSETS } from "../../src/mcp/toolsets.ts";
import { saveSeed } from "../../src/store/seeds.ts";
import { ensureClients } from "../e2e/support/clients.ts";
import { type GivenStore, givenStore, openContext } from "../support/given-store.ts";
import { watchStartUp } from "../support/watched-start-up.ts";

// A loaded machine may take its time; nothing here waits that long by itself.
setDefaultTimeout(60_000);

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const SDK_V1 = join(import.meta.dirname, "../e2e/clients/node_modules/@modelcontextprotocol/sdk/dist/esm");
const SEED = (id: string) => `goal: A diary\nacceptance_criteria:\n  - It opens\nmetadata:\n  seed_id: ${id}\n`;

/** What both SDKs' clients can do. */
type AnyClient = Pick<
  Client,
  | "close"
  | "getServerCapabilities"
  | "listPrompts"
  | "getPrompt"
  | "listResources"
  | "listResourceTemplates"
  | "readResource"
  | "complete"
>;

let given: GivenStore;
let session: string;

beforeAll(async () => {
  given = await givenStore({ sessions: 3 });
  session = given.truth[0]?.session_id ?? "";
  for (const id of ["seed_old", "seed_new", "other"]) {
    const saved = await saveSeed(given.context.store, { yaml: SEED(id), createdBy: "test" });
    expect(saved).toMatchObject({ seed_id: id });
  }
  for (const id of ["lin_given_old", "lin_given_new"]) {
    await given.appendRow({ type: LINEAGE_CREATED, aggregate: "lineage", id, payload: { goal: `Goal of ${id}` } });
  }
  for (const id of ["interview_given_old", "interview_given_new"]) {
    await given.appendRow({ type: INTERVIEW_STARTED, aggregate: "interview", id });
  }
  mkdirSync(join(given.home, "seeds"));
  writeFileSync(join(given.home, "seeds/seed_of_python.yaml"), SEED("seed_of_python"));
  // Nobody else may have the store open while the servers do.
  await given.context.store[Symbol.asyncDispose]();
});

afterAll(async () => {
  await given[Symbol.asyncDispose]();
});

describe.each(["v1", "v2, 2025", "v2, 2026"] as const)("over stdio, the client %s", (era) => {
  let client: AnyClient;
  beforeAll(async () => {
    client = await connect(era);
  });
  afterAll(async () => {
    await client.close();
  });

  test("finds prompts, gets one, and is told of one that is not there", async () => {
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(SKILLS.map(({ verb }) => verb));
    const { messages } = await client.getPrompt({ name: "status", arguments: { session_id: session } });
    expect(messages).toMatchObject([{ role: "user", content: { type: "text" } }]);
    expect(JSON.stringify(messages)).toContain("`ouroboros_session_status`");
    expect(JSON.stringify(messages)).toContain(session);
    await expect(client.getPrompt({ name: "nope" })).rejects.toMatchObject({
      code: -32602,
      data: { code: "not_found" },
    });
  });

  test("reads sessions, seeds and lineages by their templates, and is told what to do about an unknown id", async () => {
    const { resourceTemplates } = await client.listResourceTemplates();
    const kinds = ["session", "seed", "lineage"];
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
      kinds.map((kind) => `ouroboros://${kind}/{id}`),
    );
    expect(JSON.parse(await read(`ouroboros://session/${session}`))).toMatchObject({ session_id: session });
    for (const id of ["seed_new", "seed_of_python"]) expect(await read(`ouroboros://seed/${id}`)).toBe(SEED(id));
    expect(JSON.parse(await read("ouroboros://lineage/lin_given_new"))).toMatchObject({
      lineage_id: "lin_given_new",
      goal: "Goal of lin_given_new",
    });
    for (const kind of kinds) {
      const unknown = client.readResource({ uri: `ouroboros://${kind}/nobody` });
      await expect(unknown).rejects.toMatchObject({
        code: -32602,
        message: expect.stringMatching(/\. \S/),
        data: { code: "not_found" },
      });
    }
  });

  test("completes ids newest first, by what was typed, in templates and in prompts", async () => {
    expect(await complete("seed", "seed_")).toEqual(["seed_new", "seed_old", "seed_of_python"]);
    expect(await complete("seed", "")).toEqual(["other", "seed_new", "seed_old", "seed_of_python"]);
    expect(await complete("lineage", "lin_given_")).toEqual(["lin_given_new", "lin_given_old"]);
    expect(await complete("session", session)).toEqual([session]);
    expect(await complete("session", "")).toHaveLength(3);
    expect(await complete("seed", "%")).toEqual([]);
    const inPrompt = async (name: string, argument: string, value: string) => {
      const asked = { ref: { type: "ref/prompt" as const, name }, argument: { name: argument, value } };
      return (await client.complete(asked)).completion.values;
    };
    expect(await inPrompt("run", "seed_id", "seed_n")).toEqual(["seed_new"]);
    expect(await inPrompt("seed", "session_id", "interview_given_")).toEqual([
      "interview_given_new",
      "interview_given_old",
    ]);
    expect(await inPrompt("evolve", "persona", "h")).toEqual(["hacker"]);
    expect(await inPrompt("interview", "initial_context", "a")).toEqual([]);
  });

  test("is served the skills: declared, as resources, and by the extension with digests that hold", async () => {
    expect(client.getServerCapabilities()?.extensions).toHaveProperty([SKILLS_EXTENSION_ID]);
    const { resources } = await client.listResources();
    const files = resources.filter(({ uri }) => uri.startsWith("skill://"));
    expect(files.map(({ name }) => name)).toEqual(SKILLS.map(({ name }) => name));
    for (const { uri, size } of files) expect(Buffer.byteLength(await read(uri))).toBe(size ?? -1);
    await expect(client.readResource({ uri: "skill://ouroboros/nope/SKILL.md" })).rejects.toMatchObject({
      code: -32602,
    });
    if (!(client instanceof Client)) return; // the older SDK does not know the extension
    const skills = new SkillsClient(client);
    expect(skills.supported).toBe(true);
    const { skills: entries } = await skills.list();
    expect(entries.map(({ frontmatter }) => frontmatter.name)).toEqual(SKILLS.map(({ name }) => name));
    for (const entry of entries) {
      const { skill } = await skills.get(entry.uri);
      const { verified, text } = await skills.read(skill);
      expect({ uri: entry.uri, verified, text }).toMatchObject({
        verified: true,
        text: expect.stringContaining("`ouroboros_"),
      });
    }
    await expect(skills.get("skill://ouroboros/nope/SKILL.md")).rejects.toMatchObject({ code: -32602 });
  });

  async function read(uri: string): Promise<string> {
    const [content] = (await client.readResource({ uri })).contents;
    return content && "text" in content ? content.text : "";
  }

  async function complete(kind: string, value: string): Promise<string[]> {
    const ref = { type: "ref/resource" as const, uri: `ouroboros://${kind}/{id}` };
    return (await client.complete({ ref, argument: { name: "id", value } })).completion.values;
  }
});

describe("while the store cannot be opened", () => {
  test("what is listed is there, ids are completed with nothing, and a read says what is wrong", async () => {
    const path = join(given.home, "no-store.db");
    writeFileSync(path, "this is no SQLite file, and nobody may write into it\n".repeat(100));
    const broken = { home: given.home, path, truth: [], [Symbol.asyncDispose]: async () => {} };
    await using watched = watchStartUp({ open: () => openContext(broken) });
    watched.startUp.start();
    await watched.reached("degraded:store");
    const server = createMcpServer({ toolsets: TOOLSETS, readOnly: false }, async () => watched.startUp);
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "legacy" } });
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await Promise.all([server.connect(theirs), client.connect(ours)]);
    expect((await client.listPrompts()).prompts).toHaveLength(SKILLS.length);
    expect((await new SkillsClient(client).list()).skills).toHaveLength(SKILLS.length);
    for (const kind of ["session", "seed", "lineage"]) {
      const ref = { type: "ref/resource" as const, uri: `ouroboros://${kind}/{id}` };
      const { completion } = await client.complete({ ref, argument: { name: "id", value: "" } });
      expect(completion).toEqual({ values: [], hasMore: false });
      const refused = client.readResource({ uri: `ouroboros://${kind}/any` });
      await expect(refused).rejects.toMatchObject({ code: -32602, data: { code: "store_unavailable" } });
    }
    await client.close();
  });
});

/** Connects to a server of its own, run from the source, and waits until its store is there. */
async function connect(era: "v1" | "v2, 2025" | "v2, 2026"): Promise<AnyClient> {
  const args = [MAIN, "mcp", "serve", "--toolsets", "all", "--db", join(given.home, "ouroboros.db")];
  const env = { HOME: given.home, OUROBOROS_HOME: given.home, PATH: process.env.PATH ?? "" };
  const server = { command: process.execPath, args, cwd: given.home, env, stderr: "ignore" as const };
  const client = era === "v1" ? await v1(server) : await v2(era, server);
  await client.readResource({ uri: `ouroboros://session/${session}` });
  return client;
}

type ServerParameters = ConstructorParameters<typeof StdioClientTransport>[0];

async function v2(era: "v2, 2025" | "v2, 2026", server: ServerParameters): Promise<AnyClient> {
  const mode = era === "v2, 2026" ? { pin: "2026-07-28" as const } : ("legacy" as const);
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StdioClientTransport(server));
  return client;
}

/** The SDK of today's hosts lives beside the e2e tests and nowhere else in the project, so its types are not here. */
async function v1(server: ServerParameters): Promise<AnyClient> {
  ensureClients("sdk-v1");
  const load = (file: string) => import(pathToFileURL(join(SDK_V1, file)).href);
  const [sdk, stdio] = await Promise.all([load("client/index.js"), load("client/stdio.js")]);
  const client = new sdk.Client({ name: "test", version: "1" });
  await client.connect(new stdio.StdioClientTransport(server));
  return client;
}
