/** What a host's model reads about this server before it sees a tool; hosts cut it at 2 KB. */
export const INSTRUCTIONS = `Ouroboros turns a wish into a specification and keeps the work on it: interview, seed, run, evaluation, all in one store.
"ooo interview …" or a vague wish: ouroboros_interview with initial_context. Ask the person what it asks and pass their words on; what the project's files say is yours to look up. When it is completed, ouroboros_generate_seed; to have it built, ouroboros_execute_seed.
An answer with status needs_host asks you to think: follow work.instructions on work.input and hand the result to ouroboros_submit; the tool then goes on.
ouroboros_session_status says what a session is doing; "liveness" whether its owner is really alive, "why" on what grounds. ouroboros_resume_session goes on with what was interrupted. ouroboros_cancel_execution only when the person asked for it: it is final.
"not_ready" means the server is still cleaning up after a crash: call again after retry_after_ms. "store_unavailable" says what is wrong with the store; the server recovers by itself.
Ids: interview_…, seed_…, sessions orch_…, jobs job_…. Times are UTC.
If a tool of this server seems to be missing, load it with your host's tool search first: hosts prefix its name, for example mcp__ouroboros__ouroboros_interview.`;
