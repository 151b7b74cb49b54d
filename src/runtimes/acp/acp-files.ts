import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type {
  ReadTextFileRequest,
  ReadTextFileResponse,
  WriteTextFileRequest,
  WriteTextFileResponse,
} from "@agentclientprotocol/sdk";
import { RequestError } from "@agentclientprotocol/sdk";
import type { Task } from "../runtime.ts";
import { insideFolder } from "./work-folder.ts";

const LARGEST_FILE = 16 * 2 ** 20;
/** A link put there after the look is not followed, and a pipe does not make us wait. Windows knows neither. */
const CAREFULLY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Serves an agent's requests for files: below the work folder, and nowhere else. */
export function createFiles({ root, access }: { root: string; access: Task["access"] }) {
  return { read, write };

  async function read({ path, line, limit }: ReadTextFileRequest): Promise<ReadTextFileResponse> {
    const file = await open(inside(path), constants.O_RDONLY | CAREFULLY).catch((error: unknown) => {
      throw isMissing(error) ? RequestError.resourceNotFound(path) : refused(path, "it cannot be read");
    });
    try {
      const { size } = await file.stat().then((facts) => {
        if (!facts.isFile()) throw refused(path, "it is not a file");
        return facts;
      });
      if (size > LARGEST_FILE) throw refused(path, `it is larger than ${LARGEST_FILE / 2 ** 20} MB`);
      return { content: linesOf(await file.readFile("utf8"), line ?? 1, limit ?? undefined) };
    } finally {
      await file.close();
    }
  }

  async function write({ path, content }: WriteTextFileRequest): Promise<WriteTextFileResponse> {
    if (access !== "write") throw refused(path, "this task only reads");
    if (Buffer.byteLength(content) > LARGEST_FILE)
      throw refused(path, `the text is larger than ${LARGEST_FILE / 2 ** 20} MB`);
    const target = inside(path);
    await mkdir(dirname(target), { recursive: true }).catch(() => {
      throw refused(path, "its folder cannot be made");
    });
    const before = await stat(target).catch(() => null);
    if (before !== null && !before.isFile()) throw refused(path, "it is not a file");
    // Beside it, so that it takes its place at one blow: nobody ever sees half of it.
    const temporary = join(dirname(target), `.${basename(target).slice(0, 100)}.${randomUUID()}.tmp`);
    try {
      const file = await open(temporary, "wx", before === null ? 0o666 : before.mode);
      try {
        await file.writeFile(content, "utf8");
        if (before !== null) await file.chmod(before.mode);
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch {
      await rm(temporary, { force: true });
      throw refused(path, "it cannot be written");
    }
    return {};
  }

  function inside(path: string): string {
    const real = insideFolder(root, path);
    if (real === null) throw refused(path, "it is outside the work folder");
    return real;
  }
}

/** From the line with that number, counted from 1. */
function linesOf(text: string, first: number, limit: number | undefined): string {
  if (first <= 1 && limit === undefined) return text;
  const from = Math.max(first, 1) - 1;
  return text
    .split("\n")
    .slice(from, limit === undefined ? undefined : from + limit)
    .join("\n");
}

function refused(path: string, why: string): RequestError {
  return RequestError.invalidParams({ path }, `${path} is refused: ${why}`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
