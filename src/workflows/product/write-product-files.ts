import { lstat, mkdir, readFile, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { messageOf } from "../../base/errors.ts";
import { writeWhole } from "../../base/write-whole.ts";
import { isUntouched, sealed } from "../../domain/product/prd-markdown.ts";

export interface ProductFiles {
  /** The document for programs, where upstream looks for it. */
  readonly seedPath: string | null;
  /** The page for people: in the project, else beside the document. */
  readonly pagePath: string | null;
  /** Why one of them is missing, or is not in the project; null when both are where they belong. */
  readonly problem: string | null;
}

type Access = typeof PRIVATE;
/** Of the user alone, as everything in Ouroboros' own folder. */
const PRIVATE = { folder: 0o700, file: 0o600 };
/** Part of the project, as far as the user's umask lets it. */
const SHARED: Access = { folder: 0o777, file: 0o666 };

/** Writes a product's document and its page; whatever keeps a file from being written costs that file and nothing else. */
export async function writeProductFiles(
  { home, cwd }: { readonly home: string; readonly cwd: string | null },
  document: { readonly pmId: string; readonly json: string; readonly markdown: string },
): Promise<ProductFiles> {
  const { pmId, json, markdown } = document;
  const page = sealed(markdown);
  const problems: string[] = [];
  const tried = async (work: () => Promise<string>): Promise<string | null> => {
    try {
      return await work();
    } catch (error) {
      problems.push(messageOf(error));
      return null;
    }
  };
  const seeds = join(home, "seeds");
  const seedPath = await tried(() => writeInto(seeds, `${pmId}.json`, json, PRIVATE));
  const pagePath =
    (await tried(() => writePage(cwd, page))) ?? (await tried(() => writeInto(seeds, `${pmId}.md`, page, PRIVATE)));
  return { seedPath, pagePath, problem: problems.length === 0 ? null : problems.join("; ") };
}

/** `.ouroboros/pm.md` of a real project: never through a link out of it, and never over what somebody else has written there. */
async function writePage(cwd: string | null, page: string): Promise<string> {
  const root = cwd === null ? undefined : await realpath(cwd).catch(() => undefined);
  if (root === undefined || !(await lstat(root)).isDirectory())
    throw new Error(`There is no project folder ${cwd ?? ""}`);
  // Ouroboros' own folder has the same name in the user's home.
  const own = await realpath(homedir()).catch(homedir);
  if (root === own || dirname(root) === root) throw new Error(`${root} is no project`);
  const folder = join(root, ".ouroboros");
  const present = await lstat(folder).catch(() => undefined);
  if (present && !present.isDirectory()) throw new Error(`${folder} is a link or a file, so nothing is written there`);
  const path = join(folder, "pm.md");
  const there = await lstat(path).catch(() => undefined);
  if (there && !(there.isFile() && isUntouched(await readFile(path, "utf8")))) {
    throw new Error(`${path} holds what somebody else has written, so it is left alone`);
  }
  return writeInto(folder, "pm.md", page, SHARED);
}

async function writeInto(folder: string, name: string, text: string, access: Access): Promise<string> {
  await mkdir(folder, { recursive: true, mode: access.folder });
  const path = join(folder, name);
  await writeWhole(path, text, access.file);
  return path;
}
