/** What a host's model reads about this server before it sees a tool; hosts cut it at 2 KB. */
export const INSTRUCTIONS = `Ouroboros keeps the sessions of spec-first workflows in one store: interview, specification (seed), run, evaluation.
Use ouroboros_session_status to see what a session is doing before you say anything about it; "liveness" tells whether its owner is really alive, and "why" on what grounds.
Use ouroboros_query_events for the history behind it.
Use ouroboros_cancel_execution only when the person asked for it: it is final.
A result with "error": "not_ready" means the server is still cleaning up after a crash: call again after retry_after_ms. "store_unavailable" says what is wrong with the store and what the person can do; the server recovers by itself.
Ids: sessions orch_…, executions exec_…. Times are UTC. The resource ouroboros://startup shows what the start of this server did.
If a tool of this server seems to be missing, load it with your host's tool search first: hosts prefix its name, for example mcp__ouroboros__ouroboros_session_status.`;
