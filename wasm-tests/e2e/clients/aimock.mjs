// A mock of many vendors that none of us wrote, telling the same tale as our own stand-in. In front of it, what arrives is
// kept as it came: the mock takes nearly anything, so tests judge the bodies themselves. It ends with its standard input.
import { createServer, request } from "node:http";
import { LLMock } from "@copilotkit/aimock";

const greeting = "你好 from the stand-in 🦀";
const called = (id, name, city) => ({ id, name, arguments: JSON.stringify({ city }) });
const tale = [
  [{ userMessage: "weather", hasToolResult: true }, { content: "The tools said: rain in Oslo; noon in Rome 🦀" }],
  [{ userMessage: "weather" }, { toolCalls: [called("call_oslo", "weather", "Oslo"), called("call_rome", "local_time", "Rome")] }],
  [{ userMessage: "What is this?" }, { content: "I saw 1 image(s) 🦀" }],
  [{ userMessage: "where?" }, { content: '{"city":"Oslo"}' }],
  [{ userMessage: "think" }, { content: greeting, reasoning: "Let me think: žluť 🤔" }],
  [{ userMessage: "too often" }, { error: { message: "Slow down", type: "rate_limit_error" }, status: 429 }],
  [{ userMessage: "hello" }, { content: greeting, usage: { input_tokens: 12, output_tokens: 5 } }],
  [{ inputText: "hello" }, { embedding: [0.25, -0.5, 1] }],
];
const mock = new LLMock({ port: 0, chunkSize: 8, logLevel: "silent" });
for (const [match, response] of tale) mock.addFixture({ match, response });
const { hostname, port } = new URL(await mock.start());

let kept = [];
const front = createServer(async (asked, answer) => {
  const parts = [];
  for await (const part of asked) parts.push(part);
  const body = Buffer.concat(parts);
  if (asked.url === "/_kept") {
    answer.setHeader("content-type", "application/json").end(JSON.stringify(kept));
    kept = [];
    return;
  }
  kept.push({ path: asked.url, headers: asked.headers, body: body.toString() });
  const { method, url: path, headers } = asked;
  const passed = request({ hostname, port, method, path, headers }, (answered) => {
    answer.writeHead(answered.statusCode, answered.headers);
    answered.pipe(answer);
  });
  passed.on("error", () => answer.destroy());
  passed.end(body);
});
front.listen(0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${front.address().port}`));
process.stdin.on("close", () => process.exit(0)).resume();
