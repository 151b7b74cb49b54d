/** Writes one line of plain text to stderr: stdout belongs to the protocol or to the answer. */
export function logLine(text: string): void {
  try {
    process.stderr.write(`ouroboros: ${text.replaceAll("\n", " ")}\n`);
  } catch {
    // A closed stderr (the host is gone) must not turn a message into a crash.
  }
}
