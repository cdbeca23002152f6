"""The tag for lists of hundreds, without `{% load %}`."""

from django import template
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.utils.safestring import SafeString

from labs import stencils

register = template.Library()


class StencilNode(template.Node):
    """Prints another template for each of some things, by `labs.stencils`; it sees nothing but what it is given."""

    def __init__(
        self, name: str, each: str, things: FilterExpression, given: dict[str, FilterExpression]
    ) -> None:
        self.name = name
        self.each = each
        self.things = things
        self.given = given

    def render(self, context: template.Context) -> SafeString:
        given = {name: value.resolve(context) for name, value in self.given.items()}
        things = self.things.resolve(context, ignore_failures=True) or ()
        text = stencils.filled_for_each(self.name, self.each, things, given)
        return text  # type: ignore[return-value]  # nothing escapes it again


@register.tag
def stencil(parser: Parser, token: Token) -> StencilNode:
    """`{% stencil "sessions/row.html" row in day.rows page=page %}`: a loop around `{% include … only %}`.

    The template is gone through once for all rows of one shape.
    """
    _tag, name, each, word, things, *given = token.split_contents()
    if word != "in":
        raise template.TemplateSyntaxError('stencil: "<template>" <name> in <things> [<name>=<value> …]')
    return StencilNode(name.strip('"'), each, parser.compile_filter(things), token_kwargs(given, parser))
