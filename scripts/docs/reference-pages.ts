import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commandsPage } from "./commands-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { toolsPage } from "./tools-page.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A page that is made from what it is about. */
export interface ReferencePage {
  /** Below the root of the project. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** The file says exactly this already. */
  readonly isCurrent: boolean;
}

/** Every page of docs/reference as it has to be now. */
export async function referencePages(): Promise<ReferencePage[]> {
  const made = { "tools.md": await toolsPage(), "cli.md": commandsPage(), "configuration.md": configurationPage() };
  return Object.entries(made).map(([file, lines]) => {
    const name = `docs/reference/${file}`;
    const path = join(ROOT, name);
    const text = `<!-- Made by \`bun run docs\`: change what it is made from. -->\n${lines.join("\n").trimEnd()}\n`;
    return { name, path, text, isCurrent: existsSync(path) && readFileSync(path, "utf8") === text };
  });
}
