"""What can go wrong, one class a kind. Messages name the thing, the value found and the way out."""


class GigstackError(Exception):
    """Anything this program reports instead of a traceback."""


class ConfigurationError(GigstackError):
    """A setting is missing or wrong; nothing was tried."""


class WarehouseError(GigstackError):
    """The warehouse cannot be opened or written."""


class WarehouseBusyError(WarehouseError):
    """Another run is at work on the same warehouse."""


class PublishingError(GigstackError):
    """What would be published is not what the warehouse holds, or there is nothing to publish."""


class TransformError(GigstackError):
    """A model cannot be built, or a test of the data fails."""


class ApiError(GigstackError):
    """The API answered, but not with what was asked for."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class NothingReadError(ApiError):
    """Not one list could be read: the host is down, or is not the API."""


class AuthenticationError(ApiError):
    """The key is not accepted (401)."""


class UnavailableError(ApiError):
    """The account or the role lacks this endpoint or object (403, 404, 405)."""


class RedirectRefusedError(ApiError):
    """A redirect was answered; following it would hand the key to another host."""


class StuckCursorError(ApiError):
    """A list repeats a cursor, or goes on with empty pages, and would never end."""


class TransientError(ApiError):
    """Worth another try: throttled, a server error, a broken body, no connection."""

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


def first_cause(error: BaseException) -> BaseException:
    """The error itself, taken out of the groups that concurrent tasks put around it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
