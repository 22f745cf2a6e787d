/** Verifies outgoing webhooks of AdTarget, which follow Standard Webhooks (https://www.standardwebhooks.com). */

import { createHmac, timingSafeEqual } from "node:crypto";

const MOST_SECONDS_OFF = 300;

/** The message is not from the owner of the secret, is too old, or cannot be read. */
export class InvalidSignature extends Error {
  override name = "InvalidSignature";
}

/** `id` is the same at every attempt: remember those you have handled. */
export interface WebhookMessage {
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

type HeaderSource = Headers | Record<string, string | string[] | undefined>;

/** The message, if its signature and time are right. `body` is the raw body. Throws InvalidSignature. */
export function verify(secret: string, headers: HeaderSource, body: string | Uint8Array, now = Date.now()): WebhookMessage {
  const id = header(headers, "webhook-id");
  const stamp = header(headers, "webhook-timestamp");
  if (!/^[0-9]{1,12}$/.test(stamp)) throw new InvalidSignature("webhook-timestamp is missing.");
  if (Math.abs(now / 1000 - Number(stamp)) > MOST_SECONDS_OFF) {
    throw new InvalidSignature("The message is more than five minutes off. Check this machine's clock.");
  }
  const right = Buffer.from(signature(secret, id, stamp, body));
  const given = header(headers, "webhook-signature").split(" ").map((each) => Buffer.from(each));
  if (!given.some((each) => each.length === right.length && timingSafeEqual(each, right))) {
    throw new InvalidSignature("No signature matches this secret.");
  }
  return message(id, Buffer.from(body).toString("utf8"));
}

/** Headers that `verify` accepts, for tests of your own endpoint. */
export function signedHeaders(secret: string, body: string | Uint8Array, id = "msg_fake", at = Date.now()): Record<string, string> {
  const stamp = String(Math.floor(at / 1000));
  return { "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature(secret, id, stamp, body) };
}

function signature(secret: string, id: string, stamp: string, body: string | Uint8Array): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = Buffer.concat([Buffer.from(`${id}.${stamp}.`), Buffer.from(body)]);
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

function header(headers: HeaderSource, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? "";
  const found = Object.entries(headers).find(([each]) => each.toLowerCase() === name)?.[1];
  return (Array.isArray(found) ? found[0] : found) ?? "";
}

function message(id: string, body: string): WebhookMessage {
  try {
    const { type, timestamp, data } = JSON.parse(body);
    return { id, type, timestamp, data };
  } catch (error) {
    throw new InvalidSignature("The body is not a message of AdTarget.", { cause: error });
  }
}
