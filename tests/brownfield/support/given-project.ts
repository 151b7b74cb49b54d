import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder with a project in it, made of real files and, if it is wanted, a real git. */
export interface GivenProject extends AsyncDisposable {
  readonly root: string;
  at(path: string): string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  git(...args: string[]): string;
  commit(): void;
}

/** A project of these files; in a folder of its own, inside which the project may be moved about. */
export async function givenProject(files: Readonly<Record<string, string>> = {}): Promise<GivenProject> {
  const outside = await realpath(await mkdtemp(join(tmpdir(), "ouroboros-brownfield-")));
  const root = join(outside, "project");
  await mkdir(root);
  const at = (path: string) => join(root, path);
  const git = (...args: string[]) => {
    const env = { PATH: process.env.PATH ?? "", HOME: outside, GIT_CONFIG_NOSYSTEM: "1" };
    return execFileSync("git", ["-C", root, ...AUTHOR, ...args], { env, encoding: "utf8", stdio: "pipe" });
  };
  const project: GivenProject = {
    root,
    at,
    git,
    async write(more) {
      for (const [path, text] of Object.entries(more)) {
        await mkdir(dirname(at(path)), { recursive: true });
        await writeFile(at(path), text);
      }
    },
    commit() {
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", "all");
    },
    [Symbol.asyncDispose]: () => rm(outside, { recursive: true, force: true }),
  };
  await project.write(files);
  return project;
}

/** The same as a git checkout with one commit. */
export async function givenCheckout(files: Readonly<Record<string, string>> = {}): Promise<GivenProject> {
  const project = await givenProject(files);
  project.git("init", "--quiet", "--initial-branch", "main");
  project.commit();
  return project;
}

const AUTHOR = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
