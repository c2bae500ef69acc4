"""Secrets from files: for each secret setting NAME, the variable NAME_FILE names a file with it.

Docker and Kubernetes hand out secrets in this way, because a variable shows in `docker inspect`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

SUFFIX = "_FILE"


class SecretFileError(ValueError):
    """A file of a secret cannot be used; the message names the variable, and never the content."""


def secrets_of(settings: type[BaseModel]) -> list[str]:
    """The names of the fields that hold a secret, which their type says."""
    fields = settings.model_fields
    return [name for name, field in fields.items() if _holds_secret(field.annotation)]


class SecretFiles(PydanticBaseSettingsSource):
    """A source of settings: the files that variables name."""

    def __init__(
        self, settings: type[BaseSettings], *, variables: Mapping[str, str | None], prefix: str
    ) -> None:
        """`variables` are all that are set, and not empty, by their names in capitals."""
        super().__init__(settings)
        self._variables = variables
        self._prefix = prefix

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The secret or None, the name of its field, and that it is not encoded in any way.

        :raises SecretFileError: the variable with the secret is set as well, or the file cannot be
            used.
        """
        variable = self._prefix + field_name.upper()
        path = self._variables.get(variable + SUFFIX)
        if path is None:
            return None, field_name, False
        if self._variables.get(variable) is not None:
            raise SecretFileError(f"{variable} and {variable}{SUFFIX} are both set: choose one")
        return _read(Path(path), variable=variable + SUFFIX), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The secrets that are in files, by the names of their fields.

        :raises SecretFileError: see `get_field_value`.
        """
        found = {}
        for name in secrets_of(self.settings_cls):
            field = self.settings_cls.model_fields[name]
            value, _, is_complex = self.get_field_value(field, name)
            if value is not None:
                found[name] = self.prepare_field_value(name, field, value, is_complex)
        return found


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_holds_secret, get_args(annotation)))


def _read(path: Path, *, variable: str) -> str:
    """The text of a file without the newline that editors put at its end."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise SecretFileError(f"{variable}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretFileError(f"{variable}: {path} is not text in UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretFileError(f"{variable}: {path} is empty")
    return text
