import { constants, open, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { isProductFile, toInterviewContext } from "../product/product-context.ts";
import { MOST_CONTEXT_CHARS } from "./start-interview.ts";

/** Four bytes are the longest a character gets. */
const MOST_BYTES = MOST_CONTEXT_CHARS * 4;

/**
 * Reads what an interview is to begin with from a file of the project. What is read goes to a model, so a caller over MCP
 * gets at nothing outside the project by naming it, nor through a link; and since the caller names the project too, at
 * nothing of a user's hidden folders nor of `home`, our own. A product's document was made for this, wherever it stands.
 */
export async function readContextFile(path: string, project: string, home: string): Promise<string | Refusal> {
  const [real, root, user, ours] = await Promise.all([resolve(project, path), project, homedir(), home].map(toReal));
  if (real === undefined || root === undefined) return bad(path, "there is no such file");
  if (isProductFile(real, { home: ours ?? home, project: root })) return readContext(path, real);
  const inside = within(root, real);
  if (inside === undefined || dirname(root) === root) return bad(path, `it is outside the project ${project}`);
  const below = ours === undefined ? undefined : within(ours, real);
  // Checkouts for agents are projects, wherever they are.
  const isOurs = below !== undefined && below[0] !== "worktrees";
  const isPrivate = below === undefined && user !== undefined && within(user, real)?.[0]?.startsWith(".");
  // Keys and other programs' settings are kept under such names.
  if (isOurs || isPrivate || inside.some((part) => part.startsWith("."))) return bad(path, "it is a hidden file");
  return readContext(path, real);
}

async function readContext(path: string, real: string): Promise<string | Refusal> {
  const text = await readText(path, real);
  return isRefusal(text) ? text : toInterviewContext(text);
}

function toReal(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

/** The names that lead from a folder to a file below it. */
function within(folder: string, file: string): string[] | undefined {
  const names = relative(folder, file).split(sep);
  return names[0] === ".." || isAbsolute(names.join(sep)) ? undefined : names;
}

/** Reads a text file of a bounded size, and nothing that is not a plain file. */
export async function readText(path: string, real: string, mostBytes = MOST_BYTES): Promise<string | Refusal> {
  // Without O_NONBLOCK, which Windows has not, opening a pipe waits for somebody to write into it.
  const file = await open(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (!file) return bad(path, "it cannot be opened");
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return bad(path, "it is not a file");
    if (stat.size > mostBytes) return bad(path, `it is larger than ${mostBytes} bytes`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(stat.size), 0, stat.size, 0);
    const text = buffer.subarray(0, bytesRead);
    return text.includes(0) ? bad(path, "it is not a text file") : text.toString("utf8");
  } finally {
    await file.close();
  }
}

function bad(path: string, why: string): Refusal {
  return refuse(
    "bad_context_file",
    `Cannot read ${JSON.stringify(path.slice(0, 200))}: ${why}`,
    "Name a text file of the project, or pass its text as initial_context",
  );
}
