"""``python -m annlab``: the command line."""

from annlab.cli import main

if __name__ == "__main__":
    main()
