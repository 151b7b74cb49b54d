import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { InterviewAction } from "../../workflows/interview/interview-call.ts";
import { generateProduct } from "../../workflows/product/generate-product.ts";
import { productStanding } from "../../workflows/product/product-standing.ts";
import { findProduct, selectRepositories, startProduct } from "../../workflows/product/start-product.ts";
import { holdInterview, interviewWorld } from "../interview-tool.ts";
import { projectFolder } from "../project-folder.ts";
import { defineTool, type ToolAnswer, type ToolCall } from "../tool.ts";

const NAME = "ouroboros_pm_interview";
const ACTIONS = [
  "start",
  "resume",
  "generate",
  "select_repos",
  "status",
  "amend",
  "undo",
  "complete",
  "abort",
] as const;
type Action = (typeof ACTIONS)[number];

const Text = v.pipe(v.string(), v.minLength(1));
const Input = v.object({
  action: v.optional(v.pipe(v.picklist(ACTIONS), v.description("Inferred when absent"))),
  initial_context: v.optional(v.pipe(Text, v.description("The product idea"))),
  session_id: v.optional(v.pipe(Text, v.description("Interview to go on with"))),
  answer: v.optional(v.pipe(Text, v.description("[decide_later] puts the question off"))),
  round: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.description("Round it answers or amends"))),
  last_question: v.optional(v.pipe(Text, v.description("The question as you put it"))),
  selected_repos: v.optional(
    v.pipe(v.array(Text), v.description("Folders of existing code; [] for none; default: the registry's")),
  ),
  cwd: v.optional(v.pipe(Text, v.description("Project folder; the PRD goes there"))),
  force: v.optional(v.pipe(v.boolean(), v.description("generate although unclear; ask the person first"))),
});
type Input = v.InferOutput<typeof Input>;

const Output = v.looseObject({
  session_id: v.string(),
  status: v.picklist(["question", "needs_host", "needs_turn", "completed", "aborted", "generated"]),
  next_action: v.looseObject({ tool: v.string() }),
});
type Answer = ToolAnswer<v.InferInput<typeof Output>> | Refusal;

/** `ouroboros_pm_interview`: from a product idea to requirements (a PRD) that developers can ask on from. */
export const ouroborosPmInterview = defineTool({
  name: NAME,
  title: "Product interview",
  description:
    "Turns a product idea into a requirements document (PRD), asking a product manager one question at a time. Works as ouroboros_interview does; when complete, generate writes the document.",
  toolset: "authoring",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  alwaysLoad: false,
  input: Input,
  output: Output,
  async run(input, call) {
    // A call that comes back with a person's answer is about that answer, whatever it was at first.
    const action = call.said ? "resume" : (input.action ?? implied(input));
    if (isRefusal(action)) return action;
    if (action === "start") return start(input, call);
    const { session_id } = input;
    if (call.said) return hold({ cwd: input.cwd }, call);
    if (session_id === undefined) return missing("session_id", `action "${action}" is about an interview`);
    if (action === "select_repos") return select(session_id, input, call);
    if (action === "generate") return generate(session_id, input, call);
    const found = await findProduct(interviewWorld(call.context, call.signal), session_id);
    if (isRefusal(found)) return found;
    return hold({ ...input, action: toInterviewAction(action, input) }, call);
  },
});

/** As upstream reads a call without an action; an answer goes before everything, since it would be lost. */
function implied({ session_id, answer, initial_context, selected_repos }: Input): Action | Refusal {
  if (session_id !== undefined && answer !== undefined) return "resume";
  if (initial_context !== undefined) return "start";
  if (session_id === undefined)
    return missing("initial_context", "Must provide initial_context to start, or session_id to resume/generate");
  return selected_repos === undefined ? "resume" : "select_repos";
}

function toInterviewAction(
  action: Exclude<Action, "start" | "generate" | "select_repos">,
  { answer }: Input,
): InterviewAction {
  if (action !== "resume") return action;
  return answer === undefined ? "next" : "answer";
}

