import { readdir } from "node:fs/promises";
import type { ManifestFacts } from "../brownfield/manifests/manifest-facts.ts";
import { manifestKind } from "../brownfield/manifests/manifest-kinds.ts";
import { startReader } from "../brownfield/read-start.ts";
import { walkListing } from "../brownfield/walk-listing.ts";

/** A folder that may hold a project, looked at without opening more than it has to, nothing through a link, and nothing run. */
export interface ProjectFolder {
  /** The names of its plain files, and of its folders. */
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  /** The first of these names that is one of its files. */
  firstOf(...names: readonly string[]): string | undefined;
  /** The text of a file; empty where it is absent, too large, or no plain file of the project. */
  text(path: string): Promise<string>;
  /** What a manifest declares; null where it is damaged. */
  facts(name: string): Promise<ManifestFacts | null>;
  /** All of its files, however deep. */
  all(): Promise<readonly string[]>;
}

const LONGEST_FILE = 2 ** 18;
const PATIENCE_MS = 5_000;

/** Lists the folder, and gives what reads it. */
export async function lookAt(folder: string): Promise<ProjectFolder> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  const read = startReader(folder, deadline);
  const texts = new Map<string, Promise<string>>();
  return {
    files,
    folders: new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)),
    firstOf: (...names) => names.find((name) => files.has(name)),
    text,
    facts,
    all: async () => (await walkListing(folder, deadline)).files,
  };

  function text(path: string): Promise<string> {
    const known = texts.get(path) ?? readWhole(path);
    texts.set(path, known);
    return known;
  }

  async function readWhole(path: string): Promise<string> {
    const start = await read(path, LONGEST_FILE);
    return start?.whole ? start.text.replace(/^\uFEFF/, "") : "";
  }

  async function facts(name: string): Promise<ManifestFacts | null> {
    if (!files.has(name)) return {};
    try {
      return manifestKind(name)?.parse(await text(name)) ?? null;
    } catch {
      return null; // Damaged, or not what its name says: whoever wanted to know is told so.
    }
  }
}

/** The folders in a folder, as paths with `/` from the root. */
export function inFolders({ folders }: ProjectFolder, from: string): string[] {
  return [...folders].sort().map((name) => (from === "." ? name : `${from}/${name}`));
}
