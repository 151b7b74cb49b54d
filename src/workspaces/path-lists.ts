import { type GitRunner, gitFailure } from "../process/git-runner.ts";
import { splitNul } from "./refs.ts";

/** What git lists. Names go back to it byte by byte, whatever they are encoded in. */
export async function listPaths(
  git: GitRunner,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { code, out, errors } = await git.run(args, { env });
  if (code !== 0) throw gitFailure(args[0] ?? "", code, errors);
  return splitNul(out.toString("latin1"));
}

/** Such a name for a person, and for everybody else but git. */
export function readable(path: string): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

/** Names as git reads them. */
export function joinNul(paths: readonly string[]): Buffer {
  return Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
}
