"""Fills the table of kinds.py."""
import kinds_cache  # noqa: F401
import kinds_clock  # noqa: F401
import kinds_full  # noqa: F401
import kinds_noise  # noqa: F401
import kinds_storage  # noqa: F401
import kinds_watchdog  # noqa: F401
