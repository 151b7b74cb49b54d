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
import { MOST_GENERATIONS, MOST_ROUNDS } from "../domain/auto/auto-bounds.ts";
import { QA_TYPES } from "../domain/evaluation/qa.ts";
import { WAIT_FOR } from "../domain/job-news.ts";
import { MOST_PARALLEL } from "../domain/run/schedule.ts";
import { PERSONA_NAMES } from "../domain/run/stagnation.ts";
import { SESSION_STATUSES } from "../domain/session/session.ts";
import { ROLES } from "../minds/mind.ts";
import { VERSION } from "../version.ts";
import { type Cli, command, type SharedFlags } from "./command.ts";
import type { ApproveFlags } from "./commands/approve.ts";
import type { ArtifactsFlags } from "./commands/artifacts.ts";
import type { AskFlags } from "./commands/ask.ts";
import type { AutoFlags } from "./commands/auto.ts";
import type { AutoListFlags } from "./commands/auto-list.ts";
import type { CardFlags } from "./commands/card.ts";
import type { CleanupFlags } from "./commands/cleanup.ts";
import type { EvaluateFlags } from "./commands/evaluate.ts";
import type { EventsFlags } from "./commands/events.ts";
import type { EvolveFlags } from "./commands/evolve.ts";
import type { InterviewFlags } from "./commands/interview.ts";
import type { InterviewListFlags } from "./commands/interview-list.ts";
import type { AbortFlags, AnswerFlags, TurnFlags } from "./commands/interview-turn.ts";
import type { JobListFlags } from "./commands/job-list.ts";
import type { JobWaitFlags } from "./commands/job-wait.ts";
import type { LineageAsideFlags } from "./commands/lineage-aside.ts";
import type { LineageListFlags } from "./commands/lineage-list.ts";
import type { LineageShowFlags } from "./commands/lineage-show.ts";
import type { ServeFlags } from "./commands/mcp-serve.ts";
import type { PmFlags } from "./commands/pm.ts";
import type { PmGenerateFlags } from "./commands/pm-generate.ts";
import type { QaFlags } from "./commands/qa.ts";
import type { RalphFlags } from "./commands/ralph.ts";
import type { ResumeFlags } from "./commands/resume.ts";
import type { RunFlags } from "./commands/run.ts";
import type { SeedEditFlags } from "./commands/seed-edit.ts";
import type { SeedGenerateFlags } from "./commands/seed-generate.ts";
import type { SeedListFlags } from "./commands/seed-list.ts";
import type { SessionsFlags } from "./commands/sessions.ts";
import type { SetupFlags } from "./commands/setup.ts";
import { parseAge } from "./commands/store/age.ts";
import type { CompactFlags } from "./commands/store-compact.ts";
import type { RestoreFlags } from "./commands/store-restore.ts";
import type { UninstallFlags } from "./commands/uninstall.ts";
import type { UpdateFlags } from "./commands/update.ts";
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
          transport: {
            kind: "enum",
            values: ["stdio", "http"],
            optional: true,
            brief: "How the host talks to the server; stdio unless told",
          },
          host: textFlag("ADDRESS", "With http: where to listen; 127.0.0.1 unless told, anything else needs a token"),
          port: numberFlag({ min: 0, max: 65_535 }, "With http: the port; a free one unless told"),
          tokenFile: textFlag("FILE", "With http: every request must carry the token of this file"),
          allowHost: textFlag("NAMES", "With http: other names that clients call it by, separated by commas"),
        },
      },
      docs: {
        brief: "Serve MCP to a host, until the host is gone",
        fullDescription: `Serve MCP to a host, until the host is gone: hosts start this command themselves.
With --transport http it serves until it is interrupted, and prints its address on standard output.`,
      },
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
      docs: { brief: "Show where the store's rows and bytes are, how it grows, and what could go" },
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
  files; then ouroboros store restore FILE --to PATH. What was written after the backup is then missing.
