<?php

declare(strict_types=1);

namespace AdTarget\Tests;

use AdTarget\Client;
use AdTarget\Event;
use AdTarget\Exception\InvalidRequest;
use AdTarget\Exception\PersonErased;
use AdTarget\Exception\RateLimited;
use AdTarget\Exception\ServerFailed;
use AdTarget\Exception\Unreachable;
use AdTarget\Testing\FakeHttp;
use GuzzleHttp\Exception\ConnectException;
use GuzzleHttp\Psr7\HttpFactory;
use GuzzleHttp\Psr7\Request;
use PHPUnit\Framework\TestCase;
use Psr\Http\Client\ClientInterface;
use Psr\Http\Message\RequestInterface;
use Psr\Http\Message\ResponseInterface;

final class ClientTest extends TestCase
{
    private FakeHttp $http;

    /** @var list<float> */
    private array $waits = [];

    protected function setUp(): void
    {
        $this->http = new FakeHttp(new HttpFactory(), new HttpFactory());
    }

    private function client(?ClientInterface $http = null): Client
    {
        $sleep = function (float $seconds): void {
            $this->waits[] = $seconds;
        };

        return new Client('https://ads.example/', 'atk_test_x', $http ?? $this->http, new HttpFactory(), new HttpFactory(), sleep: $sleep);
    }

    private static function refusal(string $code, array $more = []): array
    {
        return ['error' => ['code' => $code, 'message' => 'No.'] + $more];
    }

    public function testAnEventGoesOutInTheWordsOfTheApi(): void
    {
        $moment = new \DateTimeImmutable('2026-11-01T12:00:00Z');
        $this->client()->record(new Event('Lead', telegramUserId: 1, eventTime: $moment, pii: ['email' => 'ada@example.com']));
        self::assertSame(
            ['eventType' => 'Lead', 'telegramUserId' => 1, 'pii' => ['email' => 'ada@example.com'], 'eventTime' => 1793534400000],
            $this->http->requests[0]['body'],
        );
    }

    public function testAnAmountGivenAsTextKeepsAllItsDigits(): void
    {
        $this->client()->record(new Event('Purchase', telegramUserId: 1, value: '999999999999.9999', currency: 'EUR'));
        self::assertStringContainsString('"value":999999999999.9999}', $this->http->requests[0]['text']);
    }

    public function testTextThatIsNoAmountIsRefused(): void
    {
        $this->expectException(\InvalidArgumentException::class);
        $this->client()->record(new Event('Purchase', value: '1}', currency: 'EUR'));
    }

    public function testARetryCarriesTheSameIdempotencyKey(): void
    {
        $this->http->answer(503, self::refusal('SERVICE_UNAVAILABLE'));
        $this->client()->record(new Event('Lead', telegramUserId: 1));
        [$first, $second] = array_map(static fn ($asked) => $asked['headers']['idempotency-key'], $this->http->requests);
        self::assertSame($first, $second);
    }

    public function testAWaitOfTheServerIsHonoured(): void
    {
        $this->http->answer(429, self::refusal('RATE_LIMITED'), ['Retry-After' => '3']);
        $this->client()->record(new Event('Lead', telegramUserId: 1));
        self::assertSame([3.0], $this->waits);
    }

    public function testAVeryLongWaitIsLeftToTheCaller(): void
    {
        $this->http->answer(429, self::refusal('RATE_LIMITED'), ['Retry-After' => '3600']);
        $this->expectException(RateLimited::class);
        $this->client()->record(new Event('Lead', telegramUserId: 1));
    }

    public function testItGivesUpAfterTheLastRetry(): void
    {
        for ($count = 0; $count < 5; ++$count) {
            $this->http->answer(500, self::refusal('INTERNAL_ERROR'));
        }
        try {
            $this->client()->record(new Event('Lead', telegramUserId: 1));
            self::fail();
        } catch (ServerFailed) {
            self::assertCount(5, $this->http->requests);
        }
    }

    public function testARefusalNamesItsField(): void
    {
        $this->http->answer(400, self::refusal('INVALID_PAYLOAD', ['details' => [['field' => 'currency', 'message' => 'Needed.']]]));
        try {
            $this->client()->record(new Event('Lead', telegramUserId: 1));
            self::fail();
        } catch (InvalidRequest $refused) {
            self::assertSame('currency', $refused->details[0]['field']);
        }
    }

    public function testAnErasedPersonHasAnExceptionOfTheirOwn(): void
    {
        $this->http->answer(410, self::refusal('PERSON_ERASED'));
        $this->expectException(PersonErased::class);
        $this->client()->record(new Event('Lead', telegramUserId: 1));
    }

    public function testNoAnswerAtAllIsUnreachable(): void
    {
        $broken = new class () implements ClientInterface {
            public function sendRequest(RequestInterface $request): ResponseInterface
            {
                throw new ConnectException('refused', new Request('GET', '/'));
            }
        };
        $this->expectException(Unreachable::class);
        $this->client($broken)->record(new Event('Lead', telegramUserId: 1));
    }

    public function testAListIsReadToItsLastPage(): void
    {
        $this->http->answer(200, ['conversions' => [['conversionId' => 'cnv_2']], 'nextCursor' => 'abc']);
        $this->http->answer(200, ['conversions' => [['conversionId' => 'cnv_1']]]);
        $found = iterator_to_array($this->client()->conversions(['orderId' => 'A-17']), false);
        self::assertSame(['cnv_2', 'cnv_1'], array_column($found, 'conversionId'));
    }
}
