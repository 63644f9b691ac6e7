"""Runs in the environment that was installed: the standard library and torch, nothing of ours."""
