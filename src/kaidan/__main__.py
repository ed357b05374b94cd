"""`python -m kaidan`: the command line where kaidan is not installed."""

from kaidan.cli import main

if __name__ == "__main__":
    main()
