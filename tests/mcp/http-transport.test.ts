import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { openDoor } from "../../src/mcp/http-transport-door.ts";
import { allowedNames, isLoopback, turnAway } from "../../src/mcp/http-transport-guard.ts";
import { readToken } from "../../src/mcp/http-transport-token.ts";
import { hasClient } from "../e2e/support/clients.ts";
import { realPart } from "../e2e/support/real-part.ts";
import { until } from "../support/agent-processes.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const SDK_V1 = join(import.meta.dirname, "../e2e/clients/node_modules/@modelcontextprotocol/sdk/dist/esm");
const TOKEN = "0123456789abcdef0123456789abcdef";
const LOCAL = { host: "127.0.0.1", port: 0, token: undefined, allowedHosts: [] };
const LIMITS = { atOnce: 2, connections: 8, headersMs: 400, requestMs: 800, bodyBytes: 1000 };
/** Everything that a hostile request does is over long before this. */
const PATIENT_MS = 20_000;

describe("who comes in", () => {
  const names = allowedNames({ host: "10.1.2.3", allowedHosts: ["Ouroboros.example"] });
  const rules = { names, token: TOKEN, path: "/mcp", bodyBytes: 1000 };
  const good = { host: "localhost:7000", authorization: `Bearer ${TOKEN}` };
  const status = (headers: object, url = "/mcp", localAddress = "192.0.2.7") =>
    turnAway({ url, headers: { ...good, ...headers }, socket: { localAddress } }, rules)?.status;

  test.each([
    ["our own names, with any port", {}],
    ["the address we listen on", { host: "10.1.2.3:80" }],
    ["a name we were told", { host: "ouroboros.example" }],
    ["the address that was reached", { host: "192.0.2.7" }],
    ["a page of this machine", { origin: "http://127.0.0.1:3000" }],
    ["a token by any spelling of its scheme", { authorization: `bearer   ${TOKEN}` }],
  ])("%s: in", (_what, headers) => {
    expect(status(headers)).toBeUndefined();
    expect(status(headers, "/mcp?x=1")).toBeUndefined();
  });

  test.each([
    ["no Host at all", { host: undefined }, 403],
    ["a name that leads here", { host: "evil.example" }, 403],
    ["our name as the beginning of another", { host: "localhost.evil.example" }, 403],
    ["our name before an @", { host: "localhost@evil.example" }, 403],
    ["another address than was reached", { host: "192.0.2.8" }, 403],
    ["a page from elsewhere", { origin: "https://evil.example" }, 403],
    ["a page of nowhere", { origin: "null" }, 403],
    ["a page from elsewhere, with the token", { origin: "http://localhost.evil.example" }, 403],
    ["no token", { authorization: undefined }, 401],
    ["another token", { authorization: `Bearer ${TOKEN}0` }, 401],
    ["another scheme", { authorization: `Basic ${TOKEN}` }, 401],
    ["more than it may have", { "content-length": "1001" }, 413],
  ])("%s: %j is turned away with %d", (_what, headers, expected) => {
    expect(status(headers)).toBe(expected);
  });

  test("there is nothing but /mcp, and without the token not even that is said", () => {
    for (const path of ["/", "/mcp/", "/mcpx", "//mcp", "http://localhost/mcp"]) {
      expect(status({}, path)).toBe(404);
      expect(status({ authorization: undefined }, path)).toBe(401);
    }
  });
});

