import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toLockNames } from "./python-lock.ts";

/**
 * Tells a living Python program (v0.51) that its session is cancelled, the way it tells itself: a private JSON file in
 * `<home>/cancellations`, appearing whole. Version 0.27 looks at the store instead.
 */
export async function writePythonCancelMarker(
  home: string,
  sessionId: string,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<void> {
  const folder = join(home, "cancellations");
  const [name = ""] = toLockNames(sessionId); // the plain one wherever that is safe
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const body = {
    version: 1,
    requesting_pid: process.pid,
    reason: reason.slice(0, 4096),
    cancelled_by: by.slice(0, 256),
  };
  const partial = join(folder, `.${name}.${process.pid}`);
  await writeFile(partial, JSON.stringify(body), { mode: 0o600 });
  await rename(partial, join(folder, name));
}
