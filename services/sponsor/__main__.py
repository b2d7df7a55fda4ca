"""`python -m services.sponsor api | worker | serve | migrate | contracts`."""

import sys

from services.sponsor.app import program
from shared.process import main

if __name__ == "__main__":
    sys.exit(main(program))
