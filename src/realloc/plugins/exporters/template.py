"""Orders in the form of a person's own template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from realloc.documents.text import read_text
from realloc.documents.writing import cell_text
from realloc.errors import InputError, Issue
from realloc.orders import OrderList, SettingArguments, blocks
from realloc.plugins.core.base import StrPath
from realloc.plugins.exporters.order_file import OrderFile, import_extra, number_text, price_text

if TYPE_CHECKING:
    from jinja2 import Environment

HTML = (".html", ".htm", ".xml")


class TemplateExporter(OrderFile):
    """Write orders by a Jinja2 template: the layout that a custodian or a desk wants.

    Parameters
    ----------
    path : str or path
        The file to write; its folder must exist.
    template : str or path
        The template, in UTF-8. It sees ``orders`` (`Order`), ``accounts`` (account number to orders),
        ``blocks`` (`Block`), ``plan`` and ``household`` (None where not known) and ``tag``, and has the filters
        ``number``, ``price`` and ``cell`` beside Jinja's own.
    **settings
        See `realloc.orders.OrderSettings`.

    Notes
    -----
    A template cannot reach files, modules or private attributes, nor change what it sees. An unknown name is
    an error. Text is escaped where the file written ends in ``.html``, ``.htm`` or ``.xml``.
    """

    name = "template"

    def __init__(self, path: StrPath, template: StrPath, **settings: Unpack[SettingArguments]) -> None:
        super().__init__(path, **settings)
        self.template = Path(template)

    def content(self, listed: OrderList) -> str:
        """Return the filled template."""
        source = read_text(self.template)
        environment = _environment(escape=self.path.suffix.lower() in HTML)
        seen = {
            "orders": listed.orders,
            "accounts": listed.by_account(),
            "blocks": blocks(listed.orders),
            "plan": listed.plan,
            "household": listed.household,
            "tag": listed.tag,
        }
        errors = import_extra("jinja2.exceptions", "template")
        try:
            return environment.from_string(source).render(seen)
        except errors.TemplateSyntaxError as error:
            raise self._fault(str(error.message), error.lineno) from error
        except errors.TemplateError as error:
            raise self._fault(str(error), _line_of(error)) from error
        except Exception as error:
            raise self._fault(f"{type(error).__name__}: {error}", _line_of(error)) from error

    def _fault(self, message: str, line: int | None) -> InputError:
        place = f"{self.template}:{line}" if line else str(self.template)
        return InputError(Issue(code="template", where=place, message=message))


def _environment(*, escape: bool) -> Environment:
    jinja2 = import_extra("jinja2", "template")
    sandbox = import_extra("jinja2.sandbox", "template")
    environment: Environment = sandbox.ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number_text, "price": price_text, "cell": _cell}
    return environment


def _cell(value: object) -> str:
    """Return a value as a cell of a comma-separated file: quoted where needed, never a formula."""
    text = cell_text(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',;"\n') else text


def _line_of(error: BaseException) -> int | None:
    """Return the line of the template at which an error arose."""
    line = None
    trace: Any = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
