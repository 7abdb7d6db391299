"""Sizes, networks and exporters of Timescale Cloud. Everything in them belongs to AWS, not to Google Cloud (COR-11)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Text
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.network import PrivateRange

Compute = Annotated[
    str,
    Text(
        r"(?:0\.5|[1-9]\d?) CPU / [1-9]\d{0,2} GB",
        "a size of infra/catalog/timescale.yaml, as written there",
        "4 CPU / 16 GB",
    ),
]
AwsRegion = Annotated[str, Text(r"[a-z]{2}(?:-[a-z]+)+-\d", "an AWS region", "ap-northeast-1")]
_RoleArn = Annotated[
    str,
    Text(
        r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]{1,512}", "the ARN of an IAM role", "arn:aws:iam::123456789012:role/logs"
    ),
]
_LogName = Annotated[
    str, Text(r"[\w./#-]{1,512}", "1 to 512 letters, digits and the characters . _ - / #", "timescale")
]

# AWS, "VPC CIDR blocks": a VPC takes /16 to /28.
_LARGEST, _SMALLEST = 16, 28


class PeeringSettings(SettingsModel):
    """The network on the other side: an AWS VPC, or a transit gateway to which a VPN from Google Cloud can lead."""

    account_id: Annotated[str, Text(r"\d{12}", "an AWS account id of twelve digits, in quotes", "123456789012")] = (
        Field(description="AWS account of the other side.")
    )
    region: AwsRegion = Field(description="AWS region of the other side; it may be another one than the service's.")
    vpc_id: Annotated[str, Text(r"vpc-[0-9a-f]{8,17}", "an AWS VPC id", "vpc-0123456789abcdef0")] | None = Field(
        default=None, description="The AWS VPC; either this or transitGatewayId."
    )
    transit_gateway_id: (
        Annotated[str, Text(r"tgw-[0-9a-f]{8,17}", "an AWS transit gateway id", "tgw-0123456789abcdef0")] | None
    ) = Field(
        default=None,
        description="The AWS transit gateway; the only way on to Google Cloud, since a VPC peering leads no further.",
    )
    ranges: list[PrivateRange] = Field(
        default_factory=list,
        description="Address ranges behind the peering. Needed for a transit gateway; for a VPC the vendor asks AWS.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        findings: list[Finding] = []
        if (self.vpc_id is None) == (self.transit_gateway_id is None):
            findings.append(
                Finding(
                    "vpcId",
                    self.vpc_id or "missing",
                    "either vpcId or transitGatewayId",
                    "name one of them and remove the other",
                )
            )
        elif self.transit_gateway_id and not self.ranges:
            findings.append(
                Finding(
                    "ranges",
                    "missing",
                    "at least one range with transitGatewayId",
                    "list the ranges behind the gateway",
                )
            )
        refuse_all(findings)
        return self


class VpcSettings(SettingsModel):
    """The vendor's VPC that alone reaches the service once it is attached."""

    range: PrivateRange = Field(
        description="Its addresses, /28 to /16, apart from every range of the platform and of the peering. It can "
        "never be changed."
    )
    peering: PeeringSettings | None = Field(
        default=None,
        description="The way in. The AWS account on the other side accepts it by hand and routes to the range; until "
        "then nobody reaches the service.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        findings: list[Finding] = []
        if not _LARGEST <= self.range.prefixlen <= _SMALLEST:
            findings.append(
                Finding("range", self.range, "a range from /28 to /16: AWS takes no other", "write /24, for example")
            )
        findings.extend(
            Finding(
                f"peering.ranges[{index}]",
                other,
                f"a range that does not overlap timescale.vpc.range ({self.range})",
                "choose another range for the VPC",
            )
            for index, other in enumerate(self.peering.ranges if self.peering else ())
            if other.overlaps(self.range)
        )
        refuse_all(findings)
        return self


class LogExporterSettings(SettingsModel):
    """AWS CloudWatch, entered by a role that the vendor assumes: no key, so no secret."""

    region: AwsRegion = Field(description="AWS region of the logs.")
    role_arn: _RoleArn = Field(description="The role that the vendor assumes.")
    log_group: _LogName = Field(description="Log group.")
    log_stream: _LogName = Field(description="Log stream.")


class MetricExporterSettings(LogExporterSettings):
    """The same for metrics, in a namespace of CloudWatch."""

    namespace: Annotated[
        str, Text(r"[\w.\-/#:]{1,255}", "1 to 255 letters, digits and the characters . - _ / # :", "triptrip/timescale")
    ] = Field(description="Namespace of the metrics.")
