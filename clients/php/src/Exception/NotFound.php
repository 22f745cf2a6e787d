<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** 404: no such conversion, lead, channel, send or address. */
class NotFound extends ApiException
{
}