describe("the door, to a hostile crowd", () => {
  test("a body that is too long is answered 413 before it is all there, and reaches nobody", async () => {
    await using door = await opened();
    const caller = call(door.url, "transfer-encoding: chunked\r\n\r\n");
    caller.socket.write(`3e9\r\n${"x".repeat(1001)}`);
    expect(await caller.ended).toStartWith("HTTP/1.1 413 ");
    expect(door.reached).toBe(0);
  });

  test("headers and bodies that never end are cut off; others are answered meanwhile, however long it takes", async () => {
    await using door = await opened({ atOnce: 4 });
    const patient = fetch(door.url, { method: "POST", body: "hold" });
    const slow = [
      call(door.url, "x-never: "),
      call(door.url, "content-length: 100\r\n\r\nabc"),
      call(door.url, "transfer-encoding: chunked\r\n\r\n5\r\nab"),
    ];
    expect((await fetch(door.url, { method: "POST", body: "1" })).status).toBe(200);
    for (const { ended } of slow) expect(await ended).not.toContain("200 OK");
    door.letGo();
    expect(await (await patient).text()).toBe("held");
    expect(door.reached).toBe(2);
  });

  test("one too many at once is told to come again, and may when another is done", async () => {
    await using door = await opened();
    const held = [1, 2].map(() => fetch(door.url, { method: "POST", body: "hold" }));
    await until(() => door.reached === 2, "both are being answered");
    const refused = await fetch(door.url, { method: "POST", body: "1" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    door.letGo();
    for (const response of await Promise.all(held)) expect(await response.text()).toBe("held");
    expect((await fetch(door.url, { method: "POST", body: "1" })).status).toBe(200);
  });

  test("a caller that goes away ends its request and gives its place back", async () => {
    await using door = await opened();
    const callers = [1, 2].map(() => call(door.url, "content-length: 4\r\n\r\nhold"));
    await until(() => door.reached === 2, "both are being answered");
    for (const { socket } of callers) socket.destroy();
    await until(() => door.aborted === 2, "both are told");
    await until(async () => (await fetch(door.url, { method: "POST", body: "1" })).status === 200, "a place is free");
  });

  test("closing lets what is being answered finish, cuts off what does not, and lets nobody in", async () => {
    const door = await opened();
    const finishes = fetch(door.url, { method: "POST", body: "hold" });
    const never = call(door.url, "content-length: 6\r\n\r\nnever!");
    await until(() => door.reached === 2, "both are being answered");
    const closed = door.close();
    door.letGo();
    expect(await (await finishes).text()).toBe("held");
    await closed;
    expect(await never.ended).toBe("");
    await expect(fetch(door.url)).rejects.toThrow();
  });
});

describe("the server", () => {
  const OPENERS = { v1, "v2, 2025": v2("legacy"), "v2, 2026": v2({ pin: "2026-07-28" }) } as const;
  for (const [era, open] of Object.entries(OPENERS)) {
    const real = realPart(`SDK client ${era}`, hasClient(era === "v1" ? "sdk-v1" : "sdk-v2"));
    real(`a client of ${era} lists and calls tools and reads the receipt, with the token and not without`, async () => {
      await using server = await started("--token-file");
      await expect(open(server.url, {})).rejects.toThrow();
      const client = await open(server.url, { authorization: `Bearer ${TOKEN}` });
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain("ouroboros_resume_session");
      const result = await client.callTool({ name: "ouroboros_resume_session", arguments: {} });
      expect(result.structuredContent).toMatchObject({ outcome: "listed", sessions: [] });
      const { contents } = await client.readResource({ uri: "ouroboros://startup" });
      expect(JSON.parse(contents[0]?.text ?? "")).toMatchObject({ trouble: null });
      await client.close();
    });
  }

  test("answers lists while the store cannot be opened, refuses tools with the gate's own words, and goes when told", async () => {
    await using server = await started("--db");
    const client = await v2({ pin: "2026-07-28" })(server.url, {});
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    const { isError, content } = await client.callTool({ name: "ouroboros_resume_session", arguments: {} });
    expect(isError).toBe(true);
    expect(content[0]?.text).toContain("not a database");
    await client.close();
    server.child.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    await expect(fetch(server.url)).rejects.toThrow();
  });

  test.each([
    [["--transport", "http", "--host", "0.0.0.0"], /^Cannot serve on 0\.0\.0\.0 without a token: .*--token-file/],
    [["--transport", "http", "--token-file", "open"], /others may read it \(its mode is 0644\)\. Run: chmod 600/],
    [["--port", "1"], /^Cannot serve on standard input and output at an address/],
  ])("%j is refused with what to do", async (args, words) => {
    using home = newHome();
    writeFileSync(join(home.path, "open"), TOKEN);
    chmodSync(join(home.path, "open"), 0o644);
    const child = launch(home.path, args);
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });
    const [code] = await once(child, "close");
    expect(said).toMatch(words);
    expect(code).toBe(2);
  });

  test("a token is one long word in a file of one's own; anything else is told apart", () => {
    using home = newHome();
    const file = join(home.path, "token");
    const read = (text: string) => {
      writeFileSync(file, text, { mode: 0o600 });
      return readToken(file);
    };
    expect(read(`  ${TOKEN}\n`)).toBe(TOKEN);
    for (const text of ["", "secret", `${TOKEN} ${TOKEN}`, `${TOKEN}ä`]) {
      expect(read(text)).toMatchObject({
        refused: true,
        message: expect.stringContaining("a token is one word of 16"),
      });
    }
    const nowhere = { refused: true, message: expect.stringContaining("ENOENT") };
    expect(readToken(join(home.path, "nowhere"))).toMatchObject(nowhere);
  });

  test("names that only look like this machine's are not its own", () => {
    for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost", "::ffff:127.0.0.1"])
      expect(isLoopback(host)).toBe(true);
    for (const host of ["0.0.0.0", "::", "128.0.0.1", "127.0.0.1.example", "localhost.example", ""]) {
      expect(isLoopback(host)).toBe(false);
    }
  });
});

