"""Adoption: another Cloud SQL instance became the primary, and settings and state are made to say so.

A replica that was promoted, a clone or a restored instance stands in the old primary's place, while the program still
names the old one: the next deployment would replace the live database (docs/adr/0026). Adoption changes what is written
down, and nothing in the cloud.
"""

from ops.adoption.adopt import Adopted, Adoption
from ops.adoption.errors import AdoptionError

__all__ = ["Adopted", "Adoption", "AdoptionError"]
