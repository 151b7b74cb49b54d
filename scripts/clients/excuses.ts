import type { Transport } from "./report.ts";

/** Why a scenario, or one check of it, says nothing about this server. */
export interface Excuse {
  readonly scenario: string;
  /** One check alone; the others of the scenario count. */
  readonly check?: string;
  readonly why: string;
  /** Holds as long as the server does not declare it: once it does, the scenario counts. */
  readonly unlessDeclared?: string;
  readonly transport?: Transport;
  readonly revision?: string;
  /** Holds for what the failing checks say; a failure that says something else is one. */
  readonly says?: RegExp;
  /** The suite lets it pass all the same, since it finds nothing to object to: it may not be told of it. */
  readonly passesAnyway?: boolean;
}

const ELICITS = "test_input_required_result_elicitation";

/** Scenarios that call a tool of this name, which only a server made for the suite has. */
const TOOLS: Readonly<Record<string, string>> = {
  "tools-call-simple-text": "test_simple_text",
  "tools-call-image": "test_image_content",
  "tools-call-audio": "test_audio_content",
  "tools-call-embedded-resource": "test_embedded_resource",
  "tools-call-mixed-content": "test_multiple_content_types",
  "tools-call-error": "test_error_handling",
  "tools-call-with-progress": "test_tool_with_progress",
  "tools-call-sampling": "test_sampling",
  "tools-call-elicitation": "test_elicitation",
  "elicitation-sep1034-defaults": "test_elicitation_sep1034_defaults",
  "elicitation-sep1330-enums": "test_elicitation_sep1330_enums",
  "json-schema-2020-12": "json_schema_2020_12_tool",
  "input-required-result-basic-elicitation": ELICITS,
  "input-required-result-basic-sampling": "test_input_required_result_sampling",
  "input-required-result-basic-list-roots": "test_input_required_result_list_roots",
  "input-required-result-request-state": "test_input_required_result_request_state",
  "input-required-result-multiple-input-requests": "test_input_required_result_multiple_inputs",
  "input-required-result-multi-round": "test_input_required_result_multi_round",
  "input-required-result-result-type": ELICITS,
  "input-required-result-missing-input-response": ELICITS,
  "input-required-result-ignore-extra-params": ELICITS,
  "input-required-result-tampered-state": "test_input_required_result_tampered_state",
  "input-required-result-capability-check": "test_input_required_result_capabilities",
};

const RESOURCES: Readonly<Record<string, string>> = {
  "resources-read-text": "test://static-text",
  "resources-read-binary": "test://static-binary",
  "resources-templates-read": "test://template/123/data",
};

const PROMPTS: Readonly<Record<string, string>> = {
  "prompts-get-simple": "test_simple_prompt",
  "prompts-get-with-args": "test_prompt_with_arguments",
  "prompts-get-embedded-resource": "test_prompt_with_embedded_resource",
  "prompts-get-with-image": "test_prompt_with_image",
  "input-required-result-non-tool-request": "test_input_required_result_prompt",
};

const TASKS = [
  "lifecycle",
  "capability-negotiation",
  "wire-fields",
  "request-state-removal",
  "mrtr-input",
  "request-headers",
  "dispatch-and-envelope",
  "required-task-error",
  "mrtr-composition",
];

const SKILLS = "extensions.io.modelcontextprotocol/skills";

/** What the first step of these says instead of naming the tool it has not found. */
const NO_FIRST_STEP = /^(Expected InputRequiredResult|Prerequisite failed)/;
const NOT_TESTABLE = /^Not testable/;

