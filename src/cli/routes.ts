import {
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  help,
  type RouteMap,
  text_en,
  version,
} from "@stricli/core";
import { messageOf } from "../base/errors.ts";
import { WAIT_FOR } from "../domain/job-news.ts";
import { MOST_PARALLEL } from "../domain/run/origin.ts";
import { SESSION_STATUSES } from "../domain/session/session.ts";
import { ROLES } from "../minds/mind.ts";
import { VERSION } from "../version.ts";
import { type Cli, command, type SharedFlags } from "./command.ts";
import type { ApproveFlags } from "./commands/approve.ts";
import type { ArtifactsFlags } from "./commands/artifacts.ts";
import type { AskFlags } from "./commands/ask.ts";
import type { CardFlags } from "./commands/card.ts";
import type { CleanupFlags } from "./commands/cleanup.ts";
import type { EventsFlags } from "./commands/events.ts";
import type { InterviewFlags } from "./commands/interview.ts";
import type { InterviewListFlags } from "./commands/interview-list.ts";
import type { AbortFlags, AnswerFlags, TurnFlags } from "./commands/interview-turn.ts";
import type { JobListFlags } from "./commands/job-list.ts";
import type { JobWaitFlags } from "./commands/job-wait.ts";
import type { ServeFlags } from "./commands/mcp-serve.ts";
import type { PmFlags } from "./commands/pm.ts";
import type { PmGenerateFlags } from "./commands/pm-generate.ts";
import type { ResumeFlags } from "./commands/resume.ts";
import type { RunFlags } from "./commands/run.ts";
import type { SeedEditFlags } from "./commands/seed-edit.ts";
import type { SeedGenerateFlags } from "./commands/seed-generate.ts";
import type { SeedListFlags } from "./commands/seed-list.ts";
import type { SessionsFlags } from "./commands/sessions.ts";
import { type CommandNode, SHELLS } from "./completions/command-node.ts";
import { numberFlag, SESSION_ID, SHARED, switchFlag, textFlag } from "./parameters.ts";

const mcpRoutes = buildRouteMap<string, Cli>({
  routes: {
    serve: buildCommand<ServeFlags, [], Cli>({
      loader: async () => (await import("./commands/mcp-serve.ts")).mcpServe,
      parameters: {
        flags: {
          ...SHARED,
          readOnly: switchFlag("Offer no tool that acts, and never write to the store"),
          toolsets: textFlag("NAMES", "Only these groups of tools, separated by commas"),
          transport: { kind: "enum", values: ["stdio"], optional: true, brief: "How the host talks to the server" },
        },
      },
      docs: { brief: "Serve MCP to a host, until the host is gone" },
    }),
    info: buildCommand<SharedFlags, [], Cli>({
      loader: command(async () => (await import("./commands/mcp-info.ts")).mcpInfo),
      parameters: { flags: SHARED },
      docs: { brief: "Show what the server offers: protocol versions, tools and their sizes" },
    }),
  },
  docs: { brief: "The MCP server" },
});

const BACKUP_FILE = {
  kind: "tuple",
  parameters: [
    {
      parse: (input: string) => {
        if (input === "") throw new RangeError("it must not be empty");
        return input;
      },
      optional: true,
      placeholder: "FILE",
      brief: "Where to; <store>.backup-YYYYMMDD-HHMMSS.db (UTC) unless told",
    },
  ],
} as const;

