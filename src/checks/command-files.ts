import { join, normalize } from "node:path/posix";
import { baseName } from "../domain/seed/lint/harm.ts";
import { type ShellCommand, shellCommands } from "../domain/seed/lint/shell-commands.ts";

/** A simple command of a line, and the folder it runs in, relative to where the line starts; null where that is not known. */
export interface PlacedCommand extends ShellCommand {
  readonly folder: string | null;
}

/** What a line names that may be files: what it runs or hands to a program, and what it only looks at. */
interface NamedFiles {
  readonly run: ReadonlySet<string>;
  readonly seen: ReadonlySet<string>;
}

/** Programs that say what stands in a file: the file is the work that is looked for. */
const LOOKERS = new Set("grep egrep fgrep rg ag cat head tail wc jq yq awk sed sort".split(" "));
/** Programs that say no more than that a file is there. */
const FINDERS = new Set("[ [[ test ls stat file find".split(" "));

/** Words of the shell's language, and programs that run the one named after them. */
const BEFORE_PROGRAM = new Set(
  "if then else elif do while until { ! ( timeout stdbuf xvfb-run nice time exec command sudo".split(" "),
);
const SHELLS = new Set(["sh", "bash", "dash", "zsh"]);

/** The simple commands of a line that starts in a folder, `cd` followed, shells within it too. */
export function placedCommands(line: string, start: string | null = "."): PlacedCommand[] {
  let folder = start;
  const placed: PlacedCommand[] = [];
  for (const found of shellCommands(line)) {
    const command = unwrapped(found);
    const script = SHELLS.has(baseName(command.program)) ? scriptOf(command.args) : undefined;
    if (script !== undefined) placed.push(...placedCommands(script, folder));
    else if (command.program !== "cd") placed.push({ ...command, folder });
    else folder = inside(folder, command.args[0] ?? "~");
  }
  return placed;
}

function unwrapped(command: ShellCommand): ShellCommand {
  const words = [command.program, ...command.args.map((arg) => arg.replace(/\)+$/, ""))];
  while (words.length > 1 && BEFORE_PROGRAM.has(words[0] ?? "")) {
    words.shift();
    while (words.length > 1 && /^(?:-|\d)/.test(words[0] ?? "")) words.shift();
  }
  const [program = "", ...args] = words;
  return { ...command, program: program.replace(/^\(+/, ""), args };
}

function scriptOf(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => /^-\w*c$/.test(arg));
  return at === -1 ? undefined : args[at + 1];
}

/** The paths that command lines name, relative to the folder they start in. */
export function namedFiles(commands: readonly PlacedCommand[]): NamedFiles {
  const run = new Set<string>();
  const seen = new Set<string>();
  for (const { program, args, folder } of commands) {
    if (FINDERS.has(baseName(program))) continue;
    const into = LOOKERS.has(baseName(program)) ? seen : run;
    for (const word of [program, ...args, ...modulesOf(args)]) {
      const path = inside(folder, pathIn(word));
      if (path !== null) into.add(path);
    }
  }
  return { run, seen };
}

/** `--config=x`, `tests/a.py::test_b`, `x.rb:12` name the file in them. */
function pathIn(word: string): string {
  const value = /^-[^=]*=(.*)$/s.exec(word)?.[1] ?? word;
  return value.replace(/(?:::.*|(?::\d+)+|\)+)$/s, "");
}

/** `-m pkg.check` names pkg/check.py. */
function modulesOf(args: readonly string[]): string[] {
  const name = args[args.indexOf("-m") + 1];
  return args.includes("-m") && name !== undefined ? [`${name.replaceAll(".", "/")}.py`] : [];
}

function inside(folder: string | null, path: string): string | null {
  if (folder === null || path === "" || /^[/~$]|^[A-Za-z]:/.test(path)) return null;
  const joined = normalize(join(folder, path));
  return joined === ".." || joined.startsWith("../") ? null : joined;
}
