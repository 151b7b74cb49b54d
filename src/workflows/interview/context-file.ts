import { constants, open, realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { type Refusal, refuse } from "../../base/refusal.ts";
import { MOST_CONTEXT_CHARS } from "./start-interview.ts";

/** Four bytes are the longest a character gets. */
const MOST_BYTES = MOST_CONTEXT_CHARS * 4;

/**
 * Reads what an interview is to begin with from a file of the project. What is read goes to a model, so a caller over MCP
 * gets at nothing outside the project by naming it, nor through a link.
 */
export async function readContextFile(path: string, project: string): Promise<string | Refusal> {
  const real = await realpath(resolve(project, path)).catch(() => undefined);
  const root = await realpath(project).catch(() => undefined);
  if (real === undefined || root === undefined) return bad(path, "there is no such file");
  const inside = relative(root, real);
  const isOutside = inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  if (isOutside || dirname(root) === root) return bad(path, `it is outside the project ${project}`);
  // Keys and other programs' settings are kept under such names.
  if (inside.split(sep).some((part) => part.startsWith("."))) return bad(path, "it is a hidden file");
  return readText(path, real);
}

/** Reads a text file of a bounded size, and nothing that is not a plain file. */
export async function readText(path: string, real: string): Promise<string | Refusal> {
  // Without O_NONBLOCK, which Windows has not, opening a pipe waits for somebody to write into it.
  const file = await open(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (!file) return bad(path, "it cannot be opened");
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return bad(path, "it is not a file");
    if (stat.size > MOST_BYTES) return bad(path, `it is larger than ${MOST_BYTES} bytes`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
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
