"""How much is generated: about a minute in all of tests/fuzz, or FUZZ_SECONDS (bin/test --fuzz 600).

By default the same inputs come at every run, so that a red run is red again; a longer run takes new ones each time,
shrinks what it finds, and prints how to have it again.
"""

import os

from hypothesis import HealthCheck, Phase, settings

SECONDS = int(os.environ.get("FUZZ_SECONDS", "0"))


def effort(examples: int) -> settings:
    """So many inputs in the short run, and more in a longer one."""
    return settings(
        max_examples=max(examples, examples * SECONDS // 60),
        deadline=None,
        derandomize=not SECONDS,
        database=None,
        print_blob=True,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if SECONDS else [])],
        suppress_health_check=list(HealthCheck),
    )
