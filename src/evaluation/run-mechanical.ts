import { createHash } from "node:crypto";
import { join } from "node:path";
import { placedCommands } from "../checks/command-files.ts";
import { type CommandLimits, runCommand } from "../checks/run-command.ts";
import { toolVersions } from "../checks/tools.ts";
import { MECHANICAL_KINDS, type MechanicalKind, type MechanicalResult } from "../domain/evaluation/mechanical.ts";
import { findProgram } from "../process/find-program.ts";
import { OWN_PROGRAM } from "../process/own-program.ts";
import type { Declared, DeclaredCheck } from "./declared.ts";
import { type CommandVerdict, judgeRun, tellKind } from "./judge-mechanical.ts";
import { MECHANICAL_TOML } from "./mechanical-toml.ts";

/** Where results are kept from one time to the next. Only what was told is kept: whatever could not be told is tried again. */
export interface MechanicalCache {
  get(treeHash: string, declaredHash: string): Promise<readonly MechanicalResult[] | null>;
  put(treeHash: string, declaredHash: string, results: readonly MechanicalResult[]): Promise<void>;
}

interface RunOptions {
  /** Called with each result as it is known, and with the output it rests on where the command was run just now. */
  readonly onResult?: (result: MechanicalResult, output: Uint8Array | null) => void | Promise<void>;
  /** The tree in the folder; null, and nothing is looked up or kept, where it is not known. */
  readonly treeHash?: string | null;
  readonly cache?: MechanicalCache;
}

interface Told {
  readonly result: MechanicalResult;
  readonly output: Uint8Array | null;
}

/** One run of a command in a folder, for whatever it was declared. */
interface CommandRun {
  readonly verdict: CommandVerdict;
  readonly output: Uint8Array | null;
  readonly facts: Pick<MechanicalResult, "exit_code" | "ms" | "output_hash" | "tools">;
}

/**
 * Runs what a project declares, each command once in its folder whatever it was declared for, and judges it. The caller has seen
 * to it that the user agreed. The results are in the order of the kinds; one that nobody declares is not applicable.
 */
export async function runMechanical(
  folder: string,
  declared: Declared,
  limits: CommandLimits,
  { onResult, treeHash = null, cache }: RunOptions = {},
): Promise<MechanicalResult[]> {
  const kept = treeHash === null ? [] : ((await cache?.get(treeHash, declared.hash)) ?? []);
  const runs = new Map<string, Promise<CommandRun>>();
  const results: MechanicalResult[] = [];
  for (const kind of MECHANICAL_KINDS) {
    const checks = declared.checks.filter((check) => check.kind === kind);
    for (const check of checks) await tell(await resultOf(check));
    const shown = kind === "coverage" && checks.length === 0 ? await shownByTests() : [];
    for (const one of shown) await tell(one);
    if (checks.length + shown.length === 0) await tell(undeclared(kind));
  }
  const told = worthKeeping(results);
  if (treeHash !== null && told.some((one) => !kept.includes(one))) await cache?.put(treeHash, declared.hash, told);
  return results;

  async function tell({ result, output }: Told): Promise<void> {
    results.push(result);
    await onResult?.(result, output);
  }

  async function resultOf(check: DeclaredCheck): Promise<Told> {
    const { kind, command, fault } = check;
    const known = kept.find((one) => isOf(one, check));
    if (known !== undefined) return { result: known, output: null };
    if (command === null || fault !== null) {
      const reason = fault ?? "It names no command";
      return { result: { ...blank(check), verdict: "unverifiable", reason }, output: null };
    }
    const { verdict, output, facts } = await run(command, check.folder);
    return {
      result: { ...blank(check), ...facts, ...tellKind(kind, command, verdict, declared.coverageThreshold) },
      output,
    };
  }

  /** What the tests' output says of coverage, where it does. */
  async function shownByTests(): Promise<Told[]> {
    const told: Told[] = [];
    for (const test of declared.checks) {
      if (test.kind !== "test" || test.command === null) continue;
      const check = { ...test, kind: "coverage" } as const;
      const known = kept.find((one) => isOf(one, check));
      if (known !== undefined) told.push({ result: known, output: null });
      const ran = await runs.get(keyOf(test.command, test.folder));
      if (known !== undefined || ran === undefined || ran.verdict.coverage === null) continue;
      const { verdict, output, facts } = ran;
      const result = {
        ...blank(check),
        ...facts,
        ...tellKind("coverage", test.command, verdict, declared.coverageThreshold),
      };
      told.push({ result, output });
    }
    return told;
  }

  function run(command: string, place: string): Promise<CommandRun> {
    const key = keyOf(command, place);
    const known = runs.get(key) ?? runOnce(command, join(folder, place), declared.timeoutMs, limits);
    runs.set(key, known);
    return known;
  }
}

