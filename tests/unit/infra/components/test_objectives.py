"""Objectives of Cloud Monitoring in the stacks' plans."""

from sandbox.plan import Plan


def test_an_objective_is_one_of_its_services(plan: Plan) -> None:
    [service] = plan.of_type("CustomService")
    [objective] = plan.of_type("monitoring/slo:Slo")
    assert objective.inputs["service"] == service.inputs["serviceId"]
    assert service.name in objective.options["dependsOn"]
    cut = objective.inputs["requestBasedSli"]["distributionCut"]
    assert cut["range"] == {"min": 0, "max": 2}
    assert plan.named("invalidation-worker").inputs["name"] in cut["distributionFilter"]
