"""The proof that an environment works: a stand-alone program runs in it, this side judges what it says."""

from setupwizard.steps.verify.looks import Sample, Sampler
from setupwizard.steps.verify.proof import failure, verify
from setupwizard.steps.verify.sampling import NvmlSampler
from setupwizard.steps.verify.targets import VerifyRequest

__all__ = ["NvmlSampler", "Sample", "Sampler", "VerifyRequest", "failure", "verify"]
