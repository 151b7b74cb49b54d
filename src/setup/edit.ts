/** One place of a text that changes; `at` counts in the text as it was before any of the edits. */
export interface Edit {
  readonly at: number;
  readonly removed: string;
  readonly inserted: string;
}

/** The text with the edits made; they are in order and do not overlap. Throws when the text is not the one they were made for. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let done = "";
  let at = 0;
  for (const edit of edits) {
    if (text.slice(edit.at, edit.at + edit.removed.length) !== edit.removed) {
      throw new Error("Cannot make an edit in a text that it was not made for");
    }
    done += text.slice(at, edit.at) + edit.inserted;
    at = edit.at + edit.removed.length;
  }
  return done + text.slice(at);
}

/** The edits that lead back. */
export function invertEdits(edits: readonly Edit[]): Edit[] {
  let shift = 0;
  return edits.map(({ at, removed, inserted }) => {
    const inverse = { at: at + shift, removed: inserted, inserted: removed };
    shift += inserted.length - removed.length;
    return inverse;
  });
}
