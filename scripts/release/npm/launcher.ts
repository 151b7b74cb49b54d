#!/usr/bin/env node
import { accessSync, constants, readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { cpus } from "node:os";
import { packagesFor } from "./platform-package.ts";

// The commands `ouroboros` and `ouroboros-mcp` of the npm package: becomes the binary of this platform's package, and
// runs the same program as JavaScript where there is none. Runs on Node 18, so nothing newer is taken for granted; and
// loads no more than it needs, since a host waits for the server behind it.

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
const args = process.argv.slice(2);
const resolve = createRequire(import.meta.url).resolve;
const names = packagesFor({ platform: process.platform, arch: process.arch, isMusl, isAppleProcessor });
const program = names.map(programOf).find((found) => found !== undefined);

if (program === undefined) await runSource();
// Node 22.15 and newer turn into the program: no process stays between it and whoever started this one.
else if (process.platform !== "win32" && typeof process.execve === "function")
  process.execve(program, [program, ...args], process.env);
else await runBeside(program);

function programOf(name: string): string | undefined {
  try {
    const path = resolve(`${name}/bin/ouroboros${process.platform === "win32" ? ".exe" : ""}`);
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined; // Not installed, or copied without its mode.
  }
}

/** By what this process was loaded with: a machine may have the files of both C libraries. */
function isMusl(): boolean {
  try {
    return readFileSync("/proc/self/maps", "latin1").includes("/ld-musl-");
  } catch {
    return false;
  }
}

function isAppleProcessor(): boolean {
  return /Apple/.test(cpus()[0]?.model ?? "");
}

/** Stands before the program as if it were not there: the same streams, the same signals, the same end. */
async function runBeside(path: string): Promise<void> {
  const [{ spawn }, { isatty }] = await Promise.all([import("node:child_process"), import("node:tty")]);
  // A server ends when this process does; the variable has it look after the one that started this process, too.
  const env = { OUROBOROS_CLIENT_PID: String(process.ppid), ...process.env };
  const child = spawn(path, args, { stdio: "inherit", env });
  // A terminal sends these to both of us already.
  const fromTerminal = isatty(0) ? new Set<NodeJS.Signals>(["SIGINT", "SIGHUP"]) : new Set<NodeJS.Signals>();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (!fromTerminal.has(signal)) child.kill(signal);
    });
  }
  child.on("error", (error) => fail(`Cannot start ${path}: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const handled of SIGNALS) process.removeAllListeners(handled);
    process.kill(process.pid, signal);
  });
}

/** The program as JavaScript, in this process; its children start lib/main.js by themselves. */
async function runSource(): Promise<void> {
  if (!canRunSource()) fail(explanation());
  await import(new URL("../lib/main.js", import.meta.url).href);
}

/** Its SQLite is the runtime's own, in the form that it has since Node 22.16 and 24. */
function canRunSource(): boolean {
  if (process.versions.bun !== undefined) return isBuiltin("node:sqlite");
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major >= 24 || (major === 22 && minor >= 16);
}

function explanation(): string {
  const { optionalDependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const all = Object.keys(optionalDependencies);
  const wanted = names.filter((name) => all.includes(name));
  const others = all.filter((name) => programOf(name) !== undefined);
  const bun = process.versions.bun;
  const newer =
    bun === undefined
      ? `Node 22.16 or 24 and newer (this is ${process.versions.node})`
      : `a newer Bun (this is ${bun})`;
  if (wanted.length === 0) {
    return `Cannot start ouroboros: it has no binary for ${process.platform}-${process.arch}, and without one it needs ${newer}`;
  }
  const elsewhere = others.length === 0 ? "" : `${others.join(", ")} is: node_modules was filled on another platform. `;
  return `Cannot start ouroboros: the package ${wanted.join(" or ")} is not installed, and without it ${newer} is needed.
${elsewhere}Install ouroboros-mcp again on this machine, with optional dependencies (no --omit=optional, no --no-optional)`;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
