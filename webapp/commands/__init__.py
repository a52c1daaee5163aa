"""The command line `tuancheng`. Each module here is one command, found by being there."""

from importlib import import_module
from pkgutil import iter_modules

import click


class _Found(click.Group):
    """A group whose commands are the modules of this package, imported only when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in iter_modules(__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return found


@click.group(cls=_Found, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tuancheng", message="%(prog)s %(version)s")
def main() -> None:
    """团程：发展团员与推优入党的流程系统。"""
