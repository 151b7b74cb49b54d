import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { type FoundRepositories, findRepositories } from "../../brownfield/find-repositories.ts";
import { listProjects, type Project, registerFound } from "../../store/projects.ts";
import type { Store } from "../../store/store.ts";
import { knownFolder } from "./known-folder.ts";

interface ScanRequest {
  /** A folder, or `home`; the home folder is searched only when it is asked for. */
  readonly root: string;
  readonly maxDepth: number;
  readonly signal: AbortSignal;
  readonly onProgress: (folders: number, found: number) => void;
}

interface Scanned {
  /** What was found, as it is registered now. */
  readonly repos: readonly (Project & { readonly worktree_of?: string })[];
  readonly folders: number;
  readonly truncated: FoundRepositories["truncated"];
}

/** Finds repositories below a folder and registers those that are not yet. */
export async function scanRepositories(store: Store, request: ScanRequest): Promise<Scanned | Refusal> {
  const root = await knownFolder(request.root === "home" ? "~" : request.root);
  if (isRefusal(root)) return root;
  const { repositories, folders, truncated } = await findRepositories(root, request);
  await registerFound(store, repositories);
  const found = new Map(repositories.map(({ path, worktree_of }) => [path, worktree_of]));
  const { projects } = await listProjects(store);
  const repos = projects
    .filter(({ path }) => found.has(path))
    .map((project) => {
      const main = found.get(project.path);
      return main ? { ...project, worktree_of: main } : project;
    });
  return { repos, folders, truncated };
}