export const EXCUSES: readonly Excuse[] = [
  ...Object.entries(TOOLS).map(([scenario, name]) => looksFor(scenario, "tool", name)),
  ...Object.entries(RESOURCES).map(([scenario, name]) => looksFor(scenario, "resource", name)),
  ...Object.entries(PROMPTS).map(([scenario, name]) => looksFor(scenario, "prompt", name)),
  { ...looksFor("input-required-result-validate-input", "tool", ELICITS), passesAnyway: true },
  { ...looksFor("server-sse-polling", "tool", "test_reconnection"), transport: "HTTP" },
  { ...looksFor("server-sse-polling", "tool", "test_reconnection"), transport: "stdio", passesAnyway: true },
  {
    scenario: "http-custom-header-server-validation",
    why: "looks for a tool whose arguments travel as HTTP headers",
    says: NOT_TESTABLE,
  },
  ...[
    ["sep-2575-server-rejects-undeclared-capability", "test_missing_capability"],
    ["sep-2575-missing-capability-http-400", "test_missing_capability"],
    ["sep-2575-http-server-no-independent-requests-on-stream", "test_streaming_elicitation"],
    ["sep-2575-server-no-log-without-loglevel", "test_logging_tool"],
  ].map(([check = "", name = ""]) => ({ ...looksFor("server-stateless", "tool", name), check, says: NOT_TESTABLE })),
  notDeclared("logging-set-level", "logging"),
  notDeclared("tools-call-with-logging", "logging"),
  notDeclared("resources-subscribe", "resources.subscribe"),
  notDeclared("resources-unsubscribe", "resources.subscribe"),
  notDeclared("prompts-list", "prompts"),
  { ...notDeclared("caching", "prompts"), check: "sep-2549-prompts-list-caching-hints" },
  ...TASKS.map((name) => notDeclared(`tasks-${name}`, "extensions.io.modelcontextprotocol/tasks")),
  { ...notDeclared("tasks-status-notifications", "extensions.io.modelcontextprotocol/tasks"), passesAnyway: true },
  { ...notDeclared("sep-2640-skills-enumeration", SKILLS), passesAnyway: true },
  { ...notDeclared("sep-2640-skills-manifest", SKILLS), passesAnyway: true },
  { ...notDeclared("sep-2640-skills-directory", `${SKILLS}.directoryRead`), passesAnyway: true },
  ...["server-sse-multiple-streams", "server-session-lifecycle"].map((scenario) => ({
    scenario,
    why: "needs sessions, and the server keeps none over HTTP",
    transport: "HTTP" as const,
    revision: "2025-11-25",
  })),
  ...["dns-rebinding-protection", "http-header-validation"].map((scenario) => ofHttp(scenario)),
  // Over stdio these find the sessions and streams of the bridge.
  ...["server-sse-multiple-streams", "server-session-lifecycle"].map((scenario) => ({
    ...ofHttp(scenario),
    passesAnyway: true,
  })),
  ...[
    "sep-2575-request-meta-invalid-missing-meta",
    "sep-2575-request-meta-invalid-missing-protocol-version",
    "sep-2575-http-server-meta-invalid-400",
    "sep-2575-http-server-unsupported-version-400",
    "sep-2575-http-server-header-mismatch-400",
    "sep-2575-http-server-method-not-found-404-initialize",
    "sep-2575-http-server-method-not-found-404-ping",
    "sep-2575-http-server-method-not-found-404-logging-setlevel",
    "sep-2575-http-server-method-not-found-404-resources-subscribe",
    "sep-2575-http-server-method-not-found-404-resources-unsubscribe",
    "sep-2575-http-server-method-not-found-404",
  ].map((check) => ({ ...ofHttp("server-stateless"), check })),
];

function looksFor(scenario: string, kind: "tool" | "resource" | "prompt", name: string): Excuse {
  return { scenario, why: `looks for the ${kind} \`${name}\``, says: new RegExp(`${name}|${NO_FIRST_STEP.source}`) };
}

function notDeclared(scenario: string, capability: string): Excuse {
  return { scenario, why: `\`${capability}\` is not declared`, unlessDeclared: capability };
}

function ofHttp(scenario: string): Excuse {
  return { scenario, why: "is about HTTP, which over stdio is the bridge's", transport: "stdio" };
}
