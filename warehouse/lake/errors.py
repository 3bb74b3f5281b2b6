"""What can go wrong with a lake, classed by what the caller can do."""

from warehouse.store.errors import StorageFailedError, StoreError


class LakeError(StoreError):
    """The address is no lake, or its tables are not what its log says; the message names the remedy."""


class NoReleaseError(LakeError):
    """Nothing has been released at the address yet."""


class LakeUnreachableError(StorageFailedError):
    """The folder or object store refused: absent, forbidden, unreachable."""