const storeRoutes = buildRouteMap<string, Cli>({
  routes: {
    info: buildCommand<SharedFlags, [], Cli>({
      loader: command(async () => (await import("./commands/store-info.ts")).storeInfo),
      parameters: { flags: SHARED },
      docs: { brief: "Show the store's shape, sizes and counts" },
    }),
    check: buildCommand<SharedFlags, [], Cli>({
      loader: command(async () => (await import("./commands/store-check.ts")).storeCheck),
      parameters: { flags: SHARED },
      docs: { brief: "Read every row of the store and report damage" },
    }),
    backup: buildCommand<SharedFlags, [string?], Cli>({
      loader: command(async () => (await import("./commands/store-backup.ts")).storeBackup),
      parameters: { flags: SHARED, positional: BACKUP_FILE },
      docs: {
        brief: "Copy the store into one file, while other programs go on using it",
        fullDescription: `Copy the store into one file, while other programs go on using it.
The copy holds everything that was committed before it began; it is checked before it gets its name. Nobody owns a session in a copy.
  To look into a backup: ouroboros sessions --db FILE (every command takes --db, the server too)
  To restore it: stop every program that uses the store; move the store away together with its -wal and -shm
  files; move the backup to the store's place. What was written after the backup is then missing.
Do not resume in a copy what is still at work in the original: both would work in the same folder.`,
      },
    }),
    "backup-child": buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/store-backup-child.ts")).storeBackupChild),
      parameters: {
        flags: SHARED,
        positional: { kind: "tuple", parameters: [{ parse: String, placeholder: "FILE", brief: "The backup" }] },
      },
      docs: { brief: "What `store backup` runs in a process of its own; not meant to be called" },
    }),
  },
  docs: { brief: "The event store", hideRoute: { "backup-child": true } },
});

const JOB_ID = {
  kind: "tuple",
  parameters: [{ parse: String, placeholder: "JOB", brief: "Id of a job (job_…)" }],
} as const;
const CURSOR = numberFlag({ min: 0, max: Number.MAX_SAFE_INTEGER }, "Go on from here, as the answer before said");

const jobRoutes = buildRouteMap<string, Cli>({
  routes: {
    list: buildCommand<JobListFlags, [], Cli>({
      loader: command(async () => (await import("./commands/job-list.ts")).jobList),
      parameters: {
        flags: {
          ...SHARED,
          limit: numberFlag({ min: 1, max: 1000 }, "At most this many; 20 unless told"),
          cursor: CURSOR,
        },
      },
      docs: { brief: "List jobs, newest first" },
    }),
    status: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/job-status.ts")).jobStatus),
      parameters: { flags: SHARED, positional: JOB_ID },
      docs: { brief: "Show how a job stands now" },
    }),
    wait: buildCommand<JobWaitFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/job-wait.ts")).jobWait),
      parameters: {
        flags: {
          ...SHARED,
          cursor: CURSOR,
          timeoutSeconds: numberFlag({ min: 0, max: 604_800 }, "Wait at most this long; until the end unless told"),
          waitFor: {
            kind: "enum",
            values: Object.keys(WAIT_FOR) as (keyof typeof WAIT_FOR)[],
            optional: true,
            brief: "What to wait for; the end unless told",
          },
        },
        positional: JOB_ID,
      },
      docs: { brief: "Wait until a job has ended, or for news of it" },
    }),
    result: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/job-result.ts")).jobResult),
      parameters: { flags: SHARED, positional: JOB_ID },
      docs: { brief: "Print what a job came to" },
    }),
    cancel: buildCommand<SharedFlags & { readonly reason?: string | undefined }, [string], Cli>({
      loader: command(async () => (await import("./commands/job-cancel.ts")).jobCancel),
      parameters: { flags: { ...SHARED, reason: textFlag("TEXT", "Why, for the record") }, positional: JOB_ID },
      docs: { brief: "Cancel a job and the session it runs, for good" },
    }),
  },
  docs: { brief: "Background jobs" },
});

const MIND = textFlag("NAME", "Who thinks: an agent, a provider or provider/model; as configured unless told");
const BRIEF = switchFlag("Only the question and its suggestions, without scores and reasons");
const TURN_FLAGS = { ...SHARED, mind: MIND, brief: BRIEF } as const;
const INTERVIEW = {
  parse: String,
  placeholder: "INTERVIEW",
  brief: "Its id (interview_…), or the beginning of it",
} as const;
const ANSWER = {
  parse: String,
  placeholder: "TEXT",
  brief: "The answer, in quotes; [decide_later] puts it off",
} as const;
const ROUND = { parse: numberFlag({ min: 1, max: 10_000 }, "").parse, placeholder: "N", brief: "Its number" } as const;
const ONE_INTERVIEW = { kind: "tuple", parameters: [INTERVIEW] } as const;
const loadTurns = () => import("./commands/interview-turn.ts");

