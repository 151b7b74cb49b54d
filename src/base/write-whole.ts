import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";

/** Writes a file so that all of it is there or nothing, whoever dies. A rename replaces a link of that name and never follows it. */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
  const partial = `${path}.partial-${randomUUID()}`;
  try {
    const file = await open(partial, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {}); // the folder itself may be what is wrong
    throw error;
  }
}
