/** The object in one line of JSON; null for anything else, which agents' streams hold now and then. */
export function jsonLine(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.trimStart().startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // A notice for people, or a line that was torn.
  }
}

/** How a program ended, in words. */
export function endInWords(end: { readonly code: number | null; readonly signal: string | null }): string {
  if (end.signal !== null) return `signal ${end.signal}`;
  return end.code === null ? "an end nobody saw" : `exit code ${end.code}`;
}
