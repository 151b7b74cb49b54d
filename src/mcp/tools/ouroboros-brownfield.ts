import { basename, join } from "node:path";
import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { describeProject } from "../../brownfield/describe-project.ts";
import { oneLine } from "../../brownfield/quoted.ts";
import { summaryText } from "../../brownfield/summary-text.ts";
import { listProjects, type Project, registerProject } from "../../store/projects.ts";
import { chooseDefault, chooseDefaults } from "../../workflows/brownfield/choose-defaults.ts";
import { knownFolder } from "../../workflows/brownfield/known-folder.ts";
import { scanRepositories } from "../../workflows/brownfield/scan-repositories.ts";
import { defineTool, type ToolAnswer, type ToolCall } from "../tool.ts";

const ACTIONS = ["scan", "register", "query", "set_default", "set_defaults", "describe"] as const;
type Action = (typeof ACTIONS)[number];

const whole = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

const Input = v.object({
  action: v.optional(v.pipe(v.picklist(ACTIONS), v.description("Default: what the other arguments imply, else query"))),
  path: v.optional(v.pipe(v.string(), v.description("Folder, for register, set_default and describe (default: cwd)"))),
  name: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(300), v.description("For register"))),
  desc: v.optional(v.pipe(v.string(), v.maxLength(4096), v.description("For register"))),
  is_default: v.optional(v.pipe(v.boolean(), v.description("For set_default; default true"))),
  default_only: v.optional(v.pipe(v.boolean(), v.description("For query")), false),
  scan_root: v.optional(v.pipe(v.string(), v.description("For scan: a folder, or home; default: cwd"))),
  max_depth: v.optional(v.pipe(whole(0, 8), v.description("For scan")), 3),
  indices: v.optional(v.pipe(v.string(), v.description("For set_defaults: ids, comma-separated; empty clears all"))),
  offset: v.optional(v.pipe(whole(0, 1e9), v.description("For query")), 0),
  limit: v.optional(v.pipe(whole(1, 1000), v.description("For query"))),
});
type Input = v.InferOutput<typeof Input>;

const Output = v.object({
  action: v.picklist(ACTIONS),
  repos: v.array(
    v.object({
      id: v.number(),
      path: v.string(),
      name: v.string(),
      desc: v.nullable(v.string()),
      is_default: v.boolean(),
      /** Told by a scan only. */
      worktree_of: v.optional(v.string()),
    }),
  ),
  /** The ids of all defaults. */
  defaults: v.array(v.number()),
  total: v.number(),
  offset: v.number(),
  limit: v.nullable(v.number()),
  /** Whether a scan stopped early. */
  truncated: v.optional(v.boolean()),
  project: v.optional(v.record(v.string(), v.unknown())),
});
type Answer = ToolAnswer<v.InferInput<typeof Output>> | Refusal;

/** `ouroboros_brownfield`: the registry of repositories that upstream keeps too, and what can be known of one. */
export const ouroborosBrownfield = defineTool({
  name: "ouroboros_brownfield",
  title: "Existing projects",
  description:
    "Describes a project from its files (languages, manifests, tests, conventions), finds repositories, and keeps the registry of them with its defaults. Runs nothing of a project.",
  toolset: "authoring",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: Input,
  output: Output,
  async run(input, call) {
    return await ROUTES[input.action ?? implied(input)](input, call);
  },
});

/** As upstream reads a call without an action. */
function implied({ indices, is_default, path }: Input): Action {
  if (indices !== undefined) return "set_defaults";
  if (is_default !== undefined) return "set_default";
  return path === undefined ? "query" : "register";
}

