"""The errors of this program. Messages name the thing, the value found and the way out."""

from collections.abc import Mapping


class GigstackError(Exception):
    """An error that is reported in one line, without a traceback."""


class ConfigurationError(GigstackError):
    """A setting or option is missing or wrong; nothing was done."""


class WarehouseError(GigstackError):
    """The warehouse cannot be opened or written."""


class WarehouseBusyError(WarehouseError):
    """Another run is using the same warehouse."""


class PublishingError(GigstackError):
    """There is nothing to publish, or the copy differs from the warehouse."""


class TransformError(GigstackError):
    """A model cannot be built, or a data test fails."""


class ApiError(GigstackError):
    """The API did not answer with what was requested."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers: Mapping[str, str] = {}  # of the answer, if there was one


class NothingReadError(ApiError):
    """No list could be read: the host is down, or is not the API."""


class AuthenticationError(ApiError):
    """The API rejects the key (401)."""


class UnavailableError(ApiError):
    """The account or role has no access to this endpoint or object (403, 404, 405)."""


class RedirectRefusedError(ApiError):
    """The API answered with a redirect; following it would send the key to another host."""


class TransientError(ApiError):
    """A retry may succeed: a server error, a broken body, no connection."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after = retry_after


class ThrottledError(TransientError):
    """The API admits no more requests for now (429)."""


def first_cause(error: BaseException) -> BaseException:
    """The error inside the exception groups that concurrent tasks wrap around it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
