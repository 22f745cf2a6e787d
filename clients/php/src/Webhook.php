<?php

declare(strict_types=1);

namespace AdTarget;

use AdTarget\Exception\InvalidSignature;

/** Verifies outgoing webhooks of AdTarget, which follow Standard Webhooks (https://www.standardwebhooks.com). */
final class Webhook
{
    private const MOST_SECONDS_OFF = 300;

    /**
     * The message, if its signature and time are right. `body` is the raw body (`file_get_contents('php://input')`).
     *
     * @param array<string, string|string[]> $headers in any case, such as those of `getallheaders()`
     * @return array{id: string, type: string, timestamp: string, data: array<string, mixed>} `id` is the same at every
     *     attempt: remember those you have handled
     * @throws InvalidSignature
     */
    public static function verify(string $secret, array $headers, string $body, ?int $now = null): array
    {
        $id = self::header($headers, 'webhook-id');
        $stamp = self::header($headers, 'webhook-timestamp');
        if (!preg_match('/^[0-9]{1,12}$/D', $stamp)) {
            throw new InvalidSignature('webhook-timestamp is missing.');
        }
        if (abs(($now ?? time()) - (int) $stamp) > self::MOST_SECONDS_OFF) {
            throw new InvalidSignature("The message is more than five minutes off. Check this machine's clock.");
        }
        $right = self::signature($secret, $id, $stamp, $body);
        $given = explode(' ', self::header($headers, 'webhook-signature'));
        if (!array_filter($given, static fn (string $each) => hash_equals($right, $each))) {
            throw new InvalidSignature('No signature matches this secret.');
        }
        $message = Json::decode($body);
        if (!is_array($message) || !isset($message['type'], $message['timestamp'], $message['data'])) {
            throw new InvalidSignature('The body is not a message of AdTarget.');
        }

        return ['id' => $id, 'type' => $message['type'], 'timestamp' => $message['timestamp'], 'data' => $message['data']];
    }

    /** Headers that `verify` accepts, for tests of your own endpoint. @return array<string, string> */
    public static function signedHeaders(string $secret, string $body, string $id = 'msg_fake', ?int $at = null): array
    {
        $stamp = (string) ($at ?? time());

        return [
            'webhook-id' => $id,
            'webhook-timestamp' => $stamp,
            'webhook-signature' => self::signature($secret, $id, $stamp, $body),
        ];
    }

    private static function signature(string $secret, string $id, string $stamp, string $body): string
    {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        if ($key === false) {
            throw new InvalidSignature('The secret is not whsec_ and base64.');
        }

        return 'v1,' . base64_encode(hash_hmac('sha256', "$id.$stamp.$body", $key, true));
    }

    /** @param array<string, string|string[]> $headers */
    private static function header(array $headers, string $name): string
    {
        $found = array_change_key_case($headers)[$name] ?? '';

        return is_array($found) ? (string) ($found[0] ?? '') : $found;
    }
}
