"""`python -m services.enrolment api | worker | serve | migrate | contracts`."""

import sys

from services.enrolment.app import program
from shared.process import main

if __name__ == "__main__":
    sys.exit(main(program))
