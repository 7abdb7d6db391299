"""Type tokens of the resources that this pack alone looks at."""

KEY_MEMBER = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
KEY_BINDING = "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding"
KEY_VERSION = "gcp:kms/cryptoKeyVersion:CryptoKeyVersion"
REDIS_CLUSTER = "gcp:redis/cluster:Cluster"
REGIONAL_SECRET = "gcp:secretmanager/regionalSecret:RegionalSecret"  # noqa: S105 # a type token
REGIONAL_SECRET_VERSION = "gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion"  # noqa: S105

CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"
CERTIFICATE_MAP = "gcp:certificatemanager/certificateMap:CertificateMap"
CERTIFICATE_ENTRY = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"
DOMAIN_PROOF = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization"
GLOBAL_FORWARDING_RULE = "gcp:compute/globalForwardingRule:GlobalForwardingRule"

ATLAS_ROLE_SETUP = "mongodbatlas:index/cloudProviderAccessSetup:CloudProviderAccessSetup"
ATLAS_ROLE = "mongodbatlas:index/cloudProviderAccessAuthorization:CloudProviderAccessAuthorization"
ELASTIC_KEYSTORE = "ec:index/deploymentElasticsearchKeystore:DeploymentElasticsearchKeystore"

STACK = "pulumi:pulumi:Stack"
PROVIDERS = (
    "pulumi:providers:ec",
    "pulumi:providers:gcp",
    "pulumi:providers:mongodbatlas",
    "pulumi:providers:random",
    "pulumi:providers:timescale",
)