const interviewRoutes = buildRouteMap<string, Cli>({
  defaultCommand: "hold",
  routes: {
    hold: buildCommand<InterviewFlags, string[], Cli>({
      loader: command(async () => (await import("./commands/interview.ts")).interview),
      parameters: {
        flags: {
          ...TURN_FLAGS,
          file: textFlag("FILE", "Text file with the wish, or with more about it"),
          resume: {
            kind: "parsed",
            parse: String,
            inferEmpty: true,
            optional: true,
            placeholder: "INTERVIEW",
            brief: "Go on with this interview, or with the latest that is not finished",
          },
          answers: textFlag("FILE", "Without a terminal: answers, one a line; - for standard input"),
          cwd: textFlag("DIR", "The project it is about; the current folder unless told"),
        },
        positional: {
          kind: "array",
          parameter: { parse: String, placeholder: "WISH", brief: "What you want to have; asked for unless told" },
        },
      },
      docs: { brief: "From a wish to something clear enough to build, one question at a time" },
    }),
    answer: buildCommand<AnswerFlags, [string, string], Cli>({
      loader: command(async () => (await loadTurns()).answerInterview),
      parameters: {
        flags: {
          ...TURN_FLAGS,
          round: numberFlag({ min: 1, max: 10_000 }, "The question it answers; the open one unless told"),
        },
        positional: { kind: "tuple", parameters: [INTERVIEW, ANSWER] },
      },
      docs: { brief: "Answer the open question, and have the next one asked" },
    }),
    next: buildCommand<TurnFlags, [string], Cli>({
      loader: command(async () => (await loadTurns()).nextInterview),
      parameters: { flags: TURN_FLAGS, positional: ONE_INTERVIEW },
      docs: { brief: "Show the open question; asked for now if there is none" },
    }),
    status: buildCommand<TurnFlags, [string], Cli>({
      loader: command(async () => (await loadTurns()).interviewStatus),
      parameters: { flags: TURN_FLAGS, positional: ONE_INTERVIEW },
      docs: { brief: "Show how an interview stands and everything that was said; asks nobody" },
    }),
    amend: buildCommand<TurnFlags, [string, number, string], Cli>({
      loader: command(async () => (await loadTurns()).amendInterview),
      parameters: {
        flags: TURN_FLAGS,
        positional: { kind: "tuple", parameters: [INTERVIEW, ROUND, ANSWER] },
      },
      docs: { brief: "Change an earlier answer; what was said before is kept" },
    }),
    undo: buildCommand<TurnFlags, [string], Cli>({
      loader: command(async () => (await loadTurns()).undoInterview),
      parameters: { flags: TURN_FLAGS, positional: ONE_INTERVIEW },
      docs: { brief: "Take the last answer back" },
    }),
    done: buildCommand<TurnFlags, [string], Cli>({
      loader: command(async () => (await loadTurns()).doneInterview),
      parameters: { flags: TURN_FLAGS, positional: ONE_INTERVIEW },
      docs: { brief: "Say that it is enough; refused, with what is missing, while it is not clear" },
    }),
    abort: buildCommand<AbortFlags, [string], Cli>({
      loader: command(async () => (await loadTurns()).abortInterview),
      parameters: {
        flags: { ...TURN_FLAGS, reason: textFlag("TEXT", "Why, for the record") },
        positional: ONE_INTERVIEW,
      },
      docs: { brief: "Give an interview up; what was said stays readable" },
    }),
    list: buildCommand<InterviewListFlags, [], Cli>({
      loader: command(async () => (await import("./commands/interview-list.ts")).interviewList),
      parameters: {
        flags: { ...SHARED, limit: numberFlag({ min: 1, max: 10_000 }, "At most this many; 20 unless told") },
      },
      docs: { brief: "List interviews, the latest first" },
    }),
  },
  docs: {
    brief: "Interviews: from a vague wish to a clear one, one question at a time",
    fullDescription: `From a vague wish to something clear enough to build, one question at a time.
  In a terminal:  ouroboros interview "what you want"   (the same as \`interview hold\`); Ctrl-C loses nothing
                  ouroboros interview --resume          goes on with the latest that is not finished
  In a script:    ouroboros interview "…" --answers FILE, or --json and one \`interview answer\` a turn
An interview is named by its id or the beginning of it.`,
  },
});

