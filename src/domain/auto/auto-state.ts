import type { Lineage } from "../evolution/lineage.ts";
import type { Interview } from "../interview/interview.ts";
import type { Spent } from "../run/ceiling.ts";
import type { SessionStatus } from "../session/session.ts";
import type { Auto } from "./auto.ts";
import type { AutoStanding } from "./auto-phase.ts";

/** An auto with all that says where it stands. */
export interface AutoState extends AutoStanding {
  readonly auto: Auto;
  readonly interview: Interview | undefined;
  readonly lineage: Lineage | undefined;
  /** The session that has the lineage go on by itself; null where each call does that. */
  readonly conductor: {
    readonly session_id: string;
    readonly status: SessionStatus;
    readonly reason: string | null;
  } | null;
  /** Where its work is: the repository that the lineage's branch is in, and the commit that all of it began with. */
  readonly place: { readonly repository: string; readonly base: string } | null;
  /** What minds took for the interview and the seed. */
  readonly thinking: Spent;
  /** With what the lineage has taken. */
  readonly spent: Spent;
}
