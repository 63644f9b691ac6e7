"""setupwizard takes a beginner from "I have a PC" to "PyTorch runs on my card, proved by a benchmark"."""

__version__ = "0.1.0"