const SEED_ID = { parse: String, placeholder: "SEED", brief: "A seed's id (seed_…), or the beginning of it" } as const;
const SEED_SOURCE = { parse: String, placeholder: "SEED|FILE", brief: "A seed's id, or a file with one" } as const;
const APPROVE_CHECKS = switchFlag("Agree to the commands of the seed's checks without being asked, for scripts");
const SEED_FILE = { parse: String, placeholder: "FILE", brief: "File with a seed, YAML" } as const;

const seedRoutes = buildRouteMap<string, Cli>({
  routes: {
    list: buildCommand<SeedListFlags, [], Cli>({
      loader: command(async () => (await import("./commands/seed-list.ts")).seedList),
      parameters: {
        flags: { ...SHARED, limit: numberFlag({ min: 1, max: 10_000 }, "At most this many; 50 unless told") },
      },
      docs: { brief: "List seeds, newest first" },
    }),
    show: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/seed-show.ts")).seedShow),
      parameters: { flags: SHARED, positional: { kind: "tuple", parameters: [SEED_SOURCE] } },
      docs: { brief: "Show what a seed demands, where it comes from, and what is doubtful about it" },
    }),
    diff: buildCommand<SharedFlags, [string, string], Cli>({
      loader: command(async () => (await import("./commands/seed-diff.ts")).seedDiff),
      parameters: { flags: SHARED, positional: { kind: "tuple", parameters: [SEED_SOURCE, SEED_SOURCE] } },
      docs: { brief: "Show what was added, modified and removed between two seeds" },
    }),
    lint: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/seed-lint.ts")).seedLint),
      parameters: { flags: SHARED, positional: { kind: "tuple", parameters: [SEED_SOURCE] } },
      docs: { brief: "Look for what is doubtful in a seed; repairs are proposed, never made" },
    }),
    edit: buildCommand<SeedEditFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/seed-edit.ts")).seedEdit),
      parameters: {
        flags: { ...SHARED, from: textFlag("FILE", "Take the changed seed from this file instead of an editor") },
        positional: { kind: "tuple", parameters: [SEED_ID] },
      },
      docs: { brief: "Make a changed child of a seed, in your editor; the seed itself never changes" },
    }),
    import: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/seed-import.ts")).seedImport),
      parameters: { flags: SHARED, positional: { kind: "tuple", parameters: [SEED_FILE] } },
      docs: { brief: "Take a seed from a file into the store, every key of it kept" },
    }),
    export: buildCommand<SharedFlags, [string, string?], Cli>({
      loader: command(async () => (await import("./commands/seed-export.ts")).seedExport),
      parameters: {
        flags: SHARED,
        positional: {
          kind: "tuple",
          parameters: [SEED_ID, { ...SEED_FILE, optional: true, brief: "A new file; standard output unless told" }],
        },
      },
      docs: { brief: "Print a seed's YAML, or write it to a new file" },
    }),
    generate: buildCommand<SeedGenerateFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/seed-generate.ts")).seedGenerate),
      parameters: {
        flags: {
          ...SHARED,
          mind: MIND,
          force: switchFlag("Although it is not clear enough; the true score is kept"),
        },
        positional: ONE_INTERVIEW,
      },
      docs: { brief: "Make the seed of an interview" },
    }),
  },
  docs: { brief: "Seeds: the immutable specifications that runs carry out" },
});

const pmRoutes = buildRouteMap<string, Cli>({
  routes: {
    hold: buildCommand<PmFlags, string[], Cli>({
      loader: command(async () => (await import("./commands/pm.ts")).pm),
      parameters: {
        flags: {
          ...TURN_FLAGS,
          resume: textFlag("INTERVIEW", "Go on with this interview"),
          repo: {
            kind: "parsed",
            parse: String,
            optional: true,
            variadic: true,
            placeholder: "DIR",
            brief: "Code it is built on, once for each; the registry's defaults or --cwd unless told",
          },
          greenfield: switchFlag("Nothing is there to build on"),
          cwd: textFlag("DIR", "The project it is about; the current folder unless told"),
        },
        positional: { kind: "array", parameter: { parse: String, placeholder: "IDEA", brief: "The product's idea" } },
      },
      docs: { brief: "From a product's idea to its requirements, one question at a time" },
    }),
    generate: buildCommand<PmGenerateFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/pm-generate.ts")).pmGenerate),
      parameters: {
        flags: {
          ...SHARED,
          mind: MIND,
          force: switchFlag("Although the interview is not clear enough; the page says so"),
          cwd: textFlag("DIR", "Where the page goes; the interview's project unless told"),
        },
        positional: ONE_INTERVIEW,
      },
      docs: { brief: "Write the requirements of a product's interview down" },
    }),
  },
  defaultCommand: "hold",
  docs: { brief: "From a product's idea to its requirements (PRD)" },
});

