"""All commands: importing this registers them with `app`, in the order in which `--help` lists them."""

from service.cli import commands, deciding, inspecting, operating

__all__ = ["commands", "deciding", "inspecting", "operating"]
