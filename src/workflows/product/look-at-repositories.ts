import { basename } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Repository } from "../../domain/product/product-document.ts";
import { listProjects } from "../../store/projects.ts";
import { knownFolder } from "../brownfield/known-folder.ts";
import type { InterviewWorld } from "../interview/interview-call.ts";

/** Each is told in up to 4,000 characters, at every turn. */
const MOST_REPOSITORIES = 8;

export interface Ground {
  readonly repositories: readonly Repository[];
  /** What is known of the code there; null where there is none. */
  readonly project: { readonly isBrownfield: boolean; readonly text: string } | null;
}

/**
 * The code that a product is to be built on: the repositories somebody chose (none of them: nothing is there yet), else the
 * registry's defaults, else the project of `cwd`.
 */
export async function lookAtRepositories(
  world: InterviewWorld,
  { selected, cwd }: { readonly selected: readonly string[] | undefined; readonly cwd: string },
): Promise<Ground | Refusal> {
  const folders = selected === undefined ? await defaultFolders(world) : await chosenFolders(selected);
  if (isRefusal(folders)) return folders;
  if (selected === undefined && folders.length === 0) return { repositories: [], project: await world.look(cwd) };
  const looks = await Promise.all(folders.map((folder) => world.look(folder)));
  const texts = folders.flatMap((folder, index) => {
    const look = looks[index];
    return look ? [`Repository ${JSON.stringify(folder)}\n${look.text}`] : [];
  });
  return {
    repositories: folders.map((path) => ({ path, name: basename(path) })),
    project: texts.length === 0 ? null : { isBrownfield: true, text: texts.join("\n\n") },
  };
}

/** Nobody named these now: one that is gone is left out. */
async function defaultFolders({ store }: InterviewWorld): Promise<string[]> {
  const { projects } = await listProjects(store, { defaultOnly: true, limit: MOST_REPOSITORIES });
  const folders = await Promise.all(projects.map(({ path }) => knownFolder(path)));
  return [...new Set(folders.flatMap((folder) => (isRefusal(folder) ? [] : [folder])))];
}

async function chosenFolders(selected: readonly string[]): Promise<string[] | Refusal> {
  const next = "Take paths from ouroboros_brownfield (action: query), or pass [] when nothing exists yet";
  if (selected.length > MOST_REPOSITORIES) {
    const message = `Cannot look at ${selected.length} repositories: at most ${MOST_REPOSITORIES} are told of`;
    return refuse("too_many_repositories", message, "Choose those that the product touches most");
  }
  const folders = await Promise.all(selected.map(knownFolder));
  const missing = selected.filter((_, index) => isRefusal(folders[index]));
  if (missing.length > 0) {
    const named = missing.map((path) => JSON.stringify(path.slice(0, 200))).join(", ");
    return refuse("unknown_repository", `There is no folder to look at: ${named}`, next, { missing });
  }
  return [...new Set(folders.flatMap((folder) => (isRefusal(folder) ? [] : [folder])))];
}
