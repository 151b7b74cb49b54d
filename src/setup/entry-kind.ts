import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { findProgram } from "../process/find-program.ts";
import { type Entry, isObject } from "./formats/format.ts";
import type { Launch } from "./launch.ts";

/** What stands under our name: this program, another copy or version of it, the Python program, or something else. */
export type EntryKind = "this" | "ours" | "python" | "foreign";

/** What an entry starts, whatever the host calls its parts. */
interface Started {
  readonly program: string;
  readonly args: readonly string[];
}

/** Tells whose server an entry starts, by its words and by what its program is; nothing is run. */
export function entryKind(entry: unknown, launch: Launch, searchPath: string): EntryKind {
  const started = startedBy(entry);
  if (started === undefined) return "foreign";
  const { program, args } = started;
  // Flags behind ours are the user's own.
  if (program === launch.command && launch.args.every((arg, at) => args[at] === arg)) return "this";
  const name = basename(program.replaceAll("\\", "/"))
    .replace(/\.(exe|cmd)$/i, "")
    .toLowerCase();
  if (/^(uvx?|pipx|python[\d.]*|py|poetry|pdm|hatch|rye)$/.test(name)) return mentionsUs(args) ? "python" : "foreign";
  if (/^(npx|bunx|npm|bun|node|deno|cmd)$/.test(name)) return mentionsUs(args) ? "ours" : "foreign";
  if (!/^ouroboros(-mcp)?$/.test(name)) return "foreign";
  return isPython(findProgram(program, searchPath, null)?.program ?? program) ? "python" : "ours";
}

/** The program of an entry, where it is named by its path and is not there. */
export function goneProgram(entry: unknown): string | undefined {
  const program = startedBy(entry)?.program;
  return program !== undefined && isAbsolute(program) && !existsSync(program) ? program : undefined;
}

/** Names of the user's own variables and settings that a new entry goes on with. */
export function carriedOver(old: unknown, fresh: Entry): Entry {
  if (!isObject(old)) return fresh;
  const kept = Object.entries(old).filter(([key]) => !LAUNCH_KEYS.has(key));
  const merged: Record<string, unknown> = { ...fresh };
  for (const [key, value] of kept) {
    if (!ENV_KEYS.has(key)) merged[key] = value;
    else if (isObject(value)) {
      const variables = Object.entries(value).filter(([name]) => !PYTHONS.test(name));
      const all = { ...Object.fromEntries(variables), ...(isObject(fresh[key]) ? fresh[key] : {}) };
      if (Object.keys(all).length > 0) merged[key] = all;
    }
  }
  return merged;
}

/** The launch with the flags that somebody has given to an older copy of this program. */
export function withOwnFlags(launch: Launch, old: unknown): Launch {
  const { args = [] } = startedBy(old) ?? {};
  const flags = args.slice(args.indexOf("serve") + 1);
  const store = launch.args.includes("--db") ? flags.indexOf("--db") : -1;
  const kept = store === -1 ? flags : flags.toSpliced(store, 2);
  return args.includes("serve") ? { ...launch, args: [...launch.args, ...kept] } : launch;
}

/** Values that are nobody's to read over a shoulder: those of an entry's environment. */
export function secretsOf(entry: unknown): string[] {
  if (!isObject(entry)) return [];
  const environments = [...ENV_KEYS].map((key) => entry[key]).filter(isObject);
  return environments
    .flatMap((env) => Object.values(env))
    .filter((value) => typeof value === "string" && value !== "") as string[];
}

/** Set by us for every host that has them. */
const LAUNCH_KEYS = new Set([
  "command",
  "args",
  "cmd",
  "cwd",
  "type",
  "source",
  "name",
  "description",
  "enabled",
  "disabled",
  "url",
  "settings",
]);
const ENV_KEYS = new Set(["env", "envs", "environment"]);
/** Of use to the Python program's start alone. */
const PYTHONS = /^(PYTHON|UV_|PIP_|PIPX_|VIRTUAL_ENV)/;

function startedBy(entry: unknown): Started | undefined {
  if (!isObject(entry)) return undefined;
  const { command, cmd, args } = entry;
  // Zed once had the program in an object of its own.
  if (isObject(command)) return startedBy({ command: command.path, args: command.args });
  const words = [command ?? cmd, args].flat().filter((word) => typeof word === "string");
  const [program, ...rest] = words;
  return program === undefined ? undefined : { program, args: rest };
}

function mentionsUs(args: readonly string[]): boolean {
  return args.some((word) => /(^|[/\\@=])ouroboros(-ai|-mcp)?([[@=<>~!.:]|$)/.test(word));
}

/** A program that pip or uv has made: a script for Python, or one in the folder of a Python tool. */
function isPython(path: string): boolean {
  try {
    const real = realpathSync(path);
    if (/[/\\](uv[/\\]tools|pipx[/\\]venvs|site-packages|\.venv)[/\\]/.test(real)) return true;
    const file = openSync(real, "r");
    try {
      const start = Buffer.alloc(256);
      const text = start.toString("latin1", 0, readSync(file, start, 0, start.length, 0));
      return /^#!.*python/.test(text) || /^#!\/bin\/sh\n'''exec' .*python/.test(text);
    } finally {
      closeSync(file);
    }
  } catch {
    return false; // Not there: whatever it was, it cannot be started.
  }
}
