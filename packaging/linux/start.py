"""What the packaged program begins with."""

from setupwizard.__main__ import console

console()