async function start(input: Input, call: ToolCall): Promise<Answer> {
  const { initial_context: context, selected_repos: selected } = input;
  if (context === undefined) return missing("initial_context", "an interview begins with an idea");
  const cwd = projectFolder(input.cwd);
  if (isRefusal(cwd)) return cwd;
  const world = interviewWorld(call.context, call.signal);
  const id = await startProduct(world, { context, selected, cwd, by: "mcp_tool" });
  return isRefusal(id) ? id : begun(id, cwd, call);
}

async function select(sessionId: string, input: Input, call: ToolCall): Promise<Answer> {
  const { selected_repos: selected } = input;
  if (selected === undefined) return missing("selected_repos", "it says on what the product is built");
  const cwd = projectFolder(input.cwd);
  if (isRefusal(cwd)) return cwd;
  const world = interviewWorld(call.context, call.signal);
  const id = await selectRepositories(world, { sessionId, selected, cwd, by: "mcp_tool" });
  return isRefusal(id) ? id : begun(id, cwd, call);
}

async function begun(session_id: string, cwd: string, call: ToolCall): Promise<Answer> {
  const answer = await hold({ action: "next", session_id, cwd }, call);
  return isRefusal(answer) ? answer : { ...answer, text: `PM interview started. ${answer.text}` };
}

/** One turn, with what only a product's interview has. */
async function hold(input: Parameters<typeof holdInterview>[2], call: ToolCall): Promise<Answer> {
  const answer = await holdInterview("product", NAME, input, call);
  if (isRefusal(answer)) return answer;
  const found = await findProduct(interviewWorld(call.context, call.signal), answer.value.session_id);
  if (isRefusal(found)) return found;
  return { ...answer, value: { ...answer.value, ...productStanding(found) } };
}

async function generate(sessionId: string, { force = false, cwd }: Input, call: ToolCall): Promise<Answer> {
  const again = { session_id: sessionId, action: "generate", force, ...(cwd === undefined ? {} : { cwd }) };
  const made = await generateProduct(
    interviewWorld(call.context, call.signal),
    { sessionId, force, cwd, by: "mcp_tool" },
    { hasHost: true, continuation: { tool: NAME, arguments: again } },
    call.signal,
  );
  if (isRefusal(made)) return made;
  const common = { session_id: sessionId, ...productStanding(made.interview) };
  if (made.status === "needs_host") {
    const { work } = made;
    const faults = work.faults.length === 0 ? "" : ` Your last result was not taken: ${work.faults.join("; ")}`;
    const text = `Do the work order below yourself: follow its instructions on its input, and hand the result to ouroboros_submit with this work_id. The document comes back from there.${faults}`;
    const next_action = { tool: "ouroboros_submit", arguments: { work_id: work.work_id } };
    return { value: { ...common, status: "needs_host", work: { ...work }, next_action }, text };
  }
  const { document, markdown, files } = made;
  const { seedPath, pagePath, problem } = files;
  const context_file = pagePath ?? seedPath;
  const leadsOn = context_file === null ? { initial_context: markdown } : { context_file };
  const project = cwd ?? made.interview.cwd;
  const value = {
    ...common,
    status: "generated" as const,
    pm_id: document.pm_id,
    product_name: document.product_name,
    artifact_kind: "pm_seed",
    runnable: false,
    seed_path: seedPath,
    pm_seed_path: seedPath,
    pm_path: pagePath,
    file_problem: problem,
    ambiguity_score: document.ambiguity_score,
    forced: document.forced,
    prd: markdown,
    next_action: {
      tool: "ouroboros_interview",
      arguments: { ...leadsOn, ...(project === null ? {} : { cwd: project }) },
    },
  };
  const lines = [
    `PRD written${document.forced ? " (forced: the interview was not clear enough)" : ""}. Session ID: ${sessionId}`,
    ...(pagePath === null ? [] : [`PRD: ${pagePath}`]),
    ...(seedPath === null ? [] : [`PM seed: ${seedPath}`]),
    ...(problem === null ? [] : [problem]),
    "Show it to the person. It is no seed yet: ouroboros_interview asks developers on from it.",
    "",
    markdown,
  ];
  return { value, text: lines.join("\n") };
}

function missing(argument: string, why: string): Refusal {
  return refuse("bad_arguments", `Cannot call without ${argument}: ${why}`, `Pass ${argument}`);
}
