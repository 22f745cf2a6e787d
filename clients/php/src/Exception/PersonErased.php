<?php

declare(strict_types=1);

namespace AdTarget\Exception;

/** 410: the person asked to be forgotten. Send nothing of them until they join a channel again. */
class PersonErased extends ApiException
{
}
