"""JSONPath (RFC 9535), with the patterns of `match()` and `search()` run by RE2: see `probe.evaluate.pattern`."""

from functools import cache, lru_cache
from typing import Any, ClassVar

from probe.evaluate.pattern import PatternError, compile_pattern
from probe.evaluate.value import MAX_DEPTH

LONGEST = 1000


class PathError(Exception):
    """The path is none that RFC 9535 knows; `offset` is where in it the mistake stands."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@lru_cache(maxsize=512)
def compile_jsonpath(path: str) -> Any:
    from jsonpath_rfc9535 import JSONPathError

    if len(path) > LONGEST:
        raise PathError(f"longer than {LONGEST} characters", 0)
    try:
        return _environment().compile(path)
    except JSONPathError as error:
        raise PathError(str(error.args[0]), error.token.index if error.token else 0) from None
    except RecursionError:
        raise PathError("nested too deep", 0) from None
    except OverflowError:
        raise PathError("a number in it is too large", 0) from None


def find_all(path: str, document: Any) -> tuple[list[Any], bool]:
    """What the path finds, and whether it is one that can only ever find one value."""
    compiled = compile_jsonpath(path)
    return compiled.find(document).values(), compiled.singular_query()


@cache
def _environment() -> Any:
    from jsonpath_rfc9535 import JSONPathEnvironment
    from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction

    class Pattern(FilterFunction):
        """`match()` fits a pattern (RFC 9485) to the whole text, `search()` to a part of it."""

        arg_types: ClassVar = [ExpressionType.VALUE, ExpressionType.VALUE]
        return_type = ExpressionType.LOGICAL

        def __init__(self, *, whole: bool) -> None:
            self.whole = whole

        def __call__(self, text: object, pattern: object) -> bool:
            if not isinstance(text, str) or not isinstance(pattern, str):
                return False
            try:
                compiled = compile_pattern(_dots_as_in_rfc_9485(pattern))
            except PatternError:
                return False
            return (compiled.fullmatch(text) if self.whole else compiled.search(text)) is not None

    class Environment(JSONPathEnvironment):
        max_recursion_depth = MAX_DEPTH + 1

        def setup_function_extensions(self) -> None:
            super().setup_function_extensions()
            self.function_extensions["match"] = Pattern(whole=True)
            self.function_extensions["search"] = Pattern(whole=False)

    return Environment()


def _dots_as_in_rfc_9485(pattern: str) -> str:
    r"""The pattern with `.` outside of classes spelled out: not `\n` as in RE2, but neither `\n` nor `\r`."""
    parts, escaped, in_class = [], False, False
    for character in pattern:
        if not escaped:
            in_class = character == "[" or (in_class and character != "]")
        parts.append(r"[^\n\r]" if character == "." and not escaped and not in_class else character)
        escaped = character == "\\" and not escaped
    return "".join(parts)
