// Vercel's AI SDK as the client. Reads `{"feature", "model"}` a line, writes `{"result"}` or `{"status"}` a line.
import { createInterface } from "node:readline";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

const [baseURL, pixel] = process.argv.slice(2);
const provider = createOpenAICompatible({ name: "gateway", baseURL, apiKey: "sk-client", includeUsage: true, supportsStructuredOutputs: true });
const city = jsonSchema({ type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false });
const results = { weather: "rain in Oslo", local_time: "noon in Rome" };
const offered = (name, more) => tool({ description: `The ${name} of a city`, inputSchema: city, ...more });
const alone = { weather: offered("weather"), local_time: offered("local_time") };
const run = Object.fromEntries(Object.keys(results).map((name) => [name, offered(name, { execute: async () => results[name] })]));
const pairs = (calls) => calls.map((call) => [call.toolName, call.input]);

async function streamed(options) {
  const failures = [];
  const result = streamText({ ...options, onError: ({ error }) => failures.push(error) });
  const parts = [];
  for await (const part of result.fullStream) parts.push(part);
  if (failures.length > 0) throw failures[0];
  return { parts, result };
}

const features = {
  async chat(ask) {
    return (await generateText(ask("hello"))).text;
  },
  async stream(ask) {
    const { parts } = await streamed(ask("hello"));
    return parts.filter((part) => part.type === "text-delta").map((part) => part.text);
  },
  async tools(ask) {
    const { steps, text } = await generateText({ ...ask("weather and time?"), tools: run, stopWhen: stepCountIs(3) });
    return [pairs(steps[0].toolCalls), text];
  },
  async streamed_tools(ask) {
    const { result } = await streamed({ ...ask("weather and time?"), tools: alone });
    return pairs(await result.toolCalls);
  },
  async pictures(ask) {
    const content = [{ type: "text", text: "What is this?" }, { type: "image", image: pixel }];
    const { prompt, ...rest } = ask("");
    return (await generateText({ ...rest, messages: [{ role: "user", content }] })).text;
  },
  async schema(ask) {
    return (await generateObject({ ...ask("where?"), schema: city })).object;
  },
  async reasoning(ask) {
    const options = { gateway: { reasoningEffort: "low" } };
    const { reasoningText, text } = await generateText({ ...ask("think"), providerOptions: options });
    return [reasoningText, text];
  },
  async usage(ask) {
    const { result } = await streamed(ask("hello"));
    const [plain, told] = [(await generateText(ask("hello"))).usage, await result.usage];
    return [[plain.inputTokens, plain.outputTokens], [told.inputTokens, told.outputTokens]];
  },
  async errors(ask) {
    return (await generateText(ask("too often"))).text;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { feature, model } = JSON.parse(line);
  const ask = (prompt) => ({ model: provider(model), maxRetries: 0, prompt });
  let told;
  try {
    told = { result: await features[feature](ask) };
  } catch (error) {
    told = { status: error.statusCode ?? 0, message: String(error.message ?? error) };
  }
  console.log(JSON.stringify(told));
}
