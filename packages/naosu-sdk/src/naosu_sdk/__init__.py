"""What runs inside the watched application: classifier and packs. Never imports `naosu`."""

__version__ = "0.1.0"
