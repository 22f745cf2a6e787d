<?php

declare(strict_types=1);

// Composer's autoloader where it was run; else the system's packages of PSR interfaces and Guzzle.
if (is_file(__DIR__ . '/../vendor/autoload.php')) {
    require __DIR__ . '/../vendor/autoload.php';
} else {
    require_once 'GuzzleHttp/autoload.php';
}
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'AdTarget\\')) {
        $file = __DIR__ . '/../src/' . str_replace('\\', '/', substr($class, 9)) . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
