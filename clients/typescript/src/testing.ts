/** A stand-in for the API in your own tests: answers without a network and keeps what it was asked. */

export interface Asked {
  method: string;
  /** Without `/api/v1`, with its query. */
  path: string;
  body: any;
  headers: Headers;
}

interface Answer {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}

/** `new AdTarget(url, "atk_test_x", { fetch: fake.fetch })` */
export class FakeAdTarget {
  readonly requests: Asked[] = [];
  readonly #answers: Answer[] = [];

  /** The next request gets this answer; call it several times for several requests. */
  answer(status: number, body: unknown = {}, headers: Record<string, string> = {}): void {
    this.#answers.push({ status, body, headers });
  }

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input));
    const body = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    const path = url.pathname.replace(/^.*\/api\/v1/, "") + url.search;
    this.requests.push({ method: init.method ?? "GET", path, body, headers: new Headers(init.headers) });
    const { status, body: document, headers } = this.#answers.shift() ?? this.#usual(path);
    return new Response(JSON.stringify(document), { status, headers });
  };

  #usual(path: string): Answer {
    const number = this.requests.length;
    const done = (document: unknown): Answer => ({ status: 200, body: document, headers: {} });
    if (/\/(value|retry)$/.test(path)) return done({ success: true });
    return done(recorded(number));
  }
}

function recorded(number: number): Record<string, unknown> {
  const id = String(number).padStart(26, "0");
  return {
    conversionId: `cnv_${id}`,
    capiStatus: "pending",
    coldLead: false,
    dispatched: true,
    siteId: "site_fake",
    channelId: "chn_fake",
    eventId: `cnv_${id}`,
    sends: [{ sendId: `snd_${id}`, platform: "meta" }],
  };
}
