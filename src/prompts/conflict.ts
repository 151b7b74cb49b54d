import { fitSections } from "./sections.ts";

const MOST_CHARS = 12_000;

/** What an agent is asked when two criteria's work does not merge: the marked files, and what each side was for. */
export function conflictPrompt({
  files,
  ours,
  theirs,
}: {
  /** Relative to the folder. */
  readonly files: readonly string[];
  /** The criterion that is to be merged now. */
  readonly ours: string;
  /** The criteria whose work is there already. */
  readonly theirs: readonly string[];
}): string {
  return fitSections(
    [
      { text: ROLE },
      { text: `The work that is to come in was done for this criterion:\n${ours}` },
      { text: "What is there already was done for these, and they hold now:", items: theirs, worth: 1 },
      { text: "Files with conflicts:", items: files, worth: 2 },
      { text: RULES },
    ],
    MOST_CHARS,
  );
}

const ROLE = `Two pieces of work on this project, each good by itself, have changed the same places. They are being merged in the current directory, and the conflicts are marked in the files.`;

const RULES = `Put them together so that everything both were for holds:
- Read both sides of each conflict before you change it. Where both added something, keep both; where they decided the same thing differently, find the form that serves both criteria.
- Leave no conflict marker behind, and change other files only where the merged code needs it.
- Do not drop or weaken a test to get there.
- Do not commit, abort or continue the merge, and change no branches: that is done here once you are finished.
- If both cannot hold at once, say why in your last message, and leave the markers where that is so.
End with a short summary: for each file, how it was put together.`;
