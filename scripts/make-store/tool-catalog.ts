import { Encoded, type PyValue, pythonJson } from "./python-json.ts";

const BUILT_IN: readonly (readonly [string, string, readonly string[]])[] = [
  ["Read", "Read one file from the workspace, in whole or as a range of lines", ["file_path", "offset", "limit"]],
  ["Write", "Write one file in the workspace and replace what was there", ["file_path", "content"]],
  ["Edit", "Replace one exact passage of a file with another", ["file_path", "old_text", "new_text"]],
  ["Bash", "Run one command in the workspace and return what it printed", ["command", "timeout", "description"]],
  ["Glob", "List the files whose path matches a pattern", ["pattern", "path"]],
  ["Grep", "Search the contents of files with a regular expression", ["pattern", "path", "include"]],
];

/** The serialised catalogue of the six built-in tools, the piece upstream copies into nearly every row. */
export function encodedToolCatalog(): Encoded {
  return new Encoded(pythonJson(BUILT_IN.map(([name, purpose, parameters]) => entry(name, purpose, parameters))));
}

function entry(name: string, purpose: string, parameters: readonly string[]): PyValue {
  return {
    id: `builtin:${name}`,
    name,
    original_name: name,
    description: purpose,
    server_name: null,
    source_kind: "builtin",
    source_name: "built-in",
    stable_id: `builtin:${name.toLowerCase()}`,
    input_schema: {
      type: "object",
      properties: Object.fromEntries(
        parameters.map((parameter) => [parameter, { type: "string", description: `The ${parameter} argument` }]),
      ),
      required: parameters.slice(0, 1),
    },
    parameters: [],
  };
}
