// OpenAI's own npm package as the client. Each named check is run against each model; the results go to
// standard output as one JSON object per check, for pytest to judge.
import OpenAI from "openai";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "sk-client", maxRetries: 0, timeout: 20_000 });
const messages = [{ role: "user", content: "hello" }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tool = (name) => ({ type: "function", function: { name, parameters } });
const tools = [tool("weather"), tool("local_time")];
const pairs = (calls) => calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);

const checks = {
  async chat() {
    const answer = await client.chat.completions.create({ model, messages });
    return [answer.choices[0].message.content, answer.usage.total_tokens > 0];
  },
  async stream() {
    let text = "";
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
      text += chunk.choices[0]?.delta?.content ?? "";
    }
    return text;
  },
  async helper() {
    const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    return [await stream.finalContent(), (await stream.totalUsage()).total_tokens > 0];
  },
  async tools() {
    const talk = [...messages];
    const asked = (await client.chat.completions.create({ model, messages: talk, tools })).choices[0].message;
    talk.push(asked);
    ["rain in Oslo", "noon in Rome"].forEach((content, index) =>
      talk.push({ role: "tool", tool_call_id: asked.tool_calls[index].id, content }),
    );
    const answer = await client.chat.completions.create({ model, messages: talk, tools });
    return [pairs(asked.tool_calls), answer.choices[0].message.content];
  },
  async streamed_tools() {
    const stream = client.chat.completions.stream({ model, messages, tools });
    return pairs((await stream.finalMessage()).tool_calls);
  },
  async unknown_model() {
    try {
      await client.chat.completions.create({ model: "nobody", messages });
      return "no error";
    } catch (error) {
      return [error instanceof OpenAI.NotFoundError, error.code, error.param];
    }
  },
  async models() {
    const ids = [];
    for await (const one of client.models.list()) ids.push(one.id);
    return ids.includes(model);
  },
  async headers() {
    const { response } = await client.chat.completions.create({ model, messages }).withResponse();
    return [response.headers.get("x-litellm-model-group"), response.headers.get("x-litellm-model-id")];
  },
};

const results = {};
for (const [name, check] of Object.entries(checks)) results[name] = await check();
console.log(JSON.stringify(results));
