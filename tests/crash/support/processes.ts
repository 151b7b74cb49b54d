import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProcessStat } from "../../../src/process/process-stat.ts";

/** One running process that belongs to a home, by its environment. */
export interface HomeProcess {
  readonly pid: number;
  readonly state: string;
  /** `worker`, `guard`, `agent`, or the command that somebody gave. */
  readonly role: string;
  /** Only processes that were told to die somewhere carry it; agents never do. */
  readonly failpoint: string | undefined;
}

/** How the folders of all homes begin. */
export const HOMES = join(tmpdir(), "ouroboros-crash-");

const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 15;
/** Processes that were there before the tests are nobody's here: their environments need not be read again and again. */
const BEFORE = new Set(readdirSync("/proc"));

/** Every running process, of whatever kind, that carries this home in its environment. */
export function processesOf(home: string): HomeProcess[] {
  return everybody()
    .filter((one) => one.home === home)
    .flatMap(({ pid, state, key }) => {
      try {
        const environment = environmentOf(pid);
        const before = lastSeen.get(key);
        // A process that ends loses its memory before its number: until then it is what it was.
        if (environment.join("") === "") return before ? [{ ...before, state }] : [];
        const failpoint = environment.find((entry) => entry.startsWith("OUROBOROS_FAILPOINT="))?.slice(20);
        const isAgent = environment.some((entry) => entry.startsWith("OUROBOROS_AGENT_MARKER="));
        const seen = { pid, state, role: isAgent ? "agent" : roleOf(pid), failpoint };
        lastSeen.set(key, seen);
        return [seen];
      } catch {
        return []; // Gone meanwhile.
      }
    });
}

interface Listed {
  readonly pid: number;
  readonly key: string;
  readonly state: string;
  readonly home: string;
}

/** By number and start: a process keeps its home, whatever program it becomes. */
const homes = new Map<string, string>();
const lastSeen = new Map<string, HomeProcess>();
let listed: { readonly at: number; readonly all: readonly Listed[] } = { at: Number.NEGATIVE_INFINITY, all: [] };

/** Many scenarios look at once, and one look serves them all. */
function everybody(): readonly Listed[] {
  if (performance.now() - listed.at < LOOK_EVERY_MS) return listed.all;
  const all: Listed[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || BEFORE.has(name) || pid === process.pid) continue;
    const stat = readProcessStat(pid);
    if (stat === null || /^[ZX]/.test(stat.state)) continue;
    const key = `${pid} ${stat.startTicks}`;
    const home = homes.get(key) ?? readHome(pid);
    if (home === undefined) continue;
    homes.set(key, home);
    all.push({ pid, key, state: stat.state, home });
  }
  listed = { at: performance.now(), all };
  return all;
}

function readHome(pid: number): string | undefined {
  try {
    const home = environmentOf(pid).find((entry) => entry.startsWith(`HOME=${HOMES}`));
    return home?.slice("HOME=".length);
  } catch {
    return undefined; // Gone meanwhile, or somebody else's.
  }
}

function environmentOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
}

/** The words the program was called with, up to the first that is a name of something. */
function roleOf(pid: number): string {
  const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  if (args.length === 0) return "starting";
  const end = args.findIndex((arg) => !/^[a-z]+(-[a-z]+)*$/.test(arg));
  return end === 0 ? (args[0] ?? "") : args.slice(0, end < 0 ? undefined : end).join(" ");
}

/** Polls a condition until it holds; what it found, or an error that names what was waited for and how things stand. */
export async function until<T>(name: string, look: () => T | undefined | false, standing: () => unknown): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`Not in time: ${name}. ${JSON.stringify(standing())}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
