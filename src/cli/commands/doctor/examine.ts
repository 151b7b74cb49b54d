import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { openApp } from "../../../app.ts";
import { messageOf, OuroborosError } from "../../../base/errors.ts";
import { type Config, readConfig } from "../../../config.ts";
import { findProgram } from "../../../process/find-program.ts";
import { ownIdentity } from "../../../process/identity.ts";
import { selfCommand } from "../../../process/self-command.ts";
import { describeTarget } from "../../../store/engine/store-target.ts";
import { VERSION } from "../../../version.ts";
import type { SharedFlags } from "../../command.ts";
import { upstreamLocks } from "../store/upstream-locks.ts";
import { type AgentFindings, examineAgents } from "./examine-agents.ts";
import { examineHosts, type HostFindings } from "./examine-hosts.ts";
import { examineStore, type StoreFindings } from "./examine-store.ts";
import type { Problem } from "./problem.ts";

/** What the doctor found; parts that could not be looked at are null. */
export interface Examination {
  /** Can the store be used? Lesser problems do not matter here. */
  readonly ok: boolean;
  readonly version: string;
  readonly program: string;
  readonly git: string | null;
  readonly config: { readonly home: string; readonly unknown_keys: readonly string[] } | null;
  readonly machine: {
    readonly machine_known: boolean;
    readonly boot_known: boolean;
    readonly pid_namespace_known: boolean;
  };
  readonly locks: {
    readonly folder: string;
    readonly exists: boolean;
    readonly live: number;
    readonly dead: number;
  } | null;
  readonly addon: { readonly folder: string; readonly state: "absent" | "usable" | "not writable" } | null;
  readonly agents: AgentFindings | null;
  readonly hosts: readonly HostFindings[] | null;
  readonly where: string | null;
  readonly store: StoreFindings | null;
  readonly problems: readonly Problem[];
}

/** Looks at everything, one thing's failure hiding no other's. */
export async function examine(flags: SharedFlags): Promise<Examination> {
  const problems: Problem[] = [];
  const machine = examineMachine(problems);
  const config = await attempt(problems, () => readConfig({ db: flags.db }));
  const store = config && (await attempt(problems, () => openAndExamine(flags, problems)));
  return {
    ok: store !== null && config !== null,
    version: VERSION,
    program: selfCommand([]).program,
    git: examineGit(problems),
    config: config && examineConfig(config, problems),
    machine,
    locks: config && examineLocks(join(config.home, "locks")),
    addon: config && examineAddon(join(config.home, "runtime"), problems),
    agents: config && (await attempt(problems, () => examineAgents(config, problems))),
    hosts: config && (await attempt(problems, () => examineHosts(config, flags, problems))),
    where: config && describeTarget(config.target),
    store,
    problems,
  };
}

async function attempt<T>(problems: Problem[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    const known = error instanceof OuroborosError;
    problems.push({
      code: known ? error.code : "internal",
      message: messageOf(error),
      next: known ? error.next : "This is a bug: please report it",
    });
    return null;
  }
}

async function openAndExamine(flags: SharedFlags, problems: Problem[]): Promise<StoreFindings> {
  const context = await openApp({ db: flags.db, readOnly: false, create: false });
  try {
    return await examineStore(context, problems);
  } finally {
    await context.store[Symbol.asyncDispose]();
  }
}

function examineConfig({ home, unknownKeys }: Config, problems: Problem[]): Examination["config"] {
  for (const key of unknownKeys) {
    problems.push({
      code: "unknown_config_key",
      message: `${join(home, "config.yaml")} has the key ${JSON.stringify(key)}, which nobody reads`,
      next: "Correct its spelling or remove it",
    });
  }
  return { home, unknown_keys: unknownKeys };
}

function examineMachine(problems: Problem[]): Examination["machine"] {
  const { machine, boot, pid_namespace } = ownIdentity();
  const found = {
    machine_known: machine !== null,
    boot_known: boot !== null,
    pid_namespace_known: pid_namespace !== null,
  };
  if (Object.values(found).includes(false)) {
    problems.push({
      code: "identity_unknown",
      message: "This machine cannot tell its processes from others': a dead owner is only noticed by its silence",
      next:
        process.platform === "linux"
          ? "Give the system a machine id (/etc/machine-id) and let this user read /proc"
          : "Nothing needs to be done; where a session stays as it is, `ouroboros resume ID --force` takes it",
    });
  }
  return found;
}

/** A run's worktrees, branches and diffs are git's. */
function examineGit(problems: Problem[]): string | null {
  const found = findProgram("git", process.env.PATH ?? "", null);
  if (found) return found.program;
  const next = "Install it; without it a run works with --in-place only";
  problems.push({ code: "git_missing", message: "git is not on PATH, and runs need it", next });
  return null;
}

function examineLocks(folder: string): Examination["locks"] {
  const { live, dead } = upstreamLocks(folder);
  return { folder, exists: existsSync(folder), live: live.length, dead: dead.length };
}

function examineAddon(folder: string, problems: Problem[]): Examination["addon"] {
  if (!existsSync(folder)) return { folder, state: "absent" };
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return { folder, state: "usable" };
  } catch (error) {
    problems.push({
      code: "addon_folder",
      message: `The folder for the SQLite engine, ${folder}, cannot be written (${messageOf(error)})`,
      next: "Make it writable for this user; until then a folder for temporary files is used",
    });
    return { folder, state: "not writable" };
  }
}
