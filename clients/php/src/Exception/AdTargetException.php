<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** The base of all errors of this package. */
class AdTargetException extends \RuntimeException
{
}
