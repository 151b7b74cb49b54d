import type { SessionStatus } from "../domain/session/session.ts";
import type { Colour } from "./style.ts";

const COLOURS: Record<SessionStatus, Colour> = {
  running: "green",
  paused: "yellow",
  completed: "dim",
  failed: "red",
  cancelled: "dim",
};

/** The colour a status is shown in. */
export function statusColour(status: SessionStatus): Colour {
  return COLOURS[status];
}
