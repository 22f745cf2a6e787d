import assert from "node:assert/strict";
import { test } from "node:test";

import { InvalidSignature, signedHeaders, verify } from "../src/webhooks.js";

const SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==";
const BODY = JSON.stringify({ type: "send.sent", timestamp: "2026-11-24T10:00:00+00:00", data: { sendId: "snd_1" } });

test("a signed message is read", () => {
  assert.equal(verify(SECRET, signedHeaders(SECRET, BODY), BODY).data.sendId, "snd_1");
});

test("headers may be a Headers object", () => {
  assert.equal(verify(SECRET, new Headers(signedHeaders(SECRET, BODY)), Buffer.from(BODY)).type, "send.sent");
});

test("one of two signatures is enough", () => {
  const headers = signedHeaders(SECRET, BODY);
  assert.equal(verify(SECRET, { ...headers, "webhook-signature": `v1,AAAA ${headers["webhook-signature"]}` }, BODY).id, "msg_fake");
});

for (const [name, attempt] of Object.entries({
  "another secret": () => verify("whsec_b3RoZXI=", signedHeaders(SECRET, BODY), BODY),
  "another body": () => verify(SECRET, signedHeaders(SECRET, BODY), `${BODY} `),
  "an old message": () => verify(SECRET, signedHeaders(SECRET, BODY, "msg_fake", 1e12), BODY),
  "no signature": () => verify(SECRET, { ...signedHeaders(SECRET, BODY), "webhook-signature": undefined }, BODY),
  "no time": () => verify(SECRET, { ...signedHeaders(SECRET, BODY), "webhook-timestamp": undefined }, BODY),
})) {
  test(`${name} is refused`, () => assert.throws(attempt, InvalidSignature));
}
