import { DEFAULT_RUN_SETTINGS } from "../../src/domain/run/run-settings.ts";

const { parallel, retries, verifyMs, questionMs, planWithMind, ceiling } = DEFAULT_RUN_SETTINGS;

/** What a setting means, and the environment variable that goes before it. */
export interface SettingWords {
  readonly means: string;
  readonly variable?: string;
  /** Where the file's reader leaves the default to somebody else. */
  readonly unlessTold?: string;
}

/** Every key of config.yaml. */
export const SETTINGS: Readonly<Record<string, SettingWords>> = {
  "persistence.database_path": {
    means:
      "The store: a file, below the Ouroboros home unless the path is absolute. A server is named by the variable or by `--db`",
    variable: "OUROBOROS_DATABASE_URL",
    unlessTold: "`ouroboros.db` in the Ouroboros home",
  },
  "orphans.threshold_hours": {
    means: "How long a session that the Python program wrote has to be silent before its owner counts as gone",
    variable: "OUROBOROS_ORPHAN_THRESHOLD_HOURS",
    unlessTold: "1",
  },
  "orphans.action": {
    means:
      "What happens to a session whose owner is gone. `default`: ours are paused, Python's are cancelled; `pause` and `cancel`: all of them; `report`: they are only shown",
    unlessTold: "`default`",
  },
  "orchestrator.runtime_backend": {
    means: "Who does the work of a run: the name of an agent, or `host`",
    variable: "OUROBOROS_AGENT_RUNTIME",
    unlessTold: "the only agent that is configured, else the only one that is installed",
  },
  "orchestrator.max_parallel_workers": {
    means: "At most this many agents of one run at once",
    unlessTold: String(parallel),
  },
  "orchestrator.plan_with_mind": {
    means: "Whether a mind is asked which criteria build on which, where the seed does not say so",
    unlessTold: `\`${planWithMind}\``,
  },
  "execution.step_timeout_minutes": {
    means: "An agent is ended that has not finished a criterion by then",
    unlessTold: "360",
  },
  "execution.idle_timeout_minutes": { means: "An agent is ended that has said nothing for so long", unlessTold: "60" },
  "execution.ac_retry_attempts": { means: "Attempts at a criterion after the first", unlessTold: String(retries) },
  "execution.verify_command_timeout_seconds": {
    means: "A check is ended that takes longer",
    unlessTold: String(verifyMs / 1000),
  },
  "execution.question_minutes": {
    means: "How long an agent's question waits for a person before its default is taken",
    unlessTold: String(questionMs / 60_000),
  },
  "execution.max_hours": {
    means: "A run pauses when it has worked so long; `null`: no bound",
    unlessTold: String(ceiling.hours),
  },
  "execution.max_tokens": {
    means: "The same for tokens, as agents report them; `null`: no bound",
    unlessTold: String(ceiling.tokens),
  },
  "execution.max_cost_usd": {
    means: "The same for dollars, as agents report them; `null`: no bound",
    unlessTold: String(ceiling.cost_usd),
  },
  "consent.checks": {
    means:
      "Whether you are asked before commands that others wrote are run as checks. `always` agrees to all of them: only for a machine that has nothing to lose",
    variable: "OUROBOROS_CONSENT_CHECKS",
    unlessTold: "`ask`",
  },
  "evaluation.allowed_programs": {
    means: "Programs that a project's `.ouroboros/mechanical.toml` may name besides the well-known build tools",
    unlessTold: "none",
  },
  "llm.backend": {
    means: "Who thinks where there is no host to ask; the Python program's key",
    unlessTold: "the first agent that is installed, else the first API with a key",
  },
  "minds.fast": {
    means: "Who answers small questions: `host`, `auto`, an agent, a provider, or `provider/model`",
    variable: "OUROBOROS_LLM_BACKEND",
    unlessTold: "`auto`",
  },
  "minds.standard": { means: "The same for ordinary ones", variable: "OUROBOROS_LLM_BACKEND", unlessTold: "`auto`" },
  "minds.deep": { means: "The same for hard ones", variable: "OUROBOROS_LLM_BACKEND", unlessTold: "`auto`" },
  "minds.providers.NAME.base_url": {
    means:
      "The address of a provider's API. Under a name of your own: anything that speaks OpenAI's protocol, such as a model on this machine",
    unlessTold: "known for `anthropic`, `openai`, `google` and `openrouter`",
  },
  "runtimes.NAME.command": {
    means:
      "How an agent is started: program and arguments. NAME is yours to choose; a known name changes how that agent is started",
    unlessTold: "known agents, looked for on PATH",
  },
  "runtimes.NAME.kind": {
    means: "How it is spoken to",
    unlessTold: "by its name where that is a known one, else `command`",
  },
  "runtimes.NAME.output": {
    means: "What a `command` prints: text, or one JSON record a line (`result`, `error`, `usage` and others)",
    unlessTold: "`text`",
  },
  "runtimes.NAME.env": {
    means: "Names of variables of yours that it may have besides the usual ones",
    unlessTold: "none",
  },
};

