import * as v from "valibot";
import { newId } from "../../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { readConfig } from "../../config.ts";
import type { MindChoice } from "../../minds/choose-mind.ts";
import type { Mind, Question, Role } from "../../minds/mind.ts";
import { type MindSources, pickMind } from "../../minds/mind-sources.ts";
import { openMind } from "../../minds/open-mind.ts";
import { openRuntime } from "../../runtimes/configured-runtimes.ts";
import { runtimeNamed } from "../../runtimes/runtime-settings.ts";
import { StoreError } from "../../store/engine/store-error.ts";
import type { StoreTarget } from "../../store/engine/store-target.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { startProgress } from "../progress.ts";
import { readAnswerSchema } from "./ask/answer-schema-file.ts";
import { describeAnswer, type Told } from "./ask/answer-text.ts";
import { readMindSources } from "./runtimes/mind-sources.ts";

export type AskFlags = SharedFlags & {
  readonly mind?: string | undefined;
  readonly role?: Role | undefined;
  readonly schema?: string | undefined;
};

const PlainAnswer = v.object({ answer: v.string() });

/** `ouroboros ask QUESTION`: one question through a mind, with who answered and what it took. Keeps that of it, and no word. */
export async function ask(cli: Cli, flags: AskFlags, text: string): Promise<Answer | Refusal> {
  if (text.trim() === "") return refuse("wrong_usage", "Cannot ask: the question is empty", "Write it in quotes");
  const role = flags.role ?? "standard";
  const schema = flags.schema === undefined ? PlainAnswer : await readAnswerSchema(flags.schema);
  if (isRefusal(schema)) return schema;
  const config = await readConfig({ db: flags.db });
  const { sources, access } = await readMindSources(config);
  const choice = choose(sources, role, flags.mind);
  if (isRefusal(choice)) return flags.json ? choice : withCode(choice);
  await using store = await openRecord(config.target);
  const scope = { aggregateType: "question", aggregateId: newId() };
  const mind = await openMind(choice, {
    host: store && { store, scope, continuation: null },
    runtime: (name) => {
      const found = runtimeNamed(sources.runtimes, name);
      return found && openRuntime(found);
    },
    access: (name) => (isRefusal(access) ? access : (access.get(name) ?? unreachable(name))),
  });
  if (isRefusal(mind)) return flags.json ? mind : withCode(mind);
  const question = { role, kind: "cli.ask", instructions: INSTRUCTIONS, input: text, schema };
  const told = await put(cli, mind, choice, question);
  if (isRefusal(told)) return flags.json ? told : withCode(told);
  const isPlain = schema === PlainAnswer && typeof told.answer.answer === "string";
  return { json: told, text: describeAnswer(cli.style, told, isPlain ? String(told.answer.answer) : null) };
}

const INSTRUCTIONS = "Answer the question of the person who asks, briefly and to the point.";

/** There is nobody on the other end of a terminal who could do the thinking. */
function choose(sources: MindSources, role: Role, word: string | undefined): MindChoice | Refusal {
  const { roles, backend } = sources.minds;
  const meant = word ?? roles[role] ?? backend;
  if (meant === "host") {
    const who = word === undefined ? `minds.${role} or OUROBOROS_LLM_BACKEND says host` : "it was asked for";
    return refuse(
      "needs_host",
      `Cannot ask the host from a terminal (${who}): it is the model that calls Ouroboros over MCP`,
      "Name somebody else (--mind claude, --mind openai), or ask through an MCP host; `ouroboros runtimes` shows who there is",
    );
  }
  const choice = pickMind(sources, { role, hasHost: false, word });
  if (word === undefined) return choice;
  if (!isRefusal(choice)) return word === "auto" ? choice : { ...choice, why: "it was asked for" };
  if (choice.code !== "mind_unavailable" || word === "auto") return choice;
  return unreachable(word);
}

/** A call is put on record where there is a store; none is made for a question, and one that cannot be used stops none. */
async function openRecord(target: StoreTarget): Promise<Store | undefined> {
  try {
    return await openStore(target, { readOnly: false, create: false });
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

function unreachable(name: string): Refusal {
  return refuse(
    "mind_unavailable",
    `Cannot ask ${name}: no agent of this name is installed here, and no provider of this name has a key and a model`,
    "`ouroboros runtimes` shows who there is; a provider of your own is named as provider/model",
  );
}

async function put(
  { interruption }: Cli,
  mind: Mind,
  { why }: MindChoice,
  question: Question<Record<string, unknown>>,
): Promise<Told | Refusal> {
  const progress = startProgress(process.stderr, `Waiting for the answer of ${mind.name} …`);
  const began = performance.now();
  try {
    const answer = await mind.ask(question, interruption.signal);
    if (isRefusal(answer)) return answer;
    if (answer.status === "needs_host") throw new Error("A host's order was made for a terminal");
    const { value, by, usage, attempts } = answer;
    const ms = Math.round(performance.now() - began);
    return { answer: value, mind: by.mind, kind: mind.kind, model: by.model, why, usage, attempts, ms };
  } finally {
    progress.done();
  }
}

/** Whoever sets a mind up looks for the code, which text does not show otherwise. */
function withCode(refusal: Refusal): Refusal {
  const { attempts } = refusal.facts;
  const tries =
    typeof attempts === "number" && attempts > 0 ? `, after ${attempts} attempt${attempts === 1 ? "" : "s"}` : "";
  return { ...refusal, message: `${refusal.message} (${refusal.code}${tries})` };
}
