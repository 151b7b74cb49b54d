import type { Transport, Visit } from "./report.ts";
import type { Stage } from "./stage.ts";

/** One way a client comes to know the server, and what it then does with it. */
export interface Road {
  readonly client: string;
  readonly version: string;
  readonly transport: Transport;
  readonly setup: string;
  visit(stage: Stage): Promise<Visit>;
}

/** How many tools the server offers: as it is started by default, with every toolset, and by the entry that `setup` writes for a host. */
export interface Offered {
  readonly byDefault: number;
  readonly all: number;
  readonly bySetup: Readonly<Record<SetupHost, number>>;
}

export type SetupHost = "claude-code" | "codex" | "gemini" | "opencode";
