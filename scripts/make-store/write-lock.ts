import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a session's lock file under the data directory as upstream does: plain text, usually `{pid}:{start}`. */
export function writeLock(home: string, sessionId: string, text: string): string {
  const directory = join(home, "locks");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, sessionId);
  writeFileSync(path, text);
  return path;
}
