import { OuroborosError } from "../../base/errors.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { resumeCard } from "../../views/resume-card.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";

export type CardFlags = SharedFlags & { readonly cwd?: string | undefined };

/** A hook of the host waits for us, and a person for the host. */
const PATIENCE_MS = 800;

/**
 * `ouroboros card`: what a model that opens this project should know of its interrupted work, or nothing. Never a failure:
 * a host shows what a hook says, and there is nothing to say about a store that is missing, damaged or slow.
 */
export async function card(_cli: Cli, flags: CardFlags): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(""), PATIENCE_MS);
  // The card is on its way before the store is closed: that may have to wait for others.
  tell(flags, resolve).then(
    () => resolve(""),
    (error: unknown) => (error instanceof OuroborosError ? resolve("") : reject(error)),
  );
  try {
    const text = await promise;
    return { json: { card: text }, text: text === "" ? "" : `${text}\n` };
  } finally {
    clearTimeout(timer);
  }
}

function tell({ cwd, ...flags }: CardFlags, say: (card: string) => void): Promise<void> {
  const { host_session_id, project_dir } = readHostBinding(process.env);
  const where = { cwd: cwd ?? project_dir ?? process.cwd(), hostSessionId: host_session_id };
  return look(flags, async (context) => say(await resumeCard(context, where)));
}
