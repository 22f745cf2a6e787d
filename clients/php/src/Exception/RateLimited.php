<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** 429 after all retries; `retryAfter` says how long to wait. */
class RateLimited extends ApiException
{
}
