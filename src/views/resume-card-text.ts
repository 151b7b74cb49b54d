/** One session on the card; what the store does not say is null and not shown. */
export interface CardLine {
  readonly sessionId: string;
  readonly goal: string | null;
  /** What it is doing, or what stopped it. */
  readonly state: string;
  readonly done: number | null;
  readonly total: number | null;
  /** Of a run that goes on: since when. */
  readonly elapsedSeconds: number | null;
  /** Of one that does not: since when. */
  readonly agoSeconds: number | null;
  readonly tokens: number | null;
  readonly costUsd: number | null;
}

// Three lines of these and what stands around them are at most 300 tokens of four characters: nobody has asked for the card.
const ID_CHARS = 48;
const GOAL_CHARS = 80;
const STATE_CHARS = 90;

const FIRST = "Ouroboros: work in this project that is not over.";
const LAST = `To go on or watch: tool ouroboros_resume_session {"session_id": ID}, or in a shell: ouroboros resume ID`;

/** The card's text: a line a session, how many more there are, and how to go on; empty without sessions. */
export function writeCard(lines: readonly CardLine[], more: number): string {
  if (lines.length === 0) return "";
  const rest = more > 0 ? [`- and ${more} more: ouroboros resume lists them`] : [];
  return [FIRST, ...lines.map(toText), ...rest, LAST].join("\n");
}

function toText(line: CardLine): string {
  const { done, total, elapsedSeconds, agoSeconds, tokens, costUsd, goal } = line;
  const parts = [
    total === null ? "" : `${short(done ?? 0)} of ${short(total)} done`,
    elapsedSeconds === null ? "" : `for ${duration(elapsedSeconds)}`,
    agoSeconds === null ? "" : `${duration(agoSeconds)} ago`,
    tokens === null ? "" : `about ${short(tokens)} tokens`,
    costUsd === null ? "" : `about $${costUsd < 1e6 ? costUsd.toFixed(2) : short(costUsd)}`,
  ].filter((part) => part !== "");
  const quoted = goal === null ? "" : ` "${cut(plain(goal).replaceAll('"', "'"), GOAL_CHARS)}"`;
  return `- ${cut(plain(line.sessionId), ID_CHARS)}${quoted} ${[cut(plain(line.state), STATE_CHARS), ...parts].join("; ")}`;
}

/** One line of visible characters. Stricter than for a terminal: a model also reads what a person cannot see. */
function plain(text: string): string {
  return text.replace(/[\p{C}\p{Z}\s]+/gu, " ").trim();
}

/** At most so many UTF-16 units, never half a character. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  let kept = "";
  for (const character of text) {
    if (kept.length + character.length > most - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${short(Math.round(minutes / 1440))} d`;
}

function short(amount: number): string {
  if (amount < 10_000) return String(Math.round(amount));
  if (amount < 10_000_000) return `${Math.round(amount / 1000)}k`;
  return amount < 1e12 ? `${Math.round(amount / 1e6)}M` : amount.toExponential(1);
}