async function runOnce(command: string, folder: string, timeoutMs: number, limits: CommandLimits): Promise<CommandRun> {
  // The search path without what a project could have put there, whether or not the line names a program by its path.
  const path = findProgram(OWN_PROGRAM, limits.env.PATH ?? "", folder)?.path ?? "";
  const env = { ...limits.env, ...OWN_SHELL, PATH: path };
  const missing = placedCommands(command).find(
    ({ program }) => !program.includes("/") && findProgram(program, path, folder) === null,
  );
  if (missing !== undefined) {
    const reason = `${missing.program} is missing on this machine. Install it, or say in ${MECHANICAL_TOML} what to run instead`;
    const verdict = { verdict: "unverifiable", reason, coverage: null, testsRun: null, foundNoTests: false } as const;
    return { verdict, output: null, facts: { exit_code: null, ms: 0, output_hash: null, tools: {} } };
  }
  const result = await runCommand(command, folder, { ...limits, env, timeoutMs });
  const { exit_code, ms, output } = result;
  const verdict = await judgeRun(command, folder, env, result);
  const tools = await toolVersions(command, env);
  return { verdict, output, facts: { exit_code, ms, output_hash: hashOf(output), tools } };
}

/** Package managers let a project's own settings name the shell that runs its scripts: it is the system's. */
const OWN_SHELL: Readonly<Record<string, string>> =
  process.platform === "win32" ? {} : { npm_config_script_shell: "/bin/sh", pnpm_config_script_shell: "/bin/sh" };

/** What was told, of commands about which everything was told: where the same run left something open, it is run again. */
function worthKeeping(results: readonly MechanicalResult[]): MechanicalResult[] {
  const isTold = ({ verdict }: MechanicalResult) => verdict === "pass" || verdict === "fail";
  const open = new Set(
    results.filter(({ verdict }) => verdict === "unverifiable").map((one) => keyOf(one.command ?? "", one.folder)),
  );
  return results.filter((one) => isTold(one) && !open.has(keyOf(one.command ?? "", one.folder)));
}

function isOf(result: MechanicalResult, { kind, folder, source, command }: DeclaredCheck): boolean {
  return result.kind === kind && result.folder === folder && result.source === source && result.command === command;
}

function undeclared(kind: MechanicalKind): Told {
  const check = { kind, folder: ".", command: null, source: null };
  return { result: { ...blank(check), verdict: "not_applicable", reason: "Nobody declares it" }, output: null };
}

function blank({
  kind,
  folder,
  command,
  source,
}: Pick<MechanicalResult, "kind" | "folder" | "command" | "source">): Omit<MechanicalResult, "verdict" | "reason"> {
  return { kind, folder, command, source, exit_code: null, ms: 0, output_hash: null, coverage: null, tools: {} };
}

function hashOf(output: Uint8Array): string {
  return createHash("sha256").update(output).digest("hex");
}

function keyOf(command: string, folder: string): string {
  return `${folder}\n${command}`;
}
