import type { Command, RouteMap } from "@stricli/core";
import { messageOf } from "../../src/base/errors.ts";
import type { Cli } from "../../src/cli/command.ts";
import { EXIT } from "../../src/cli/exit-code.ts";
import { SHARED } from "../../src/cli/parameters.ts";
import { application } from "../../src/cli/routes.ts";
import { markdownTable } from "./markdown-table.ts";

type Target = Command<Cli> | RouteMap<Cli>;
type Flag = NonNullable<Command<Cli>["parameters"]["flags"]>[string];
interface Named {
  readonly words: readonly string[];
  readonly target: Command<Cli>;
  /** Its group runs it where no other of its commands is named. */
  readonly isDefault: boolean;
}

const EXIT_WORDS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "Done, and where something was asked: good news",
  failure:
    "It failed, or the answer is bad news: a run that failed or pauses, work that is not approved, damage, a store that `doctor` finds unusable",
  refused: "Refused, or wrong usage: nothing was changed, and the text says what to do instead",
  notReady: "Not ready: the store is locked by somebody or cannot be reached; the same again later may well work",
  interrupted: "Interrupted (Ctrl-C); what runs in the background goes on",
};

/** The reference of every command, read from the routes themselves. */
export function commandsPage(): string[] {
  const { root } = application;
  if (!("getAllEntries" in root)) throw new Error("The program has no routes");
  const codes = Object.entries(EXIT_WORDS).map(([name, words]) => [String(EXIT[name as keyof typeof EXIT]), words]);
  return [
    "# Commands",
    "",
    "Every command, as `ouroboros COMMAND --help` describes it. All of them take:",
    "",
    ...flagTable(SHARED),
    "**Exit codes**, which scripts may rely on:",
    "",
    ...markdownTable(["code", "means"], codes),
    'With `--json` a refusal and a failure are a document as well: `{"error":{"code":"…","message":"…","next":"…"}}`.',
    "",
    ...commandsOf(root, ["ouroboros"]).flatMap(section),
  ];
}

function commandsOf(map: RouteMap<Cli>, words: readonly string[]): Named[] {
  return map.getAllEntries().flatMap(({ name, target, hidden }): Named[] => {
    if (hidden) return [];
    const here = [...words, name["convert-camel-to-kebab"]];
    return isGroup(target)
      ? commandsOf(target, here)
      : [{ words: here, target, isDefault: target === map.getDefaultCommand() }];
  });
}

function isGroup(target: Target): target is RouteMap<Cli> {
  return "getAllEntries" in target;
}

function section({ words, target, isDefault }: Named): string[] {
  const name = words.join(" ");
  const { brief, fullDescription, parameters } = target;
  const lines = fullDescription?.split("\n") ?? [];
  const [first = ""] = lines;
  const says = first.startsWith(brief) ? first : brief.replace(/[^.?!]$/, "$&.");
  const more = first.startsWith(brief) ? lines.slice(1) : lines;
  const flags = Object.entries(parameters.flags ?? {}).filter(([flag]) => !Object.hasOwn(SHARED, flag));
  return [
    `## \`${name}\``,
    "",
    `${says}${isDefault ? ` \`${words.slice(0, -1).join(" ")}\` is the same.` : ""}`,
    "",
    ...(more.length === 0 ? [] : ["```text", ...more, "```", ""]),
    ...argumentTable(parameters.positional),
    ...flagTable(Object.fromEntries(flags)),
  ];
}

function argumentTable(positional: Command<Cli>["parameters"]["positional"]): string[] {
  if (positional === undefined) return [];
  const isArray = positional.kind === "array";
  const parameters = isArray ? [positional.parameter] : positional.parameters;
  const rows = parameters.map(({ placeholder = "", brief, optional = false }) => [
    `\`${placeholder}\`${isArray ? " …" : optional ? " (optional)" : ""}`,
    brief,
  ]);
  return markdownTable(["argument", ""], rows);
}

function flagTable(flags: Readonly<Record<string, Flag>>): string[] {
  const rows = Object.entries(flags).map(([name, flag]) => [
    `\`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}${valueWords(flag)}\`${isRequired(flag) ? " (required)" : ""}`,
    `${flag.brief}${boundWords(flag)}`,
  ]);
  return markdownTable(["flag", ""], rows);
}

function valueWords(flag: Flag): string {
  if (flag.kind === "boolean" || flag.kind === "counter") return "";
  if (flag.kind === "enum") return ` ${flag.values.join("|")}`;
  const { placeholder = "VALUE" } = flag;
  return "inferEmpty" in flag && flag.inferEmpty ? ` [${placeholder}]` : ` ${placeholder}`;
}

function isRequired(flag: Flag): boolean {
  return flag.kind !== "boolean" && !("optional" in flag && flag.optional) && !("default" in flag);
}

/** The bounds of a number stand in what it says to a value that is none. */
function boundWords(flag: Flag): string {
  if (flag.kind !== "parsed") return "";
  try {
    flag.parse.call({ process }, "no number");
    return "";
  } catch (error) {
    const bounds = /whole number from (\d+) to (\d+)$/.exec(messageOf(error));
    return bounds === null || Number(bounds[2]) > 1_000_000 ? "" : `. ${bounds[1]} to ${bounds[2]}`;
  }
}