const ROUTES: Readonly<Record<Action, (input: Input, call: ToolCall) => Promise<Answer>>> = {
  async scan({ scan_root = ".", max_depth }, { context, signal, progress }) {
    const onProgress = (looked: number, found: number) =>
      void progress(looked, undefined, `${looked} folders looked at, ${found} repositories found`);
    const scanned = await scanRepositories(context.store, { root: scan_root, maxDepth: max_depth, signal, onProgress });
    if (isRefusal(scanned)) return scanned;
    const { repos, folders, truncated } = scanned;
    const early = truncated.count || truncated.time;
    const lines = [`Scan complete. ${repos.length} repositories registered.`];
    if (early) lines.push(`It stopped early, after ${folders} folders: scan a smaller scan_root for the rest.`);
    lines.push(...repos.map(numbered));
    const value = { ...(await page("scan", repos, context)), total: repos.length, truncated: early };
    return { value, text: [...lines, await defaultsLine(context)].join("\n") };
  },

  async register({ path, name, desc }, { context }) {
    const folder = path === undefined ? missing("path", "register") : await knownFolder(path);
    if (isRefusal(folder)) return folder;
    const repo = await registerProject(context.store, { path: folder, name, desc, otherwise: basename(folder) });
    return { value: await page("register", [repo], context), text: `Registered: ${titled(repo)}` };
  },

  async query({ default_only, offset, limit }, { context }) {
    const asked = { defaultOnly: default_only, offset, ...(limit === undefined ? {} : { limit }) };
    const { projects, total } = await listProjects(context.store, asked);
    const value = { ...(await page("query", projects, context)), total, offset, limit: limit ?? null };
    if (default_only) return { value, text: await defaultsLine(context) };
    return { value, text: projects.map(bulleted).join("\n") || "No repositories to list." };
  },

  async set_default({ path, is_default = true }, { context }) {
    const repo =
      path === undefined ? missing("path", "set_default") : await chooseDefault(context.store, path, is_default);
    if (isRefusal(repo)) return repo;
    const words = is_default ? "Default set" : "No longer a default";
    return { value: await page("set_default", [repo], context), text: `${words}: ${titled(repo)}` };
  },

  async set_defaults({ indices }, { context }) {
    const repos =
      indices === undefined ? missing("indices", "set_defaults") : await chooseDefaults(context.store, indices);
    if (isRefusal(repos)) return repos;
    const text = repos.length === 0 ? "All defaults cleared." : await defaultsLine(context);
    return { value: await page("set_defaults", repos, context), text };
  },

  async describe({ path = "." }, { context, signal }) {
    const folder = await knownFolder(path);
    if (isRefusal(folder)) return folder;
    const cacheFolder = join(context.home, "cache", "projects");
    const project = await describeProject(folder, { signal, cacheFolder });
    return { value: { ...(await page("describe", [], context)), project }, text: summaryText(project) };
  },
};

async function page(action: Action, repos: readonly Project[], { store }: ToolCall["context"]) {
  const defaults = (await listProjects(store, { defaultOnly: true })).projects.map(({ id }) => id);
  return { action, repos: [...repos], defaults, total: repos.length, offset: 0, limit: null };
}

async function defaultsLine({ store }: ToolCall["context"]): Promise<string> {
  const { projects } = await listProjects(store, { defaultOnly: true });
  return projects.length === 0
    ? "No defaults set."
    : `Default(s): ${projects.map(({ name }) => word(name)).join(", ")}`;
}

function numbered({ id, name, is_default }: Project): string {
  return `${String(id).padStart(2)}. ${word(name)}${is_default ? " *" : ""}`;
}

function bulleted(repo: Project): string {
  const { name, is_default, path, desc } = repo;
  return `- ${word(name)}${is_default ? " [default]" : ""}: ${word(path)}${desc === null ? "" : ` — ${word(desc)}`}`;
}

function titled({ name, path }: Project): string {
  return `${word(name)} (${word(path)})`;
}

/** A folder's name may hold anything, line breaks too. */
function word(text: string): string {
  return oneLine(text, 200);
}

function missing(argument: string, action: Action): Refusal {
  const message = `'${argument}' is required for '${action}' action`;
  return refuse("bad_arguments", message, `Give ${argument}, or choose another action`);
}
