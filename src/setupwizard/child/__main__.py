"""Starts the program that proves a PyTorch: `python -I -B -X utf8 -u FOLDER`, with the folder that holds this file.

Python then puts that folder, and nothing else of ours, where it looks for modules. -B keeps the caches of another
Python out of it; what is imported later, torch above all, is cached in the environment as ever.
"""

import sys

from benchmark.program import main

sys.dont_write_bytecode = False

if __name__ == "__main__":
    sys.exit(main())
