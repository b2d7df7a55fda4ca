"""`python -m services.safety api | worker | serve | migrate | contracts`."""

import sys

from services.safety.app import program
from shared.process import main

if __name__ == "__main__":
    sys.exit(main(program))
