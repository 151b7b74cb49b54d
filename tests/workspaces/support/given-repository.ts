import { execFileSync } from "node:child_process";
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isRefusal, type Refusal } from "../../../src/base/refusal.ts";
import { openWorkspace, type WorkspaceOrder } from "../../../src/workspaces/open-workspace.ts";
import type { Workspace } from "../../../src/workspaces/workspace.ts";

/** A project in a folder, with a home of Ouroboros and a user of its own beside it. */
export interface GivenRepository extends AsyncDisposable {
  readonly outside: string;
  readonly root: string;
  readonly home: string;
  at(path: string): string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  git(...args: string[]): string;
  commit(message?: string): string;
  /** Opens the run's workspace; throws when that is refused. */
  open(order?: Partial<WorkspaceOrder>): Promise<Workspace>;
  refused(order?: Partial<WorkspaceOrder>): Promise<Refusal>;
}

/** A plain folder of these files; a name with blanks, signs and letters of another script, as people have them. */
export async function givenFolder(files: Readonly<Record<string, string>> = {}): Promise<GivenRepository> {
  const outside = await realpath(await mkdtemp(join(tmpdir(), "ouroboros-workspaces-")));
  const root = join(outside, "my pröject");
  const home = join(outside, "home");
  const userHome = join(outside, "user");
  await mkdir(root);
  await mkdir(userHome);
  // git under test reads the user's own configuration there, and not that of whoever runs the tests.
  const before = process.env.HOME;
  process.env.HOME = userHome;
  const order = (more: Partial<WorkspaceOrder>): WorkspaceOrder => ({
    runId: "exec_1",
    cwd: root,
    home,
    mode: "worktree",
    signal: new AbortController().signal,
    ...more,
  });
  const repository: GivenRepository = {
    outside,
    root,
    home,
    at: (path) => join(root, path),
    write: (more) => writeAll(root, more),
    git: (...args) => git(root, userHome, args),
    commit(message = "work") {
      repository.git("add", "--all");
      repository.git("commit", "--quiet", "--allow-empty", "--message", message);
      return repository.git("rev-parse", "HEAD").trim();
    },
    async open(more = {}) {
      const workspace = await openWorkspace(order(more));
      if (isRefusal(workspace)) throw new Error(`refused: ${workspace.code}: ${workspace.message}`);
      return workspace;
    },
    async refused(more = {}) {
      const refusal = await openWorkspace(order(more));
      if (isRefusal(refusal)) return refusal;
      throw new Error("it was not refused");
    },
    async [Symbol.asyncDispose]() {
      if (before === undefined) delete process.env.HOME;
      else process.env.HOME = before;
      await rm(outside, { recursive: true, force: true });
    },
  };
  await repository.write(files);
  return repository;
}

/** The same as a repository with one commit. */
export async function givenRepository(files: Readonly<Record<string, string>> = {}): Promise<GivenRepository> {
  const repository = await givenFolder(files);
  repository.git("init", "--quiet", "--initial-branch", "main");
  repository.commit("first");
  return repository;
}

/** Writes files below a folder, making what is missing on the way. */
export async function writeAll(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** Everything below a folder as text: kind, mode and content of each path. */
export async function listAll(root: string, leaveOut: (path: string) => boolean = () => false): Promise<string[]> {
  const found: string[] = [];
  for (const path of (await readdir(root, { recursive: true })).sort()) {
    if (leaveOut(path)) continue;
    const whole = join(root, path);
    const { mode } = await lstat(whole);
    const kind = mode & 0o170000;
    const text = kind === 0o100000 ? await readFile(whole, "base64") : kind === 0o120000 ? await readlink(whole) : "";
    found.push(`${path} ${mode.toString(8)} ${text}`);
  }
  return found;
}

function git(root: string, userHome: string, args: readonly string[]): string {
  const author = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
  const env = { PATH: process.env.PATH ?? "", HOME: userHome, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" };
  return execFileSync("git", ["-C", root, ...author, ...args], { env, encoding: "utf8", stdio: "pipe" });
}
