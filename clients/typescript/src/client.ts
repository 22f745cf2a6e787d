/** The client: typed calls that are repeated safely. */

import { errorOf, Unreachable } from "./errors.js";
import { encodeEvent, withNumber } from "./json.js";
import type { Channel, Conversion, Event, Lead, Pii, Recorded, Send } from "./models.js";

export interface Options {
  /** Milliseconds for one try; 10,000. */
  timeout?: number;
  /** Tries after the first; 4. */
  retries?: number;
  /** Milliseconds before the first retry; it doubles up to 8,000. 500. */
  firstWait?: number;
  /** Another `fetch`, such as that of `adtarget-client/testing`. */
  fetch?: typeof fetch;
  /** Another way to wait, for tests. */
  sleep?: (milliseconds: number) => Promise<void>;
}

export interface CallOptions {
  /** Yours, such as the order's id; else one is made for each call. */
  idempotencyKey?: string;
}

type Query = Record<string, string | number | Date | undefined>;

const LONGEST_WAIT = 8_000;
const LONGEST_ASKED = 60_000;

export class AdTarget {
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #options: Required<Omit<Options, "fetch">> & { fetch: typeof fetch };

  constructor(baseUrl: string, apiKey: string, options: Options = {}) {
    if (!apiKey.startsWith("atk_")) throw new RangeError("The API key starts with atk_live_ or atk_test_.");
    this.#base = `${baseUrl.replace(/\/+$/, "")}/api/v1`;
    this.#headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" };
    this.#options = {
      timeout: options.timeout ?? 10_000,
      retries: options.retries ?? 4,
      firstWait: options.firstWait ?? 500,
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
      sleep: options.sleep ?? ((milliseconds) => new Promise((done) => setTimeout(done, milliseconds))),
    };
  }

  /** Records an event and sends it to every ad platform of the site. */
  record(event: Event, options?: CallOptions): Promise<Recorded> {
    return this.#post("/events/conversion", encodeEvent(event), options);
  }

  /** The same for a known lead; site and channel are found in their history. */
  recordForLead(telegramUserId: number, event: Event, options?: CallOptions): Promise<Recorded> {
    return this.#post(`/leads/${telegramUserId}/events`, encodeEvent(event), options);
  }

  /** What would happen to the event, per platform, without recording it. */
  validate(event: Event): Promise<Record<string, unknown>> {
    return this.#post("/events/validate", encodeEvent(event));
  }

  /** The value of a purchase that awaited one. */
  async submitValue(
    telegramUserId: number,
    conversionId: string,
    given: { value: number | string; currency: string; pii?: Pii },
    options?: CallOptions,
  ): Promise<boolean> {
    const { value, ...rest } = given;
    const path = `/leads/${telegramUserId}/conversions/${encodeURIComponent(conversionId)}/value`;
    const answer = await this.#post<{ success: boolean }>(path, withNumber(JSON.stringify(rest), "value", value), options);
    return answer.success;
  }

  conversion(conversionId: string): Promise<Conversion> {
    return this.#call("GET", `/conversions/${encodeURIComponent(conversionId)}`);
  }

  /** All conversions that match, newest first; pages are fetched as you iterate. */
  conversions(filters: Query = {}): AsyncGenerator<Conversion> {
    return this.#pages("/conversions", "conversions", filters);
  }

  /** All sends that match, newest first, such as `{status: "failed", platform: "meta"}`. */
  sends(filters: Query = {}): AsyncGenerator<Send> {
    return this.#pages("/sends", "sends", filters);
  }

  send(sendId: string): Promise<Send> {
    return this.#call("GET", `/sends/${encodeURIComponent(sendId)}`);
  }

  async retrySend(sendId: string, options?: CallOptions): Promise<boolean> {
    const path = `/sends/${encodeURIComponent(sendId)}/retry`;
    return (await this.#post<{ success: boolean }>(path, "{}", options)).success;
  }

  /** Everything known about a lead. */
  lead(telegramUserId: number, query: Query = {}): Promise<Lead> {
    return this.#call("GET", `/leads/${telegramUserId}${search(query)}`);
  }

  /** Erases the person from the account, for good. */
  async eraseLead(telegramUserId: number): Promise<void> {
    await this.#call("DELETE", `/leads/${telegramUserId}`);
  }

  async channels(query: Query = {}): Promise<Channel[]> {
    return (await this.#call<{ channels: Channel[] }>("GET", `/channels${search(query)}`)).channels;
  }

  /** The key: account, site, mode and limits. */
  me(): Promise<Record<string, unknown>> {
    return this.#call("GET", "/me");
  }

  sites(): Promise<{ sites: Record<string, unknown>[] }> {
    return this.#call("GET", "/sites");
  }

  pixels(query: Query = {}): Promise<{ pixels: Record<string, unknown>[] }> {
    return this.#call("GET", `/pixels${search(query)}`);
  }

  async *#pages<Row>(path: string, name: string, filters: Query): AsyncGenerator<Row> {
    let cursor: string | undefined;
    do {
      const page: Record<string, unknown> = await this.#call("GET", path + search({ ...filters, cursor }));
      yield* page[name] as Row[];
      cursor = page.nextCursor as string | undefined;
    } while (cursor);
  }

  #post<Answer>(path: string, body: string, options: CallOptions = {}): Promise<Answer> {
    return this.#call("POST", path, body, { "Idempotency-Key": options.idempotencyKey ?? crypto.randomUUID() });
  }

  async #call<Answer>(method: string, path: string, body?: string, more: Record<string, string> = {}): Promise<Answer> {
    const headers = { ...this.#headers, ...more };
    for (let tried = 1; ; tried += 1) {
      const answer = await this.#try(method, path, headers, body);
      const wait = this.#wait(tried, answer);
      if (wait === undefined) return read<Answer>(answer);
      await this.#options.sleep(wait);
    }
  }

  async #try(method: string, path: string, headers: HeadersInit, body?: string): Promise<Tried> {
    try {
      const signal = AbortSignal.timeout(this.#options.timeout);
      const response = await this.#options.fetch(this.#base + path, { method, headers, body: body ?? null, signal });
      return { response, text: await response.text() };
    } catch (error) {
      return { error };
    }
  }

  /** Milliseconds before another try; undefined where there is to be none. */
  #wait(tried: number, { response }: Tried): number | undefined {
    if (tried > this.#options.retries || (response && !mayRepeat(response.status))) return undefined;
    const asked = response && seconds(response);
    if (asked !== undefined) return asked * 1000 <= LONGEST_ASKED ? asked * 1000 : undefined;
    const longest = Math.min(LONGEST_WAIT, this.#options.firstWait * 2 ** (tried - 1));
    return longest * (0.5 + Math.random() / 2);
  }
}

interface Tried {
  response?: Response;
  text?: string;
  error?: unknown;
}

function read<Answer>({ response, text, error }: Tried): Answer {
  if (!response) throw new Unreachable(`No answer from the API: ${String(error)}`, { cause: error });
  const body = parsed(text ?? "");
  if (response.ok) return body as Answer;
  throw errorOf(response.status, body, response.headers.get("X-Request-Id") ?? "", seconds(response));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** POSTs carry an Idempotency-Key, so that a repeat is safe. */
function mayRepeat(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function seconds(response: Response): number | undefined {
  const header = response.headers.get("Retry-After");
  return header && /^[0-9]+$/.test(header) ? Number(header) : undefined;
}

function search(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value instanceof Date ? value.getTime() : value)]],
  );
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}
