import { type ClientConnection, client, methods, type Stream } from "@agentclientprotocol/sdk";
import type { Task } from "../runtime.ts";
import type { createFiles } from "./acp-files.ts";
import { answerPermission } from "./acp-permissions.ts";
import type { createTerminals } from "./acp-terminals.ts";
import type { ToolFacts } from "./acp-tools.ts";

/** Opens the conversation with an agent and serves what it asks of us. */
export function connectAgent(
  stream: Stream,
  serve: {
    readonly root: string;
    readonly access: Task["access"];
    readonly files: ReturnType<typeof createFiles>;
    readonly terminals: ReturnType<typeof createTerminals>;
    /** What is known of the tool call that permission is asked for. */
    readonly toolOf: (toolCall: unknown) => ToolFacts;
    readonly isOver: () => boolean;
  },
): ClientConnection {
  const { files, terminals, root, access } = serve;
  const { session, fs, terminal } = methods.client;
  return client({ name: "ouroboros" })
    .onRequest(session.requestPermission, ({ params }) => {
      // The protocol wants this answer to whatever is still asked once a turn is cancelled.
      if (serve.isOver()) return { outcome: { outcome: "cancelled" } };
      return answerPermission(serve.toolOf(params.toolCall), params.options, { access, root });
    })
    .onRequest(fs.readTextFile, ({ params }) => files.read(params))
    .onRequest(fs.writeTextFile, ({ params }) => files.write(params))
    .onRequest(terminal.create, ({ params }) => terminals.create(params))
    .onRequest(terminal.output, ({ params }) => terminals.output(params))
    .onRequest(terminal.waitForExit, ({ params }) => terminals.waitForExit(params))
    .onRequest(terminal.kill, ({ params }) => terminals.kill(params))
    .onRequest(terminal.release, ({ params }) => terminals.release(params))
    .connect(stream);
}
