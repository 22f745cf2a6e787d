<?php

declare(strict_types=1);

namespace AdTarget\Tests;

use AdTarget\Exception\InvalidSignature;
use AdTarget\Webhook;
use PHPUnit\Framework\TestCase;

final class WebhookTest extends TestCase
{
    private const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZg==';
    private const BODY = '{"type":"send.sent","timestamp":"2026-11-24T10:00:00+00:00","data":{"sendId":"snd_1"}}';

    public function testASignedMessageIsRead(): void
    {
        $message = Webhook::verify(self::SECRET, Webhook::signedHeaders(self::SECRET, self::BODY), self::BODY);
        self::assertSame('snd_1', $message['data']['sendId']);
    }

    public function testOneOfTwoSignaturesIsEnough(): void
    {
        $headers = Webhook::signedHeaders(self::SECRET, self::BODY);
        $headers['webhook-signature'] = 'v1,AAAA ' . $headers['webhook-signature'];
        self::assertSame('send.sent', Webhook::verify(self::SECRET, $headers, self::BODY)['type']);
    }

    /** @dataProvider wrong */
    public function testAMessageOfSomebodyElseIsRefused(string $secret, string $body, ?int $at): void
    {
        $this->expectException(InvalidSignature::class);
        Webhook::verify($secret, Webhook::signedHeaders(self::SECRET, self::BODY, at: $at), $body);
    }

    public static function wrong(): array
    {
        return [
            'another secret' => ['whsec_b3RoZXI=', self::BODY, null],
            'another body' => [self::SECRET, self::BODY . ' ', null],
            'too old' => [self::SECRET, self::BODY, 1_000_000_000],
        ];
    }

    /** @dataProvider names */
    public function testEachHeaderIsNeeded(string $name): void
    {
        $headers = Webhook::signedHeaders(self::SECRET, self::BODY);
        unset($headers[$name]);
        $this->expectException(InvalidSignature::class);
        Webhook::verify(self::SECRET, $headers, self::BODY);
    }

    public static function names(): array
    {
        return [['webhook-id'], ['webhook-timestamp'], ['webhook-signature']];
    }
}
