<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** 409: the request contradicts what is there. */
class Conflict extends ApiException
{
}
