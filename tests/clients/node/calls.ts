/** Calls every operation of the running product by openapi-fetch: node calls.js OPENAPI_JSON BASE_URL KEY IDS_JSON */
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const [, , file = "", baseUrl = "", key = "", given = "{}"] = process.argv;
const document = JSON.parse(readFileSync(file, "utf8"));
const ids: Record<string, unknown> = JSON.parse(given);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` }, redirect: "manual" });

// Typed, so that the compiler checks what the document says of the most used calls.
const me = await client.GET("/api/v1/me");
const mode: "live" | "test" | undefined = me.data?.mode;
const body: components["schemas"]["ConversionRequest"] = { telegramUserId: 1, eventType: "Lead" };
const refused = await client.POST("/api/v1/events/conversion", { body });
const code: components["schemas"]["ErrorCode"] | undefined = refused.error?.error.code;
const statuses: Record<string, number> = { [`${mode} ${code}`]: me.response.status };

const withIds = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(withIds)
    : value !== null && typeof value === "object"
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, ids[name] ?? withIds(inner)]))
      : value;

const last = ["deleteWebhook", "eraseLead"];
const operations = Object.entries<Record<string, any>>(document.paths)
  .flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })))
  .sort((a, b) => last.indexOf(a.operation.operationId) - last.indexOf(b.operation.operationId));
for (const { path, verb, operation } of operations) {
  const parameters = (operation.parameters ?? []).filter((one: any) => one.name in ids);
  const of = (place: string) => Object.fromEntries(parameters.filter((one: any) => one.in === place).map((one: any) => [one.name, ids[one.name]]));
  const examples: any = operation.requestBody?.content?.["application/json"]?.examples ?? {};
  const example: any = Object.values(examples)[0];
  const ask: any = (client as any)[verb.toUpperCase()];
  const { response } = await ask(path, { params: { path: of("path"), query: of("query") }, ...(example ? { body: withIds(example.value) } : {}) });
  statuses[operation.operationId] = response.status;
}
console.log(JSON.stringify(statuses));
