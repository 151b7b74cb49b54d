import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { deltaMarkdown } from "../../domain/seed/delta-markdown.ts";
import { lintSeed } from "../../domain/seed/seed-lint.ts";
import { readSeedFile } from "../../sessions/resume/seed-lookup.ts";
import { readEdit, type SeedEdit, saveEdit } from "../../workflows/seed/edit-seed.ts";
import { findSeed } from "../../workflows/seed/find-seed.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { act } from "../open.ts";
import { lines } from "../render.ts";
import { editText } from "./seed/edit-text.ts";
import { unreadableSeed } from "./seed/seed-source.ts";
import { fileLines, findingLines } from "./seed/seed-text.ts";

export type SeedEditFlags = SharedFlags & { readonly from?: string | undefined };

/** `ouroboros seed edit ID`: a child seed, changed in the person's editor or taken from a file. The parent stays as it is. */
export function seedEdit(cli: Cli, flags: SeedEditFlags, id: string): Promise<Answer | Refusal | number> {
  return act(flags, async (context) => {
    const parent = await findSeed(context, id);
    if (isRefusal(parent)) return parent;
    const { seed_id: parentId } = parent.seed;
    if (parentId === null)
      return refuse("bad_seed_id", "This seed has no id", "Import it: `ouroboros seed import FILE`");
    const read = (text: string) => readEdit(context.store, parent, parentId, text);
    const edit =
      flags.from === undefined ? await inEditor(cli, flags, parent.yaml, read) : await fromFile(flags.from, read);
    if (isRefusal(edit) || typeof edit === "number") return edit;
    const saved = await saveEdit(context, edit, "user");
    if (isRefusal(saved)) return saved;
    const { record, path, fileProblem } = saved;
    const findings = lintSeed(edit.seed, { platform: process.platform });
    const said = [
      `Seed ${record.seed_id}, a child of ${parentId}`,
      ...fileLines(saved),
      ...findingLines(cli.style, findings),
    ];
    // Whoever used an editor has seen the difference before they said yes.
    const delta = flags.from === undefined ? "" : `${deltaMarkdown(edit.delta)}\n`;
    const json = { seed: record, path, file_problem: fileProblem, delta: edit.delta, findings };
    return { json, text: delta + lines(said) };
  });
}

type Read = (text: string) => SeedEdit | Refusal;

async function fromFile(path: string, read: Read): Promise<SeedEdit | Refusal> {
  const text = await readSeedFile(path);
  if (text === undefined) return unreadableSeed(path);
  return read(text);
}

/** The editor, then a look at the difference, until the person says yes or leaves; what they wrote stays in its file until then. */
async function inEditor(
  cli: Cli,
  flags: SeedEditFlags,
  yaml: string,
  read: Read,
): Promise<SeedEdit | Refusal | number> {
  if (flags.json || !(process.stdin.isTTY && process.stdout.isTTY)) {
    const message = "Cannot open an editor here: nobody is at a terminal";
    return refuse("needs_terminal", message, "Pass the changed seed with --from FILE");
  }
  const { openKeyboard } = await import("./interview/keyboard.ts");
  const keyboard = openKeyboard(cli);
  await using draft = await editText(yaml);
  for (;;) {
    const text = await draft.edit();
    if (isRefusal(text)) return text;
    const edit = read(text);
    if (!isRefusal(edit)) {
      await cli.output.write(`\n${deltaMarkdown(edit.delta)}\n`);
      const wanted = await keyboard.yes("Save this as a child seed?", true);
      if (wanted) return edit;
      if (wanted === false) return EXIT.ok;
      draft.keep();
      await cli.errors.write(`What you wrote is in ${draft.path}\n`).catch(() => undefined);
      return EXIT.interrupted;
    }
    if (edit.code === "no_change") return edit;
    await cli.errors.write(`${edit.message}. ${edit.next}\n`);
    const again = await keyboard.yes("Edit it again?", true);
    if (!again) {
      draft.keep();
      const next = `What you wrote is in ${draft.path}: correct it, then pass it with --from`;
      return again === undefined ? EXIT.interrupted : { ...edit, next };
    }
  }
}
