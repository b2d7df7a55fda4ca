"""`python -m deploy.trialops`: the same as the console script."""

from deploy.trialops.cli import main

if __name__ == "__main__":
    main()
