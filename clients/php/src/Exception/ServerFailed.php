<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** 5xx after all retries. */
class ServerFailed extends ApiException
{
}
