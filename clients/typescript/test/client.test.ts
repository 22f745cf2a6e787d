import assert from "node:assert/strict";
import { test } from "node:test";

import { AdTarget, InvalidRequest, PersonErased, RateLimited, ServerFailed, Unreachable } from "../src/index.js";
import { FakeAdTarget } from "../src/testing.js";

const LEAD = { eventType: "Lead", telegramUserId: 1 } as const;

function made(options = {}) {
  const fake = new FakeAdTarget();
  const waits: number[] = [];
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  return { fake, waits, client: new AdTarget("https://ads.example/", "atk_test_x", { fetch: fake.fetch, sleep, ...options }) };
}

const refusal = (code: string, more = {}) => ({ error: { code, message: "No.", ...more } });

test("an event goes out in the words of the API", async () => {
  const { fake, client } = made();
  await client.record({ ...LEAD, eventTime: new Date(1_793_534_400_000), pii: { email: "ada@example.com" } });
  assert.deepEqual(fake.requests[0]?.body, {
    eventType: "Lead",
    telegramUserId: 1,
    eventTime: 1_793_534_400_000,
    pii: { email: "ada@example.com" },
  });
});

test("an amount given as text keeps all its digits", async () => {
  let sent = "";
  const fetch = async (_: unknown, init: RequestInit) => {
    sent = String(init.body);
    return new Response("{}");
  };
  await made({ fetch }).client.record({ eventType: "Purchase", telegramUserId: 1, value: "999999999999.9999", currency: "EUR" });
  assert.match(sent, /"value":999999999999\.9999[,}]/);
});

test("text that is no amount is refused", async () => {
  assert.throws(() => made().client.record({ eventType: "Purchase", value: "1}", currency: "EUR" }), RangeError);
});

test("a retry carries the same idempotency key", async () => {
  const { fake, client } = made();
  fake.answer(503, refusal("SERVICE_UNAVAILABLE"));
  await client.record(LEAD);
  assert.equal(fake.requests[0]?.headers.get("idempotency-key"), fake.requests[1]?.headers.get("idempotency-key"));
});

test("two events have different idempotency keys", async () => {
  const { fake, client } = made();
  await client.record(LEAD);
  await client.record(LEAD);
  assert.equal(new Set(fake.requests.map((asked) => asked.headers.get("idempotency-key"))).size, 2);
});

test("a wait of the server is honoured", async () => {
  const { fake, waits, client } = made();
  fake.answer(429, refusal("RATE_LIMITED"), { "Retry-After": "3" });
  await client.record(LEAD);
  assert.deepEqual(waits, [3000]);
});

test("a very long wait is left to the caller", async () => {
  const { fake, client } = made();
  fake.answer(429, refusal("RATE_LIMITED"), { "Retry-After": "3600" });
  await assert.rejects(client.record(LEAD), (error: RateLimited) => error instanceof RateLimited && error.retryAfter === 3600);
});

test("it gives up after the last retry", async () => {
  const { fake, client } = made();
  for (let count = 0; count < 5; count += 1) fake.answer(500, refusal("INTERNAL_ERROR"));
  await assert.rejects(client.record(LEAD), ServerFailed);
  assert.equal(fake.requests.length, 5);
});

test("a refusal names its field and is not repeated", async () => {
  const { fake, client } = made();
  fake.answer(400, refusal("INVALID_PAYLOAD", { details: [{ field: "currency", message: "Needed." }] }));
  await assert.rejects(client.record(LEAD), (error: InvalidRequest) => error.details[0]?.field === "currency");
  assert.equal(fake.requests.length, 1);
});

test("an erased person has an error of their own", async () => {
  const { fake, client } = made();
  fake.answer(410, refusal("PERSON_ERASED"));
  await assert.rejects(client.record(LEAD), PersonErased);
});

test("no answer at all is unreachable", async () => {
  const fetch = async () => {
    throw new TypeError("refused");
  };
  await assert.rejects(made({ fetch }).client.record(LEAD), Unreachable);
});

test("a list is read to its last page", async () => {
  const { fake, client } = made();
  fake.answer(200, { conversions: [{ conversionId: "cnv_2" }], nextCursor: "abc" });
  fake.answer(200, { conversions: [{ conversionId: "cnv_1" }] });
  const ids = [];
  for await (const found of client.conversions({ orderId: "A-17" })) ids.push(found.conversionId);
  assert.deepEqual(ids, ["cnv_2", "cnv_1"]);
  assert.equal(fake.requests[1]?.path, "/conversions?orderId=A-17&cursor=abc");
});

test("a key that is none is refused at once", () => {
  assert.throws(() => new AdTarget("https://ads.example", "secret"), RangeError);
});