/** A door with small limits; what it hands on is counted, and "hold" is answered when it is let go. */
async function opened(other: Partial<typeof LIMITS> = {}) {
  const { promise: isLetGo, resolve: letGo } = Promise.withResolvers<void>();
  const seen = { reached: 0, aborted: 0 };
  const answer = async (request: Request) => {
    seen.reached++;
    request.signal.addEventListener("abort", () => {
      seen.aborted++;
    });
    const text = await request.text();
    if (text === "never!") await new Promise(() => {});
    if (text !== "hold") return new Response("done");
    await isLetGo;
    return new Response("held");
  };
  const door = await openDoor(LOCAL, answer, { ...LIMITS, ...other });
  return {
    url: door.url,
    letGo,
    close: door.close,
    get reached() {
      return seen.reached;
    },
    get aborted() {
      return seen.aborted;
    },
    [Symbol.asyncDispose]: door.close,
  };
}

/** A request by hand: what it was answered, once the other side has closed. */
function call(url: string, rest: string): { readonly socket: Socket; readonly ended: Promise<string> } {
  const { port, host } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(`POST /mcp HTTP/1.1\r\nhost: ${host}\r\n${rest}`);
  let text = "";
  socket.on("data", (chunk) => {
    text += String(chunk);
  });
  socket.on("error", () => {}); // cut off is what some of them are here for
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error(`Still open: ${text}`)), PATIENT_MS);
  socket.on("close", () => {
    clearTimeout(timer);
    resolve(text);
  });
  promise.catch(() => {}); // the test that waits for it hears of it
  return { socket, ended: promise };
}

/** The real server from the source, in a home of its own: with a token, or with a store that is none. */
async function started(what: "--token-file" | "--db") {
  const home = newHome();
  const file = join(home.path, "file");
  writeFileSync(file, what === "--db" ? "this is no store ".repeat(500) : `${TOKEN}\n`, { mode: 0o600 });
  const child = launch(home.path, ["--transport", "http", what, file]);
  const exited = once(child, "close").then(([code]) => code as number | null);
  const lines = createInterface({ input: child.stdout });
  const [url] = (await Promise.race([once(lines, "line"), exited])) as string[];
  if (url === undefined) throw new Error("The server has not said its address");
  return {
    url,
    child,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
      home[Symbol.dispose]();
    },
  };
}

function newHome() {
  const path = mkdtempSync(join(tmpdir(), "ouroboros-http-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

function launch(home: string, args: readonly string[]) {
  const env = { HOME: home, PATH: process.env.PATH ?? "" };
  const child = spawn(process.execPath, [MAIN, "mcp", "serve", ...args], { cwd: home, env });
  child.stdin.end();
  return child;
}

/** What the tests use of either SDK's client. */
interface AnyClient {
  connect(transport: unknown): Promise<void>;
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: object): Promise<{ isError?: boolean; structuredContent?: unknown; content: { text?: string }[] }>;
  readResource(what: object): Promise<{ contents: { text?: string }[] }>;
  close(): Promise<void>;
}

function v2(mode: "legacy" | { readonly pin: "2026-07-28" }) {
  return async (url: string, headers: Record<string, string>): Promise<AnyClient> => {
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    return client as unknown as AnyClient;
  };
}

async function v1(url: string, headers: Record<string, string>): Promise<AnyClient> {
  const load = (file: string) => import(pathToFileURL(join(SDK_V1, file)).href);
  const [sdk, http] = await Promise.all([load("client/index.js"), load("client/streamableHttp.js")]);
  const client: AnyClient = new sdk.Client({ name: "test", version: "1" });
  await client.connect(new http.StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}
