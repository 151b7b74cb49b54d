import { expect, test } from "bun:test";
import { openBridge } from "../../scripts/clients/stdio-bridge.ts";
import { isRunning, until } from "../support/agent-processes.ts";

/** Tells its process by a number, says something before each answer, and forgets nothing within one process. */
const SERVER = `
let heard = 0;
for await (const line of console) {
  const { id, method } = JSON.parse(line);
  heard += 1;
  if (id === undefined) continue;
  if (method === "slow") console.log(JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress" }));
  if (method === "quit") process.exit();
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { pid: process.pid, heard } }));
}`;

const open = () =>
  openBridge({ command: process.execPath, args: ["-e", SERVER], env: { HOME: "/", BUN_BE_BUN: "1" }, cwd: "/" });

test("a session is one process from initialize on, and another session another one", async () => {
  await using bridge = await open();
  const first = await post(bridge.url, { id: 1, method: "initialize" });
  const second = await post(bridge.url, { id: 1, method: "initialize" });
  const told = await post(bridge.url, { method: "notifications/initialized" }, first.session);
  expect(told.status).toBe(202);
  const ping = await post(bridge.url, { id: 2, method: "ping" }, first.session);
  expect([ping.result?.pid, ping.result?.heard]).toEqual([first.result?.pid, 3]);
  expect(second.result?.pid).not.toBe(first.result?.pid);
  expect((await post(bridge.url, { id: 3, method: "ping" }, "nobody's")).status).toBe(404);
});

test("a request without a session has a process of its own, which is gone after the answer", async () => {
  await using bridge = await open();
  const { result } = await post(bridge.url, { id: 7, method: "tools/list" });
  expect(result?.heard).toBe(1);
  await until(() => !isRunning(result?.pid ?? process.pid), "the process has ended");
});

test("what the server says before its answer comes first, on a stream", async () => {
  await using bridge = await open();
  const { text, type } = await post(bridge.url, { id: 1, method: "slow" });
  expect(type).toStartWith("text/event-stream");
  expect([...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? "").method ?? "answer")).toEqual([
    "notifications/progress",
    "answer",
  ]);
});

test("a server that ends instead of answering, and what is not JSON, are errors", async () => {
  await using bridge = await open();
  expect((await post(bridge.url, { id: 1, method: "quit" })).status).toBe(502);
  const response = await fetch(bridge.url, { method: "POST", body: "{" });
  expect([response.status, await response.json()]).toMatchObject([400, { error: { code: -32700 } }]);
});

async function post(url: string, message: object, session?: string) {
  const headers: Record<string, string> = session === undefined ? {} : { "mcp-session-id": session };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ jsonrpc: "2.0", ...message }) });
  const type = response.headers.get("content-type") ?? "";
  const text = await response.text();
  const result: { pid: number; heard: number } | undefined = type.includes("json")
    ? JSON.parse(text).result
    : undefined;
  return { status: response.status, session: response.headers.get("mcp-session-id") ?? "", type, text, result };
}
