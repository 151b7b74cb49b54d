/** Something that is wrong, and what to do about it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}
