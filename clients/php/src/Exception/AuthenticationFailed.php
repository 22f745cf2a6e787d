<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** 401: no key, an unknown key, or a revoked one. */
class AuthenticationFailed extends ApiException
{
}
