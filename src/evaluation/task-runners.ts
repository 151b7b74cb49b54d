import * as v from "valibot";
import { parse as parseYaml } from "yaml";
import { readMakefile } from "../brownfield/manifests/line-manifests.ts";
import { makeRules } from "../checks/definitions/make-rules.ts";
import type { Candidate } from "./declared.ts";
import type { ProjectFolder } from "./project-folder.ts";
import { checksAmong, type NamedScript } from "./script-names.ts";

/** What a file of targets declares, and the file; targets speak for the whole folder, whatever languages are in it. */
interface Targets {
  readonly file: string;
  readonly checks: readonly Candidate[];
}

/** Programs that carry out targets, in the order in which a folder's is chosen. */
const RUNNERS: readonly {
  readonly program: string;
  readonly files: readonly string[];
  readonly check: "test" | "static";
  readonly read: (text: string) => NamedScript[];
}[] = [
  { program: "make", files: ["GNUmakefile", "makefile", "Makefile"], check: "test", read: rulesOf },
  { program: "just", files: ["justfile", "Justfile", ".justfile"], check: "static", read: rulesOf },
  { program: "task", files: ["Taskfile.yml", "Taskfile.yaml"], check: "static", read: tasksOf },
];

/** The checks among the targets of the folder's task runner; undefined where it has none that names any. */
export async function targetsOf(project: ProjectFolder): Promise<Targets | undefined> {
  for (const { program, files, check, read } of RUNNERS) {
    const file = project.firstOf(...files);
    if (file === undefined) continue;
    const scripts = read(await project.text(file));
    const checks = checksAmong(scripts, { source: `${file} `, run: (name) => `${program} ${name}`, check });
    if (checks.length > 0) return { file, checks };
  }
  return undefined;
}

function rulesOf(text: string): NamedScript[] {
  return (readMakefile(text)?.scripts ?? []).map(({ name }) => {
    const lines = makeRules([name]).lines(text);
    return { name, command: lines.length > 0 ? lines.join("\n") : null };
  });
}

const Taskfile = v.object({ tasks: v.record(v.string(), v.unknown()) });

function tasksOf(text: string): NamedScript[] {
  try {
    // No aliases: a few hundred bytes of them unfold to gigabytes.
    const { tasks } = v.parse(Taskfile, parseYaml(text, { maxAliasCount: 0, logLevel: "silent" }));
    return Object.keys(tasks).map((name) => ({ name, command: null }));
  } catch {
    return []; // Damaged: it declares nothing that could be named.
  }
}
