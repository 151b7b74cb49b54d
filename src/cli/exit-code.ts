import { OuroborosError } from "../base/errors.ts";
import { isRefusal } from "../base/refusal.ts";

/** What the shell is told; scripts may rely on these. */
export const EXIT = { ok: 0, failure: 1, refused: 2, notReady: 3, interrupted: 130 } as const;

const NOT_READY = new Set(["busy", "not_ready", "store_busy", "store_unavailable", "store_unreachable"]);
/** Thrown, but the fault of what was typed. */
const WRONG_USAGE = new Set(["bad_store_name"]);

/** The exit code of a refusal or of whatever was thrown. */
export function exitCodeOf(trouble: unknown): number {
  const code = trouble instanceof OuroborosError || isRefusal(trouble) ? trouble.code : "internal";
  if (NOT_READY.has(code)) return EXIT.notReady;
  return isRefusal(trouble) || WRONG_USAGE.has(code) ? EXIT.refused : EXIT.failure;
}
