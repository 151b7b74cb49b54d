import { realpath } from "node:fs/promises";
import { type Refusal, refuse } from "../../base/refusal.ts";
import { findProject, listProjects, type Project, setDefault, setDefaults } from "../../store/projects.ts";
import type { Store } from "../../store/store.ts";
import { expandedPath } from "./known-folder.ts";

const MOST_IDS = 1_000;

/** Makes one registered repository a default, or no longer; the others keep their flags. */
export async function chooseDefault(store: Store, path: string, isDefault: boolean): Promise<Project | Refusal> {
  // As it is registered, or as it is really called: upstream registers paths as they were given.
  const given = expandedPath(path);
  const registered = (await findProject(store, given))?.path ?? (await realpath(given).catch(() => given));
  const project = await setDefault(store, registered, isDefault);
  if (project) return project;
  const next = "Register it first (action: register), or see the registered ones (action: query)";
  return refuse("unknown_repository", `Cannot set a default: ${given} is not registered`, next);
}

/** Makes exactly the repositories of these ids, separated by commas, the defaults. All of them are known, or nothing changes. */
export async function chooseDefaults(store: Store, ids: string): Promise<readonly Project[] | Refusal> {
  const words = ids
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
  const next = "Take the ids from action: query";
  if (words.length > MOST_IDS || !words.every((word) => /^\d{1,15}$/.test(word))) {
    const message = `Cannot set the defaults: they must be at most ${MOST_IDS} ids, separated by commas`;
    return refuse("bad_arguments", message, next, { indices: ids.slice(0, 200) });
  }
  if (!(await setDefaults(store, words.map(Number)))) {
    const message = "Cannot set the defaults: not all of these ids are registered, so nothing was changed";
    return refuse("unknown_repository", message, next, { indices: ids.slice(0, 200) });
  }
  return (await listProjects(store, { defaultOnly: true })).projects;
}
