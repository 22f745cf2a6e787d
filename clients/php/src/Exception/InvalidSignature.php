<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** The message is not from the owner of the secret, is too old, or cannot be read. */
class InvalidSignature extends AdTargetException
{
}
