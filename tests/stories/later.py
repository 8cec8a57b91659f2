"""The command `federation`, so many days later: its clock is moved, nothing else.

python -m tests.stories.later DAYS serve --home …
"""

import sys
import time

from federation.cli import main

if __name__ == "__main__":
    ahead, now = float(sys.argv.pop(1)) * 86_400, time.time
    time.time = lambda: now() + ahead
    main()
