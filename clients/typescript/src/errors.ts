/** What can go wrong. Every error is an `AdTargetError`. */

import type { ErrorBody } from "./models.js";

export class AdTargetError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** No answer came after all retries. */
export class Unreachable extends AdTargetError {}

/** The API refused the request; `code` is the documented error code. */
export class ApiError extends AdTargetError {
  readonly code: string;
  readonly details: { field: string; message: string }[];
  readonly docUrl: string;

  constructor(
    readonly status: number,
    body: unknown,
    /** Finds the request in the server's log. */
    readonly requestId: string = "",
    /** Seconds, where the API asked for a wait. */
    readonly retryAfter: number | undefined = undefined,
  ) {
    const error = (body as { error?: Partial<ErrorBody> } | null)?.error ?? {};
    const code = error.code ?? `HTTP_${status}`;
    super(`${code} (${status}): ${error.message ?? "The server answered without a description."}`);
    this.code = code;
    this.details = error.details ?? [];
    this.docUrl = error.docUrl ?? "";
  }
}

/** 401: no key, an unknown key, or a revoked one. */
export class AuthenticationFailed extends ApiError {}
/** 400, 413 or 415: the request must be changed; `details` names the fields. */
export class InvalidRequest extends ApiError {}
/** 402: the site is paused by its owner. */
export class SiteInactive extends ApiError {}
/** 404: no such conversion, lead, channel, send or address. */
export class NotFound extends ApiError {}
/** 409: the request contradicts what is there. */
export class Conflict extends ApiError {}
/** 410: the person asked to be forgotten. Send nothing of them until they join a channel again. */
export class PersonErased extends ApiError {}
/** 429 after all retries. */
export class RateLimited extends ApiError {}
/** 5xx after all retries. */
export class ServerFailed extends ApiError {}

const BY_STATUS: Record<number, typeof ApiError> = {
  400: InvalidRequest,
  401: AuthenticationFailed,
  402: SiteInactive,
  404: NotFound,
  409: Conflict,
  410: PersonErased,
  413: InvalidRequest,
  415: InvalidRequest,
  429: RateLimited,
};

/** The error for an answer that is not 2xx. */
export function errorOf(status: number, body: unknown, requestId: string, retryAfter: number | undefined): ApiError {
  const Kind = BY_STATUS[status] ?? (status >= 500 ? ServerFailed : ApiError);
  return new Kind(status, body, requestId, retryAfter);
}
