<?php

declare(strict_types=1);

namespace AdTarget\Testing;

use AdTarget\Json;
use Psr\Http\Client\ClientInterface;
use Psr\Http\Message\RequestInterface;
use Psr\Http\Message\ResponseFactoryInterface;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\StreamFactoryInterface;

/** A PSR-18 client for your own tests: answers without a network and keeps what it was asked. */
final class FakeHttp implements ClientInterface
{
    /** @var list<array{method: string, path: string, body: mixed, text: string, headers: array<string, string[]>}> */
    public array $requests = [];

    /** @var list<array{int, mixed, array<string, string>}> */
    private array $answers = [];

    public function __construct(
        private readonly ResponseFactoryInterface $responses,
        private readonly StreamFactoryInterface $streams,
    ) {
    }

    /** The next request gets this answer. @param array<string, string> $headers */
    public function answer(int $status, mixed $body = [], array $headers = []): void
    {
        $this->answers[] = [$status, $body, $headers];
    }

    public function sendRequest(RequestInterface $request): ResponseInterface
    {
        $uri = $request->getUri();
        $path = preg_replace('#^.*/api/v1#', '', $uri->getPath()) . ($uri->getQuery() ? '?' . $uri->getQuery() : '');
        $text = (string) $request->getBody();
        $this->requests[] = [
            'method' => $request->getMethod(),
            'path' => $path,
            'body' => Json::decode($text),
            'text' => $text,
            'headers' => array_change_key_case($request->getHeaders()),
        ];
        [$status, $body, $headers] = array_shift($this->answers) ?? [200, $this->usual($path), []];
        $response = $this->responses->createResponse($status)->withBody($this->streams->createStream(json_encode($body)));
        foreach ($headers as $name => $value) {
            $response = $response->withHeader($name, $value);
        }

        return $response;
    }

    /** @return array<string, mixed> */
    private function usual(string $path): array
    {
        $number = count($this->requests);
        if (preg_match('#/(value|retry)$#', $path)) {
            return ['success' => true];
        }

        return self::recorded($number);
    }

    /** @return array<string, mixed> */
    private static function recorded(int $number): array
    {
        $id = str_pad((string) $number, 26, '0', STR_PAD_LEFT);

        return [
            'conversionId' => "cnv_$id",
            'capiStatus' => 'pending',
            'coldLead' => false,
            'dispatched' => true,
            'siteId' => 'site_fake',
            'channelId' => 'chn_fake',
            'eventId' => "cnv_$id",
            'sends' => [['sendId' => "snd_$id", 'platform' => 'meta']],
        ];
    }
}
