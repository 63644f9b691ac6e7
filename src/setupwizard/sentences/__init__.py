"""The sentences of every error, a table for each place that errors come from."""

from __future__ import annotations

from setupwizard.codes import ErrorCode
from setupwizard.sentences.computer import COMPUTER
from setupwizard.sentences.conda import CONDA
from setupwizard.sentences.network import NETWORK
from setupwizard.sentences.sentence import Sentence
from setupwizard.sentences.work import WORK

__all__ = ["SENTENCES", "Sentence"]

SENTENCES: dict[ErrorCode, Sentence] = {**WORK, **COMPUTER, **NETWORK, **CONDA}
