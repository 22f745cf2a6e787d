<?php

declare(strict_types=1);

namespace AdTarget;

use AdTarget\Exception\ApiException;
use AdTarget\Exception\Unreachable;
use Psr\Http\Client\ClientExceptionInterface;
use Psr\Http\Client\ClientInterface;
use Psr\Http\Message\RequestFactoryInterface;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\StreamFactoryInterface;

/**
 * The AdTarget API over any PSR-18 client. Every POST carries an Idempotency-Key, so that a repeat is recorded once;
 * lost connections, 429 and 5xx are tried again.
 */
final class Client
{
    private const LONGEST_WAIT = 8.0;
    private const LONGEST_ASKED = 60;

    private readonly string $base;

    /** @var callable(float): void */
    private $sleep;

    /**
     * @param int $retries tries after the first
     * @param float $firstWait seconds before the first retry; it doubles up to 8
     * @param (callable(float): void)|null $sleep another way to wait, for tests
     */
    public function __construct(
        string $baseUrl,
        private readonly string $apiKey,
        private readonly ClientInterface $http,
        private readonly RequestFactoryInterface $requests,
        private readonly StreamFactoryInterface $streams,
        private readonly int $retries = 4,
        private readonly float $firstWait = 0.5,
        ?callable $sleep = null,
    ) {
        if (!str_starts_with($apiKey, 'atk_')) {
            throw new \InvalidArgumentException('The API key starts with atk_live_ or atk_test_.');
        }
        $this->base = rtrim($baseUrl, '/') . '/api/v1';
        $this->sleep = $sleep ?? static function (float $seconds): void {
            usleep((int) ($seconds * 1_000_000));
        };
    }

    /** Records an event and sends it to every ad platform of the site. @return array<string, mixed> */
    public function record(Event $event, ?string $idempotencyKey = null): array
    {
        return $this->post('/events/conversion', $event->toJson(), $idempotencyKey);
    }

    /** The same for a known lead; site and channel are found in their history. @return array<string, mixed> */
    public function recordForLead(int $telegramUserId, Event $event, ?string $idempotencyKey = null): array
    {
        return $this->post("/leads/$telegramUserId/events", $event->toJson(), $idempotencyKey);
    }

    /** What would happen to the event, per platform, without recording it. @return array<string, mixed> */
    public function validate(Event $event): array
    {
        return $this->post('/events/validate', $event->toJson(), null);
    }

    /**
     * The value of a purchase that awaited one.
     *
     * @param array{email?: string, phone?: string, firstName?: string, lastName?: string}|null $pii
     */
    public function submitValue(
        int $telegramUserId,
        string $conversionId,
        int|float|string $value,
        string $currency,
        ?array $pii = null,
        ?string $idempotencyKey = null,
    ): bool {
        $path = "/leads/$telegramUserId/conversions/" . rawurlencode($conversionId) . '/value';
        $body = Json::withNumber(['currency' => $currency] + ($pii ? ['pii' => $pii] : []), 'value', $value);

        return (bool) $this->post($path, $body, $idempotencyKey)['success'];
    }

    /** @return array<string, mixed> */
    public function conversion(string $conversionId): array
    {
        return $this->call('GET', '/conversions/' . rawurlencode($conversionId));
    }

    /**
     * All conversions that match, newest first; pages are fetched as you iterate.
     *
     * @param array<string, string|int> $filters such as ['orderId' => 'A-17']
     * @return \Generator<array<string, mixed>>
     */
    public function conversions(array $filters = []): \Generator
    {
        return $this->pages('/conversions', 'conversions', $filters);
    }

    /** @param array<string, string|int> $filters @return \Generator<array<string, mixed>> */
    public function sends(array $filters = []): \Generator
    {
        return $this->pages('/sends', 'sends', $filters);
    }

    /** @return array<string, mixed> */
    public function send(string $sendId): array
    {
        return $this->call('GET', '/sends/' . rawurlencode($sendId));
    }

    public function retrySend(string $sendId, ?string $idempotencyKey = null): bool
    {
        return (bool) $this->post('/sends/' . rawurlencode($sendId) . '/retry', '{}', $idempotencyKey)['success'];
    }