/** Every variable of the environment that is read. */
export const VARIABLES: Readonly<Record<string, string>> = {
  OUROBOROS_HOME: "The Ouroboros home: store, settings, seeds, logs, approvals. `~/.ouroboros` unless set",
  OUROBOROS_DATABASE_URL: "The store: a path, `file:`, `libsql://`, `https://` or `http://`. `--db` goes first",
  OUROBOROS_DATABASE_TOKEN: "The token for a libSQL server. It has no place in the file, nor in `--db`",
  OUROBOROS_AGENT_RUNTIME: "Who does the work, before `orchestrator.runtime_backend`",
  OUROBOROS_LLM_BACKEND: "Who thinks, for every kind of question that `minds` does not settle",
  OUROBOROS_CONSENT_CHECKS: "`ask` or `always`, before `consent.checks`",
  OUROBOROS_ORPHAN_THRESHOLD_HOURS: "Before `orphans.threshold_hours`",
  OUROBOROS_RELEASES:
    "Another place of releases than the project's own, for `update` and the install script; https, or this machine",
  OUROBOROS_CLIENT_PID: "Set by the plugin's launcher: the server also ends when this process does",
  HOME: "Where the Ouroboros home is, unless OUROBOROS_HOME says so",
  PATH: "Where agents, git and checks are found; its relative parts are skipped",
  APPDATA: "On Windows: where some editors keep their settings, for `setup`",
  EDITOR: "For `seed edit`",
  VISUAL: "For `seed edit`, before EDITOR",
  NO_COLOR: "Anything in it: no colours",
  FORCE_COLOR: "Anything but `0` in it: colours, also into a pipe",
  TERM: "`dumb`: no colours",
  CLAUDE_CODE_SESSION_ID: "Set by Claude Code: which window asked, for the record",
  CLAUDE_PROJECT_DIR: "Set by Claude Code: the project, where a call names none",
  CLAUDE_CONFIG_DIR: "Where Claude Code keeps its login",
  CLAUDE_CODE_USE_BEDROCK: "Claude Code is given the variables of that cloud, too",
  CLAUDE_CODE_USE_VERTEX: "Claude Code is given the variables of that cloud, too",
  CODEX_HOME: "Where Codex keeps its login",
  OPENAI_API_KEY: "Key of the provider `openai`; also a login of Codex",
  CODEX_API_KEY: "A login of Codex",
};

/** Not for people: places to die at in tests, and the mark that the guard of an agent gives its processes. */
export const UNTOLD: ReadonlySet<string> = new Set([
  "OUROBOROS_AGENT_MARKER",
  "OUROBOROS_FAILPOINT",
  "OUROBOROS_FAILPOINT_SIGNAL",
]);

/** Set for what is started here. */
export const FOR_CHILDREN: Readonly<Record<string, string>> = {
  OUROBOROS_SESSION_ID: "The session, for an agent and for a check",
  OUROBOROS_STEP: "The number of the criterion, for an agent",
};

/** What lies in the Ouroboros home. */
export const FILES: readonly (readonly string[])[] = [
  [
    "`ouroboros.db`",
    "The store, with `-wal` and `-shm` while it is used; backups beside it are called `ouroboros.db.backup-…`",
  ],
  ["`config.yaml`, `credentials.yaml`", "Yours; never written by the program"],
  ["`seeds/`", "Every seed as a file, where the Python program looks for it, too"],
  ["`approvals/`", "What you have agreed to on this machine, a file each"],
  ["`logs/workers/`", "What the worker of each session said"],
  ["`worktrees/`", "Where the agents of a run work; its branch is in your repository"],
  ["`personas/NAME.md`", "Your own words for a way of thinking, such as `hacker`, instead of ours"],
  ["`runtime/`, `cache/`", "May be removed: the engine of the store as it was unpacked, and what is known of projects"],
];
