import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { AUTO_BLOCKED, type Block } from "../../domain/auto/auto-events.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { changeAuto } from "../../store/autos.ts";

/** Puts on record what is in an auto's way. */
export async function block(
  { store }: SessionContext,
  autoId: string,
  what: Pick<Block, "phase" | "code" | "message" | "next"> & Partial<Block>,
): Promise<"on" | Refusal> {
  const blocked = await changeAuto(store, autoId, () => [[AUTO_BLOCKED, { round: null, suggestions: [], ...what }]]);
  return isRefusal(blocked) ? blocked : "on";
}
