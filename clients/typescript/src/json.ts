/** Bodies as JSON: dates become milliseconds, and an amount given as text becomes a number with all its digits. */

import type { Event } from "./models.js";

const AMOUNT = /^[0-9]{1,13}(\.[0-9]+)?$/;

/** The event as the API takes it. A key is left out where its value is undefined. */
export function encodeEvent(event: Event): string {
  const { value, eventTime, ...rest } = event;
  const time = eventTime instanceof Date ? eventTime.getTime() : eventTime;
  const plain = JSON.stringify({ ...rest, eventTime: time });
  return value === undefined ? plain : withNumber(plain, "value", value);
}

/** Adds a number to a JSON object that is already text, so that none of its digits is lost. */
export function withNumber(object: string, name: string, value: number | string): string {
  const text = String(value);
  if (typeof value === "string" && !AMOUNT.test(text)) {
    throw new RangeError(`${name} must look like "49.90" and is ${JSON.stringify(value)}.`);
  }
  const pair = `${JSON.stringify(name)}:${typeof value === "string" ? text : JSON.stringify(value)}`;
  return object === "{}" ? `{${pair}}` : `${object.slice(0, -1)},${pair}}`;
}
