<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** 400, 413 or 415: the request must be changed; `details` names the fields. */
class InvalidRequest extends ApiException
{
}
