<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** No answer came after all retries. */
class Unreachable extends AdTargetException
{
}
