"""The one error of the sandbox, in the form in which Kenjo sends it."""

from sandbox.values import Row


class ApiError(Exception):
    """A request that Kenjo refuses: an HTTP status and Kenjo's words for it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def body(self) -> Row:
        """Return the error as Kenjo spells it."""
        return {"code": self.status, "message": self.message}


def invalid(name: str) -> ApiError:
    """Return the refusal of a parameter or field."""
    return ApiError(400, f"The param '{name}' is not valid.")


def unknown(what: str) -> ApiError:
    """Return the answer for an id that is well spelled and names nothing."""
    return ApiError(404, f"The {what} does not exist.")


def taken(field: str) -> ApiError:
    """Return the refusal of a value that has to be unique and is not."""
    return ApiError(409, f"The {field} is already in use.")
