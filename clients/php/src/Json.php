<?php

declare(strict_types=1);

namespace AdTarget;

/** JSON in and out. @internal */
final class Json
{
    /** @param array<string, mixed> $document */
    public static function encode(array $document): string
    {
        return json_encode((object) $document, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    }

    /** The same with a number that keeps all its digits where it is given as text. @param array<string, mixed> $document */
    public static function withNumber(array $document, string $name, int|float|string $value): string
    {
        if (is_string($value) && !preg_match('/^[0-9]{1,13}(\.[0-9]+)?$/D', $value)) {
            throw new \InvalidArgumentException("$name must look like \"49.90\".");
        }
        $pair = json_encode($name) . ':' . (is_string($value) ? $value : json_encode($value, JSON_THROW_ON_ERROR));
        $object = self::encode($document);

        return $object === '{}' ? "{{$pair}}" : substr($object, 0, -1) . ",$pair}";
    }

    /** The parsed document, or null where it is none. */
    public static function decode(string $text): mixed
    {
        return json_decode($text, true);
    }
}
