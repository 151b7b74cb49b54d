import type { ManifestFacts, ManifestParser } from "./manifests/manifest-facts.ts";
import { isNameOnly, manifestKind } from "./manifests/manifest-kinds.ts";
import { bounded } from "./quoted.ts";
import type { ReadStart } from "./read-start.ts";
import type { ProjectSummary } from "./summary.ts";

/** A manifest as the summary shows it, and all that it declares for whoever looks on. */
export interface Manifest {
  readonly shown: ProjectSummary["manifests"][number];
  readonly facts: ManifestFacts;
}

const MOST_MANIFESTS = 30;
const LONGEST_FILE = 2 ** 16;
const MOST_SCRIPTS = 30;
const MOST_DEPENDENCIES = 40;

/** Reads the manifests of a project: the root's first, then the ones nearest to it. */
export async function readManifests(files: readonly string[], read: ReadStart): Promise<Manifest[]> {
  const found = files.filter((path) => manifestKind(path) !== undefined).sort(byDepth);
  const manifests: Manifest[] = [];
  for (const path of found.slice(0, MOST_MANIFESTS)) {
    const { kind, parse } = manifestKind(path) ?? {};
    if (kind && parse) manifests.push(toManifest(path, kind, await factsOf(path, parse, read)));
  }
  return manifests;
}

async function factsOf(path: string, parse: ManifestParser, read: ReadStart): Promise<ManifestFacts | undefined> {
  if (isNameOnly(parse)) return {};
  const start = await read(path, LONGEST_FILE);
  if (!start?.whole) return undefined;
  try {
    return parse(start.text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined; // Damaged, or not what its name says: that is worth telling, and no reason to fail.
  }
}

function toManifest(path: string, kind: string, read: ManifestFacts | undefined): Manifest {
  const facts = read ?? {};
  const dependencies = facts.dependencies ?? [];
  return {
    facts,
    shown: {
      path: bounded(path),
      kind,
      readable: read !== undefined,
      name: textOf(facts.name),
      version: textOf(facts.version),
      description: textOf(facts.description),
      scripts: (facts.scripts ?? []).slice(0, MOST_SCRIPTS).map(({ name, command }) => ({
        name: bounded(name),
        command: bounded(command),
      })),
      dependencies: dependencies.slice(0, MOST_DEPENDENCIES).map(bounded),
      dependency_count: dependencies.length,
    },
  };
}

function textOf(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : bounded(text);
}

/** Nearer to the root first, then by name. */
function byDepth(a: string, b: string): number {
  return depthOf(a) - depthOf(b) || (a < b ? -1 : 1);
}

function depthOf(path: string): number {
  return path.split("/").length;
}
