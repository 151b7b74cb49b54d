import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Refusal, refuse } from "../../../base/refusal.ts";
import { runInForeground } from "../../../process/foreground.ts";

/** A text in a private file, to be changed in the person's own editor. The file goes when this is disposed of, unless kept. */
export interface EditedText extends AsyncDisposable {
  readonly path: string;
  /** Opens the editor and resolves with the text it left. */
  edit(): Promise<string | Refusal>;
  keep(): void;
}

/** Lays a text out for editing. */
export async function editText(text: string): Promise<EditedText> {
  const folder = await mkdtemp(join(tmpdir(), "ouroboros-edit-"));
  const path = join(folder, "seed.yaml");
  await writeFile(path, text, { mode: 0o600 });
  let isKept = false;
  return {
    path,
    edit: () => inEditor(path),
    keep() {
      isKept = true;
    },
    async [Symbol.asyncDispose]() {
      if (!isKept) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function inEditor(path: string): Promise<string | Refusal> {
  // `code --wait` is a program and its argument; no shell reads it, so nothing in it is expanded.
  const words = (process.env.VISUAL || process.env.EDITOR || "").split(/\s+/).filter(Boolean);
  const [program = "vi", ...args] = words;
  const ended = await runInForeground(program, [...args, path]);
  if (ended === 0) return readFile(path, "utf8");
  const why = typeof ended === "number" ? `it ended with code ${ended}` : ended;
  return refuse(
    "editor_failed",
    `Nothing was saved: the editor ${program} failed (${why})`,
    "Set VISUAL or EDITOR, or pass the changed seed with --from FILE",
  );
}
