/** The shells there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One command, or a group of commands, as a completion script knows it. */
export interface CommandNode {
  readonly path: readonly string[];
  readonly brief: string;
  readonly flags: readonly FlagNode[];
  /** What its argument is, where it takes one. */
  readonly argument: "session" | "shell" | undefined;
}

export interface FlagNode {
  readonly name: string;
  readonly brief: string;
  readonly takesValue: boolean;
  /** All values there are, where there is a list of them. */
  readonly values: readonly string[];
  readonly isSessionId: boolean;
}

/** How a script asks for the newest session ids; the ids are taken from the JSON with what every system has. */
export const SESSION_IDS = `ouroboros sessions --json --limit 50 2>/dev/null |
    grep -o '"session_id":"[A-Za-z0-9_.:-]*"' | cut -d '"' -f 4`;
