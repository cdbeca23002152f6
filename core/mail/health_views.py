"""For probes and monitoring."""

import prometheus_client
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import CollectorRegistry

from core.mail import health
from core.web import access


@access.public
@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Says nothing of what it depends on: restarting it would not mend that."""
    return JsonResponse({"live": True})


@access.public
@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 when everything is well, 503 when something is not: to everybody the names of what is well and what is not.

    Figures move when somebody registers, so that they would tell whether an address is known: they are for monitoring
    (METRICS_TOKEN) and whoever runs the service.
    """
    findings = health.recently.readiness()
    in_detail = access.is_monitoring(request) or (findings[0].ok and request.user.is_superuser)
    is_ready = all(finding.ok or not finding.needed for finding in findings)
    checks = {
        finding.name: {"ok": finding.ok, **(finding.facts if in_detail else {})} for finding in findings
    }
    return JsonResponse({"ready": is_ready, "checks": checks}, status=200 if is_ready else 503)


class OwnGauges:
    """This service's own numbers, as a collector for the exposition format."""

    def collect(self) -> list[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for gauge in health.gauges():
            family = families.get(gauge.name)
            if family is None:
                family = families[gauge.name] = GaugeMetricFamily(
                    gauge.name, gauge.meaning, labels=list(gauge.labels)
                )
            family.add_metric(list(gauge.labels.values()), gauge.value)
        return list(families.values())


@access.monitoring
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The process's own numbers (django-prometheus), then those of email and later work."""
    response: HttpResponse = ExportToDjangoView(request)
    registry = CollectorRegistry()
    registry.register(OwnGauges())
    response.content += prometheus_client.generate_latest(registry)
    return response
