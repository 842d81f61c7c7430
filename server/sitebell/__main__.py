"""Makes `python -m sitebell` the same as `sitebell`."""

from sitebell.cli import main

main()
