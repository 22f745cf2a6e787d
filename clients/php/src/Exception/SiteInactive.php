<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** 402: the site is paused by its owner. */
class SiteInactive extends ApiException
{
}
