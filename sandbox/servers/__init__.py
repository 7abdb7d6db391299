"""Real servers for tests: installed once without root, run on loopback, gone with the process that started them.

    with Workspace() as workspace:
        cluster = Cluster(workspace, install("postgres"), standbys=2)
        cluster.start()

`groups.yaml` says which servers there are and where they come from, `python -m sandbox.servers` installs them.
"""
