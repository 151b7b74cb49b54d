import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { blockersOfPerson } from "../../domain/interview/blockers.ts";
import { currentAssessment, type Interview, transcriptHash } from "../../domain/interview/interview.ts";
import { prdMarkdown } from "../../domain/product/prd-markdown.ts";
import { type ProductDocument, parseProductDocument } from "../../domain/product/product-document.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import type { WorkOrder } from "../../minds/mind.ts";
import { interviewScope } from "../../store/interviews.ts";
import { readProductFacts, saveProductDocument } from "../../store/product-documents.ts";
import type { Caller } from "../caller.ts";
import { cleanText } from "../interview/clean-text.ts";
import { completeInterview } from "../interview/end-interview.ts";
import type { InterviewWorld } from "../interview/interview-call.ts";
import { planTurn } from "../interview/plan-turn.ts";
import { draftProduct } from "./draft-product.ts";
import { productQuestion } from "./product-question.ts";
import { findProduct } from "./start-product.ts";
import { type ProductFiles, writeProductFiles } from "./write-product-files.ts";

/** A product's requirements as they were written, or the work a host does first. */
export type GeneratedProduct =
  | { readonly status: "needs_host"; readonly interview: Interview; readonly work: WorkOrder }
  | {
      readonly status: "generated";
      readonly interview: Interview;
      readonly document: ProductDocument;
      /** The page for people. */
      readonly markdown: string;
      readonly files: ProductFiles;
    };

interface ProductRequest {
  readonly sessionId: string;
  /** Although it is not clear enough; the document says so. */
  readonly force: boolean;
  /** Where the page goes; the interview's own project unless told. */
  readonly cwd: string | undefined;
  readonly by: string;
}

/**
 * Writes a product's requirements down: scored first, refused while they are not clear unless forced, then one question to a
 * mind, whose every statement has to name its source. An interview that was not changed keeps its document, and no mind is asked.
 */
export async function generateProduct(
  world: InterviewWorld,
  request: ProductRequest,
  caller: Caller,
  signal: AbortSignal,
): Promise<GeneratedProduct | Refusal> {
  const found = await findProduct(world, request.sessionId);
  if (isRefusal(found)) return found;
  const turn = await planTurn(world, request.sessionId, caller, signal);
  if (isRefusal(turn)) return turn;
  if (turn.work) return { status: "needs_host", interview: turn.interview, work: turn.work };
  const interview = await closed(world, turn.interview, request);
  if (isRefusal(interview)) return interview;
  const drafted = await draftOnce(world, interview, caller, signal);
  if (isRefusal(drafted)) return drafted;
  if (typeof drafted !== "string") return { status: "needs_host", interview, work: drafted };
  const document = parseProductDocument(drafted);
  const markdown = prdMarkdown(document);
  const place = { home: world.home, cwd: request.cwd ?? interview.cwd };
  const files = await writeProductFiles(place, { pmId: document.pm_id, json: drafted, markdown });
  return { status: "generated", interview, document, markdown, files };
}

/** Whoever asks for the document says that it is enough; whether it is, the scores say. */
async function closed(
  { store }: InterviewWorld,
  interview: Interview,
  { force, by }: ProductRequest,
): Promise<Interview | Refusal> {
  const { interview_id, status } = interview;
  if (status === "aborted") return refuse("interview_aborted", `${interview_id} was given up`, "Start another one");
  if (force) return interview;
  const ended = status === "completed" ? unclear(interview) : await completeInterview(store, interview_id, by);
  if (!isRefusal(ended) || ended.code !== "not_clear_yet") return ended;
  return { ...ended, next: "Go on with the open question; or pass force, and the document says that it was not clear" };
}

/** One that was ended elsewhere, and may have been before it was clear. */
function unclear(interview: Interview): Interview | Refusal {
  const blockers = blockersOfPerson(interview);
  if (blockers.length === 0) return interview;
  const why = blockers.map(({ message }) => message).join("; ");
  const facts = { session_id: interview.interview_id, blockers };
  return refuse("not_clear_yet", `${interview.interview_id} ended before it was clear: ${why}`, "", facts);
}

/** The text of the transcript's document, written now unless it is there; or the work order for it. */
async function draftOnce(
  { store, minds }: InterviewWorld,
  interview: Interview,
  caller: Caller,
  signal: AbortSignal,
): Promise<string | WorkOrder | Refusal> {
  const { interview_id } = interview;
  const hash = transcriptHash(interview);
  const { document: known, repositories } = await readProductFacts(store, interview_id, hash);
  if (known !== undefined) return known;
  const host = { store, scope: interviewScope(interview_id), continuation: caller.continuation };
  const mind = await minds.open({ role: "deep", hasHost: caller.hasHost, word: caller.mind, host });
  if (isRefusal(mind)) return mind;
  const answer = await mind.ask(productQuestion(interview), signal);
  if (isRefusal(answer)) return answer;
  if (answer.status === "needs_host") return answer.work;
  const ambiguity = currentAssessment(interview)?.ambiguity ?? 1;
  const forced = blockersOfPerson(interview).length > 0;
  const createdAt = toIsoTimestamp(store.stamp());
  const document = draftProduct(answer.value, { interview, repositories, ambiguity, forced, createdAt });
  const text = `${JSON.stringify(document, (_, value: unknown) => (typeof value === "string" ? cleanText(value) : value), 2)}\n`;
  const pmId = document.pm_id;
  return saveProductDocument(store, interview_id, { pmId, transcriptHash: hash, text, forced, by: answer.by });
}
