import type { Writable } from "node:stream";
import type { AnyMessage, Stream } from "@agentclientprotocol/sdk";
import { boundedLines } from "../../process/agent/bounded-lines.ts";
import { jsonLine } from "../json-line.ts";
import { AcpFault } from "./acp-fault.ts";

interface Hooks {
  /** Waited for before each message is taken from the agent. */
  readonly room: () => Promise<void>;
  /** A session update. The SDK gives these no place among the answers, here they keep the order they were sent in. */
  readonly onUpdate: (params: unknown) => void;
  readonly onGarbage: (line: string) => void;
  readonly onHeard: () => void;
}

interface AgentPipes {
  readonly output: AsyncIterable<Uint8Array>;
  readonly stdin: Writable;
}

/** The longest message that is read; a longer one ends the conversation. */
const LONGEST_LINE = 8 * 2 ** 20;
const UPDATE = "session/update";
/** How many of an agent's requests are worked on before the next is read. */
const MOST_REQUESTS = 256;
/** After this many lines that are none of the protocol's it is another program that was started. */
const MOST_GARBAGE = 10_000;

/** The messages to and from an agent: bounded, in order, and without what is no message. `ended`: all has been read. */
export function acpStream({ output, stdin }: AgentPipes, hooks: Hooks): { stream: Stream; ended: Promise<void> } {
  const lines = boundedLines(output, LONGEST_LINE)[Symbol.asyncIterator]();
  const ended = Promise.withResolvers<void>();
  const asked = new Set<unknown>();
  let working = 0;
  let answered = Promise.withResolvers<void>();
  let garbage = 0;

  const readable = new ReadableStream<AnyMessage>(
    {
      async pull(controller) {
        try {
          const message = await nextMessage();
          if (message !== undefined) return controller.enqueue(message);
          ended.resolve();
          controller.close();
        } catch (error) {
          ended.resolve();
          controller.error(error);
        }
      },
      async cancel() {
        ended.resolve();
        // Not awaited to its end: a generator that waits for a chunk hears of it with the next one.
        void lines.return?.(undefined)?.catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<AnyMessage>({
    write(message) {
      if ("method" in message && "id" in message) asked.add(message.id);
      if (!("method" in message)) {
        working--;
        answered.resolve();
        answered = Promise.withResolvers();
      }
      return write(stdin, `${JSON.stringify(message)}\n`);
    },
  });
  return { stream: { readable, writable }, ended: ended.promise };

  async function nextMessage(): Promise<AnyMessage | undefined> {
    while (true) {
      await hooks.room();
      while (working >= MOST_REQUESTS) await answered.promise;
      const { value: piece, done } = await lines.next();
      if (done) return undefined;
      hooks.onHeard();
      // It may have been an answer that would be waited for in vain.
      if ("dropped" in piece)
        throw new AcpFault("failed", `sent a message of ${piece.dropped} bytes, which is too long`);
      if (piece.line.trim() === "") continue;
      const message = messageIn(piece.line);
      if (message === null) refuse(piece.line);
      else if (!("method" in message)) {
        // An answer to nothing that was asked is nobody's.
        if (asked.delete(message.id)) return message;
      } else if ("id" in message) {
        working++;
        return message;
      } else if (message.method === UPDATE) hooks.onUpdate(message.params);
    }
  }

  function refuse(line: string): void {
    hooks.onGarbage(line);
    if (++garbage > MOST_GARBAGE) throw new AcpFault("failed", "does not speak the Agent Client Protocol");
  }
}

/** The message of JSON-RPC in a line, or null when it is none. */
function messageIn(line: string): AnyMessage | null {
  const value = jsonLine(line);
  if (value?.jsonrpc !== "2.0") return null;
  const isCall = typeof value.method === "string";
  const isAnswer = !("method" in value) && "id" in value && ("result" in value || "error" in value);
  return isCall || isAnswer ? (value as AnyMessage) : null;
}

function write(stdin: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!stdin.writable) return reject(new Error("It no longer reads its input"));
    stdin.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