const root: RouteMap<Cli> = buildRouteMap<string, Cli>({
  routes: {
    mcp: mcpRoutes,
    interview: interviewRoutes,
    seed: seedRoutes,
    pm: pmRoutes,
    sessions: buildCommand<SessionsFlags, [], Cli>({
      loader: command(async () => (await import("./commands/sessions.ts")).sessions),
      parameters: {
        flags: {
          ...SHARED,
          status: { kind: "enum", values: SESSION_STATUSES, optional: true, brief: "Only sessions of this status" },
          limit: numberFlag({ min: 1, max: 1000 }, "At most this many; 20 unless told"),
          cursor: textFlag("CURSOR", "Go on where the page before ended"),
        },
      },
      docs: { brief: "List sessions, newest first" },
    }),
    status: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/status.ts")).status),
      parameters: { flags: SHARED, positional: SESSION_ID },
      docs: { brief: "Show one session: its status, whether it is alive, how far it is" },
    }),
    why: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/why.ts")).why),
      parameters: { flags: SHARED, positional: SESSION_ID },
      docs: { brief: "Explain a session's status with the evidence, and whether it can be brought back" },
    }),
    run: buildCommand<RunFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/run.ts")).run),
      parameters: {
        flags: {
          ...SHARED,
          cwd: textFlag("DIR", "The folder to work in; the current one unless told"),
          runtime: textFlag("NAME", "Which configured agent does the work"),
          inPlace: switchFlag("Work in the folder itself; otherwise in a worktree of its own, on a branch"),
          parallel: numberFlag(
            { min: 1, max: MOST_PARALLEL },
            "At most this many agents at once, also when it is resumed; as configured unless told, one in place",
          ),
          dryRun: switchFlag(
            "Only say what it would do: the order and why, where, by which commands, what it may take",
          ),
          approveChecks: APPROVE_CHECKS,
          wait: switchFlag("Stay and show each step until the run ends; Ctrl-C leaves it running"),
        },
        positional: { kind: "tuple", parameters: [SEED_SOURCE] },
      },
      docs: {
        brief: "Have agents carry out a seed in the background, on a branch; checks decide about each criterion",
      },
    }),
    approve: buildCommand<ApproveFlags, [string?], Cli>({
      loader: command(async () => (await import("./commands/approve.ts")).approve),
      parameters: {
        flags: {
          ...SHARED,
          list: switchFlag("Show what was agreed to on this machine, when and how"),
          revoke: textFlag("HASH", "Take an approval back, by its hash or the beginning of it"),
          yes: switchFlag("Agree without being asked, for scripts"),
        },
        positional: {
          kind: "tuple",
          parameters: [{ ...SEED_SOURCE, brief: "A seed's id, its content hash, or a file", optional: true }],
        },
      },
      docs: { brief: "Agree to the commands that the checks of a seed run on this machine" },
    }),
    watch: buildCommand<SharedFlags, [string?], Cli>({
      loader: command(async () => (await import("./commands/watch.ts")).watch),
      parameters: {
        flags: SHARED,
        positional: {
          kind: "tuple",
          parameters: [
            {
              parse: String,
              placeholder: "ID",
              brief: "Id of a session (orch_…); the newest run unless told",
              optional: true,
            },
          ],
        },
      },
      docs: {
        brief: "Watch a run on the terminal, and pause, cancel or answer it by a key",
        fullDescription: `Watch a run on the terminal, and pause, cancel or answer it by a key.
  q leaves, and the run goes on; p asks its worker to pause; c cancels it for good, after a y; a answers an agent's question.
Without a terminal, a line for each change; with --json, a document for each.`,
      },
    }),
    answer: buildCommand<SharedFlags, [string, string?, string?], Cli>({
      loader: command(async () => (await import("./commands/answer.ts")).answer),
      parameters: {
        flags: SHARED,
        positional: {
          kind: "tuple",
          parameters: [
            SESSION_ID.parameters[0],
            { parse: String, placeholder: "N", brief: "The criterion whose question it is", optional: true },
            { parse: String, placeholder: "TEXT", brief: "The answer, in quotes", optional: true },
          ],
        },
      },
      docs: { brief: "Show what a run's agents ask a person, or answer it" },
    }),
    artifacts: buildCommand<ArtifactsFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/artifacts.ts")).artifacts),
      parameters: {
        flags: {
          ...SHARED,
          patch: switchFlag("Print what its branch has changed, as a patch"),
          seed: switchFlag("Print the seed it was given"),
          check: numberFlag({ min: 1, max: 10_000 }, "Print what the latest check of this criterion printed"),
        },
        positional: SESSION_ID,
      },
      docs: { brief: "Show what a run has left: its branch, what its checks said, its seed" },
    }),
    resume: buildCommand<ResumeFlags, [string?], Cli>({
      loader: command(async () => (await import("./commands/resume.ts")).resume),
      parameters: {
        flags: {
          ...SHARED,
          seed: textFlag("FILE", "The seed, where a session's own cannot be found"),
          cwd: textFlag("DIR", "The folder of its work, where a session names none"),
          runtime: textFlag("NAME", "Which configured agent does the work"),
          limit: numberFlag({ min: 1, max: 1000 }, "List at most this many; 20 unless told"),
          force: switchFlag("Go on although somebody may be at work on it, or although its last owners died"),
          approveChecks: APPROVE_CHECKS,
          wait: switchFlag("Stay and show each step until the run ends; Ctrl-C leaves it running"),
        },
        positional: {
          kind: "tuple",
          parameters: [
            { parse: String, placeholder: "ID", brief: "Id of the session to resume (orch_…)", optional: true },
          ],
        },
      },
      docs: { brief: "List what can be resumed, or resume one session: only its unfinished steps are done" },
    }),
    cancel: buildCommand<SharedFlags & { readonly reason?: string | undefined }, [string], Cli>({
      loader: command(async () => (await import("./commands/cancel.ts")).cancel),
      parameters: {
        flags: { ...SHARED, reason: textFlag("TEXT", "Why, for the record") },
        positional: SESSION_ID,
      },
      docs: { brief: "Cancel a session for good" },
    }),
    card: buildCommand<CardFlags, [], Cli>({
      loader: command(async () => (await import("./commands/card.ts")).card),
      parameters: {
        flags: { ...SHARED, cwd: textFlag("DIR", "The project; the host's, else the current folder, unless told") },
      },
      docs: { brief: "What still runs or was interrupted in this project, in 300 tokens for a model, or nothing" },
    }),
    cleanup: buildCommand<CleanupFlags, [], Cli>({
      loader: command(async () => (await import("./commands/cleanup.ts")).cleanup),
      parameters: {
        flags: {
          ...SHARED,
          dryRun: switchFlag("Only say what would be done"),
          undo: {
            kind: "parsed",
            parse: String,
            inferEmpty: true,
            optional: true,
            placeholder: "BATCH",
            brief: "Bring back what a clean-up cancelled: the latest one, or the one named",
          },
        },
      },
      docs: { brief: "End sessions whose owner is gone" },
    }),
    events: buildCommand<EventsFlags, [], Cli>({
      loader: command(async () => (await import("./commands/events.ts")).events),
      parameters: {
        flags: {
          ...SHARED,
          session: textFlag("ID", "Only events of this session, in all its scopes"),
          type: textFlag("TYPE", "Only events of exactly this type"),
          limit: numberFlag({ min: 1, max: 10_000 }, "At most this many; 50 unless told, none before --follow"),
          offset: numberFlag({ min: 0, max: Number.MAX_SAFE_INTEGER }, "Skip this many of the newest"),
          follow: switchFlag("Go on with new events as they are committed, until interrupted"),
        },
      },
      docs: { brief: "List events, newest first, or follow them" },
    }),
    runtimes: buildCommand<SharedFlags, [], Cli>({
      loader: command(async () => (await import("./commands/runtimes.ts")).runtimes),
      parameters: { flags: SHARED },
      docs: { brief: "Show which agents are here, what each can do, and who would be picked for what" },
    }),
    ask: buildCommand<AskFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/ask.ts")).ask),
      parameters: {
        flags: {
          ...SHARED,
          mind: textFlag("NAME", "Who is asked: an agent, a provider or provider/model; as configured unless told"),
          role: {
            kind: "enum",
            values: ROLES,
            optional: true,
            brief: "How much thought it is worth; standard unless told",
          },
          schema: textFlag("FILE", "JSON Schema of the answer; plain text unless told"),
        },
        positional: {
          kind: "tuple",
          parameters: [{ parse: String, placeholder: "QUESTION", brief: "The question, in quotes" }],
        },
      },
      docs: { brief: "Ask a mind one question, to see whether and how it answers" },
    }),
    doctor: buildCommand<SharedFlags, [], Cli>({
      loader: command(async () => (await import("./commands/doctor.ts")).doctor),
      parameters: { flags: SHARED },
      docs: { brief: "Check this installation and its store; every problem comes with a next step" },
    }),
    job: jobRoutes,
    store: storeRoutes,
    completions: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => {
        const { completions } = await import("./commands/completions.ts");
        return (_cli, _flags, shell: string) => completions(commandTree(), shell);
      }),
      parameters: {
        flags: SHARED,
        positional: {
          kind: "tuple",
          parameters: [{ parse: String, placeholder: "SHELL", brief: `One of ${SHELLS.join(", ")}` }],
        },
      },
      docs: {
        brief: "Print a script that completes commands, flags and session ids in a shell",
        fullDescription: `Print a script that completes commands, flags and session ids in a shell.
  bash: ouroboros completions bash > ~/.local/share/bash-completion/completions/ouroboros
  zsh:  ouroboros completions zsh > "\${fpath[1]}/_ouroboros"
  fish: ouroboros completions fish > ~/.config/fish/completions/ouroboros.fish`,
      },
    }),
  },
  docs: { brief: "Ouroboros: a spec-first workflow runtime for coding agents" },
});