Do not resume in a copy what is still at work in the original: both would work in the same folder.`,
      },
    }),
    restore: buildCommand<RestoreFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/store-restore.ts")).storeRestore),
      parameters: {
        flags: {
          ...SHARED,
          to: textFlag("PATH", "Make a store of it there, where no file is yet"),
          verify: switchFlag("Only look whether it can be relied on"),
        },
        positional: { kind: "tuple", parameters: [{ parse: String, placeholder: "FILE", brief: "The backup" }] },
      },
      docs: { brief: "Open a backup and read all of it; with --to, make a store of it" },
    }),
    compact: buildCommand<CompactFlags, [], Cli>({
      loader: command(async () => (await import("./commands/store-compact.ts")).storeCompact),
      parameters: {
        flags: {
          ...SHARED,
          olderThan: {
            kind: "parsed",
            parse: parseAge,
            optional: true,
            placeholder: "AGE",
            brief: "Only sessions that ended so long ago (36h, 30d, 8w); 30d unless told",
          },
          project: textFlag("DIR", "Only sessions that worked in this folder or below it"),
          keepLast: numberFlag({ min: 0, max: 1_000_000 }, "Leave so many of each project's newest sessions whole"),
          dryRun: switchFlag("Only say what would be dropped; so it is without --yes, too"),
          yes: switchFlag("Make a checked copy of the store, then drop it"),
          noBackup: switchFlag("With --yes: make no copy first"),
          shrink: switchFlag("With --yes: give the space back to the disk; nothing else is written meanwhile"),
        },
      },
      docs: {
        brief: "Drop what ended sessions said while they ran: progress, tools, thoughts",
        fullDescription: `Drop what ended sessions said while they ran: progress, tools, thoughts.
