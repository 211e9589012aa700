// OpenAI's own npm package streams through a provider that fails; what it saw goes to standard output as JSON.
import OpenAI from "openai";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "sk-client", maxRetries: 0, timeout: 20_000 });
const messages = [{ role: "user", content: "hello" }];

async function streamed() {
  const [parts, ids, ends] = [[], new Set(), []];
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
    ids.add(chunk.id);
    for (const choice of chunk.choices) {
      if (choice.delta.content) parts.push(choice.delta.content);
      if (choice.finish_reason) ends.push(choice.finish_reason);
    }
  }
  return { text: parts.join(""), ids: ids.size, ends };
}

async function helped() {
  const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
  return { text: await stream.finalContent(), counted: (await stream.totalUsage()).total_tokens > 0 };
}

async function plain() {
  const { data, response } = await client.chat.completions.create({ model, messages }).withResponse();
  return { text: data.choices[0].message.content, retries: response.headers.get("x-litellm-attempted-retries") };
}

console.log(JSON.stringify({ streamed: await streamed(), helped: await helped(), plain: await plain() }));
