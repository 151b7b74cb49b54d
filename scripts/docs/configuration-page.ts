import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import { ConfigFile } from "../../src/config.ts";
import { KNOWN_PROVIDERS, knownProvider } from "../../src/minds/provider-access.ts";
import { ACP_PRESETS } from "../../src/runtimes/acp/acp-presets.ts";
import { FILES, FOR_CHILDREN, SETTINGS, UNTOLD, VARIABLES } from "./configuration-words.ts";
import { markdownTable } from "./markdown-table.ts";

const SOURCE = join(import.meta.dirname, "../../src");

interface Shape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly anyOf?: readonly Shape[];
  readonly enum?: readonly unknown[];
  readonly items?: Shape;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The reference of the settings: every key that the file's schema knows, every variable that the source reads. */
export function configurationPage(): string[] {
  const file = toJsonSchema(ConfigFile, { typeMode: "input", errorMode: "ignore" }) as Shape;
  const keys = leaves(file, []);
  const variables = variablesOfSource();
  const told = [...Object.keys(VARIABLES), ...Object.keys(FOR_CHILDREN), ...UNTOLD];
  demandSame(
    "key of config.yaml",
    keys.map(([key]) => key),
    Object.keys(SETTINGS),
  );
  demandSame("variable", variables, told);
  const providers = KNOWN_PROVIDERS.map((name) => [
    `\`${name}\``,
    (knownProvider(name)?.keys ?? []).map((key) => `\`${key}\``).join(", "),
    Object.entries(knownProvider(name)?.models ?? {})
      .map(([role, model]) => `${role}: \`${model}\``)
      .join(", "),
  ]);
  return [
    "# Settings",
    "",
    "A flag goes first, then the environment, then `config.yaml` in the Ouroboros home (`~/.ouroboros`, or `OUROBOROS_HOME`), then the default. No file is needed.",
    "Nothing in the folder it is started in chooses a program, a model or a permission. `ouroboros doctor` names keys that nobody reads.",
    "",
    "## `config.yaml`",
    "",
    ...markdownTable(["key", "value", "unless told", "means"], keys.map(settingRow)),
    "```yaml",
    "orchestrator: { runtime_backend: my-agent }",
    "runtimes:",
    "  my-agent: { command: [my-agent, --from-stdin] }   # gets the prompt on standard input, works in the folder it is started in, ends with 0",
    "minds: { fast: openai/gpt-5-mini, deep: claude }",
    "execution: { max_cost_usd: 10 }",
    "```",
    "",
    "**Agents known by name:** `claude`, `codex`, `host` (the agents of the MCP host itself), and those that speak the Agent Client Protocol:",
    "",
    ...markdownTable(
      ["agent", "started as", ""],
      Object.entries(ACP_PRESETS).map(([name, { command, note }]) => [`\`${name}\``, `\`${command.join(" ")}\``, note]),
    ),
    "## Files",
    "",
    ...markdownTable(["in the Ouroboros home", "what"], FILES),
    "## Keys of model providers",
    "",
    "From the environment, else from `credentials.yaml` in the Ouroboros home, which must be readable by you alone (`chmod 600`):",
    '`providers: { openai: { api_key: "…" } }`. A provider of your own under `minds.providers` is looked up as `NAME_API_KEY`.',
    "",
    ...markdownTable(["provider", "variables, first one first", "models where none is named"], providers),
    "## Environment",
    "",
    ...markdownTable(["variable", "means"], Object.entries(VARIABLES).map(named)),
    "What works in a project is told by us:",
    "",
    ...markdownTable(["variable", "means"], Object.entries(FOR_CHILDREN).map(named)),
    "Agents and checks get what programs need to run at all (PATH, HOME, language, the homes of compilers), agents their own login and the proxies besides, and no other",
    "variable of yours. Names that begin with `_OUROBOROS_` are what its processes tell each other, and change without notice.",
  ];
}

function named([name, means]: [string, string]): string[] {
  return [`\`${name}\``, means];
}

function settingRow([key, shape]: [string, Shape]): string[] {
  const { means = "", variable, unlessTold = "" } = SETTINGS[key] ?? {};
  return [`\`${key}\``, valueWords(shape), unlessTold, `${means}${variable ? `. Before it: \`${variable}\`` : ""}`];
}

/** Every value of the file by its path; a key that people choose is called NAME. */
function leaves(shape: Shape, path: readonly string[]): [string, Shape][] {
  const { properties, additionalProperties: others } = shape;
  const inner = Object.entries(properties ?? {}).flatMap(([key, part]) => leaves(part, [...path, key]));
  if (typeof others === "object" && properties === undefined) return leaves(others, [...path, "NAME"]);
  return properties === undefined ? [[path.join("."), shape]] : inner;
}

function valueWords(shape: Shape): string {
  if (shape.enum) return shape.enum.map((one) => `\`${one}\``).join(", ");
  if (shape.anyOf) return shape.anyOf.map(valueWords).join(" or ");
  if (shape.type === "array") return `list of ${shape.items ? valueWords(shape.items) : "values"}`;
  const { minimum, maximum } = shape;
  const bounds = minimum === undefined || maximum === undefined ? "" : `, ${minimum} to ${maximum}`;
  return `${shape.type ?? "text"}${bounds}`.replace("string", "text");
}

/** Names of variables in the source: ours wherever they stand, others where an environment is asked for them. */
function variablesOfSource(): string[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const texts = files.map((name) => readFileSync(join(SOURCE, name), "utf8"));
  const found = texts.flatMap((text) => [
    ...[...text.matchAll(/(?<![A-Z_])OUROBOROS_[A-Z_]*[A-Z]\b/g)].map(([name]) => name),
    ...[...text.matchAll(/\benv\.([A-Z][A-Z_]+)\b/g)].map(([, name = ""]) => name),
  ]);
  // What the build puts in is no variable.
  const builtIn = texts.flatMap((text) => [...text.matchAll(/^declare const (\w+)/gm)].map(([, name = ""]) => name));
  return [...new Set(found)].filter((name) => !builtIn.includes(name));
}

/** Nothing may be without words, and no words without what they are about. */
function demandSame(what: string, there: readonly string[], told: readonly string[]): void {
  const untold = there.filter((one) => !told.includes(one));
  const gone = told.filter((one) => !there.includes(one));
  if (untold.length === 0 && gone.length === 0) return;
  const faults = [
    ...untold.map((one) => `no words for the ${what} ${one}`),
    ...gone.map((one) => `there is no ${what} ${one}`),
  ];
  throw new Error(`Correct scripts/docs/configuration-words.ts: ${faults.join("; ")}`);
}
