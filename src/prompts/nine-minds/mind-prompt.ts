/** A way of thinking that somebody can be asked to take on. */
export interface MindPrompt {
  readonly title: string;
  /** How it goes about things. */
  readonly thinks: string;
  /** What it asks, each of which can be answered by looking, trying or deciding. */
  readonly asks: readonly string[];
  /** What it gives back. */
  readonly hands_back: string;
}

/** A mind in words. Where the user has written their own for it, those are taken as they are. */
export function mindText({ title, thinks, asks, hands_back }: MindPrompt, override?: string): string {
  if (override !== undefined && override.trim() !== "") return override.trim();
  return [`# ${title}`, thinks, ["Questions:", ...asks.map((one) => `- ${one}`)].join("\n"), hands_back].join("\n\n");
}
