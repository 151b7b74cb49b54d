// The command of the npm package before a small program: whoever starts it is to notice nothing of it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleLauncher } from "../../scripts/release/npm/bundle.ts";
import { platformPackage } from "../../scripts/release/npm/platform-package.ts";
import { hostTarget } from "../../scripts/release/targets.ts";
import { hasOlderNode, newerNode } from "../e2e/support/newer-node.ts";

const RUNTIMES = [
  ["the Node on PATH", "node"],
  ["Node 22.16 or newer (where there is one)", newerNode()],
  ["Bun", process.execPath],
] as const;
const OURS = platformPackage(hostTarget());
const FOREIGN = platformPackage(process.platform === "darwin" ? "linux-x64" : "darwin-arm64");
/** Says who it is and what it was given, then does what its first argument says. */
const PROGRAM = `#!${process.execPath}
const [, , what, which] = process.argv;
const client = process.env.OUROBOROS_CLIENT_PID;
if (what === "wait") process.on("SIGTERM", () => process.exit(7)).on("SIGINT", () => process.exit(8));
console.log(JSON.stringify({ pid: process.pid, client, args: process.argv.slice(2) }));
if (what === "exit") process.exit(Number(which));
if (what === "die") process.kill(process.pid, which);
if (what === "echo") process.stdin.pipe(process.stdout);
else setInterval(() => {}, 1_000);
`;

const root = mkdtempSync(join(tmpdir(), "ouroboros-launcher-"));
const modules = join(root, "with it", "node_modules");
const without = join(root, "without it", "node_modules");

beforeAll(async () => {
  put(modules, OURS, PROGRAM);
  put(without, FOREIGN, PROGRAM);
  for (const folder of [modules, without]) {
    await bundleLauncher(join(folder, "ouroboros-mcp/bin/ouroboros.js"));
    const optionalDependencies = { [OURS]: "1", [FOREIGN]: "1" };
    writeFileSync(join(folder, "ouroboros-mcp/package.json"), JSON.stringify({ type: "module", optionalDependencies }));
  }
});
afterAll(() => rmSync(root, { recursive: true }));

describe.each(RUNTIMES)("under %s", (_name, runtime) => {
  const real = test.skipIf(runtime === undefined || process.platform === "win32");

  real("arguments and input go in, output and exit code come out", async () => {
    const echo = start(runtime, ["echo", "a b", "--", "*"]);
    echo.child.stdin?.end("from outside");
    expect(await echo.ended).toEqual([0, null]);
    expect(echo.hello().args).toEqual(["echo", "a b", "--", "*"]);
    expect(echo.said()).toEndWith("}\nfrom outside");
    expect(await start(runtime, ["exit", "3"]).ended).toEqual([3, null]);
  });

  real("a program that is ended by a signal is seen to end so", async () => {
    expect(await start(runtime, ["die", "SIGKILL"]).ended).toEqual([null, "SIGKILL"]);
    expect(await start(runtime, ["die", "SIGTERM"]).ended).toEqual([null, "SIGTERM"]);
  });

  real.each([
    ["SIGTERM", 7],
    ["SIGINT", 8],
  ] as const)("%s reaches it, and how it ends is its own affair", async (signal, code) => {
    const waiting = start(runtime, ["wait"]);
    await waiting.greeted;
    waiting.child.kill(signal);
    expect(await waiting.ended).toEqual([code, null]);
  });

  real("it is this very process, or it knows whom to look after besides it", async () => {
    const { child, ended, greeted, hello } = start(runtime, ["wait"]);
    await greeted;
    const { pid, client } = hello();
    if (pid !== child.pid) expect(client).toBe(String(process.pid));
    child.kill();
    await ended;
  });
});

test.skipIf(!hasOlderNode())(
  "with another platform's package alone it says what to do, under a Node older than 22.16",
  async () => {
    const { child, ended, said } = start("node", ["--version"], without);
    let errors = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    expect(await ended).toEqual([1, null]);
    expect(said()).toBe("");
    expect(errors).toContain(
      `the package ${OURS} is not installed, and without it Node 22.16 or 24 and newer (this is `,
    );
    expect(errors).toContain(`${FOREIGN} is: node_modules was filled on another platform. Install ouroboros-mcp again`);
  },
);

function put(folder: string, name: string, program: string): void {
  mkdirSync(join(folder, name, "bin"), { recursive: true });
  mkdirSync(join(folder, "ouroboros-mcp/bin"), { recursive: true });
  writeFileSync(join(folder, name, "package.json"), JSON.stringify({ name, version: "1.0.0" }));
  writeFileSync(join(folder, name, "bin/ouroboros"), program);
  chmodSync(join(folder, name, "bin/ouroboros"), 0o755);
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  /** When the program has said its first line. */
  readonly greeted: Promise<void>;
  hello(): { readonly pid: number; readonly client?: string; readonly args: string[] };
  said(): string;
}

function start(runtime: string | undefined, args: readonly string[], folder = modules): Started {
  if (runtime === undefined) throw new Error("Cannot start it: there is no runtime");
  const env = { PATH: process.env.PATH ?? "", HOME: root };
  const child = spawn(runtime, [join(folder, "ouroboros-mcp/bin/ouroboros.js"), ...args], {
    cwd: root,
    env,
    stdio: "pipe",
  });
  const { promise: greeted, resolve } = Promise.withResolvers<void>();
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes("\n")) resolve();
  });
  return {
    child,
    greeted,
    ended: once(child, "close"),
    said: () => said,
    hello: () => JSON.parse(said.split("\n")[0] ?? ""),
  };
}
