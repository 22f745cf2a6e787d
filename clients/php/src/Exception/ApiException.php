<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/**
 * The API refused the request. `errorCode` is the documented code, such as INVALID_PAYLOAD; `details` lists the fields at
 * fault; `requestId` finds the request in the server's log; `retryAfter` is in seconds, where the API asked for a wait.
 */
class ApiException extends AdTargetException
{
    public readonly string $errorCode;

    /** @var list<array{field: string, message: string}> */
    public readonly array $details;

    public readonly string $docUrl;

    /** @param mixed $body the parsed JSON of the answer */
    final public function __construct(
        public readonly int $status,
        mixed $body,
        public readonly string $requestId = '',
        public readonly ?int $retryAfter = null,
    ) {
        $error = is_array($body) && is_array($body['error'] ?? null) ? $body['error'] : [];
        $this->errorCode = (string) ($error['code'] ?? "HTTP_$status");
        $this->details = $error['details'] ?? [];
        $this->docUrl = (string) ($error['docUrl'] ?? '');
        $message = $error['message'] ?? 'The server answered without a description.';
        parent::__construct("{$this->errorCode} ($status): $message");
    }

    /** The exception for an answer that is not 2xx. */
    public static function of(int $status, mixed $body, string $requestId, ?int $retryAfter): self
    {
        $kind = match (true) {
            in_array($status, [400, 413, 415], true) => InvalidRequest::class,
            $status === 401 => AuthenticationFailed::class,
            $status === 402 => SiteInactive::class,
            $status === 404 => NotFound::class,
            $status === 409 => Conflict::class,
            $status === 410 => PersonErased::class,
            $status === 429 => RateLimited::class,
            $status >= 500 => ServerFailed::class,
            default => self::class,
        };

        return new $kind($status, $body, $requestId, $retryAfter);
    }
}
