"""Says what kind of fault an event is: the pure adapter between events and the matcher of `naosu_sdk`."""

from naosu.classify.classifier import classify

__all__ = ["classify"]