Statuses, verdicts, seeds, interviews, evaluations, lineages and what checks printed stay; status, why, resume and artifacts answer as before.
It goes on in small steps beside whatever else is at work. Rows that are dropped are in the copy, and nowhere else.`,
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

const EVALUATED = {
  kind: "tuple",
  parameters: [{ parse: String, placeholder: "ID", brief: "An evaluation's id (eval_…), or a run's" }],
} as const;

const LINEAGE = { parse: String, placeholder: "LINEAGE", brief: "A lineage's id (lin_…)" } as const;
const GENERATION = {
  parse: numberFlag({ min: 1, max: 10_000 }, "").parse,
  placeholder: "N",
  brief: "A generation's number",
} as const;
const ONE_LINEAGE = { kind: "tuple", parameters: [LINEAGE] } as const;
const EVOLVED = {
  kind: "tuple",
  parameters: [
    { parse: String, placeholder: "SEED|LINEAGE", brief: "A seed's id or file, to begin with; or a lineage, to go on" },
  ],
} as const;
const EVOLVE_FLAGS = {
  ...SHARED,
  cwd: textFlag("DIR", "The project; the current folder unless told"),
  runtime: textFlag("NAME", "Which configured agent does the work"),
  parallel: numberFlag({ min: 1, max: MOST_PARALLEL }, "At most this many agents at once; as configured unless told"),
  lineage: textFlag("ID", "What a lineage that is begun now is to be called"),
  paper: switchFlag("Begin one that only works on the specification: nothing is carried out or checked"),
  approveChecks: APPROVE_CHECKS,
} as const;

const autoRoutes = buildRouteMap<string, Cli>({
  routes: {
    go: buildCommand<AutoFlags, string[], Cli>({
      loader: command(async () => (await import("./commands/auto.ts")).auto),
      parameters: {
        flags: {
          ...SHARED,
          resume: textFlag("ID", "Go on with this one (auto_…), wherever it stopped"),
          answer: textFlag("TEXT", "With --resume: your word on the question that only you can answer"),
          cwd: textFlag("DIR", "The project; the current folder unless told"),
          runtime: textFlag("NAME", "Which configured agent does the work"),
          mind: MIND,
          rounds: numberFlag({ min: 1, max: MOST_ROUNDS }, "At most this many questions; 12 unless told"),
          generations: numberFlag({ min: 1, max: MOST_GENERATIONS }, "At most this many generations; 3 unless told"),
          hours: numberFlag({ min: 1, max: 1000 }, "At most this many hours of work; as configured unless told"),
          tokens: numberFlag({ min: 1, max: 1e12 }, "At most this many tokens, as minds and agents report them"),
          cost: numberFlag({ min: 1, max: 1e6 }, "At most this many dollars, as minds and agents report them"),
          skipRun: switchFlag("Stop at the seed: nothing is carried out"),
          approveChecks: switchFlag("Agree to the checks that the project declares without being asked, for scripts"),
        },
        positional: { kind: "array", parameter: { parse: String, placeholder: "GOAL", brief: "What you want" } },
      },
      docs: { brief: "From one sentence to a branch whose work was checked" },
    }),
    list: buildCommand<AutoListFlags, [], Cli>({
      loader: command(async () => (await import("./commands/auto-list.ts")).autoList),
      parameters: {
        flags: { ...SHARED, limit: numberFlag({ min: 1, max: 1000 }, "At most this many; 20 unless told") },
      },
      docs: { brief: "List what was begun that way, the newest first" },
    }),
    show: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/auto-show.ts")).autoShow),
      parameters: {
        flags: SHARED,
        positional: { kind: "tuple", parameters: [{ parse: String, placeholder: "ID", brief: "Its id (auto_…)" }] },
      },
      docs: { brief: "Show how one stands, what was assumed in your place, and what was made" },
    }),
  },
  defaultCommand: "go",
  docs: { brief: "From one sentence to a branch whose work was checked; every decision taken for you is listed" },
});

const lineageRoutes = buildRouteMap<string, Cli>({
  routes: {
    list: buildCommand<LineageListFlags, [], Cli>({
      loader: command(async () => (await import("./commands/lineage-list.ts")).lineageList),
      parameters: {
        flags: { ...SHARED, limit: numberFlag({ min: 1, max: 1000 }, "At most this many; 20 unless told") },
      },
      docs: { brief: "List lineages, the latest first" },
    }),
    show: buildCommand<LineageShowFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/lineage-show.ts")).lineageShow),
      parameters: {
        flags: { ...SHARED, matrix: switchFlag("Every result of every criterion, generation by generation") },
        positional: ONE_LINEAGE,
      },
      docs: { brief: "Show the generations of a lineage, and how its criteria have come along" },
    }),
    diff: buildCommand<SharedFlags, [string, number, number], Cli>({
      loader: command(async () => (await import("./commands/lineage-diff.ts")).lineageDiff),
      parameters: { flags: SHARED, positional: { kind: "tuple", parameters: [LINEAGE, GENERATION, GENERATION] } },
      docs: { brief: "Show what is different between two generations: score, criteria, seed" },
    }),
    rewind: buildCommand<SharedFlags, [string, number], Cli>({
      loader: command(async () => (await import("./commands/lineage-rewind.ts")).lineageRewind),
      parameters: { flags: SHARED, positional: { kind: "tuple", parameters: [LINEAGE, GENERATION] } },
      docs: { brief: "Go back to an earlier generation: the lineage and its branch, and no file of yours" },
    }),
    aside: buildCommand<LineageAsideFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/lineage-aside.ts")).lineageAside),
      parameters: {
        flags: {
          ...SHARED,
          persona: {
            kind: "enum",
            values: PERSONA_NAMES,
            optional: true,
            brief: "How to think from now on; whoever suits how it stands still unless told",
          },
        },
        positional: ONE_LINEAGE,
      },
      docs: { brief: "Have a lineage that stands still go on with another way of thinking" },
    }),
  },
  docs: { brief: "Lineages: a seed carried out, judged and improved, generation after generation" },
});

const HOST = {
  parse: String,
  placeholder: "HOST",
  brief: "A host, such as claude-code; every one found unless told",
} as const;

const root: RouteMap<Cli> = buildRouteMap<string, Cli>({
  routes: {
    mcp: mcpRoutes,
    interview: interviewRoutes,
    seed: seedRoutes,
    auto: autoRoutes,
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
          checks: switchFlag("Agree to the checks that the project in a folder declares, instead of a seed's"),
          revoke: textFlag("HASH", "Take an approval back, by its hash or the beginning of it"),
          yes: switchFlag("Agree without being asked, for scripts"),
        },
        positional: {
          kind: "tuple",
          parameters: [
            {
              ...SEED_SOURCE,
              brief: "A seed's id, its content hash, or a file; a folder with --checks",
              optional: true,
            },
          ],
        },
      },
      docs: { brief: "Agree to the commands that the checks of a seed, or of a project, run on this machine" },
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
    evaluate: buildCommand<EvaluateFlags, [string?], Cli>({
      loader: command(async () => (await import("./commands/evaluate.ts")).evaluate),
      parameters: {
        flags: {
          ...SHARED,
          seed: textFlag("FILE", "Judge what lies in a folder by this seed (a file or an id), not a run"),
          checksOnly: switchFlag("Ask no judge: only what can be run decides"),
          consensus: switchFlag("Ask several, or one from several sides"),
          mind: MIND,
          approveChecks: APPROVE_CHECKS,
        },
        positional: {
          kind: "tuple",
          parameters: [
            { parse: String, placeholder: "ID|DIR", brief: "A run's id; with --seed a folder", optional: true },
          ],
        },
      },
      docs: { brief: "Judge whether work does what its seed asks: by checks, then by a judge that cites lines" },
    }),
    verify: buildCommand<SharedFlags & { readonly approveChecks: boolean }, [string], Cli>({
      loader: command(async () => (await import("./commands/verify.ts")).verify),
      parameters: { flags: { ...SHARED, approveChecks: APPROVE_CHECKS }, positional: EVALUATED },
      docs: {
        brief:
          "Follow the evidence of an evaluation again: is everything still the same, and does it come to the same?",
      },
    }),
    proof: buildCommand<SharedFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/proof.ts")).proof),
      parameters: { flags: SHARED, positional: EVALUATED },
      docs: { brief: "Print an evaluation as a page of Markdown, for a pull request" },
    }),
    qa: buildCommand<QaFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/qa.ts")).qa),
      parameters: {
        flags: {
          ...SHARED,
          bar: { kind: "parsed", parse: String, placeholder: "TEXT", brief: "What it has to be like" },
          type: { kind: "enum", values: QA_TYPES, optional: true, brief: "What it is; code unless told" },
          reference: textFlag("FILE", "Something to hold it against"),
          seed: textFlag("FILE", "A seed whose criteria and constraints count as well"),
          threshold: numberFlag({ min: 0, max: 100 }, "Passes from this many per cent on; 80 unless told"),
          mind: MIND,
        },
        positional: { kind: "tuple", parameters: [{ parse: String, placeholder: "FILE", brief: "What to look at" }] },
      },
      docs: { brief: "Have a mind hold a file against a quality bar" },
    }),
    evolve: buildCommand<EvolveFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/evolve.ts")).evolve),
      parameters: { flags: { ...EVOLVE_FLAGS, mind: MIND }, positional: EVOLVED },
      docs: { brief: "Take a lineage one generation further: reflect, carry out, judge; or begin one with a seed" },
    }),
    ralph: buildCommand<RalphFlags, [string], Cli>({
      loader: command(async () => (await import("./commands/ralph.ts")).ralph),
      parameters: {
        flags: {
          ...EVOLVE_FLAGS,
          generations: numberFlag({ min: 1, max: 30 }, "At most this many generations; 10 unless told"),
          hours: numberFlag({ min: 1, max: 1000 }, "At most this many hours of work; 12 unless told"),
          tokens: numberFlag({ min: 1, max: 1e12 }, "At most this many tokens, as agents report them"),
          cost: numberFlag({ min: 1, max: 1e6 }, "At most this many dollars, as agents report them; 50 unless told"),
          asides: numberFlag({ min: 0, max: 5 }, "Other ways of thinking to try when it stands still; 2 unless told"),
          wait: switchFlag("Stay and show each generation; Ctrl-C leaves it running"),
        },
        positional: EVOLVED,
      },
      docs: { brief: "Have a lineage go on in the background until its outcome is reached, or a bound" },
    }),
    lineage: lineageRoutes,
    setup: buildCommand<SetupFlags, string[], Cli>({
      loader: command(async () => (await import("./commands/setup.ts")).setup),
      parameters: {
        flags: {
          ...SHARED,
          yes: switchFlag("Write the changes without asking"),
          dryRun: switchFlag("Only show what would be changed"),
          print: switchFlag("Print the entries to paste; read and write nothing"),
          fromPython: switchFlag("Replace the Python program's entries, and say what stays and what changes"),
        },
        positional: { kind: "array", parameter: HOST },
      },
      docs: {
        brief: "Tell the coding agents and editors here about this server",
        fullDescription: `Tell the coding agents and editors here about this server.