    /** Everything known about a lead. @param array<string, string|int> $query @return array<string, mixed> */
    public function lead(int $telegramUserId, array $query = []): array
    {
        return $this->call('GET', "/leads/$telegramUserId", query: $query);
    }

    /** Erases the person from the account, for good. */
    public function eraseLead(int $telegramUserId): void
    {
        $this->call('DELETE', "/leads/$telegramUserId");
    }

    /** @param array<string, string> $query @return list<array<string, mixed>> */
    public function channels(array $query = []): array
    {
        return $this->call('GET', '/channels', query: $query)['channels'];
    }

    /** The key: account, site, mode and limits. @return array<string, mixed> */
    public function me(): array
    {
        return $this->call('GET', '/me');
    }

    /** @return list<array<string, mixed>> */
    public function sites(): array
    {
        return $this->call('GET', '/sites')['sites'];
    }

    /** @param array<string, string> $query @return list<array<string, mixed>> */
    public function pixels(array $query = []): array
    {
        return $this->call('GET', '/pixels', query: $query)['pixels'];
    }

    /** @param array<string, string|int> $filters @return \Generator<array<string, mixed>> */
    private function pages(string $path, string $name, array $filters): \Generator
    {
        do {
            $page = $this->call('GET', $path, query: $filters);
            foreach ($page[$name] as $row) {
                yield $row;
            }
            $filters['cursor'] = $page['nextCursor'] ?? null;
        } while ($filters['cursor'] !== null);
    }

    /** @return array<string, mixed> */
    private function post(string $path, string $body, ?string $idempotencyKey): array
    {
        return $this->call('POST', $path, $body, ['Idempotency-Key' => $idempotencyKey ?? self::newKey()]);
    }

    /**
     * @param array<string, string> $headers
     * @param array<string, mixed> $query
     * @return array<string, mixed>
     */
    private function call(string $method, string $path, ?string $body = null, array $headers = [], array $query = []): array
    {
        $query = array_filter($query, static fn ($value) => $value !== null);
        $request = $this->requests
            ->createRequest($method, $this->base . $path . ($query ? '?' . http_build_query($query) : ''))
            ->withHeader('Authorization', "Bearer {$this->apiKey}")
            ->withHeader('Content-Type', 'application/json');
        foreach ($headers as $name => $value) {
            $request = $request->withHeader($name, $value);
        }
        for ($tried = 1; ; ++$tried) {
            $response = $failure = null;
            try {
                $sent = $body === null ? $request : $request->withBody($this->streams->createStream($body));
                $response = $this->http->sendRequest($sent);
            } catch (ClientExceptionInterface $failure) {
            }
            $wait = $this->wait($tried, $response);
            if ($wait === null) {
                return self::read($response, $failure);
            }
            ($this->sleep)($wait);
        }
    }

    /** Seconds before another try; null where there is to be none. */
    private function wait(int $tried, ?ResponseInterface $response): ?float
    {
        if ($tried > $this->retries || ($response !== null && !self::mayRepeat($response->getStatusCode()))) {
            return null;
        }
        $asked = $response === null ? null : self::retryAfter($response);
        if ($asked !== null) {
            return $asked <= self::LONGEST_ASKED ? (float) $asked : null;
        }
        $longest = min(self::LONGEST_WAIT, $this->firstWait * 2 ** ($tried - 1));

        return $longest * (0.5 + mt_rand() / mt_getrandmax() / 2);
    }

    /** @return array<string, mixed> */
    private static function read(?ResponseInterface $response, ?\Throwable $failure): array
    {
        if ($response === null) {
            throw new Unreachable('No answer from the API: ' . $failure?->getMessage(), 0, $failure);
        }
        $body = Json::decode((string) $response->getBody());
        $status = $response->getStatusCode();
        if ($status >= 200 && $status < 300) {
            return is_array($body) ? $body : [];
        }
        throw ApiException::of($status, $body, $response->getHeaderLine('X-Request-Id'), self::retryAfter($response));
    }

    private static function mayRepeat(int $status): bool
    {
        return in_array($status, [408, 425, 429], true) || $status >= 500;
    }

    private static function retryAfter(ResponseInterface $response): ?int
    {
        $header = $response->getHeaderLine('Retry-After');

        return ctype_digit($header) ? (int) $header : null;
    }

    private static function newKey(): string
    {
        return bin2hex(random_bytes(16));
    }
}
