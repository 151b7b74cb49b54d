import { lstat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf } from "../base/errors.ts";
import { whyForbidden } from "../domain/evaluation/allowed-programs.ts";
import { commandLine, commandWords } from "../domain/evaluation/command-words.ts";
import { MECHANICAL_KINDS, type MechanicalKind } from "../domain/evaluation/mechanical.ts";
import { type Candidate, faulty } from "./declared.ts";
import { isWrapper } from "./ecosystems/managed.ts";
import { lookAt, type ProjectFolder } from "./project-folder.ts";

/** What a project says in its own settings about how it is checked. */
export interface MechanicalToml {
  readonly text: string;
  /** By kind; null switches it off. */
  readonly kinds: ReadonlyMap<MechanicalKind, Candidate | null>;
  readonly timeoutMs: number | undefined;
  readonly coverageThreshold: number | undefined;
  readonly notes: readonly string[];
}

export const MECHANICAL_TOML = ".ouroboros/mechanical.toml";
const LONGEST_TIMEOUT_S = 3_600;

const Command = v.optional(
  v.union([v.string(), v.array(v.pipe(v.string(), v.minLength(1)))], "Give a text or a list of texts"),
);
const Settings = v.looseObject({
  lint: Command,
  static: Command,
  build: Command,
  test: Command,
  coverage: Command,
  timeout: v.optional(v.pipe(v.number(), v.gtValue(0))),
  coverage_threshold: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
});
const KEYS: ReadonlySet<string> = new Set(Object.keys(Settings.entries));

/**
 * Reads the project's own settings; null where it has none. One that cannot be read makes every kind unverifiable. A worktree has none
 * of what git ignores: then those of the folder it was made from count.
 */
export async function readMechanicalToml(
  root: string,
  project: ProjectFolder,
  allowed: readonly string[],
  madeFrom: string,
): Promise<MechanicalToml | null> {
  const isOwn = await isThere(join(root, MECHANICAL_TOML));
  if (!isOwn && !(await isThere(join(madeFrom, MECHANICAL_TOML)))) return null;
  const text = await (isOwn ? project : await lookAt(madeFrom)).text(MECHANICAL_TOML);
  const empty = { text, timeoutMs: undefined, coverageThreshold: undefined, notes: [] };
  let settings: v.InferOutput<typeof Settings>;
  try {
    const { parse } = await import("smol-toml");
    settings = v.parse(Settings, parse(text));
    if (text === "") throw new Error("it is empty, or no plain file of moderate size");
  } catch (error) {
    const why = `${MECHANICAL_TOML} cannot be used: ${messageOf(error).split("\n")[0]}. Correct it or take it away`;
    return { ...empty, kinds: new Map(MECHANICAL_KINDS.map((kind) => [kind, faulty(kind, MECHANICAL_TOML, why)])) };
  }
  const kinds = new Map<MechanicalKind, Candidate | null>();
  for (const kind of MECHANICAL_KINDS) {
    const command = settings[kind];
    if (command !== undefined) kinds.set(kind, await candidateOf(root, kind, command, allowed));
  }
  const { timeout, coverage_threshold } = settings;
  return {
    text,
    kinds,
    timeoutMs: timeout === undefined ? undefined : Math.min(timeout, LONGEST_TIMEOUT_S) * 1000,
    coverageThreshold: coverage_threshold,
    notes: Object.keys(settings)
      .filter((key) => !KEYS.has(key))
      .map((key) => `${MECHANICAL_TOML}: ${JSON.stringify(key)} is not known`),
  };
}

async function candidateOf(
  root: string,
  kind: MechanicalKind,
  command: string | readonly string[],
  allowed: readonly string[],
): Promise<Candidate | null> {
  if (command.length === 0 || (typeof command === "string" && command.trim() === "")) return null;
  const source = `${MECHANICAL_TOML} ${kind}`;
  const script = typeof command === "string" ? command : commandLine(command);
  const words = typeof command === "string" ? commandWords(command) : command;
  if (words === null) {
    const next = "Name one program and its arguments, or put the rest into a script or target of the project";
    return faulty(kind, source, `It asks for a shell. ${next}`, script);
  }
  const why = whyForbidden(words, allowed) ?? (await whyNoWrapper(root, words[0] ?? "", allowed));
  if (why === null) return { kind, source, command: commandLine(words), script: null, fault: null, isOwn: true };
  const next = "Use a well-known build tool, or allow it in your own config.yaml: evaluation.allowed_programs";
  return faulty(kind, source, `${why}. ${next}`, script);
}

async function whyNoWrapper(root: string, program: string, allowed: readonly string[]): Promise<string | null> {
  if (!program.startsWith("./") || allowed.includes(program)) return null;
  return (await isWrapper(root, program.slice(2))) ? null : `${JSON.stringify(program)} is no program of the project`;
}

/** Anything of that name: what is no plain file is said, not passed over. */
function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