Shows the exact change of each file, asks, keeps a copy beside it, and writes nothing but its own entry. Nothing of a host or a project is run.
Take it back at any time: ouroboros uninstall`,
      },
    }),
    uninstall: buildCommand<UninstallFlags, string[], Cli>({
      loader: command(async () => (await import("./commands/uninstall.ts")).uninstall),
      parameters: {
        flags: {
          ...SHARED,
          yes: switchFlag("Write the changes without asking"),
          dryRun: switchFlag("Only show what would be changed"),
        },
        positional: { kind: "array", parameter: HOST },
      },
      docs: { brief: "Take away what setup has written; the store, seeds and settings stay" },
    }),
    update: buildCommand<UpdateFlags, [], Cli>({
      loader: command(async () => (await import("./commands/update.ts")).update),
      parameters: {
        flags: {
          ...SHARED,
          check: switchFlag("Only say which version there is; exits with 0 whichever it is"),
          yes: switchFlag("Replace this program without asking"),
          version: textFlag("VERSION", "This version, older ones too; the newest unless told"),
        },
      },
      docs: {
        brief: "Look for another version of this program, and put it in place",
        fullDescription: `Look for another version of this program, and put it in place. Nothing else ever asks whether there is one.
A file that was downloaded is replaced once the new one's checksum is right and it has answered. For npm, Homebrew and the
like it prints the one command that does it. OUROBOROS_RELEASES names releases elsewhere; HTTPS_PROXY is respected.`,
      },
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
    scanner: {
      caseStyle: "allow-kebab-for-camel",
      allowArgumentEscapeSequence: true,
      // The kit's own threshold is git's, whose commands have long names: of ours it would offer any for any.
      distanceOptions: { threshold: 4, weights: { insertion: 1, deletion: 3, substitution: 2, transposition: 0 } },
    },
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
