"""Read, check and type the definition of a contact centre (`stacks/<stack>.yaml`)."""

from components.definition.loading import load
from components.definition.model import Definition
from components.definition.problems import DefinitionError, Place, Problem

__all__ = ["Definition", "DefinitionError", "Place", "Problem", "load"]
