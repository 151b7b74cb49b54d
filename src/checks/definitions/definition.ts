/** The part of a file that says what a command runs, such as a script of a package. */
export interface Definition {
  /** What of the file decides about a command of these words, piece by piece. */
  pieces(text: string): Readonly<Record<string, string>>;
  /** Of two versions, the newer one with the older one's pieces; null or absent where they cannot be exchanged. */
  merge?(newer: string, older: string): string | null;
  /** Lines for the shell that the pieces run in their turn. */
  lines(text: string): readonly string[];
}
