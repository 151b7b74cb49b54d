import { expect, test } from "bun:test";
import { PassThrough, Writable } from "node:stream";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { MAX_LINE_BYTES, StdioTransport } from "../../src/mcp/stdio-transport.ts";

test("onmessage hears a request that comes byte by byte, in the middle of a character too", async () => {
  const { input, messages } = await open();
  const line = Buffer.from('{"jsonrpc":"2.0","id":"ü€🚀","method":"ping"}\r\n');
  for (const byte of line) input.write(Buffer.from([byte]));
  expect(messages).toEqual([{ jsonrpc: "2.0", id: "ü€🚀", method: "ping" }]);
});

test("onmessage hears every request of one piece, in order", async () => {
  const { input, messages } = await open();
  const ids = Array.from({ length: 500 }, (_, id) => id);
  input.write(ids.map((id) => `${JSON.stringify({ jsonrpc: "2.0", id, method: "ping" })}\n`).join(""));
  expect(messages.map((message) => "id" in message && message.id)).toEqual(ids);
});

test("a line above the limit is refused once, under an id that came in pieces, and nothing of it is delivered", async () => {
  const { input, messages, answers } = await open();
  for (const part of ['{"json', 'rpc":"2.0","i', 'd":4', '2,"method":"ping","params":{"x":"']) input.write(part);
  const filler = Buffer.alloc(MAX_LINE_BYTES / 2, "x");
  for (let times = 0; times < 5; times++) input.write(filler);
  input.write('"}}\n{"jsonrpc":"2.0","id":43,"method":"ping"}\n');
  expect(answers()).toMatchObject([{ id: 42, error: { code: -32600 } }]);
  expect(messages).toEqual([{ jsonrpc: "2.0", id: 43, method: "ping" }]);
});

test("an id that is not where it can be seen is answered as null", async () => {
  const { input, answers } = await open();
  input.write(`{"method":"ping","params":{"x":"${"x".repeat(MAX_LINE_BYTES)}"},"id":1}\n`);
  expect(answers()).toMatchObject([{ id: null, error: { code: -32600 } }]);
});

test("a line of exactly the limit is delivered", async () => {
  const { input, messages, answers } = await open();
  const frame = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":""}}';
  input.write(`${frame.replace('""', `"${"x".repeat(MAX_LINE_BYTES - frame.length)}"`)}\n`);
  expect(messages).toHaveLength(1);
  expect(answers()).toEqual([]);
});

test("ended waits for a request that is being answered, and not for one that was cancelled", async () => {
  const { input, transport } = await open();
  input.write('{"jsonrpc":"2.0","id":1,"method":"slow"}\n{"jsonrpc":"2.0","id":2,"method":"slow"}\n');
  input.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}\n');
  const order: string[] = [];
  const ended = transport.ended.then((why) => order.push(why));
  input.end();
  await Promise.resolve();
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} }).then(() => order.push("answered"));
  await ended;
  expect(order).toEqual(["answered", "eof"]);
});

test("ended says epipe when nobody reads the answers any more", async () => {
  const input = new PassThrough();
  const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error("EPIPE")) });
  const transport = new StdioTransport(input, output);
  await transport.start();
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  expect(await transport.ended).toBe("epipe");
});

test("firstAnswer resolves with an answer, not with a notification", async () => {
  const { transport } = await open();
  let isAnswered = false;
  const answered = transport.firstAnswer.then(() => {
    isAnswered = true;
  });
  await transport.send({ jsonrpc: "2.0", method: "notifications/message", params: {} });
  expect(isAnswered).toBe(false);
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  await answered;
  expect(isAnswered).toBe(true);
});

async function open() {
  const input = new PassThrough();
  const written: string[] = [];
  const output = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const transport = new StdioTransport(input, output);
  const messages: JSONRPCMessage[] = [];
  transport.onmessage = (message) => messages.push(message);
  await transport.start();
  // Only now do writes arrive at once: the stream has begun to flow.
  await new Promise(setImmediate);
  return { input, transport, messages, answers: () => written.map((line) => JSON.parse(line)) };
}
