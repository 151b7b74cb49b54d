import { join } from "node:path";
import * as posix from "node:path/posix";
import { type PlacedCommand, placedCommands } from "./command-files.ts";
import type { Definition } from "./definitions/definition.ts";
import { definitionsOf } from "./definitions/definitions-of.ts";
import { readPlainFile } from "./plain-file.ts";

interface Expanded {
  readonly commands: readonly PlacedCommand[];
  /** The files that say what is run, relative to the folder. */
  readonly definitions: ReadonlyMap<string, Definition>;
}

/** Scripts that run scripts that run scripts. */
const DEEPEST = 4;

/** What lines run, with what that runs in its turn, and the files that say so. */
export async function expandLines(lines: readonly string[], folder: string): Promise<Expanded> {
  let latest = lines.flatMap((line) => placedCommands(line));
  const commands: PlacedCommand[] = [];
  for (let depth = 0; depth < DEEPEST && latest.length > 0; depth++) {
    commands.push(...latest);
    const next: PlacedCommand[] = [];
    for (const [path, definition] of definitionsOf(latest)) {
      const text = await readPlainFile(join(folder, path));
      for (const line of text === null ? [] : definition.lines(text)) {
        next.push(...placedCommands(line, posix.dirname(path)));
      }
    }
    latest = next;
  }
  return { commands, definitions: definitionsOf(commands) };
}
