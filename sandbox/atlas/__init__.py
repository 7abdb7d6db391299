"""MongoDB Atlas' Admin API on loopback: clusters and backups of one project, with state in memory, trouble on demand.

    with AtlasServer(Project("name", "triptrip-test-mongodb-1")) as server:
        server.faults.add(Fault("POST restoreJobs", Kind.LOST))

Atlas publishes no document like Google's, so what is answered is written here, as its reference says
(mongodb.com/docs/api/doc/ atlas-admin-api-v2, read 2026-11-26). Error codes that the reference does not name are marked
as recalled.
"""

from sandbox.atlas.project import Project
from sandbox.atlas.server import AtlasServer

__all__ = ["AtlasServer", "Project"]