/** Every command; each one's code is loaded when it is called. */
export const application = buildApplication<Cli>(
  root,
  {
    name: "ouroboros",
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    localization: { text: { ...text_en, formatException: messageOf } },
  },
  {
    help: help<Cli>({
      brief: "Print help and exit",
      defaultForRouteMap: true,
      formatting: { useAliasInUsageLine: false, onlyRequiredInUsageLine: false, caseStyle: "convert-camel-to-kebab" },
    }),
    version: version<Cli>({ brief: "Print the version and exit", info: { currentVersion: VERSION } }),
  },
);

/** The command line that shows help for what somebody tried to type. */
export function helpCommandFor(argv: readonly string[]): string {
  const words = ["ouroboros"];
  let target: RouteMap<Cli> | Command<Cli> | undefined = root;
  for (const word of argv) {
    target = target && "getRoutingTargetForInput" in target ? target.getRoutingTargetForInput(word) : undefined;
    if (!target) break;
    words.push(word);
  }
  return [...words, "--help"].join(" ");
}

/** The commands as the completion scripts know them: read from the table above, so that they cannot differ from it. */
function commandTree(): CommandNode[] {
  return nodes(root, []);
}

function nodes(map: RouteMap<Cli>, path: readonly string[]): CommandNode[] {
  return map.getAllEntries().flatMap(({ name, target, hidden }): CommandNode[] => {
    if (hidden) return [];
    const here = [...path, name["convert-camel-to-kebab"]];
    const { brief } = target;
    if ("getAllEntries" in target)
      return [{ path: here, brief, flags: [], argument: undefined }, ...nodes(target, here)];
    const flags = Object.entries(target.parameters.flags ?? {}).map(([flag, parameter]) => ({
      name: flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      brief: parameter.brief,
      takesValue: parameter.kind !== "boolean",
      values: parameter.kind === "enum" ? parameter.values : [],
      isSessionId: flag === "session",
    }));
    const { positional } = target.parameters;
    const placeholder = positional?.kind === "tuple" ? positional.parameters[0]?.placeholder : undefined;
    const argument = placeholder === "ID" ? "session" : placeholder === "SHELL" ? "shell" : undefined;
    return [{ path: here, brief, flags, argument }];
  });
}
