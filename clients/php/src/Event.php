<?php

declare(strict_types=1);

namespace AdTarget;

/**
 * A business event of one Telegram user. `eventType`: Lead, Purchase, CompleteRegistration, Subscribe or Custom.
 *
 * `value` with `currency` is required for a Purchase; a string such as "999999999999.9999" keeps all its digits.
 * `eventId` is your own id of the event (1 to 64 of A-Z a-z 0-9 _ -), which every platform gets.
 */
final class Event
{
    /**
     * @param array{email?: string, phone?: string, firstName?: string, lastName?: string}|null $pii
     * @param array<string, mixed>|null $consent
     */
    public function __construct(
        public readonly string $eventType,
        public readonly ?int $telegramUserId = null,
        public readonly ?string $channelId = null,
        public readonly ?string $siteId = null,
        public readonly ?string $websiteId = null,
        public readonly ?string $customEventName = null,
        public readonly int|float|string|null $value = null,
        public readonly ?string $currency = null,
        public readonly ?string $contentName = null,
        public readonly ?string $orderId = null,
        public readonly ?string $eventId = null,
        public readonly ?array $pii = null,
        public readonly ?string $externalUserId = null,
        public readonly int|\DateTimeInterface|null $eventTime = null,
        public readonly ?string $fbc = null,
        public readonly ?string $fbp = null,
        public readonly ?string $gclid = null,
        public readonly ?string $gbraid = null,
        public readonly ?string $wbraid = null,
        public readonly ?string $ttclid = null,
        public readonly ?string $ttp = null,
        public readonly ?string $sccid = null,
        public readonly ?string $scCookie1 = null,
        public readonly ?string $clientIp = null,
        public readonly ?string $userAgent = null,
        public readonly ?string $eventSourceUrl = null,
        public readonly ?array $consent = null,
    ) {
    }

    /** The body as JSON; what is null is left out. */
    public function toJson(): string
    {
        $given = array_filter(get_object_vars($this), static fn ($value) => $value !== null && $value !== []);
        if ($this->eventTime instanceof \DateTimeInterface) {
            $given['eventTime'] = (int) $this->eventTime->format('Uv');
        }
        unset($given['value']);

        return $this->value === null ? Json::encode($given) : Json::withNumber($given, 'value', $this->value);
    }
}
